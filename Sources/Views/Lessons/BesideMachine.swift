import Engine

/// A text that goes on about the machine, and the machine beside it where there is room: its worlds, and the trace below them.
enum BesideMachine {
  /// Columns from which there is room for both.
  private static let least = 110
  /// Columns a text with its frame is not wider than.
  private static let widest = 100

  /// Where the text stands: without room for both it has all.
  static func text(_ rect: Rect) -> Rect {
    rect.width < least ? rect : Rect(rect.x, rect.y, min(widest, rect.width * 7 / 12), rect.height)
  }

  /// Draws what is beside the text.
  static func draw(_ canvas: inout Canvas, _ rect: Rect, _ session: Session, _ state: ViewState) {
    let left = text(rect).width
    guard left < rect.width else { return }
    let right = Rect(rect.x + left, rect.y, rect.width - left, rect.height)
    let top = min(right.height / 2, 11)
    Panel.worlds.draw(&canvas, Rect(right.x, right.y, right.width, top), session, state, focused: false)
    Panel.trace.draw(
      &canvas, Rect(right.x, right.y + top, right.width, right.height - top), session, state, focused: false)
  }
}
