import Engine
import Testing
import Views

@testable import Workbench

/// Statements under a name of one's own.
@MainActor
struct MacroStories {
  private static let file = """
    [macros]
    two = ["RMI_GRANULE_DELEGATE 0x80001000", "RMI_GRANULE_DELEGATE 0x80002000"]
    three = ["RMI_VERSION 0x10000", "nonsense 7", "RMI_VERSION 0x10000"]
    one = "RMI_GRANULE_DELEGATE 0x80003000"

    [keys]
    macro-two = "F5"
    """

  private func story() throws -> Story {
    try Story(records: true, settings: Configuration(Self.file, path: "config.toml"))
  }

  @Test func aKeyDoesWhatAMacroStandsForAndTheRecordingHasIt() throws {
    let story = try story()
    story.keys(.key("F5"))
    story.sees("2 lines were run; the last: RMI_SUCCESS")
    #expect(story.session.position == 2)
    try story.quitsAndReplays()
  }

  @Test func theCommandLineKnowsThemAndCompletesTheirNames() throws {
    let story = try story()
    story.keys(":macro o", .tab, .enter)
    #expect(story.session.position == 1)
    story.sees("RMI_SUCCESS")
    story.types("macro lunch")
    story.sees("there is no macro \"lunch\"; there are one, three, two")
  }

  @Test func thePaletteHasThem() throws {
    let story = try story()
    story.keys("?macro")
    story.sees("macro        one")
    story.keys(.control("U"), "two")
    story.sees("▶ F5           two")
    story.sees("RMI_GRANULE_DELEGATE 0x80001000 · RMI_GRANULE_DELEGA…")
    story.keys(.enter)
    #expect(story.session.position == 2)
  }

  /// What comes after a line that is wrong is not done, and the line waits to be corrected.
  @Test func oneStopsAtWhatIsWrong() throws {
    let story = try story()
    story.types("macro three")
    story.sees("line 2 of 3: ")
    #expect(story.session.position == 1)
    #expect(story.bottomLine == ": nonsense 7")
  }

  @Test func withoutAnyItSaysWhereTheyWouldBe() throws {
    let story = try Story()
    story.types("macro two")
    story.sees("there is no macro \"two\"; config.toml has no [macros]")
  }
}
