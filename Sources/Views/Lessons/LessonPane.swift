import Engine

/// The lesson beside the machine: a column where there is room for one, else a strip of a few lines above what is looked at.
struct LessonPane {
  let state: ViewState

  init(_ state: ViewState) { self.state = state }

  /// Columns of the pane beside the machine, with its frame.
  private static let columns = 62

  /// Whether a screen of this size has it at its side.
  static func isBeside(width: Int, height: Int) -> Bool { width >= 160 && height >= 40 }

  /// Where it is, and what it leaves to the panel.
  static func split(_ body: Rect, _ panel: Panel, _ state: ViewState, width: Int, height: Int) -> (pane: Rect?, rest: Rect) {
    guard state.lesson.picture != nil, panel != .lesson, panel != .course, panel != .attacks, !panel.takesText else {
      return (nil, body)
    }
    if isBeside(width: width, height: height) {
      let rest = Rect(body.x, body.y, body.width - columns, body.height)
      return (Rect(body.x + rest.width, body.y, columns, body.height), rest)
    }
    let rows = height >= 30 ? 9 : 6
    guard body.height >= rows + 9 else { return (nil, body) }
    return (
      Rect(body.x, body.y, body.width, rows), Rect(body.x, body.y + rows, body.width, body.height - rows)
    )
  }

  private var head: String {
    guard let lesson = state.lesson.picture else { return "Lesson" }
    return lesson.isOver ? lesson.title : "\(lesson.title) · \(lesson.number) of \(lesson.count): \(lesson.task)"
  }

  /// What the key leads to.
  private var opens: String {
    guard let lesson = state.lesson.picture else { return "lesson" }
    return lesson.question != nil ? "answers" : lesson.isOver ? "what comes next" : "lesson"
  }

  func draw(_ canvas: inout Canvas, _ rect: Rect) {
    let keys = state.bindings
    // A strip has a line above it, and no frame.
    guard rect.width == Self.columns, rect.height > 12 else {
      for x in rect.x..<(rect.x + rect.width) { canvas[x, rect.y] = Cell("─", .border) }
      let x = canvas.text(rect.x + 1, rect.y, " \(head) ", .title, limit: rect.width - 24)
      let note = " \(keys[Panel.lesson]) \(opens) "
      if x + note.count + 2 < rect.x + rect.width { canvas.right(rect.x + rect.width - 1, rect.y, note, .key) }
      let rows = LessonRows(state, width: rect.width - 2).few(rect.height - 1)
      for (n, row) in rows.enumerated() {
        canvas.text(rect.x + 1, rect.y + 1 + n, row.text, row.role, limit: rect.width - 2)
      }
      return
    }
    let inside = canvas.frame(rect, head, note: "\(keys[Panel.lesson]) \(opens)")
    LessonPanel(state).draw(&canvas, inside, nil)
  }
}
