import Engine
import Testing
import Views

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
}
