import Engine
import Testing
import Views

@testable import Session
@testable import Workbench

/// A granule's whole history, and the way to each of its steps.
@MainActor
struct GranuleStories {
  private static let script =
    "name 0x80001000 mine\n"
    + (0..<30).map { _ in "RMI_GRANULE_DELEGATE 0x80001000\nRMI_GRANULE_UNDELEGATE 0x80001000" }.joined(separator: "\n")

  @Test func eachStepThatChangedItIsListedAndLeadsThere() throws {
    let story = try Story(Self.script, size: (80, 24))
    story.keys("2I")
    story.sees("Granule 0x80001000 mine")
    story.sees("60 steps, the newest first")
    story.sees("▶    60")
    story.doesNotSee(" 12  ")
    // To the first of all.
    story.keys("G", .enter)
    #expect(story.session.position == 1)
    story.sees("▶     1")
    story.sees("DELEGATED")
    // What comes later is still there, and leads on.
    story.keys(.up, .enter)
    #expect(story.session.position == 2)
    story.keys("g", .enter)
    #expect(story.session.position == 60)
    // It is a list like every other.
    story.keys("/UNDELEGATE", .enter)
    story.sees("of 60")
    story.keys("(")
    #expect(story.session.position == 59)
    // The first ends the search.
    story.keys(.escape, .escape)
    story.sees("Granules ─")
  }

  @Test func enterOpensItWhereACellIsAGranule() throws {
    let story = try Story(size: (120, 36))
    story.types("realm")
    // The map stands where the statement changed something.
    #expect(story.state.cursor != story.session.configuration.dramBase)
    story.keys("2", .enter)
    story.sees("Granule 0x")
    story.sees("History")
    story.sees("RmmRealm")
  }

  @Test func whatNoStepChangedSaysSo() throws {
    let story = try Story(size: (200, 60))
    story.keys("I", .enter)
    story.sees("No step changed it: it is as it was when the machine booted.")
    story.sees("Memory of this machine")
    story.sees("PAS[0]")
  }

  /// Of the many steps of an include that Esc ends, the frame after it finds few that it has not looked at yet, and shows all of them.
  @Test(arguments: [false, true]) func anIncludeLeavesFewStepsForTheFrameAfterIt(_ records: Bool) throws {
    let story = try Story(size: (80, 24), records: records)
    let lines = (0..<100_000).map { "RMI_GRANULE_\($0 % 2 == 0 ? "" : "UN")DELEGATE 0x80001000" }
    story.app.runner.load = { name, _ throws(ScriptError) in (name, lines) }
    let session = story.session
    let asked = session.isInterrupted
    var mostUnseen = 0
    session.isInterrupted = { [unowned session, unowned story] in
      defer { mostUnseen = max(mostUnseen, session.steps.count - session.granuleHistory.count) }
      if session.steps.count == 2500 { story.terminal.give([.key(.escape)]) }
      return asked()
    }
    story.types("include many")
    story.sees("stopped by a key after")
    #expect(session.steps.count >= 2500 && session.steps.count < 100_000)
    #expect(mostUnseen < 1100, "\(mostUnseen)")
    story.keys("I")
    story.sees("Granule 0x80001000")
    story.sees("\(session.steps.count) steps, the newest first")
  }
}
