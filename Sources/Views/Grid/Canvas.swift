/// A character cell: one scalar and what it means.
public struct Cell: Sendable, Equatable {
  public var scalar: Unicode.Scalar
  public var role: Role
  /// Changed in the last step, or under the cursor: shown in reverse.
  public var reverse: Bool

  package init(_ scalar: Unicode.Scalar = " ", _ role: Role = .text, reverse: Bool = false) {
    self.scalar = scalar
    self.role = role
    self.reverse = reverse
  }

  /// In the cell after that of a character which takes two.
  package static let second: Unicode.Scalar = "\u{0}"
}

/// A rectangle of cells.
package struct Rect: Sendable, Equatable {
  package var x: Int
  package var y: Int
  package var width: Int
  package var height: Int

  package init(_ x: Int, _ y: Int, _ width: Int, _ height: Int) {
    self.x = x
    self.y = y
    self.width = max(0, width)
    self.height = max(0, height)
  }

  /// Without a border of one cell.
  package var inside: Rect { Rect(x + 1, y + 1, width - 2, height - 2) }
  package var isEmpty: Bool { width == 0 || height == 0 }

  package func contains(_ column: Int, _ row: Int) -> Bool {
    column >= x && column < x + width && row >= y && row < y + height
  }
}

/// A grid of cells that views draw into. Drawing outside is cut off.
public struct Canvas: Sendable, Equatable {
  public let width: Int
  public let height: Int
  public private(set) var cells: [Cell]
  /// Marks that join the character of a cell, by the cell's index.
  public private(set) var marks: [Int: [Unicode.Scalar]] = [:]
  /// No character takes two cells or has marks: one scalar is one cell.
  package private(set) var isPlain = true

  package init(width: Int, height: Int) {
    self.width = max(0, width)
    self.height = max(0, height)
    cells = Array(repeating: Cell(), count: self.width * self.height)
  }

  package var bounds: Rect { Rect(0, 0, width, height) }

  public subscript(x: Int, y: Int) -> Cell {
    get { cells[y * width + x] }
    set {
      guard x >= 0, x < width, y >= 0, y < height else { return }
      if !isPlain { clear(x, y) }
      cells[y * width + x] = newValue
    }
  }

  /// Makes a cell one that can be written alone: the other half of a wide character goes.
  private mutating func clear(_ x: Int, _ y: Int) {
    let index = y * width + x
    marks[index] = nil
    if cells[index].scalar == Cell.second {
      cells[index - 1].scalar = " "
      marks[index - 1] = nil
    }
    if x + 1 < width, cells[index + 1].scalar == Cell.second { cells[index + 1].scalar = " " }
  }

  /// Shows the cursor on a character.
  package mutating func reverse(_ x: Int, _ y: Int) {
    guard x >= 0, x < width, y >= 0, y < height else { return }
    let index = y * width + x
    cells[index].role = .text
    cells[index].reverse = true
    if x + 1 < width, cells[index + 1].scalar == Cell.second {
      cells[index + 1].role = .text
      cells[index + 1].reverse = true
    }
  }

  /// Gives a character another meaning.
  mutating func paint(_ x: Int, _ y: Int, _ role: Role) {
    guard x >= 0, x < width, y >= 0, y < height else { return }
    cells[y * width + x].role = role
  }

  /// Writes text from (x, y), at most `limit` cells; what does not fit ends in an ellipsis. Returns the column after it.
  @discardableResult
  package mutating func text(
    _ x: Int, _ y: Int, _ text: some StringProtocol, _ role: Role = .text, limit: Int = .max, reverse: Bool = false
  ) -> Int {
    let limit = min(limit, width - x)
    guard y >= 0, y < height, limit > 0 else { return x }
    var column = x
    var rest = Scalars(text)
    while let scalar = rest.first {
      let left = x + limit - column
      if left <= 0 { break }
      rest.removeFirst()
      let glyph = Glyph(scalar, &rest)
      if left < glyph.width || left == glyph.width && rest.first != nil {
        self[column, y] = Cell("…", role, reverse: reverse)
        return column + 1
      }
      put(glyph, column, y, Cell(glyph.scalar, role, reverse: reverse))
      column += glyph.width
    }
    return column
  }

  private mutating func put(_ glyph: Glyph, _ x: Int, _ y: Int, _ cell: Cell) {
    self[x, y] = cell
    guard !glyph.isPlain, x >= 0, x + glyph.width <= width else { return }
    isPlain = false
    if !glyph.marks.isEmpty { marks[y * width + x] = glyph.marks }
    if glyph.width == 2 { self[x + 1, y] = Cell(Cell.second, cell.role, reverse: cell.reverse) }
  }

  /// How many cells a text takes.
  package static func columns(of text: some StringProtocol) -> Int {
    var count = 0
    var rest = Scalars(text)
    while let scalar = rest.first {
      rest.removeFirst()
      count += Glyph(scalar, &rest).width
    }
    return count
  }

  /// The same, ending at column `right` (exclusive).
  package mutating func right(_ right: Int, _ y: Int, _ text: String, _ role: Role = .text) {
    self.text(right - Self.columns(of: text), y, text, role)
  }

