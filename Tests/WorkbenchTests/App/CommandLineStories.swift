import Engine
import Foundation
import Testing
import Views

@testable import Workbench

/// What is typed, and what is said of it while it is.
@MainActor
struct CommandLineStories {
  @Test func aCallIsCheckedWhileItIsTypedAndMadeWhenItIsEntered() throws {
    let story = try Story()
    story.sees("Booted")
    story.keys(":RMI_GRANULE_DELEGATE 0x80001001")
    story.sees("✗ RMI_ERROR_INPUT by gran_align: addr = 0x80001001")
    story.keys(.backspace, "0")
    story.sees("✓ every condition passes: RMI_SUCCESS")
    story.keys(.enter)
    story.sees("RMI_SUCCESS")
    story.sees("UNDELEGATED → DELEGATED")
    story.types("RMI_GRANULE_DELEGATE 0x80001000")
    story.sees("RMI_ERROR_INPUT by gran_state (w: why)")
    story.keys("w")
    story.sees("✗ gran_state")
    story.sees("decided by gran_state")
  }

  @Test func tabGoesThroughWhatFitsAndAFullNameGetsItsArguments() throws {
    let story = try Story()
    story.keys(":")
    story.sees("a command (tab lists), or a statement")
    story.keys("RMI_GRANULE")
    story.sees("RMI_GRANULE_DELEGATE  RMI_GRANULE_UNDELEGATE")
    story.keys(.tab)
    #expect(story.bottomLine == ": RMI_GRANULE_DELEGATE")
    story.keys(.tab)
    #expect(story.bottomLine == ": RMI_GRANULE_UNDELEGATE")
    story.keys(.key("S-tab"))
    #expect(story.bottomLine == ": RMI_GRANULE_DELEGATE")
    story.keys(.control("U"), "rmi_ver", .tab)
    // The only one: the next word begins, with what is known of it.
    #expect(story.bottomLine == ": RMI_VERSION")
    story.sees("req: ")
    story.sees("1 of 1: req")
  }

  @Test func addressesThatFitTheArgumentAreOffered() throws {
    let story = try Story("smc RMI_GRANULE_DELEGATE 0x80001000\nsmc RMI_GRANULE_DELEGATE 0x80003000")
    story.keys(":RMI_GRANULE_UNDELEGATE ")
    story.sees("addr: ")
    story.sees("0x80001000  0x80003000")
    story.keys(.tab, .tab)
    #expect(story.bottomLine == ": RMI_GRANULE_UNDELEGATE 0x80003000")
    story.keys(.enter)
    story.sees("RMI_SUCCESS")
    story.sees("DELEGATED → UNDELEGATED")
  }

  @Test(arguments: [
    ("guest ", "queued for the next RMI_REC_ENTER"), ("guest re", "read64"), ("smc ", "which call"),
    ("gpt.set", "EL3 moves a granule"),
    ("theme", "colour-blind"), ("goto", "goto STEP: goes to the state after a step, 0 to 0"), ("boot", "boot [--normal]"),
    ("RSI_VERSION 1", "no REC to make it yet"), ("RMI_GRANULE_DELEGATE x", "✗ "), ("write", "write FILE"),
    ("ns.read64", "ns.read64 PA"),
  ])
  func eachStatementHasItsHelp(_ typed: String, _ help: String) throws {
    let story = try Story()
    story.keys(":\(typed)")
    #expect(story.lines.suffix(3).joined(separator: "\n").contains(help), "\(story.lines.suffix(3))")
    story.keys(.escape)
    story.doesNotSee(": \(typed)")
  }

  /// What fits a word of a statement: a Realm's descriptor by its name, a branch, a world.
  @Test func whatFitsAWordOfAStatementIsOffered() throws {
    let story = try Story()
    story.types("realm")
    for verb in ["teardown", "aux", "rec", "tables", "rim"] {
      story.keys(":\(verb) ", .tab)
      #expect(story.bottomLine == ": \(verb) rd")
      story.keys(.escape)
    }
    story.keys(":gpt.set rd re", .tab)
    #expect(story.bottomLine == ": gpt.set rd realm")
    story.keys(.control("U"), "state ")
    story.sees("rd  rec  run")
    story.keys(.control("U"), "switch ", .tab)
    #expect(story.bottomLine == ": switch main")
  }

