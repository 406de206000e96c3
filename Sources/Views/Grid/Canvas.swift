/// A character cell: one scalar and what it means.
public struct Cell: Sendable, Equatable {
  public var scalar: Unicode.Scalar
  public var role: Role
  /// Changed in the last step, or under the cursor: shown in reverse.
  public var reverse: Bool

  public init(_ scalar: Unicode.Scalar = " ", _ role: Role = .text, reverse: Bool = false) {
    self.scalar = scalar
    self.role = role
    self.reverse = reverse
  }
}

/// A rectangle of cells.
public struct Rect: Sendable, Equatable {
  public var x: Int
  public var y: Int
  public var width: Int
  public var height: Int

  public init(_ x: Int, _ y: Int, _ width: Int, _ height: Int) {
    self.x = x
    self.y = y
    self.width = max(0, width)
    self.height = max(0, height)
  }

  /// Without a border of one cell.
  public var inside: Rect { Rect(x + 1, y + 1, width - 2, height - 2) }
  public var isEmpty: Bool { width == 0 || height == 0 }

  public func contains(_ column: Int, _ row: Int) -> Bool {
    column >= x && column < x + width && row >= y && row < y + height
  }
}

/// A grid of cells that views draw into. Drawing outside is cut off.
public struct Canvas: Sendable, Equatable {
  public let width: Int
  public let height: Int
  public private(set) var cells: [Cell]

  public init(width: Int, height: Int) {
    self.width = max(0, width)
    self.height = max(0, height)
    cells = Array(repeating: Cell(), count: self.width * self.height)
  }

  public var bounds: Rect { Rect(0, 0, width, height) }

  public subscript(x: Int, y: Int) -> Cell {
    get { cells[y * width + x] }
    set {
      guard x >= 0, x < width, y >= 0, y < height else { return }
      cells[y * width + x] = newValue
    }
  }

  /// Writes text from (x, y), at most `limit` cells; what does not fit ends in an ellipsis. Returns the column after it.
  @discardableResult
  public mutating func text(
    _ x: Int, _ y: Int, _ text: some StringProtocol, _ role: Role = .text, limit: Int = .max, reverse: Bool = false
  ) -> Int {
    let limit = min(limit, width - x)
    guard y >= 0, y < height, limit > 0 else { return x }
    var column = x
    var rest = text.unicodeScalars[...]
    while let scalar = rest.first {
      let left = x + limit - column
      if left <= 0 { break }
      rest = rest.dropFirst()
      // Control and combining scalars have no cell of their own: what a stranger's file holds must not move the cursor.
      let printable =
        scalar.value >= 0x20 && !(0x7F...0x9F).contains(scalar.value) && scalar.properties.generalCategory != .format
      let shown: Unicode.Scalar = left == 1 && !rest.isEmpty ? "…" : printable ? scalar : "?"
      self[column, y] = Cell(shown, role, reverse: reverse)
      column += 1
    }
    return column
  }

  /// The same, ending at column `right` (exclusive).
  public mutating func right(_ right: Int, _ y: Int, _ text: String, _ role: Role = .text) {
    self.text(right - text.unicodeScalars.count, y, text, role)
  }

  public mutating func fill(_ rect: Rect, _ cell: Cell) {
    for y in rect.y..<(rect.y + rect.height) { for x in rect.x..<(rect.x + rect.width) { self[x, y] = cell } }
  }

  /// A frame with a title, and a note at the right of its top edge. Returns the inside.
  @discardableResult
  public mutating func frame(_ rect: Rect, _ title: String, note: String = "", focused: Bool = false) -> Rect {
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
    if !note.isEmpty, room >= note.unicodeScalars.count + 3 {
      text(right - 2 - note.unicodeScalars.count, rect.y, " \(note) ", .dim)
    }
    return rect.inside
  }

  /// The screen as text: one line a row, spaces at the ends cut.
  public var plainText: String {
    (0..<height).map { y in
      var view = String.UnicodeScalarView()
      for x in 0..<width { view.append(self[x, y].scalar) }
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
    return copy
  }

  static func ascii(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
    guard scalar.value >= 0x80 else { return scalar }
    switch scalar {
    case "─", "━": return "-"
    case "│", "┃": return "|"
    case "╭", "╮", "╰", "╯", "├", "┤", "┬", "┴", "┼", "└": return "+"
    case "▶", "▸", "→", "▷": return ">"
    case "◀", "←": return "<"
    case "▾", "↓": return "v"
    case "↑": return "^"
    case "●": return "*"
    case "○": return "o"
    case "✓": return "+"
    case "✗": return "x"
    case "·", "‥", "…": return "."
    case "▏": return "|"
    case "▁", "▂": return "_"
    case "▃", "▄", "▅": return "="
    case "▆", "▇", "█": return "#"
    case "⏎": return "<"
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
