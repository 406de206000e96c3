import ArgumentParser
import Engine
import Views

struct SessionJoinCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "join", abstract: "Writes sessions one after the other as one.",
    discussion: """
      Each begins on its own machine: a line machine … stands between. A file may have a place, FILE@BRANCH@STEP, at which its part ends. \
      What readers added comes along.
      """)

  @Argument(help: ArgumentHelp("Scripts or recordings.", valueName: "file"), completion: .file())
  var files: [String]

  @Option(name: .shortAndLong, help: ArgumentHelp("The new file.", valueName: "path"), completion: .file())
  var output: String

  @OptionGroup var machine: MachineOptions

  mutating func validate() throws {
    guard files.count > 1 else { throw ValidationError("expected two files or more to join") }
  }

  func run() throws {
    let configuration = try machine.configuration()
    let sessions = try files.map { try PlaceInFile($0).session(configuration) }
    let joined = try orComplain { () throws(ScriptError) in try SessionMaterial.joined(sessions) }
    try orComplain { () throws(NewFile.Failure) in try SessionWriter.write(joined, to: output) }
  }
}

struct SessionTrimCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "trim", abstract: "Writes a session without the steps that changed nothing.",
    discussion: """
      Calls that were refused, reads, what was undone and other branches go; what is left leads to the same state. What the author says \
      of a step that goes is said of the next one.
      """)

  @Argument(help: ArgumentHelp("Script or recording; a place in it says where it ends.", valueName: "file"), completion: .file())
  var file: String

  @Option(name: .shortAndLong, help: ArgumentHelp("The new file.", valueName: "path"), completion: .file())
  var output: String

  @OptionGroup var machine: MachineOptions

  func run() throws {
    let session = try PlaceInFile(file).session(try machine.configuration())
    let (shorter, dropped) = try orComplain { () throws(ScriptError) in try SessionMaterial.trimmed(session) }
    try orComplain { () throws(NewFile.Failure) in try SessionWriter.write(shorter, to: output) }
    var out = Output()
    out.line("\(shorter.steps.count) steps; \(dropped) that changed nothing are gone")
    out.flush()
  }
}

struct SessionRenameCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rename", abstract: "Writes a session with other addresses or names.",
    discussion: """
      0x80000000+16M=0x84000000 moves the addresses of a range, 0x80100000=0x80200000 those of a granule, rd=victim is another name. \
      Numbers that begin with 0x are looked at, not bytes that are written, and not what the author says. A recording's steps are done \
      again, and get the answers they have now; how many answers are others is said.
      """)

  @Argument(help: ArgumentHelp("Script or recording.", valueName: "file"), completion: .file())
  var file: String

  @Argument(help: ArgumentHelp("What becomes what.", valueName: "old=new"))
  var rules: [String]

  @Option(name: .shortAndLong, help: ArgumentHelp("The new file.", valueName: "path"), completion: .file())
  var output: String

  mutating func validate() throws {
    guard !rules.isEmpty else { throw ValidationError("expected OLD=NEW, such as 0x80000000+16M=0x84000000 or rd=victim") }
  }

  func run() throws {
    let renaming = try orComplain { () throws(ScriptError) in try Renaming(rules) }
    let text = try orComplain { () throws(SessionLoader.Failure) in try SessionLoader.read(file) }
    let renamed = text.wholeLines.map(renaming.line)
    let words = renamed.reduce(0) { $0 + $1.words }
    var out = Output()
    defer { out.flush() }
    if text.isRecording {
      let session = try orComplain { () throws(ScriptError) in try SessionMaterial.answeredAnew(renamed.map(\.text)) }
      try orComplain { () throws(NewFile.Failure) in try SessionWriter.write(session, to: output) }
      let before = try PlaceInFile(file).session(MachineConfiguration())
      out.line("\(words) words are others; \(SessionMaterial.difference(before, session) ?? "every step answers as before")")
    } else {
      let bytes = Array(renamed.map { $0.text + "\n" }.joined().utf8)
      try orComplain { () throws(NewFile.Failure) in try NewFile.write(bytes, to: output) }
      out.line("\(words) words are others")
    }
  }
}

struct SessionAnswersCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "answers", abstract: "Writes a recording with the answers that its steps have now.",
    discussion: "For one that was edited, or stripped. How many answers are others is said.")

  @Argument(help: ArgumentHelp("Recording.", valueName: "file"), completion: .file())
  var file: String

  @Option(name: .shortAndLong, help: ArgumentHelp("The new file.", valueName: "path"), completion: .file())
  var output: String

  func run() throws {
    let text = try orComplain { () throws(SessionLoader.Failure) in try SessionLoader.read(file) }
    let session = try orComplain { () throws(ScriptError) in try SessionMaterial.answeredAnew(text.wholeLines) }
    try orComplain { () throws(NewFile.Failure) in try SessionWriter.write(session, to: output) }
    var out = Output()
    out.line("\(session.steps.count) steps, answered anew")
    out.flush()
  }
}

struct SessionLintCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lint", abstract: "Says what is wrong with a script or a recording, or could be better, line by line.",
    discussion: """
      It is run to find out: statements that are none, expectations that do not hold, refusals that nothing expects, names that nothing \
      uses; of a recording, answers that are others now, and a torn last line. Exit code 0: nothing; 1: warnings; 65: errors.
      """)

  @Argument(help: ArgumentHelp("Script or recording.", valueName: "file"), completion: .file())
  var file: String

  @OptionGroup var machine: MachineOptions

  func run() throws {
    let configuration = try machine.configuration()
    let text = try orComplain { () throws(SessionLoader.Failure) in try SessionLoader.read(file) }
    var remarks: [ScriptLint.Remark]
    if text.isRecording {
      remarks = ofRecording(text)
    } else {
      let runner = ScriptRunner(Session(configuration), language: .workbench)
      Includes.serve(runner)
      runner.session.limits = RunLimits()
      remarks = ScriptLint(text.lines, file: file, runner).remarks
    }
    var out = Output()
    for remark in remarks {
      let place = remark.line == 0 ? file : "\(file):\(remark.line)\(remark.column > 0 ? ":\(remark.column)" : "")"
      out.line("\(place): \(remark.kind.rawValue): \(remark.text)")
    }
    let errors = remarks.count { $0.kind == .error }
    if !remarks.isEmpty { out.line("\(errors) errors, \(remarks.count - errors) warnings") }
    out.flush()
    if errors > 0 { throw ExitCode(65) }
    if !remarks.isEmpty { throw Exit.difference }
  }

  private func ofRecording(_ text: SessionLoader.Text) -> [ScriptLint.Remark] {
    var remarks: [ScriptLint.Remark] = []
    if !text.lastIsWhole {
      remarks.append(.init(.warning, line: text.lines.count, "the line is torn; what stands before it is whole"))
    }
    do throws(ScriptError) {
      let replayer = try SessionLoader.replayed(text.wholeLines, .replay)
      if let difference = replayer.difference.map({ Contradiction($0) }) {
        remarks.append(.init(.error, line: difference.line, difference.words))
      }
      if !text.wholeLines.contains(where: { $0.hasPrefix("=>") }) {
        remarks.append(.init(.warning, line: 0, "it has no answers to compare with; session answers writes them"))
      }
    } catch {
      remarks.append(.init(.error, line: error.line, column: error.column, error.message))
    }
    return remarks
  }
}