  /// Where a help has nothing below it, it has both rows.
  @Test func aLongHelpIsReadWhole() throws {
    let story = try Story(size: (80, 24))
    story.keys(":tables ")
    story.sees("tables RD BASE..TOP [level=3]: makes the tables that a range of IPAs needs,")
    story.sees("down to a level")
  }

  /// Who writes what other tools call it is told what it is here.
  @Test(arguments: [
    ("relm", "did you mean realm?"), ("rmi version", "did you mean RMI_VERSION?"),
    ("RMI_REALM", "did you mean RMI_REALM_ACTIVATE, "),
    ("granule delegate", "did you mean RMI_GRANULE_DELEGATE"), ("save", "did you mean write?"), ("lesson", "did you mean learn?"),
    ("run tour", "did you mean boot or continue?"), ("12", "did you mean goto 12?"), ("destro", "RMI_REALM_DESTROY"),
    ("hello world", "help lists all there are"), ("q!", "did you mean quit?"),
    ("realm 2", "found \"2\"; expected pages=N, recs=N, enter=N, or FIELD=VALUE"),
  ])
  func whatNoStatementBeginsWithIsGuessed(_ typed: String, _ answer: String) throws {
    let story = try Story()
    story.types(typed)
    story.sees(answer)
    #expect(story.bottomLine == ": \(typed)")
  }

  @Test func theLineIsEditedWithTheKeysOfAShell() throws {
    let story = try Story()
    story.keys(":echo one two", .control("A"), "x", .control("E"), "y")
    #expect(story.bottomLine == ": xecho one twoy")
    story.keys(.control("W"))
    #expect(story.bottomLine == ": xecho one")
    story.keys(.home, .key("delete"), .right, .control("K"))
    #expect(story.bottomLine == ": e")
    story.keys(.left, .control("B"), "a", .control("F"), .control("D"), .key("end"), .backspace, .backspace, .backspace)
    #expect(story.bottomLine == ":")
    story.keys("print hello", .left, .left, .control("U"))
    #expect(story.bottomLine == ": lo")
  }

  @Test func whatWasTypedComesBack() throws {
    let story = try Story()
    story.types("ns.read64 0x80001000")
    story.types("ns.read64 0x80002000")
    story.keys(":pe", .up)
    #expect(story.bottomLine == ": ns.read64 0x80002000")
    story.keys(.control("P"))
    #expect(story.bottomLine == ": ns.read64 0x80001000")
    story.keys(.down, .control("N"))
    #expect(story.bottomLine == ": pe")
    // The next workbench has them, too.
    let text = try String(contentsOfFile: story.folder.path + "/history", encoding: .utf8)
    #expect(text == "ns.read64 0x80001000\nns.read64 0x80002000\n")
  }

  @Test func whatIsPastedIsNeverExecutedByItself() throws {
    let story = try Story()
    story.pastes("ns.read64\t0x80000000\n")
    #expect(story.bottomLine == ": ns.read64 0x80000000")
    #expect(story.session.steps.isEmpty)
  }

  @Test func ofSeveralPastedLinesOneIsAskedFirst() throws {
    let story = try Story()
    story.pastes("let a = 0x80001000\r\nRMI_GRANULE_DELEGATE a\r\n\r\nns.read64 a\n")
    story.sees("run 3 lines one by one? (y/n)")
    story.sees("let a = 0x80001000 · RMI_GRANULE_DELEGATE a · ns.read64 a")
    story.keys("n")
    story.sees("nothing was run")
    #expect(story.session.steps.isEmpty)
    story.pastes("RMI_GRANULE_DELEGATE 0x80001000\nq\n")
    story.keys(.escape)
    #expect(story.app.running && story.session.steps.isEmpty)
    story.pastes("let a = 0x80001000\nRMI_GRANULE_DELEGATE a\nns.read64 a\n")
    story.keys("y")
    story.sees("3 lines were run; the last: gpf")
    #expect(story.session.steps.count == 2)
    // What is wrong ends it, and can be corrected.
    story.pastes("ns.read64 a\nnonsense\nns.read64 a")
    story.keys("y")
    story.sees("line 2 of 3: unknown statement \"nonsense\"")
    #expect(story.bottomLine == ": nonsense")
    #expect(story.session.steps.count == 3)
  }

  @Test func upSearchesWhatBeginsSo() throws {
    let story = try Story()
    for line in ["ns.read64 0x80001000", "pe 1", "ns.read64 0x80002000", "pe 0"] { story.types(line) }
    story.keys(":ns", .up)
    #expect(story.bottomLine == ": ns.read64 0x80002000")
    story.keys(.up)
    #expect(story.bottomLine == ": ns.read64 0x80001000")
    story.keys(.up)
    #expect(story.bottomLine == ": ns.read64 0x80001000")
    story.keys(.down, .down)
    #expect(story.bottomLine == ": ns")
  }

