import Engine

/// Bytes in hexadecimal, with some of them marked.
struct BytesPane {
  let bytes: [UInt8]
  let marks: [ByteMark]
  /// What the offsets count from.
  var base = 0

  /// Bytes in a line of this many columns: offset, two digits and a space each, and characters if there is room.
  static func perLine(_ width: Int) -> Int { width >= 72 ? 16 : width >= 40 ? 8 : 4 }

  /// Draws as many lines as fit, so that the first mark is seen.
  func draw(_ canvas: inout Canvas, _ rect: Rect) {
    guard !rect.isEmpty, !bytes.isEmpty else { return }
    let per = Self.perLine(rect.width)
    let lines = (bytes.count + per - 1) / per
    let wanted = (marks.first?.range.lowerBound ?? 0) / per
    let end = (marks.last.map { max($0.range.upperBound - 1, 0) } ?? 0) / per
    // The whole mark if it fits, else from its beginning; one line of what stands before.
    var first = max(0, wanted - 1)
    if end - wanted < rect.height - 2 { first = max(0, min(first, lines - rect.height)) }
    first = min(first, max(0, lines - 1))
    for line in 0..<rect.height where first + line < lines {
      draw(line: first + line, &canvas, rect.x, rect.y + line, rect.width, per)
    }
  }

  private func draw(line: Int, _ canvas: inout Canvas, _ x: Int, _ y: Int, _ width: Int, _ per: Int) {
    let digits = String(base + line * per, radix: 16)
    canvas.text(x, y, String(repeating: "0", count: max(0, 4 - digits.count)) + digits, .dim)
    for n in 0..<per where line * per + n < bytes.count {
      let index = line * per + n
      let role = role(at: index)
      let text = bytes[index] < 16 ? "0" + String(bytes[index], radix: 16) : String(bytes[index], radix: 16)
      canvas.text(x + 6 + n * 3 + (n >= 8 ? 1 : 0), y, text, role ?? .text, reverse: false)
      let column = x + 6 + per * 3 + 2 + n
      if width >= 6 + per * 4 + 3 {
        let scalar = Unicode.Scalar(bytes[index])
        canvas.text(column, y, (0x20..<0x7F).contains(bytes[index]) ? String(Character(scalar)) : "·", role ?? .dim)
      }
    }
  }

  private func role(at index: Int) -> Role? { marks.last { $0.range.contains(index) }?.role }
}
