import Engine
import Testing
import Views

@testable import Workbench

/// What the command line says while a statement is typed: from the rows of the verbs, and of the commands.
struct CompletionTests {
  private let session = Session(MachineConfiguration())

  private func line(_ text: String) -> CommandLineState {
    var line = CommandLineState(.command, text: text)
    Completion(session: session).update(&line)
    return line
  }

  @Test(arguments: [
    ("ns.wr", ["ns.write64", "ns.write8", "ns.write"]), ("guest re", ["read64"]), ("token ", ["verify", "appraise", "show"]),
    ("gues", ["guest"]), ("vm ", ["enter"]), ("the", ["theme"]), ("got", ["goto"]),
    ("smc RMI_GRANULE", ["RMI_GRANULE_DELEGATE", "RMI_GRANULE_UNDELEGATE"]),
    ("realm.smc RMI_VER", ["RMI_VERSION"]), ("guest smc RSI_VER", ["RSI_VERSION"]), ("RMI_VER", ["RMI_VERSION"]), ("zzz", []),
  ])
  func wordsAreOffered(_ text: String, _ words: [String]) {
    #expect(line(text).candidates == words)
  }

  @Test(arguments: [
    ("ns.read64 ", "ns.read64 PA: a read of that world, through the granule protection check"),
    ("guest", "guest ACTION: queued for the next RMI_REC_ENTER"), ("guest setreg ", "guest setreg N VALUE: sets X0 to X30"),
    ("step", "step [N]: one instruction of the guest, or N"), ("goto ", "goto STEP: goes to the state after a step, 0 to 0"),
    ("RMI_GRANULE_DELEGATE ", "addr: "), ("smc ", "which call"),
    ("write", "write FILE: saves this session where you like, to share"),
    ("nonsense", ""),
  ])
  func whatIsTypedIsExplained(_ text: String, _ help: String) {
    #expect(line(text).help.hasPrefix(help), "\(line(text).help)")
  }

  @Test func everyVerbHasHelp() {
    for verb in Language.workbench.verbs { #expect(line(verb.name + " ").help != "", "\(verb.name)") }
  }

  @Test func aCallIsJudgedBeforeItIsMade() {
    guard case .passes = line("RMI_GRANULE_DELEGATE 0x80001000").verdict else { Issue.record("it would be refused"); return }
    guard case .refused(let why) = line("smc RMI_GRANULE_DELEGATE 0x80001001").verdict else {
      Issue.record("it would pass")
      return
    }
    #expect(why.contains("by gran_align"), "\(why)")
  }

  /// What acts on the open workbench is no statement of a script, and the message says where it is one.
  @Test(arguments: ["theme mono", "quit", "write x", "help"])
  func whatIsForTheWorkbenchIsRefusedInScripts(_ text: String) {
    let runner = ScriptRunner(session, language: .workbench)
    let error = #expect(throws: ScriptError.self) { try runner.run(line: text, number: 3, file: "test") }
    #expect(error?.message == "\"\(text)\" is for the command line of the open workbench")
  }
}
