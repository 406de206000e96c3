import Foundation
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// Pictures of sessions, as somebody without a terminal gets them.
@Suite(.serialized) struct ExportCommandTests {
  private static let script =
    "RMI_VERSION 0x10000\nrealm\n# Words.\nRMI_GRANULE_DELEGATE 0x80009000\nRMI_GRANULE_DELEGATE 0x80009000\n"

  /// Screens and panels by their names, as the command itself tells them.
  private static func panels(_ file: String) throws -> [String] {
    let refused = try Headless.run(["export", file, "--text", "--panel", "none"]).error
    let names = try #require(refused.components(separatedBy: "one of ").last)
    return names.split(whereSeparator: \.isWhitespace).map(String.init)
  }

  /// An SVG of every view is XML with text, and what asciinema plays of it is lines of JSON.
  @Test func everyViewHasPictures() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("some.session", Self.script)
    let panels = try Self.panels(file)
    #expect(panels.count > 15)
    for panel in panels {
      let svg = try Headless.run(["export", file, "--svg", "--panel", panel, "--theme", "light"])
      #expect(svg.code == 0 && svg.output.contains("<tspan"), "\(panel): \(svg.error)")
      #expect(XMLParser(data: Data(svg.output.utf8)).parse(), "\(panel)")
      let cast = try Headless.run(["export", file, "--cast", "--panel", panel, "--steps", "0..2"])
      #expect(cast.code == 0, "\(panel): \(cast.error)")
      for line in cast.output.split(separator: "\n") {
        #expect(throws: Never.self, "\(panel)") { try JSONSerialization.jsonObject(with: Data(line.utf8)) }
      }
    }
  }

  private static let hasBrowser = ["/usr/bin/chromium", "/usr/bin/chromium-browser"].contains {
    FileManager.default.isExecutableFile(atPath: $0)
  }

  /// In a browser each step of each branch is what the terminal shows; keys, search and address do what they say; no script fails.
  @Test(.enabled(if: hasBrowser), .timeLimit(.minutes(5))) func aPagePlaysInABrowser() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(
      "branches.session",
      """
      #workbench 5
      machine dram=64M pe=2 rmm=spec-1.0
      RMI_GRANULE_DELEGATE 0x80001000
      RMI_GRANULE_DELEGATE 0x80002000
      RMI_GRANULE_DELEGATE 0x80003000
      goto 2
      fork other
      RMI_GRANULE_UNDELEGATE 0x80001000
      note what a reader says: <b>&amp;</script>
      goto 3
      fork third
      RMI_GRANULE_DELEGATE 0x80005000

      """)
    let script = PseudoTerminal.root.appending(path: "Scripts/check-player").path
    let played = try Shell.run("python3 '\(script)' '\(PseudoTerminal.program)' '\(path)'")
    #expect(played.code == 0 && played.output.contains("keys and search right"), "\(played.output)\(played.error)")
  }

  /// Handouts of three lessons, with and without what they give away, at two widths, light, dark and on paper.
  @Test(.enabled(if: hasBrowser, "there is no chromium"), .timeLimit(.minutes(5))) func aHandoutIsReadInABrowser() throws {
    let script = PseudoTerminal.root.appending(path: "Scripts/check-handout").path
    let lessons = LessonStories.course.filter { path in ["/01-", "/10-", "/22-"].contains { path.contains($0) } }
    #expect(lessons.count == 3)
    let read = try Shell.run(
      "python3 '\(script)' '\(PseudoTerminal.program)' \(lessons.map { "'\($0)'" }.joined(separator: " "))")
    #expect(read.code == 0 && read.output.contains("36 looks at 6 pages right"), "\(read.output)\(read.error)")
  }
}