  package mutating func fill(_ rect: Rect, _ cell: Cell) {
    for y in rect.y..<(rect.y + rect.height) { for x in rect.x..<(rect.x + rect.width) { self[x, y] = cell } }
  }

  /// A frame with a title, and a note at the right of its top edge. Returns the inside.
  @discardableResult
  package mutating func frame(_ rect: Rect, _ title: String, note: String = "", focused: Bool = false) -> Rect {
    guard rect.width >= 2, rect.height >= 2 else { return Rect(rect.x, rect.y, 0, 0) }
    let role: Role = focused ? .focus : .border
    let right = rect.x + rect.width - 1
    let bottom = rect.y + rect.height - 1
    for x in rect.x...right {
      self[x, rect.y] = Cell("─", role)
      self[x, bottom] = Cell("─", role)
    }
    for y in rect.y...bottom {
      self[rect.x, y] = Cell("│", role)
      self[right, y] = Cell("│", role)
    }
    self[rect.x, rect.y] = Cell("╭", role)
    self[right, rect.y] = Cell("╮", role)
    self[rect.x, bottom] = Cell("╰", role)
    self[right, bottom] = Cell("╯", role)
    let end = text(rect.x + 2, rect.y, " \(title) ", focused ? .title : .text, limit: rect.width - 4)
    let room = right - 1 - end
    let wide = Self.columns(of: note)
    if wide > 0, room >= wide + 3 { text(right - 2 - wide, rect.y, " \(note) ", .dim) }
    return rect.inside
  }

  /// The upper edge of a frame that has no others.
  mutating func rule(_ rect: Rect, _ title: String, note: String) {
    guard rect.width >= 2, rect.height >= 1 else { return }
    for x in rect.x..<rect.x + rect.width { self[x, rect.y] = Cell("─", .focus) }
    let end = text(rect.x + 2, rect.y, " \(title) ", .title, limit: rect.width - 4)
    let wide = Self.columns(of: note)
    let right = rect.x + rect.width - 1
    if wide > 0, right - 1 - end >= wide + 3 { text(right - 2 - wide, rect.y, " \(note) ", .dim) }
  }

  /// Marks in the right edge of a frame that there is more above or below of the lines inside.
  mutating func markEnds(_ inside: Rect, first: Int, count: Int) {
    guard inside.height > 0 else { return }
    let edge = inside.x + inside.width
    if first > 0 { self[edge, inside.y] = Cell("↑", .accent) }
    if first + inside.height < count { self[edge, inside.y + inside.height - 1] = Cell("↓", .accent) }
  }

  /// The screen as text: one line a row, spaces at the ends cut.
  public var plainText: String {
    (0..<height).map { y in
      var view = String.UnicodeScalarView()
      for x in 0..<width where self[x, y].scalar != Cell.second {
        view.append(self[x, y].scalar)
        view.append(contentsOf: marks[y * width + x] ?? [])
      }
      return String(view).trimmingEnd
    }.joined(separator: "\n") + "\n"
  }

  /// The roles as text, one letter a cell; reversed cells are `#`.
  public var styleText: String {
    (0..<height).map { y in
      String((0..<width).map { self[$0, y].reverse ? "#" : self[$0, y].role.letter }).trimmingEnd
    }.joined(separator: "\n") + "\n"
  }

  /// The same screen with ASCII only, for terminals without UTF-8.
  public var ascii: Canvas {
    var copy = self
    for index in copy.cells.indices { copy.cells[index].scalar = Canvas.ascii(copy.cells[index].scalar) }
    copy.marks = [:]
    copy.isPlain = true
    return copy
  }

  static func ascii(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
    guard scalar.value >= 0x80 else { return scalar == Cell.second ? "?" : scalar }
    switch scalar {
    case "─", "━": return "-"
    case "│", "┃": return "|"
    case "╭", "╮", "╰", "╯", "├", "┤", "┬", "┴", "┼", "└": return "+"
    case "▶", "▸", "→", "▷", "›": return ">"
    case "◀", "←": return "<"
    // An end that was left out stays one: a dot would be a part of the word.
    case "⋯", "…": return "~"
    case "①"..."⑨": return Unicode.Scalar(UInt8(scalar.value - 0x2460 + 0x31))
    case "≠": return "!"
    case "×": return "x"
    case "µ": return "u"
    case "‖": return "|"
    case "■": return "#"
    case "•": return "*"
    case "▾", "↓": return "v"
    case "↑": return "^"
    case "●": return "*"
    case "○": return "o"
    case "✓": return "+"
    case "✗": return "x"
    case "✎": return "\""
    case "·": return "."
    case "‥": return "-"
    case "▏": return "|"
    case "▁", "▂": return "_"
    case "▃", "▄", "▅": return "="
    case "▆", "▇", "█": return "#"
    case "—", "–": return "-"
    default: return "?"
    }
  }
}

extension String {
  var trimmingEnd: String {
    var view = self[...]
    while view.last == " " { view.removeLast() }
    return String(view)
  }
}
