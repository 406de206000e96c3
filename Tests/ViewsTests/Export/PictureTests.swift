import Engine
import Foundation
import Testing

@testable import Views

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// Screens for those without a terminal.
struct PictureTests {
  private static func canvas() -> Canvas {
    var canvas = Canvas(width: 20, height: 3)
    canvas.text(0, 0, "a < b & \"c\"", .fault)
    canvas.text(2, 1, "wide 漢 é", .accent, reverse: true)
    canvas.text(0, 2, "</script>", .text)
    return canvas
  }

  /// Text in order, and nothing that ends an element.
  @Test(arguments: Theme.all.map(\.name)) func anSVGIsTextInItsOrder(_ theme: String) throws {
    let svg = Picture.svg(Self.canvas(), try #require(Theme.named(theme)), title: "a <title>")
    let parser = XMLParser(data: Data(svg.utf8))
    #expect(parser.parse(), "\(String(describing: parser.parserError))")
    #expect(svg.contains("a &lt; b &amp; &quot;c&quot;</tspan>"))
    #expect(svg.contains("wide 漢 é</tspan>"))
    #expect(svg.contains("<title>a &lt;title&gt;</title>"))
  }

  @Test func ansiHasTheSameText() {
    let text = Picture.ansi(Self.canvas(), .standard)
    let plain = text.replacing(/\u{1b}\[[0-9;]*m/, with: "")
    #expect(plain.split(separator: "\n").map { String($0).trimmingEnd } == ["a < b & \"c\"", "  wide 漢 é", "</script>"])
  }

  /// Each line is JSON; times ascend.
  @Test func aCastIsLinesOfJSON() throws {
    let frames = (0..<3).map { n -> (canvas: Canvas, title: String) in
      var canvas = Self.canvas()
      canvas.text(10, 2, "frame \(n)")
      return (canvas, "step \"\(n)\"")
    }
    let lines = Picture.cast(frames, .standard, title: "t", seconds: 0.25).split(separator: "\n")
    let header = try #require(try JSONSerialization.jsonObject(with: Data(lines[0].utf8)) as? [String: Any])
    #expect(header["version"] as? Int == 2 && header["width"] as? Int == 20 && header["height"] as? Int == 3)
    let events = try lines.dropFirst().map { line in
      try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [Any])
    }
    #expect(events.map { $0[0] as? Double } == [0, 0.25, 0.25, 0.5, 0.5])
    #expect(events.map { $0[1] as? String } == ["o", "o", "m", "o", "m"])
    #expect((events[2][2] as? String) == "step \"1\"")
  }

  /// One page without anything from elsewhere; nothing in it ends its script.
  @Test func aPageNeedsNothingButItself() {
    let frames = (0..<2).map { n in
      HTMLPlayer.Frame(canvas: Self.canvas(), branch: 0, step: n, text: "</script><b>", words: ["a \u{2028} word"])
    }
    let line = HTMLPlayer.Line(name: "main", parent: nil, fork: 0)
    let page = HTMLPlayer(frames, [line], .light, title: "<x>", start: 1).page
    #expect(page.components(separatedBy: "</script>").count == 2)
    #expect(!page.contains("http://") && !page.contains("https://") && !page.contains("src="))
    #expect(page.contains("<title>&lt;x&gt;</title>"))
    // The second frame is the first: nothing differs.
    #expect(page.contains("[0,1,\"\\u003c/script>\\u003cb>\",[\"a \\u2028 word\"],[]],"))
    #expect(page.contains("a &lt; b &amp;"))
  }
}
