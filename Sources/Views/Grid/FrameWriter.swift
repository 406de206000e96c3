/// Writes a frame as escape sequences for a true colour terminal: only what differs, inside a synchronised update.
public enum FrameWriter {
  /// The bytes that bring a terminal from `old` (nil: anything) to `canvas`; empty if nothing differs.
  public static func bytes(_ canvas: Canvas, from old: Canvas?, theme: Theme) -> [UInt8] {
    var out: [UInt8] = []
    var row = -1
    var column = -1
    var current: Style?
    func begin(_ out: inout [UInt8]) { append("\u{1b}[?2026h", &out) }
    if old == nil {
      begin(&out)
      append("\u{1b}[0m\u{1b}[2J", &out)
    }
    canvas.changes(from: old) { run in
      guard let first = run.cells.first else { return }
      if out.isEmpty { begin(&out) }
      if row != run.y || column != run.x { place(run.x, run.y, &out) }
      var style = theme.style(first.role)
      if first.reverse { style.reverse.toggle() }
      if style != current {
        select(style, &out)
        current = style
      }
      row = run.y
      column = run.x
      guard !canvas.isPlain else {
        for cell in run.cells { utf8(cell.scalar, &out) }
        column += run.cells.count
        return
      }
      canvas.pieces(run) { x, scalars, isPlain in
        if row != run.y || column != x { place(x, run.y, &out) }
        for scalar in scalars { utf8(scalar, &out) }
        // Where the cursor is after a wide character is the terminal's opinion.
        row = isPlain ? run.y : -1
        column = x + scalars.count
      }
    }
    if !out.isEmpty { append("\u{1b}[0m\u{1b}[?2026l", &out) }
    return out
  }

  private static func select(_ style: Style, _ out: inout [UInt8]) {
    append("\u{1b}[0", &out)
    if style.bold { append(";1", &out) }
    if style.dim, style.foreground == nil { append(";2", &out) }
    if style.underline { append(";4", &out) }
    if style.reverse { append(";7", &out) }
    if let colour = style.foreground {
      append(";38;2;", &out)
      number(Int(colour.red), &out)
      out.append(UInt8(ascii: ";"))
      number(Int(colour.green), &out)
      out.append(UInt8(ascii: ";"))
      number(Int(colour.blue), &out)
    }
    out.append(UInt8(ascii: "m"))
  }

  private static func place(_ x: Int, _ y: Int, _ out: inout [UInt8]) {
    append("\u{1b}[", &out)
    number(y + 1, &out)
    out.append(UInt8(ascii: ";"))
    number(x + 1, &out)
    out.append(UInt8(ascii: "H"))
  }

  private static func append(_ text: StaticString, _ out: inout [UInt8]) {
    text.withUTF8Buffer { out.append(contentsOf: $0) }
  }

  private static func number(_ value: Int, _ out: inout [UInt8]) {
    if value >= 10 { number(value / 10, &out) }
    out.append(UInt8(ascii: "0") + UInt8(value % 10))
  }

  private static func utf8(_ scalar: Unicode.Scalar, _ out: inout [UInt8]) {
    if scalar.value < 0x80 { out.append(UInt8(scalar.value)) } else { out.append(contentsOf: UTF8.encode(scalar) ?? .init()) }
  }
}
