import Engine
import Foundation
import Testing
import Views

@testable import Workbench

/// Guests in the open workbench.
@MainActor
struct GuestStories {
  @Test func aGuestBootsByAKeyPrintsAndItsRecordingReplays() throws {
    let story = try Story(records: true)
    story.types("continue")
    story.sees("no guest was booted here")
    // The line stays, to be corrected.
    #expect(story.bottomLine == ": continue")
    story.keys(.control("C"), "b")
    #expect(story.bottomLine == ": boot tour")
    // Outside a Realm it is quicker.
    story.keys(.control("W"), "--normal tour", .enter)
    story.sees("; S steps back, < and > go ten steps")
    story.sees("Normal VM")
    story.sees("Good bye.")
    // What was recorded is the same again, the console with it.
    let again = try Story(opening: try story.quitsAndLeaves().path)
    again.doesNotSee("≠")
    again.keys("v")
    again.sees("Good bye.")
    again.keys("<")
    again.sees("at step")
  }

  @Test func aGuestIsSteppedBothWaysAndItsRecordingReplays() throws {
    let story = try Story(records: true)
    func typed(_ keys: Typed..., answer: String, at location: SourceLocation = #_sourceLocation) {
      story.give(keys.flatMap(\.inputs))
      story.sees(answer, sourceLocation: location)
    }
    typed("s", answer: "no guest was booted here")
    typed("D", answer: ": debug tour")
    typed(.enter, answer: "it stands before its first instruction: s steps, r runs, B sets a breakpoint")
    typed("s", answer: "vCPU 0 at _start+0x4")
    typed(":back", .enter, answer: "at _start")
    typed(":break main", .enter, answer: "it stops at main")
    typed("r", answer: "breakpoint: vCPU 0 at main")
    typed(":break smc", .enter, answer: "it stops at main, smc")
    typed("r", answer: "an SMC at 0x")
    typed(":back 2", .enter, "R", answer: "breakpoint: ")
    typed(":delete", .enter, answer: "it stops nowhere")
    // The Host attacks from the other PE while the Realm is held, and the guest goes on.
    typed(":pe 1", .enter, ":ns.read64 0x8011d000", .enter, answer: "granule protection fault")
    typed("e", answer: "vCPU 0")
    typed("B", answer: ": break")
    typed("lunch", .enter, answer: "expected ADDRESS or NAME")
    typed(.control("C"), "s", answer: "vCPU 0")
    try story.quitsAndReplays()
  }

  @Test func theTEEIsSteppedByTheSameKeysAndItsRecordingReplays() throws {
    let story = try Story(records: true)
    func typed(_ keys: Typed..., answer: String, at location: SourceLocation = #_sourceLocation) {
      story.give(keys.flatMap(\.inputs))
      story.sees(answer, sourceLocation: location)
    }
    typed(":debug tee", .enter, answer: "the TEE stands before its first instruction: s steps, r runs, B sets a breakpoint")
    story.sees("TEE 0x6001000")
    typed("s", answer: "the TEE at _start+0x4")
    typed("S", answer: "the TEE at _start")
    typed(":break tee_main", .enter, answer: "it stops at tee_main")
    typed("r", answer: "breakpoint: the TEE at tee_main")
    story.sees("●")
    typed(":break 0x06300000", .enter, answer: "it stops at tee_main, 0x6300000")
    typed("r", answer: "the Normal world has its PE again: FFA_MSG_WAIT")
    typed(":tee open hello", .enter, answer: "the TEE stands, and has not answered")
    story.sees("EL0")
    typed("s", answer: "the TEE at 0x6300024")
    typed("R", answer: "breakpoint: the TEE at 0x6300000")
    typed("R", answer: "breakpoint: the TEE at tee_main")
    typed("r", answer: "breakpoint: the TEE at 0x6300000")
    typed("e", answer: "the Normal world has its PE again: FFA_MSG_SEND_DIRECT_RESP")
    story.sees("Hello World!")
    typed(":tee answer", .enter, answer: "session 1")
    try story.quitsAndReplays()
  }

