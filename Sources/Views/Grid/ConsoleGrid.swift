import Engine

/// A terminal of its own for what a guest prints: bytes go in, cells come out, and nothing of the guest's reaches the real terminal.
///
/// It has the cursor, erasing, attributes, margins and line graphics of a VT100 and the second screen of an xterm (ECMA-48, DEC STD 070,
/// XTerm Control Sequences); what it does not have is passed over. Memory is bounded, and a byte costs no more than the screen has cells. It
/// answers nothing: a guest that asks for the cursor's place gets no reply.
package struct ConsoleGrid: Sendable {
  /// How text looks, as the guest asked for it.
  struct Look: Sendable, Equatable {
    var bold = false
    var dim = false
    var underline = false
    var reverse = false
    var hidden = false
    /// 0 to 15; nil is the terminal's own.
    var colour: UInt8?
    var background: UInt8?
  }

  struct Glyph: Sendable, Equatable {
    var scalar: Unicode.Scalar = " "
    var look = Look()
    /// Marks that join it.
    var marks: [Unicode.Scalar] = []

    /// The second cell of the character before.
    var isSecond: Bool { scalar == Cell.second }
    var isWide: Bool { if case .two = ConsoleGrid.cells(scalar) { true } else { false } }

    /// The character with its marks, as far as it can be seen.
    var text: String {
      if look.hidden { return " " }
      var view = String.UnicodeScalarView([scalar])
      view.append(contentsOf: marks)
      return String(view)
    }
  }

  struct Line: Sendable {
    var glyphs: [Glyph] = []
    /// The text went on in the next line because this one was full.
    var isBroken = false
    /// Something stands where a program has put it: it is no text that flows.
    var isPlaced = false
  }

  struct Cursor: Sendable {
    var row = 0
    var column = 0
    /// The last column is written: the next character begins a new line.
    var isPast = false
    var look = Look()
    /// G0 and G1, and which of them letters are of.
    var sets = (CharacterSet.ascii, CharacterSet.ascii)
    var isShifted = false
    var set: CharacterSet { isShifted ? sets.1 : sets.0 }
  }

  /// A screen that is not shown while another is.
  struct Aside: Sendable {
    var lines: [Line]
    var first: Int
  }

  package let columns: Int
  package let height: Int
  let limit: Int
  /// Lines that scrolled out, then those of the screen: from `first` on, around the end.
  private(set) var lines: [Line]
  private(set) var first = 0
  /// The main screen, while the alternate one is shown.
  private(set) var aside: Aside?
  /// The rows that scroll (DECSTBM).
  var region: Range<Int>
  /// Text goes on in the next line where one is full (DECAWM).
  var wraps = true
  /// The program has put the cursor somewhere, or has a screen of its own: until lines scroll out again.
  private var isPlacing = false
  /// What is written moves on what stands there (ECMA-48 IRM).
  var inserts = false
  var cursor = Cursor()
  var saved = Cursor()
  /// What REP repeats.
  private var last: Unicode.Scalar?
  /// A line feed also returns to the first column, as a serial line's other end mostly has it (ECMA-48 LNM).
  var newlineReturns = true
  var parser = Parser()

  /// - Parameters:
  ///   - columns: of the screen, at least 2.
  ///   - rows: of the screen, at least 1.
  ///   - scrollback: lines that are kept above it.
  package init(columns: Int = 80, rows: Int = 24, scrollback: Int = 200) {
    self.columns = min(max(columns, 2), 1000)
    height = min(max(rows, 1), 1000)
    limit = height + min(max(scrollback, 0), 100_000)
    lines = Array(repeating: Line(), count: height)
    region = 0..<height
  }

  /// Takes what the guest printed.
  package mutating func feed(_ bytes: some Sequence<UInt8>) { for byte in bytes { take(byte) } }

  // MARK: Lines

  private func index(_ row: Int) -> Int { (first + lines.count - height + row) % lines.count }

  /// A cell as erasing leaves it, in the background that is chosen, and a line of such cells.
  private var space: Glyph { Glyph(look: Look(background: cursor.look.background)) }
  private var blank: Line { Line(glyphs: Array(repeating: space, count: cursor.look.background == nil ? 0 : columns)) }

  private mutating func scroll() {
    if aside == nil, lines.count < limit {
      lines.append(blank)
    } else {
      lines[first] = blank
      first = (first + 1) % lines.count
    }
  }

  /// The rows that scroll move up; what leaves the top of the screen can be scrolled back to.
  mutating func scrollUp(_ count: Int) {
    if region.count == height, aside == nil { isPlacing = false }
    guard region.lowerBound == 0 else { return shift(region, up: count) }
    for _ in 0..<min(count, region.count) {
      scroll()
      for row in (region.upperBound..<height).reversed() { lines[index(row)] = lines[index(row - 1)] }
      lines[index(region.upperBound - 1)] = blank
    }
  }

  mutating func scrollDown(_ count: Int) { shift(region, down: count) }

  private mutating func shift(_ rows: Range<Int>, up count: Int) {
    for row in rows { lines[index(row)] = count < rows.upperBound - row ? lines[index(row + count)] : blank }
  }

  private mutating func shift(_ rows: Range<Int>, down count: Int) {
    for row in rows.reversed() { lines[index(row)] = count <= row - rows.lowerBound ? lines[index(row - count)] : blank }
  }

  /// Shows the alternate screen, empty and without scroll-back, or the main one again.
  mutating func show(alternate: Bool) {
    guard alternate != (aside != nil) else { return }
    isPlacing = alternate
    if let main = aside {
      (lines, first, aside) = (main.lines, main.first, nil)
    } else {
      aside = Aside(lines: lines, first: first)
      (lines, first) = (Array(repeating: Line(), count: height), 0)
    }
  }

  /// Forgets what scrolled out.
  mutating func forgetScrollback() {
    lines = (0..<height).map { lines[index($0)] }
    first = 0
  }

  mutating func reset() {
    let parser = parser
    self = ConsoleGrid(columns: columns, rows: height, scrollback: limit - height)
    self.parser = parser
  }

  // MARK: Writing

  /// Puts a character where the cursor is. A wide one takes two cells; a mark joins the character before it.
  mutating func put(_ scalar: Unicode.Scalar) {
    switch Self.cells(scalar) {
    case .none: join(scalar)
    case .one:
      last = scalar
      put(glyph: scalar)
    case .two:
      last = scalar
      if cursor.column == columns - 1, !cursor.isPast { put(glyph: " ") }
      put(glyph: scalar)
      put(glyph: Cell.second)
    case .unknown: put(glyph: "\u{FFFD}")
    }
  }

  /// Puts the last character so many times again (ECMA-48 REP), no more often than a line has cells.
  mutating func repeatLast(_ count: Int) {
    guard let last else { return }
    for _ in 0..<min(count, columns) { put(last) }
  }

  private mutating func put(glyph scalar: Unicode.Scalar) {
    if cursor.isPast {
      lines[index(cursor.row)].isBroken = true
      cursor.column = 0
      lineFeed()
    }
    if inserts { insertBlanks(1) }
    let line = index(cursor.row)
    let missing = cursor.column - lines[line].glyphs.count
    if missing > 0 { lines[line].glyphs += repeatElement(Glyph(), count: missing) }
    if isPlacing { lines[line].isPlaced = true }
    let glyph = Glyph(scalar: scalar, look: cursor.look)
    if scalar != Cell.second { parting(line, cursor.column) }
    if cursor.column < lines[line].glyphs.count {
      lines[line].glyphs[cursor.column] = glyph
    } else {
      lines[line].glyphs.append(glyph)
    }
    if cursor.column == columns - 1 { cursor.isPast = wraps } else { cursor.column += 1 }
  }

  /// Who writes into half of a wide character leaves no half of it.
  private mutating func parting(_ line: Int, _ column: Int) {
    let count = lines[line].glyphs.count
    if column > 0, column < count, lines[line].glyphs[column].isSecond { lines[line].glyphs[column - 1] = Glyph() }
    if column + 1 < count, lines[line].glyphs[column + 1].isSecond { lines[line].glyphs[column + 1] = Glyph() }
  }

  /// A mark goes with the character before the cursor.
  private mutating func join(_ mark: Unicode.Scalar) {
    let line = index(cursor.row)
    var column = cursor.isPast ? cursor.column : cursor.column - 1
    if column > 0, column < lines[line].glyphs.count, lines[line].glyphs[column].isSecond { column -= 1 }
    guard column >= 0, column < lines[line].glyphs.count, !mark.isUnseen, mark.value >= 0x300,
      lines[line].glyphs[column].marks.count < Views.Glyph.mostMarks, lines[line].glyphs[column].scalar != " "
    else { return }
    lines[line].glyphs[column].marks.append(mark)
  }

  mutating func lineFeed() {
    cursor.isPast = false
    if cursor.row == region.upperBound - 1 { scrollUp(1) } else if cursor.row < height - 1 { cursor.row += 1 }
  }

  mutating func reverseLineFeed() {
    cursor.isPast = false
    if cursor.row == region.lowerBound { scrollDown(1) } else if cursor.row > 0 { cursor.row -= 1 }
  }

  /// Moves the cursor; outside is the edge.
  mutating func move(_ row: Int, _ column: Int) {
    cursor.row = min(max(row, 0), height - 1)
    cursor.column = min(max(column, 0), columns - 1)
    cursor.isPast = false
  }

  /// Puts the cursor where a program says; at the top left it may only have emptied the screen.
  mutating func place(_ row: Int, _ column: Int) {
    move(row, column)
    if cursor.row > 0 || cursor.column > 0 { isPlacing = true }
  }

  /// Moves the cursor by rows, not over a margin.
  mutating func move(by rows: Int, _ column: Int) {
    let inside = region.contains(cursor.row) ? region : 0..<height
    move(min(max(cursor.row + rows, inside.lowerBound), inside.upperBound - 1), column)
  }

  /// Erases cells of a row.
  mutating func erase(_ row: Int, _ range: Range<Int>) {
    let line = index(row)
    if range.upperBound >= columns { lines[line].isBroken = false }
    let space = space
    if space != Glyph() {
      lines[line].glyphs += repeatElement(Glyph(), count: max(0, range.upperBound - lines[line].glyphs.count))
    }
    let range = range.clamped(to: 0..<lines[line].glyphs.count)
    if space == Glyph(), range.upperBound == lines[line].glyphs.count {
      lines[line].glyphs.removeSubrange(range)
      if range.lowerBound == 0 { lines[line].isPlaced = false }
    } else {
      for column in range { lines[line].glyphs[column] = space }
    }
  }

  mutating func erase(rows: Range<Int>) { for row in rows { erase(row, 0..<columns) } }

  /// Blank lines at the cursor; what is below moves down, and the last are lost.
  mutating func insertLines(_ count: Int) {
    if region.contains(cursor.row) { shift(cursor.row..<region.upperBound, down: count) }
  }

  mutating func deleteLines(_ count: Int) {
    if region.contains(cursor.row) { shift(cursor.row..<region.upperBound, up: count) }
  }

  /// Blanks at the cursor; what is right of it moves on, and the last are lost.
  mutating func insertBlanks(_ count: Int) {
    let line = index(cursor.row)
    guard cursor.column < lines[line].glyphs.count else { return }
    lines[line].glyphs.insert(contentsOf: repeatElement(space, count: min(count, columns)), at: cursor.column)
    lines[line].glyphs.removeLast(max(0, lines[line].glyphs.count - columns))
  }

  mutating func deleteCharacters(_ count: Int) {
    let line = index(cursor.row)
    let range = (cursor.column..<cursor.column + min(count, columns)).clamped(to: 0..<lines[line].glyphs.count)
    lines[line].glyphs.removeSubrange(range)
  }
}
