import Engine

/// Every action with its key and its sentence; if it is not possible now, the reason.
public struct PalettePanel {
  let state: PaletteState

  public init(_ state: PaletteState) { self.state = state }

  public var shown: [PaletteState.Row] {
    let words = state.filter.lowercased().split(separator: " ")
    return state.rows.filter { row in
      let text = "\(row.keys) \(row.title) \(row.sentence)".lowercased()
      return words.allSatisfy { text.contains($0) }
    }
  }

  public func draw(_ canvas: inout Canvas, _ rect: Rect) {
    let rows = shown
    let inside = canvas.frame(rect, "Palette", note: "type to filter · ⏎ do · esc close", focused: true)
    guard inside.height > 2 else { return }
    canvas.text(inside.x + 1, inside.y, "> \(state.filter)▏", .accent, limit: inside.width - 2)
    let room = inside.height - 1
    let selected = min(state.selected, max(0, rows.count - 1))
    let first = max(0, min(selected - room / 2, rows.count - room))
    if rows.isEmpty { canvas.text(inside.x + 1, inside.y + 1, "nothing matches", .dim) }
    for (n, row) in rows.dropFirst(first).prefix(room).enumerated() {
      let y = inside.y + 1 + n
      let isSelected = first + n == selected
      canvas.text(inside.x + 1, y, isSelected ? "▶" : " ", .accent)
      canvas.text(inside.x + 3, y, row.keys.padding(12), row.disabled == nil ? .key : .dim)
      let x =
        canvas.text(inside.x + 16, y, row.title.padding(22), isSelected ? .selected : row.disabled == nil ? .text : .dim) + 1
      let sentence = row.disabled.map { "not now: \($0)" } ?? row.sentence
      canvas.text(x, y, sentence, row.disabled == nil ? .dim : .warning, limit: inside.x + inside.width - x - 1)
    }
  }
}
