import Engine

/// A screen as a picture that needs no terminal: text that can be selected, read aloud and searched.
package enum Picture {
  /// A piece of a row of one style.
  struct Span {
    let x: Int
    let text: String
    /// Cells it takes.
    let width: Int
    let style: Style
  }

  /// The spans of a row, without blanks that nobody sees.
  static func spans(_ canvas: Canvas, _ y: Int, _ theme: Theme) -> [Span] {
    var spans: [Span] = []
    var x = 0
    while x < canvas.width {
      let start = x
      let first = canvas[x, y]
      var text = String.UnicodeScalarView()
      while x < canvas.width, canvas[x, y].role == first.role, canvas[x, y].reverse == first.reverse {
        if canvas[x, y].scalar != Cell.second {
          text.append(canvas[x, y].scalar)
          text.append(contentsOf: canvas.marks[y * canvas.width + x] ?? [])
        }
        x += 1
      }
      var style = theme.style(first.role)
      if first.reverse { style.reverse.toggle() }
      let isBlank = text.allSatisfy { $0 == " " } && !style.reverse && !style.underline
      if !isBlank { spans.append(Span(x: start, text: String(text), width: x - start, style: style)) }
    }
    return spans
  }

  /// What a theme stands on: a terminal has a background of its own.
  static func ground(_ theme: Theme) -> (background: String, text: String) {
    theme.name == "light" ? ("#ffffff", "#1c1c1c") : ("#121212", "#d0d0d0")
  }

  static func escaped(_ text: some StringProtocol) -> String {
    // What XML has no place for.
    let isAllowed = { (scalar: Unicode.Scalar) in scalar.value >= 0x20 || scalar == "\n" || scalar == "\t" }
    var allowed = String.UnicodeScalarView()
    allowed.append(contentsOf: text.unicodeScalars.map { isAllowed($0) ? $0 : "\u{FFFD}" })
    return markup(String(allowed))
  }

  static func css(_ colour: RGB) -> String {
    func digits(_ value: UInt8) -> String { (value < 16 ? "0" : "") + String(value, radix: 16) }
    return "#\(digits(colour.red))\(digits(colour.green))\(digits(colour.blue))"
  }

  /// How a style looks, as declarations of CSS.
  static func declarations(_ style: Style, _ ground: (background: String, text: String)) -> String {
    let colour = style.foreground.map(css) ?? ground.text
    var text = style.reverse ? "color:\(ground.background);background:\(colour)" : "color:\(colour)"
    if style.bold { text += ";font-weight:bold" }
    if style.dim, style.foreground == nil { text += ";opacity:.7" }
    if style.underline { text += ";text-decoration:underline" }
    return text
  }

  // MARK: SVG

  /// Width and height of a cell.
  private static let cell = (width: 8.4, height: 17.0)

  /// A picture in SVG: each row is text, so it can be read without seeing it.
  package static func svg(_ canvas: Canvas, _ theme: Theme, title: String) -> String {
    let ground = ground(theme)
    func number(_ value: Double) -> String {
      let tenths = Int((value * 10).rounded())
      return tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths / 10).\(tenths % 10)"
    }
    let (width, height) = (number(Double(canvas.width) * cell.width), number(Double(canvas.height) * cell.height))
    var svg = """
      <svg xmlns="http://www.w3.org/2000/svg" width="\(width)" height="\(height)" viewBox="0 0 \(width) \(height)" role="img" \
      font-family="ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace" font-size="14">
      <title>\(escaped(title))</title>
      <desc>\(escaped(canvas.plainText))</desc>
      <rect width="100%" height="100%" fill="\(ground.background)"/>

      """
    for y in 0..<canvas.height {
      let spans = spans(canvas, y, theme)
      for span in spans where span.style.reverse {
        let colour = span.style.foreground.map(css) ?? ground.text
        svg += "<rect x=\"\(number(Double(span.x) * cell.width))\" y=\"\(number(Double(y) * cell.height))\" "
        svg += "width=\"\(number(Double(span.width) * cell.width))\" height=\"\(number(cell.height))\" fill=\"\(colour)\"/>\n"
      }
      guard !spans.isEmpty else { continue }
      svg += "<text y=\"\(number(Double(y) * cell.height + 13))\" xml:space=\"preserve\">"
      for span in spans {
        let colour = span.style.reverse ? ground.background : span.style.foreground.map(css) ?? ground.text
        svg += "<tspan x=\"\(number(Double(span.x) * cell.width))\" textLength=\"\(number(Double(span.width) * cell.width))\" "
        svg += "fill=\"\(colour)\""
        if span.style.bold { svg += " font-weight=\"bold\"" }
        if span.style.dim, span.style.foreground == nil { svg += " opacity=\".7\"" }
        if span.style.underline { svg += " text-decoration=\"underline\"" }
        svg += ">\(escaped(span.text))</tspan>"
      }
      svg += "</text>\n"
    }
    return svg + "</svg>\n"
  }

  // MARK: ANSI

  /// The rows with colours, for a terminal or `less -R`.
  package static func ansi(_ canvas: Canvas, _ theme: Theme) -> String {
    (0..<canvas.height).map { y in
      var line = ""
      var column = 0
      for span in spans(canvas, y, theme) {
        line += String(repeating: " ", count: span.x - column)
        line += "\u{1b}[0"
        if span.style.bold { line += ";1" }
        if span.style.dim, span.style.foreground == nil { line += ";2" }
        if span.style.underline { line += ";4" }
        if span.style.reverse { line += ";7" }
        if let colour = span.style.foreground { line += ";38;2;\(colour.red);\(colour.green);\(colour.blue)" }
        line += "m\(span.text)\u{1b}[0m"
        column = span.x + span.width
      }
      return line
    }.joined(separator: "\n") + "\n"
  }

  // MARK: asciicast

  /// A session as asciicast v2, for asciinema's players: a frame a step.
  package static func cast(_ frames: [(canvas: Canvas, title: String)], _ theme: Theme, title: String, seconds: Double) -> String
  {
    guard let first = frames.first?.canvas else { return "" }
    func quoted(_ text: String) -> String { JSONText.quoted(text) }
    var text =
      "{\"version\": 2, \"width\": \(first.width), \"height\": \(first.height), \"title\": \(quoted(title)), "
      + "\"env\": {\"TERM\": \"xterm-256color\"}}\n"
    var last: Canvas?
    for (n, frame) in frames.enumerated() {
      let time = Double(n) * seconds
      let stamp = "\(Int(time)).\(Int((time * 1000).rounded()) % 1000 + 1000)".replacingThousand
      let bytes = FrameWriter.bytes(frame.canvas, from: last, theme: theme)
      if !bytes.isEmpty { text += "[\(stamp), \"o\", \(quoted(String(decoding: bytes, as: UTF8.self)))]\n" }
      if n > 0 { text += "[\(stamp), \"m\", \(quoted(frame.title))]\n" }
      last = frame.canvas
    }
    return text
  }
}

extension String {
  /// `3.1250` made of 3 and 1250 is 3.250.
  fileprivate var replacingThousand: String {
    guard let dot = firstIndex(of: ".") else { return self }
    return self[..<dot] + "." + self[index(dot, offsetBy: 2)...]
  }
}

/// Text as JSON has it.
package enum JSONText {
  package static func quoted(_ text: some StringProtocol) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      // A page's script must not end in the middle of a text.
      case "<": result += "\\u003c"
      case _ where scalar.value < 0x20 || scalar.value == 0x7F || scalar.value == 0x2028 || scalar.value == 0x2029:
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
