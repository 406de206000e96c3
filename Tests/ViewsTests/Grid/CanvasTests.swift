import Engine
import Foundation
import Testing

@testable import Views

struct CanvasTests {
  /// Applying the changes to the old screen gives the new one, for random screens.
  @Test func changesBringTheOldScreenToTheNew() {
    var numbers = SeededNumbers(seed: 5)
    func random() -> Canvas {
      var canvas = Canvas(width: 23, height: 7)
      for y in 0..<7 {
        for x in 0..<23 where numbers.next() % 3 == 0 {
          canvas[x, y] = Cell(
            Unicode.Scalar(UInt8(65 + numbers.next() % 26)), Role.allCases[Int(numbers.next() % 5)],
            reverse: numbers.next() % 7 == 0)
        }
      }
      return canvas
    }
    for _ in 0..<50 {
      let old = random()
      let new = random()
      var shown = old
      var written = 0
      new.changes(from: old) { run in
        for (n, cell) in run.cells.enumerated() { shown[run.x + n, run.y] = cell }
        written += run.cells.count
      }
      #expect(shown == new)
      #expect(written == zip(old.cells, new.cells).count { $0 != $1 })
    }
    let same = random()
    same.changes(from: same) { _ in Issue.record("nothing changed, yet a run was reported") }
  }

  /// A frame for a true colour terminal is one synchronised update (mode 2026), and nothing where nothing differs.
  @Test func aFrameIsSynchronised() {
    var canvas = Canvas(width: 10, height: 2)
    canvas.text(0, 0, "words")
    for old in [nil, Canvas(width: 10, height: 2)] {
      let text = String(decoding: FrameWriter.bytes(canvas, from: old, theme: .standard), as: UTF8.self)
      #expect(text.hasPrefix("\u{1b}[?2026h") && text.hasSuffix("\u{1b}[?2026l"))
      #expect(text.components(separatedBy: "?2026").count == 3)
    }
    #expect(FrameWriter.bytes(canvas, from: canvas, theme: .standard).isEmpty)
  }

  /// What has changed, what is chosen, what failed and what was sought look different in every theme, in as many colours as there are.
  @Test(arguments: Theme.all.map(\.name), [false, true])
  func whatMattersLooksDifferent(_ name: String, _ isLarge: Bool) throws {
    let own = try #require(Theme.named(name))
    let theme = isLarge ? own.large : own
    let roles: [Role] = [.selected, .changed, .found]
    func look(_ role: Role, _ hasColours: Bool) -> [String] {
      let style = (hasColours ? theme : Theme.mono).style(role)
      let colour = hasColours ? "\(style.basic ?? -1)" : ""
      return [colour, "\(style.bold)", "\(style.dim)", "\(style.underline)", "\(style.reverse)"]
    }
    for hasColours in [true, false] {
      #expect(Set(roles.map { look($0, hasColours) }).count == roles.count, "\(roles.map { look($0, hasColours) })")
      for role in roles { #expect(look(role, hasColours) != look(.text, hasColours)) }
    }
  }

  @Test func textIsCutWithAnEllipsisAndControlsAreNotDrawn() {
    var canvas = Canvas(width: 10, height: 2)
    canvas.text(0, 0, "0123456789abc")
    canvas.text(2, 1, "a\u{1b}[2J\u{202e}b", limit: 20)
    #expect(canvas.plainText == "012345678…\n  a?[2J?b\n")
    canvas.text(-3, 5, "outside")
    canvas.fill(Rect(-5, -5, 100, 100), Cell("x"))
    #expect(canvas.plainText == "xxxxxxxxxx\nxxxxxxxxxx\n")
  }

  @Test func paletteColoursAreNear() {
    #expect(RGB(0xFF0000).palette256 == 196)
    #expect(RGB(0x000000).palette256 == 16)
    #expect(RGB(0x808080).palette256 == 244)
    #expect(RGB(0x5FD7FF).palette256 == 81)
  }

  /// In a cell that stands for many granules the rarest state is seen.
  @Test func oneStrayGranuleInAMillionIsVisible() {
    var configuration = MachineConfiguration()
    configuration.dramSize = 4 << 30
    let session = Session(configuration)
    session.perform(.action(.assignGranule(0x8000_0000 + 777_777 << 12, .root)))
    func map(_ zoom: Int?) -> String {
      var state = ViewState()
      state.zoom = zoom
      var canvas = Canvas(width: 80, height: 24)
      GranulesPanel(session, state).draw(&canvas, canvas.bounds, focused: false)
      return canvas.plainText
    }
    // Once in the map, once in the legend.
    #expect(map(nil).count { $0 == "#" } == 2)
    #expect(map(nil).contains("of the Host's"))
    #expect(map(9).contains("1 cell = 512 granules") && map(9).count { $0 == "#" } == 2)
  }

  /// What any screen draws has a form in ASCII that is no question mark, which is a key.
  @Test func everyGlyphOfAScreenHasAFormInASCII() throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    // A key is spelt there.
    var seen: Set<Unicode.Scalar> = []
    for folder in ["ViewsTests/Screens", "WorkbenchTests/App/Screens"] {
      let files = try FileManager.default.contentsOfDirectory(at: root.appending(path: folder), includingPropertiesForKeys: nil)
      for file in files where file.pathExtension == "txt" {
        seen.formUnion(try String(contentsOf: file, encoding: .utf8).unicodeScalars.filter { $0.value >= 0x80 && $0 != "⏎" })
      }
    }
    #expect(seen.count > 20)
    for scalar in seen { #expect(Canvas.ascii(scalar) != "?", "\(scalar)") }
    #expect(Canvas.ascii("‥") == "-", "a range is no number with a point")
  }
}
