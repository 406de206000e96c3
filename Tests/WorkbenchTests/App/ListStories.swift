import Engine
import Foundation
import Testing
import Views

@testable import Workbench

/// Lists: the same keys go through each, and `/` looks in the one that one is in.
@MainActor
struct ListStories {
  private static let steps = (0..<40).map { "smc RMI_GRANULE_DELEGATE \(0x8000_1000 + $0 * 4096)" }.joined(separator: "\n")

  @Test func theTraceIsWalkedByStepPageAndEnd() throws {
    let story = try Story(Self.steps)
    story.keys("k")
    #expect(story.state.traceStep == 39)
    story.keys("g")
    #expect(story.state.traceStep == 1)
    story.keys("jj")
    #expect(story.state.traceStep == 3)
    story.keys(.key("pgdn"))
    let page = try #require(story.state.traceStep) - 3
    #expect(page > 5)
    story.keys(.control("B"))
    #expect(story.state.traceStep == 3)
    // The last step is where the session stands: the trace follows it again.
    story.keys("G")
    #expect(story.state.traceStep == nil)
    #expect(story.session.position == 40)
  }

  @Test func aKeyGoesFromOneRefusalInTheTraceToTheNext() throws {
    let story = try Story(
      """
      smc RMI_GRANULE_UNDELEGATE 0x80100000
      smc RMI_GRANULE_DELEGATE 0x80100000
      smc RMI_GRANULE_DELEGATE 0x80100000
      smc RMI_GRANULE_UNDELEGATE 0x80100000
      """)
    story.keys("n")
    story.sees("step that was refused or faulted 1 of 2")
    #expect(story.state.traceStep == 1)
    story.keys("n")
    #expect(story.state.traceStep == 3)
    story.keys("n")
    #expect(story.state.traceStep == 1)
    let clean = try Story("smc RMI_GRANULE_DELEGATE 0x80100000")
    clean.keys("n")
    clean.sees("no step that was refused or faulted")
  }

  /// A list or a text that is longer than its place says so where it is cut.
  @Test func whatIsCutIsMarked() throws {
    let story = try Story(size: (80, 24))
    story.types("help RMI_REALM_CREATE")
    func marks() -> String { String(story.lines.compactMap(\.last).filter { "↑↓".contains($0) }) }
    #expect(marks() == "↓")
    story.keys("j")
    #expect(marks() == "↑↓")
    story.keys("G")
    #expect(marks() == "↑")
    story.keys("?")
    #expect(marks() == "↓")
  }

  /// What is mapped is beside the tables in a small terminal, too.
  @Test(arguments: [(80, 24), (120, 36), (200, 60)])
  func theRangesOfARealmAreListed(_ size: (Int, Int)) throws {
    let story = try Story("realm", size: size)
    story.keys("t")
    story.sees("─ Ranges ─")
    story.sees("0x0          8K      RAM       → 0x80104000")
    story.sees("level 3")
  }

  /// One looks in whatever is a list or a text, in the place where it is, and is told how often it is there.
  @Test func everyListIsLookedIn() throws {
    let path = PseudoTerminal.root.appending(path: "Sessions/07-attestation-token.session").path
    let story = try Story(opening: path)
    story.keys("}")
    for (screen, words) in [
      ("2", "data"), ("3", "realm"), ("4", "token"), ("t", "assigned"), ("a", "challenge"), ("C", "host"), ("[]w", "rec"),
      ("K", "rec"),
    ] as [(Typed, String)] {
      story.keys(screen, "/", .text(words), .enter)
      #expect(story.lines.contains { $0.contains(/\d+ of \d+ with "\w+"/) }, "\(words)")
      story.keys("/", .control("U"), "zebra", .enter)
      story.sees("nothing matches \"zebra\"")
      story.keys(.escape, "o")
    }
  }

