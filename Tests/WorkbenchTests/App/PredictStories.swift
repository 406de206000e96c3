import Engine
import Testing
import Views

@testable import Workbench

/// What a call will answer is guessed before it is made.
@MainActor
struct PredictStories {
  @Test func theScoreIsKept() throws {
    let story = try Story(records: true)
    story.keys("P")
    story.sees("? predict 0/0")
    story.types("RMI_GRANULE_DELEGATE 0x80001000")
    story.sees("it answers")
    #expect(story.session.steps.count == 0)
    story.keys("success", .enter)
    story.sees("right, 1 of 1 right")
    story.types("RMI_GRANULE_DELEGATE 0x80001000")
    story.keys("RMI_SUCCESS", .enter)
    story.sees("wrong, 1 of 2 right")
    story.sees("? predict 1/2")
    try story.quitsAndReplays()
  }

  @Test func theDryRunDoesNotTellBeforehand() throws {
    let story = try Story()
    story.keys(":RMI_GRANULE_DELEGATE 0x80001001")
    story.sees("by gran_align")
    story.keys(.escape, "P", ":RMI_GRANULE_DELEGATE 0x80001001")
    story.doesNotSee("gran_align")
  }

  @Test func aStatusIsOfferedAndNonsenseIsNotTaken() throws {
    let story = try Story()
    story.keys("P")
    story.types("RMI_GRANULE_DELEGATE 0x80001001")
    story.keys("INPUT", .tab)
    story.sees("it answers RMI_ERROR_INPUT")
    story.keys(.control("U"), "moon", .enter)
    story.sees("is no status")
    #expect(story.session.steps.count == 0)
    story.keys(.control("U"), "input", .enter)
    story.sees("right, 1 of 1 right")
  }

  @Test func nothingIsNoGuess() throws {
    let story = try Story()
    story.keys("P")
    story.types("RMI_GRANULE_DELEGATE 0x80001000")
    story.keys(.enter)
    story.sees("? predict 0/0")
    #expect(story.session.steps.count == 1)
    story.keys("P")
    story.doesNotSee("? predict")
    story.types("RMI_VERSION 0x10000")
    #expect(story.session.steps.count == 2)
  }

  @Test func whatIsNoCallIsNotAskedFor() throws {
    let story = try Story()
    story.keys("P")
    story.types("ns.read64 0x80001000")
    story.doesNotSee("it answers")
    #expect(story.session.steps.count == 1)
  }
}
