import Engine
import Foundation
import Testing
import Views

@testable import Workbench

/// Settings that are changed where one is, and kept if one wants.
@MainActor
struct SettingStories {
  @Test func thePaletteShowsWhatHoldsAndChangesIt() throws {
    let story = try Story(settings: Configuration(path: "/nonexistent/config.toml"))
    story.keys("?setting mouse")
    story.sees("mouse = true")
    story.sees("(default)")
    story.keys(.enter)
    #expect(!story.terminal.mouse)
    story.sees("mouse = false; with save it is kept")
    story.keys("?setting mouse")
    story.sees("mouse = false")
    story.sees("(set here)")
    story.keys(.enter)
    #expect(story.terminal.mouse)
    // What is neither true nor false is typed, with what fits.
    story.keys("?setting theme =", .enter)
    #expect(story.bottomLine == ": set theme")
    story.sees("auto  default  light  contrast")
    story.keys("li", .tab, .enter)
    #expect(story.terminal.theme?.name == "light")
  }

  @Test func eachSettingHoldsAtOnceOrSaysWhenItWill() throws {
    let story = try Story("RMI_VERSION 0x10000")
    story.types("set large true")
    story.sees("1 Worlds   2 Granules   3 Realms   4 Trace")
    story.types("set large false")
    story.types("set ascii true")
    #expect(story.terminal.isASCII)
    story.types("set color never")
    #expect(story.terminal.colours == .never)
    story.types("set animation false")
    #expect(!story.app.animates)
    story.types("set machine dram=1G pe=4")
    story.sees("machine = \"dram=1G pe=4\", for the next start; :machine makes another machine now")
    story.types("set theme auto")
    story.sees("for the next start: the terminal is asked then")
    story.types("set mouse")
    story.sees("mouse = true (default); it is true or false")
  }

  @Test func whatIsNoSettingOrNoValueIsSaid() throws {
    let story = try Story()
    story.types("set theme pink")
    story.sees("theme is one of auto, default, light, contrast, colour-blind, mono, not \"pink\"")
    story.keys(.escape)
    story.types("set mouse maybe")
    story.sees("mouse is true or false, not \"maybe\"")
    story.keys(.escape)
    story.types("set tehme light")
    story.sees("expected set SETTING VALUE: theme, color, large")
    story.keys(.escape)
    story.types("set machine moon")
    story.sees("unknown machine \"moon\"")
  }

  @Test func aRecordingEndsAndBeginsAgain() throws {
    let story = try Story(records: true)
    story.types("RMI_VERSION 0x10000")
    let first = try #require(story.recorded)
    story.types("set record false")
    story.sees("○ not recorded")
    let text = try String(contentsOfFile: first, encoding: .utf8)
    story.types("RMI_VERSION 0x10000")
    #expect(try String(contentsOfFile: first, encoding: .utf8) == text)
    story.types("set record true")
    story.sees("● REC")
    #expect(story.recorded != first)
    // The second has all there is.
    #expect(try story.quitsAndReplays().session.steps.count == 2)
  }

  @Test func savedTheyAreInTheFileAndAllElseOfItStays() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/new/config.toml"
    let story = try Story(settings: Configuration(path: path))
    story.types("set mouse false save")
    story.sees("mouse = false; kept in ")
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "mouse = false\n")
    // Somebody keeps it elsewhere.
    let kept = try folder.write("mine.toml", "# mine\ntheme = \"light\" # by day\n\n[keys]\nstep = \"F7\"\n")
    try FileManager.default.removeItem(atPath: path)
    try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: kept)
    story.types("set theme mono save")
    story.types("set ascii true save")
    #expect(
      try String(contentsOfFile: kept, encoding: .utf8)
        == "# mine\ntheme = \"mono\" # by day\n\nascii = true\n[keys]\nstep = \"F7\"\n")
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: path) == kept)
    // What cannot be read is not written over.
    try "theme = ".write(toFile: kept, atomically: false, encoding: .utf8)
    story.types("set theme light save")
    story.sees("but not kept:")
    #expect(try String(contentsOfFile: kept, encoding: .utf8) == "theme = ")
    #expect(story.terminal.theme?.name == "light")
  }
}