  @Test func theMapGoesToItsEnds() throws {
    let story = try Story(Self.steps)
    story.keys("2G")
    // One line stands for all that is the Host's.
    #expect(story.state.cursor == 0x8003_0000)
    story.keys("g")
    #expect(story.state.cursor == 0x8000_0000)
  }

  @Test func whatIsSoughtIsFoundWithItsNumberAndTheNextKeyGoesOn() throws {
    let path = PseudoTerminal.root.appending(path: "Sessions/07-attestation-token.session").path
    let story = try Story(opening: path)
    story.keys("}", "a", "/zero")
    #expect(story.lines.contains { $0.wholeMatch(of: /1 of \d+ lines/) != nil })
    story.keys(.enter)
    story.sees("/zero · 1 of")
    let first = story.state.token.row
    story.keys("n")
    story.sees("/zero · 2 of")
    #expect(story.state.token.row > first)
    story.keys("N")
    #expect(story.state.token.row == first)
    story.keys("N")
    // Before the first comes the last.
    #expect(story.state.token.row > first)
    // Escape forgets what was sought before it leaves.
    story.keys(.escape)
    story.doesNotSee("/zero")
    story.sees("Claims")
    story.keys(.escape)
    story.sees("Granules ─")
  }

  @Test func whatIsNotThereIsSaid() throws {
    let story = try Story(Self.steps)
    story.keys("2n")
    story.sees("next hit: nothing is sought; / looks for words")
    story.keys("4")
    story.keys("/zebra")
    story.sees("nothing matches")
    story.keys(.enter)
    story.sees("/zebra · nothing matches")
    story.keys(.escape)
    story.doesNotSee("zebra")
    story.keys("1/")
    story.sees("find: worlds has no lines to look in")
  }

  /// An event that matches is shown below the step it happened in.
  @Test func aTraceThatIsFilteredKeepsTheStepsOfItsEvents() throws {
    let story = try Story("smc RMI_VERSION 0x10000\n" + Self.steps)
    story.keys("/→ delegated 0x80004000", .enter)
    story.sees("RMI_GRANULE_DELEGATE addr=0x80004000")
    story.sees("UNDELEGATED → DELEGATED")
    story.doesNotSee("0x80003000")
    story.sees("/→ delegated 0x80004000 · 1 of 1")
    story.keys("/!delegate", .control("U"), "!delegate", .enter)
    story.sees("RMI_VERSION")
    // Arrows go through what is shown.
    story.keys(.escape, "/0x8000", .enter, "gj")
    #expect(story.state.traceStep == 3)
  }

  /// On the map a granule is sought by its state, its Realm or its address.
  @Test func aGranuleIsSoughtOnTheMap() throws {
    let story = try Story(opening: PseudoTerminal.root.appending(path: "Sessions/01-realm-life.session").path)
    story.types("goto 40")
    story.keys("2/rtt realm 1", .enter)
    story.sees("/rtt realm 1 · 1 of ")
    let first = try #require(story.state.cursor)
    story.keys("n")
    story.sees("/rtt realm 1 · 2 of ")
    #expect(try #require(story.state.cursor) > first)
    story.sees("  RTT")
  }

  @Test func theRunsOfATableAreSought() throws {
    let path = PseudoTerminal.root.appending(path: "Sessions/01-realm-life.session").path
    let story = try Story(opening: path)
    story.types("goto 40")
    story.keys("t/assigned", .enter)
    story.sees("/assigned · ")
    story.keys("G")
    story.sees("511")
    story.keys("g")
    story.sees("Walk of 0x0")
  }

  @Test func theConsoleIsScrolledBack() throws {
    let story = try Story(size: (80, 24))
    story.types("boot tour")
    story.waits()
    while story.app.isGuestRunning { story.app.turn() }
    story.keys("vg")
    story.sees("lines back")
    let top = story.screen
    story.keys("G")
    #expect(story.screen != top)
    story.sees("UART")
    story.keys("/realm", .enter)
    story.sees("/realm · ")
  }
}
