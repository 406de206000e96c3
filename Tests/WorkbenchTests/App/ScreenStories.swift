import Engine
import Foundation
import Testing
import Views

@testable import Workbench

/// Screens as one comes to them by keys, with the real key bar, palette and completion, against text files in `Screens`.
/// UPDATE_SCREENS=1 writes them anew; look at the difference before you commit it.
@MainActor
struct ScreenStories {
  nonisolated private static let sizes = [(80, 24), (120, 36), (200, 60)]
  static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Screens")

  /// A session with words, of which one expectation does not hold.
  private static let script = """
    # A granule changes hands
    #
    # What to look at:
    # - who may access it before and after;
    # - what the Host gets when it reaches for what is not its own.

    let mine = 0x80001000

    echo 1. Given away
    RMI_GRANULE_DELEGATE mine   # the RMM's from here on
    expect RMI_SUCCESS
    ns.read64 mine
    expect ok
    RMI_GRANULE_DELEGATE mine
    expect RMI_ERROR_INPUT by=gran_state

    echo 2. And back
    RMI_GRANULE_UNDELEGATE mine
    expect RMI_SUCCESS
    ns.read64 mine
    expect ok

    """

  static func compare(_ story: Story, _ name: String) throws { try compare(story.screen, story, "\(name)", "txt") }

  /// What a terminal of true colours is sent for the screen: a line for each place it goes to, ESC as ^[.
  static func compareColours(_ story: Story, _ theme: Theme, _ name: String) throws {
    let bytes = FrameWriter.bytes(story.terminal.canvas, from: nil, theme: theme)
    let text = String(decoding: bytes, as: UTF8.self).replacing(/\u{1b}\[(\d+;\d+)H/) { "\n^[[\($0.1)H" }
    try compare(
      text.replacing("\u{1b}", with: "^[") + "\n", story, "\(name)-\(theme.name == Theme.light.name ? "light" : "dark")", "sgr")
  }

  private static func compare(_ text: String, _ story: Story, _ name: String, _ ending: String) throws {
    let (width, height) = (story.terminal.width, story.terminal.height)
    let url = folder.appending(path: "\(name)-\(width)x\(height).\(ending)")
    if ProcessInfo.processInfo.environment["UPDATE_SCREENS"] != nil {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      return try text.write(to: url, atomically: true, encoding: .utf8)
    }
    #expect(text == (try String(contentsOf: url, encoding: .utf8)), "\(url.lastPathComponent) differs")
  }

  /// Each with the keys that lead there from a session that was just opened.
  nonisolated static let ways: [(String, [Typed])] = [
    ("opened", []), ("failed", ["]"]), ("captions", ["C"]), ("found", ["4/gran", .enter, "n"]),
    ("palette", ["?deleg"]), ("completion", [":RMI_GRANULE_UNDELEGATE "]), ("reference", ["}K"]),
    ("nothing", ["4/zebra", .enter]), ("marks", ["ma}mb'"]),
  ]

  @Test(arguments: ways, sizes)
  func screens(_ way: (name: String, keys: [Typed]), _ size: (Int, Int)) throws {
    let folder = try TemporaryFolder()
    let story = try Story(opening: try folder.write("hands.session", Self.script), size: size)
    story.give(way.keys.flatMap(\.inputs))
    try Self.compare(story, way.name)
  }
}
