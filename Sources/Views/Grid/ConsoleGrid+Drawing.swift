import Engine

/// What is seen of a console: its last rows, in the width that there is.
extension ConsoleGrid {
  /// Whether there is nothing to see.
  package var isEmpty: Bool { lines.allSatisfy { Self.used($0) == 0 } }

  /// Cells in memory: never more than the lines of both screens times columns.
  var storedGlyphs: Int { (lines + (aside?.lines ?? [])).reduce(0) { $0 + $1.glyphs.count } }

  /// The last rows, in reading order, at most `height` of at most `width` cells. What the grid's width broke is broken anew; what a program
  /// has put in its place stays there, and is cut.
  ///
  /// - Parameter column: the first that is seen of what is cut.
  package func rows(width: Int, height: Int, from column: Int = 0) -> [[Cell]] {
    shown(width, height, from: column).map { $0.map(\.cell) }
  }

  /// The same as text, in which nothing is cut.
  package func texts(width: Int, height: Int) -> [String] {
    glyphs(width: width, height: height).map { row in row.glyphs.filter { !$0.isSecond }.map(\.text).joined() }
  }

  /// Columns of the last `height` rows that have no room in `width`, of what is cut and not broken.
  package func columnsBeyond(width: Int, height: Int) -> Int {
    glyphs(width: width, height: height).filter(\.isPlaced).map { $0.glyphs.count - width }.reduce(0, max)
  }

  /// Draws these rows without the last `back`, as many as there is room for.
  func draw(_ canvas: inout Canvas, _ rect: Rect, back: Int, from column: Int) {
    let all = shown(rect.width, rect.height + back, from: column)
    for (y, row) in all.dropLast(min(back, max(0, all.count - rect.height))).suffix(rect.height).enumerated() {
      for (x, glyph) in row.enumerated() where !glyph.isSecond {
        let cell = glyph.cell
        canvas.text(rect.x + x, rect.y + y, glyph.text, cell.role, limit: 2, reverse: cell.reverse)
      }
    }
  }

  /// The rows in the columns that are seen.
  private func shown(_ width: Int, _ height: Int, from column: Int) -> [[Glyph]] {
    glyphs(width: width, height: height).map { row in
      row.isPlaced ? Self.seen(row.glyphs, width, from: column) : row.glyphs
    }
  }

  /// The cells of a row from a column on, with marks where there is more of it.
  private static func seen(_ row: [Glyph], _ width: Int, from column: Int) -> [Glyph] {
    var cells = Array(row.dropFirst(column).prefix(width))
    let more = Glyph(scalar: "…", look: Look(dim: true))
    if row.count > column + width, !cells.isEmpty { cells[cells.count - 1] = more }
    if row.prefix(column).contains(where: { $0 != Glyph() }) {
      if cells.isEmpty { cells = [more] } else { cells[0] = more }
    }
    return whole(cells)
  }

  private func glyphs(width: Int, height: Int) -> [(glyphs: [Glyph], isPlaced: Bool)] {
    guard width > 0, height > 0 else { return [] }
    var rows: [(glyphs: [Glyph], isPlaced: Bool)] = []
    var line = lines.count - 1
    func at(_ line: Int) -> Line { lines[(first + line) % lines.count] }
    while line >= 0, Self.used(at(line)) == 0 { line -= 1 }
    while line >= 0, rows.count < height {
      var start = line
      if at(line).isPlaced {
        rows.append((Self.whole(Array(at(line).glyphs[..<Self.used(at(line))])), true))
        line -= 1
        continue
      }
      while start > 0, at(start - 1).isBroken, !at(start - 1).isPlaced { start -= 1 }
      var text: [Glyph] = []
      for n in start...line {
        let part = at(n)
        if n == line {
          text += part.glyphs[..<Self.used(part)]
        } else {
          text += part.glyphs
          text += repeatElement(Glyph(), count: max(0, columns - part.glyphs.count))
        }
      }
      // Where it is as wide as the terminal was, it is as the terminal had it.
      var pieces = Self.cut(Self.whole(text), width, isByWord: width != columns)
      while rows.count < height, let piece = pieces.popLast() { rows.append((piece, false)) }
      line = start - 1
    }
    return rows.reversed()
  }

  /// Without halves of wide characters whose other half was deleted.
  private static func whole(_ text: [Glyph]) -> [Glyph] {
    var text = text
    for n in text.indices {
      let hasSecond = n + 1 < text.count && text[n + 1].isSecond
      let isOrphan = text[n].isSecond ? n == 0 || !text[n - 1].isWide : text[n].isWide && !hasSecond
      if isOrphan { text[n] = Glyph(look: text[n].look) }
    }
    return text
  }

  /// Rows of at most `width` cells, no wide character in two of them; by words broken at a space, where the second half of a row has one.
  private static func cut(_ text: [Glyph], _ width: Int, isByWord: Bool) -> [[Glyph]] {
    var rows: [[Glyph]] = []
    var from = 0
    repeat {
      var to = min(from + width, text.count)
      if to < text.count {
        if isByWord, let space = text[from...to].lastIndex(where: { $0.scalar == " " }), space - from > width / 2 {
          rows.append(Array(text[from..<space]))
          from = space + 1
          continue
        }
        if text[to].isSecond, to - from > 1 { to -= 1 }
      }
      rows.append(Array(text[from..<to]))
      from = to
    } while from < text.count
    return rows
  }

  /// Cells of a line up to the last that shows anything.
  private static func used(_ line: Line) -> Int { (line.glyphs.lastIndex { $0 != Glyph() } ?? -1) + 1 }
}

extension ConsoleGrid.Glyph {
  /// As a canvas has it: in a role of the theme.
  var cell: Cell {
    let onColour = look.background.map { $0 != 0 } ?? false
    return Cell(look.hidden ? " " : scalar, role(onColour ? look.background : look.colour), reverse: look.reverse != onColour)
  }

  /// Attributes go before colours, as a monochrome theme has only those.
  private func role(_ colour: UInt8?) -> Role {
    if look.dim { return .dim }
    if look.underline, !look.bold { return .underlined }
    guard let colour else { return look.bold ? .title : .text }
    switch (colour & 7, look.bold || colour >= 8) {
    case (0, _): return colour == 0 && look.bold ? .title : .dim
    case (1, let bright): return bright ? .fault : .root
    case (2, let bright): return bright ? .data : .ok
    case (3, let bright): return bright ? .key : .aux
    case (4, _): return look.bold ? .title : .normal
    case (5, _): return look.bold ? .title : .secure
    case (6, let bright): return bright ? .focus : .rtt
    default: return look.bold || colour >= 8 ? .title : .text
    }
  }
}