  @Test func anotherVCPUIsLookedAtByAKeyAndALargeScreenShowsTheStack() throws {
    let story = try Story(size: (200, 60))
    story.keys("D", .control("U"), "debug tour 2", .enter)
    story.sees("it stands before its first instruction")
    story.sees("─ Stack ─")
    story.sees("vCPU 0 · REC")
    story.keys("O")
    story.sees("vCPU 1 · REC")
    story.keys("O")
    story.sees("vCPU 0 · REC")
  }

  /// Where there is no room for code, stack, memory and what a kernel does, a key goes from one to the next; memory is that of an address one says.
  @Test(arguments: [(80, 24), (120, 36)])
  func codeStackAndMemoryTakeTurns(_ size: (Int, Int)) throws {
    let story = try Story(size: size)
    story.keys("D", .enter)
    story.sees("─ Code ─")
    story.keys("p")
    story.sees("─ Stack ─")
    story.keys("p")
    story.sees("─ Memory ─")
    story.keys("p")
    story.sees("─ Kernel ─")
    story.sees("no Linux kernel is found")
    story.keys("p")
    story.sees("─ Code ─")
    story.keys("A")
    story.sees("an address of the guest's, a name of its program, or a register")
    story.keys("_start", .enter)
    story.sees("_start · A other")
    let vcpu = try #require(story.state.guest.vcpu)
    let start = try #require(story.session.guest(vcpu)?.now.pc)
    story.sees("\(String(start, radix: 16)) ")
    let bytes = story.session.read { $0.guestBytes(vcpu, start, 4) }
    story.sees(bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " "))
    story.keys("Asp", .enter)
    story.sees("─ Memory ─")
    story.keys("Alunch", .enter)
    story.sees("\"lunch\" is no address, no name of the guest's program and no register")
    story.keys("A0xfffffffffffffff8", .enter)
    story.sees("not mapped")
  }

  @Test func aLargeScreenShowsAllThree() throws {
    let story = try Story(size: (200, 60))
    story.keys("D", .enter)
    for pane in ["Code", "Stack", "Memory"] { story.sees("─ \(pane) ─") }
  }

  /// A guest that has not run yet is the one that is shown, with the registers it stands with; and after going all the way back, too.
  @Test func theGuestViewShowsTheGuestThatStands() throws {
    let story = try Story()
    story.types("boot --normal tour")
    while story.app.isGuestRunning { story.app.turn() }
    story.sees("Good bye.")
    story.types("debug tour")
    story.sees("it stands before its first instruction")
    story.sees("REC 0x")
    story.doesNotSee("Normal VM")
    let first = story.screen
    story.keys("sss")
    story.keys("R")
    #expect(Self.registers(story.screen) == Self.registers(first))
  }

  /// The lines of the panel with the registers.
  private static func registers(_ screen: String) -> [Substring] {
    screen.split(separator: "\n").filter { $0.contains("│ pc  ") || $0.contains(" x3  ") }.map { $0.suffix(62) }
  }

  /// Esc ends what takes long; other keys wait until it is over.
  @Test func escapeEndsWhatTakesLong() throws {
    let story = try Story(records: true)
    story.types("debug tour")
    story.sees("it stands before its first instruction")
    story.keys(":step 1000000", .enter, .escape)
    story.sees("stopped by a key after ")
    story.keys(":step 1000000", .enter, "?", .escape)
    story.sees("type to find")
    story.keys(.escape)
    try story.quitsAndReplays()
  }

  /// A guest that goes on by itself stops at any key, which does nothing else.
  @Test func anyKeyStopsAGuestThatRuns() throws {
    let story = try Story()
    story.keys(":boot tour", .enter, "q")
    story.sees("it stands: r goes on")
    #expect(story.app.running)
    story.keys("r", "x")
    story.sees("it stands: r goes on")
  }

  @Test func theKeyboardIsTheGuestsUntilItIsGivenBack() throws {
    let story = try Story(records: true)
    story.types("boot --rng devices 1")
    story.sees("in a Realm: buffers lie in shared memory")
    story.sees("vCPU 0 · REC")
    story.keys("z")
    story.doesNotSee("vCPU 0 · REC")
    story.keys("i")
    story.sees("the keys are the guest's; ^] gives them back")
    // Keys of the workbench are the guest's, too.
    story.keys("what", .enter)
    story.sees("> what")
    story.sees("there are rng, disk, net, console, vsock, fs, off")
    story.pastes("which\n")
    story.sees("> which")
    story.keys(.control("]"))
    story.sees("the keys are the workbench's again; i gives them to the guest")
    story.keys("z")
    story.sees("vCPU 0 · REC")
    // What ends the guest gives them back.
    story.keys("i", "off", .enter)
    story.sees("good bye")
    story.sees("turned itself off")
    story.keys("o")
    story.sees("Worlds")
    try story.quitsAndReplays()
  }

  /// A Realm whose guest prints a text, and turns itself off.
  private static func printing(_ text: String, in folder: TemporaryFolder) throws -> String {
    let code: [UInt32] = [
      // x1: the UART where it is shared; x2: the text.
      0xD2A0_2001, 0xF2C0_0021, 0x1000_0122,
      // Byte after byte, up to a zero.
      0x3840_1443, 0x3400_0063, 0x3900_0023, 0x17FF_FFFD,
      // PSCI_SYSTEM_OFF.
      0xD280_0100, 0xF2B0_8000, 0xD400_0003, 0x1400_0000,
    ]
    let image = code.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) } } + Array(text.utf8) + [0]
    let path = folder.path + "/screen.img"
    try Data(image).write(to: URL(filePath: path))
    return path
  }

  /// What a full-screen program has put in its place is not broken where there is less room: it is cut, and one moves along it.
  @Test func aFullScreenProgramIsCutInANarrowPaneAndWholeAlone() throws {
    let story = try Story()
    let row = "left edge" + String(repeating: ".", count: 61) + "right edge"
    story.types("boot \(try Self.printing("\u{1B}[2J\u{1B}[3;1H\(row)\u{1B}[5;1Hbelow", in: story.folder)) 1")
    story.sees("left edge")
    story.sees("below")
    story.doesNotSee("right edge")
    story.sees("columns 1..54 of 80")
    story.keys(.right, .right, .right, .right)
    story.sees("right edge")
    story.doesNotSee("left edge")
    story.sees("columns 27..80 of 80")
    story.keys(.left, .left, .left, .left)
    story.sees("left edge")
    story.keys("z")
    story.sees(row)
    // Alone it is whole in a terminal that has no more columns than the program.
    story.resizes(to: 80, 24)
    story.sees("\n\(row)\n")
    story.keys("z")
    story.sees("left edge")
    story.doesNotSee("right edge")
    // It is found where it is not seen.
    story.keys("/right edge", .enter)
    story.doesNotSee("nothing matches")
  }

  /// The keys that let a guest go on are offered as long as it can.
  @Test func aGuestThatIsOffIsNotOfferedToBeStepped() throws {
    let story = try Story()
    story.types("debug \(try Self.printing("x", in: story.folder)) 1")
    #expect(story.bottomLine.contains("s step"))
    story.keys("r")
    story.sees("turned itself off")
    #expect(!story.bottomLine.contains("s step") && !story.bottomLine.contains("r run"))
    #expect(story.bottomLine.contains("S back"))
    for key in ["s", "f", "e", "r", "i"] as [Typed] {
      story.keys(key)
      story.sees("the guest turned itself off; S steps back")
    }
    story.keys("S")
    #expect(story.bottomLine.contains("s step"))
  }

  /// So is an ordinary VM, whose last call is said by its name.
  @Test func anOrdinaryVMThatIsOffIsNotOfferedToBeSteppedEither() throws {
    let story = try Story()
    story.types("boot --normal tour")
    story.sees("turned itself off")
    story.sees("left the VM: PSCI_SYSTEM_OFF")
    #expect(!story.bottomLine.contains("s step") && !story.bottomLine.contains("r run"))
    story.keys("s")
    story.sees("the guest turned itself off; S steps back")
    story.keys("S")
    #expect(story.bottomLine.contains("s step"))
  }
}
