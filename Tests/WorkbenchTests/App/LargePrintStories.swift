import Engine
import Foundation
import Testing
import Views

@testable import Workbench

/// Large print: what a hall can read.
@MainActor
struct LargePrintStories {
  /// One panel at a time whatever the size, and a second time all of them.
  @Test(arguments: [(80, 24), (120, 36), (200, 60)])
  func onePanelAtATime(_ size: (Int, Int)) throws {
    let story = try Story("RMI_VERSION 0x10000", size: size)
    story.keys("Z")
    story.sees("large print: one panel at a time")
    story.sees("1 Worlds   2 Granules   3 Realms   4 Trace")
    story.doesNotSee("Granules ─")
    story.keys("2")
    story.sees("Granules ─")
    story.doesNotSee("Trace ─")
    story.keys("Z")
    story.sees("large print is over")
    if size.0 > 80 { story.sees("Trace ─") }
  }

  /// An author's words have the room of a sentence.
  @Test func wordsHaveMoreRoom() throws {
    let words =
      "Here stands a sentence that is longer than one row of eighty columns, and whose end would be cut where letters are small."
    let folder = try TemporaryFolder()
    let story = try Story(opening: try folder.write("words.session", "# \(words)\nRMI_VERSION 0x10000\n"), size: (80, 24))
    story.doesNotSee("where letters are small.")
    story.keys("Z")
    story.sees("where letters are small.")
  }

  @Test func nothingIsDimAndAThemeStaysLarge() throws {
    let story = try Story()
    story.keys("Z", "T")
    let theme = try #require(story.terminal.theme)
    #expect(theme.name == Theme.all[1].name)
    for role in Role.allCases { #expect(!theme.style(role).dim) }
    #expect(theme.style(.dim).foreground == nil)
    #expect(theme.style(.realm).bold)
    story.keys("Z")
    #expect(story.terminal.theme?.style(.realm).bold == false)
  }

  @Test func aSettingBeginsWithIt() throws {
    let settings = try Configuration("large = true", path: "config.toml")
    #expect(settings.flag(.large))
    #expect(settings.lines().contains("large = true  # config.toml:1"))
  }
}