  @Test func namesFilesGuestsAndPanelsAreCompleted() throws {
    let story = try Story("let my_granule = 0x80003000\nsmc RMI_GRANULE_DELEGATE my_granule")
    story.keys(":RMI_GRANULE_UNDELEGATE ")
    story.sees("my_granule  0x80003000")
    story.keys(.tab, .enter)
    story.sees("RMI_SUCCESS")
    story.keys(":ns.read64 my", .tab)
    #expect(story.bottomLine == ": ns.read64 my_granule")
    story.keys(.control("U"), "boot to", .tab)
    #expect(story.bottomLine == ": boot tour")
    story.keys(.control("U"), "show tra", .tab)
    #expect(story.bottomLine == ": show trace")
    _ = try story.folder.write("mine.session", "RMI_VERSION 0x10000\n")
    story.keys(.control("U"), "open \(story.folder.path)/mi", .tab)
    #expect(story.bottomLine.hasSuffix("/mine.session"))
    // What begins otherwise is found in the middle.
    story.keys(.control("U"), "undelegate", .tab)
    #expect(story.bottomLine == ": RMI_GRANULE_UNDELEGATE")
  }

  @Test func moreCandidatesThanFitAreCounted() throws {
    let story = try Story(size: (80, 24))
    story.keys(":RMI_")
    let row = story.lines[story.lines.count - 2]
    #expect(row.wholeMatch(of: /RMI_\S+(  RMI_\S+)*  … \d+ more/) != nil, "\(row)")
    story.keys(.key("S-tab"))
    #expect(!story.lines[story.lines.count - 2].contains("more"))
  }

  @Test(arguments: [
    ("goto 5", "expected goto STEP with a step from 0 to 0"), ("theme nothing", "expected theme NAME"),
    ("write", "expected: write FILE"),
    ("gpt.set 5", "✗ gpt.set has 1 argument; expected: gpt.set PA"), ("continue", "no guest was booted here"),
  ])
  func whatIsWrongIsToldAboveTheLine(_ typed: String, _ words: String) throws {
    let story = try Story()
    story.types(typed)
    story.sees(words)
    #expect(story.session.steps.isEmpty)
  }

  /// What cannot be is no step; and what was refused says why.
  @Test func aPEThatIsNotThereIsNoStepAndEL3SaysWhyItRefuses() throws {
    let story = try Story()
    story.types("pe 7")
    story.sees("there is no PE 7; this machine has 0 to 1")
    #expect(story.session.steps.isEmpty)
    story.keys(.escape)
    story.types("gpt.set 0x80001000 realm")
    story.sees("fail: a granule enters the Realm PAS by RMI_GRANULE_DELEGATE alone")
    story.types("gpt.set 0x10000000 secure")
    story.sees("fail: it is no granule of DRAM (E_RMM_BAD_ADDR)")
  }

  /// A terminal with ASCII alone: keys are named in words, because `<` is another key.
  @Test func whereThereIsOnlyASCIIKeysAreSpelt() throws {
    let story = try Story("smc RMI_GRANULE_DELEGATE 0x80001000", size: (120, 36), isASCII: true)
    story.sees("/ find · enter travel")
    #expect(!story.bottomLine.contains("⏎") && !story.bottomLine.contains("↑"))
    story.keys("?")
    story.sees("enter do · esc close")
  }

  @Test func wideAndCombiningCharactersAreNotLost() throws {
    let story = try Story()
    story.keys(":echo 日本 e\u{301}t\u{E9} \u{1F600}")
    #expect(story.bottomLine.hasSuffix("日本 e\u{301}t\u{E9} \u{1F600}"))
    story.keys(.enter)
    story.sees("日本 e\u{301}t\u{E9} \u{1F600}")
  }

  @Test func aSessionIsWrittenWhereOneLikesButNeverOverAnother() throws {
    let story = try Story()
    let path = story.folder.path + "/mine.session"
    story.types("RMI_VERSION 0x10000")
    story.types("write \(path)")
    story.sees("1 steps written to")
    story.types("write \(path)")
    story.sees("mine.session exists already")
    #expect(try String(contentsOfFile: path, encoding: .utf8).contains("\nVERSION 0x10000\n"))
  }
}
