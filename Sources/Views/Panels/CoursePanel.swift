import Engine

extension Panel {
  package static let course: Panel = Panel(
    "course", "Course", .screen(timeline: false), key: ["L"],
    "The lessons, with how far one is; Enter begins one or goes on with it.",
    opened: { effect in
      effect.state.screen = .course
      effect.ask(.offerCourse)
    },
    actions: [.lessonAnew],
    hints: { _ in
      [
        KeyHint(.up, .down, label: "lesson"), KeyHint(.travel, label: "begin or go on"), KeyHint(.lessonAnew), KeyHint(.find),
      ]
    },
    listed: { CoursePanel($1).lines($2) },
    chosen: { effect in
      if let entry = CoursePanel(effect.state).chosen { effect.ask(.execute("learn \(entry.name)")) }
    }
  ) { canvas, rect, _, state, _ in CoursePanel(state).draw(&canvas, rect) }
}

extension UserAction {
  package static let lessonAnew: UserAction = UserAction(
    "lesson-anew", ["X"], in: [.panel("course")], "From its beginning",
    "Asks whether to forget how far one is in the chosen lesson, and to begin it again.", label: "begin again"
  ) { effect in
    guard let entry = CoursePanel(effect.state).chosen else { return effect.say("no lesson is chosen", isError: true) }
    effect.ask(.open(.command, text: "learn \(entry.name) anew"))
  }
}

/// The course, as its panel shows it.
package struct CourseState: PanelState, Equatable {
  package private(set) var entries: [CourseEntry] = []
  /// The chosen line, of lessons and titles of parts.
  fileprivate var row = 0

  package init() {}

  /// Shows these lessons, with the eye on the one to go on with: that under way, or else the first that is not done.
  package mutating func show(_ entries: [CourseEntry]) {
    self.entries = entries
    let next = entries.first(where: \.isUnderWay) ?? entries.first { !$0.isDone }
    row = CoursePanel.rows(entries).firstIndex { $0.entry?.name == next?.name && next != nil } ?? 0
  }
}

extension ViewState {
  package var course: CourseState {
    get { self[CourseState.self] }
    set { self[CourseState.self] = newValue }
  }
}

/// The lessons of the course in its parts.
struct CoursePanel {
  struct Row {
    let part: Int
    /// Nil: the title of the part.
    let entry: CourseEntry?
  }

  private let state: ViewState
  private let rows: [Row]

  init(_ state: ViewState) {
    self.state = state
    rows = Self.rows(state.course.entries)
  }

  fileprivate static func rows(_ entries: [CourseEntry]) -> [Row] {
    var rows: [Row] = []
    for entry in entries {
      if Lesson.parts.indices.contains(entry.part - 1), rows.last?.part != entry.part {
        rows.append(Row(part: entry.part, entry: nil))
      }
      rows.append(Row(part: entry.part, entry: entry))
    }
    return rows
  }

  private var row: Int { max(0, min(state.course.row, rows.count - 1)) }

  var chosen: CourseEntry? { rows.isEmpty ? nil : rows[row].entry }

  /// Rows below the list, for what the chosen lesson is about.
  private static let below = 4

  private func area(_ rect: Rect) -> Rect {
    let inside = rect.inside
    return Rect(inside.x, inside.y, inside.width, max(0, inside.height - (inside.height > 10 ? Self.below : 0)))
  }

  func lines(_ rect: Rect) -> PanelLines {
    let (rows, row) = (rows, row)
    return PanelLines(
      count: rows.count, chosen: row, area: area(rect), text: { text(rows[$0]) },
      choose: { line, state in
        // There is nothing to do with the title of a part: the lesson beside it that way is meant.
        guard rows.indices.contains(line), rows[line].entry == nil else { return state.course.row = line }
        state.course.row = line < row && line > 0 ? line - 1 : min(line + 1, rows.count - 1)
      })
  }

  private func text(_ row: Row) -> String {
    guard let entry = row.entry else { return "Part \(row.part): \(Lesson.parts[row.part - 1])" }
    return "\(entry.name) \(entry.title) \(entry.concept)"
  }

  func draw(_ canvas: inout Canvas, _ rect: Rect) {
    let entries = state.course.entries
    let done = entries.count(where: \.isDone)
    let inside = canvas.frame(rect, "Course", note: entries.isEmpty ? "" : "\(done) of \(entries.count) done", focused: true)
    guard !inside.isEmpty else { return }
    guard !rows.isEmpty else {
      let words = "There are no lessons here: the course is Sessions/lessons, below the working directory or beside the program."
      for (n, line) in WhyPanel.wrap(words, to: inside.width - 2, hanging: 0).prefix(inside.height).enumerated() {
        canvas.text(inside.x + 1, inside.y + n, line, .dim, limit: inside.width - 2)
      }
      return
    }
    let area = area(rect)
    let first = PanelLines.first(row, rows.count, area.height)
    canvas.markEnds(area, first: first, count: rows.count)
    for (n, row) in rows.dropFirst(first).prefix(area.height).enumerated() {
      draw(row, isChosen: first + n == self.row, &canvas, Rect(area.x, area.y + n, area.width, 1))
    }
    if area.height < inside.height { drawChosen(&canvas, Rect(inside.x, area.y + area.height, inside.width, Self.below)) }
  }

  private func draw(_ row: Row, isChosen: Bool, _ canvas: inout Canvas, _ rect: Rect) {
    let limit = rect.x + rect.width
    guard let entry = row.entry else {
      canvas.text(rect.x + 1, rect.y, text(row), isChosen ? .selected : .title, limit: rect.width - 2)
      return
    }
    let (mark, role): (String, Role) =
      entry.trouble != nil ? ("✗", .fault) : entry.isDone ? ("✓", .ok) : entry.isUnderWay ? ("▸", .accent) : ("·", .dim)
    canvas.text(rect.x + 2, rect.y, mark, role)
    let number = String(entry.name.prefix { $0.isNumber })
    canvas.text(rect.x + 4, rect.y, number.leftPadded(2), .dim)
    let columns = min(Lesson.longestTitle, max(8, rect.width - 26))
    canvas.text(rect.x + 7, rect.y, entry.title, isChosen ? .selected : .text, limit: columns)
    var x = rect.x + 8 + columns
    guard entry.trouble == nil else { return }
    x = canvas.text(x, rect.y, "\(String(entry.minutes).leftPadded(2)) min", .dim, limit: limit - x) + 2
    let standing = entry.standing.map { "\($0.tasks)/\($0.of)" } ?? ""
    canvas.text(x, rect.y, standing, entry.isDone ? .ok : .accent, limit: max(0, limit - x))
    x += 7
    if limit - x > 20 { canvas.text(x, rect.y, entry.concept, .dim, limit: limit - x - 1) }
  }

  /// What the chosen lesson is about, and how it went.
  private func drawChosen(_ canvas: inout Canvas, _ rect: Rect) {
    for x in rect.x..<(rect.x + rect.width) { canvas[x, rect.y] = Cell("─", .border) }
    guard let entry = chosen else { return }
    let width = rect.width - 2
    if let trouble = entry.trouble {
      for (n, line) in WhyPanel.wrap(trouble, to: width, hanging: 0).prefix(3).enumerated() {
        canvas.text(rect.x + 1, rect.y + 1 + n, line, .fault, limit: width)
      }
      return
    }
    let concept = WhyPanel.wrap("\(entry.concept).", to: width, hanging: 0).prefix(2)
    for (n, line) in concept.enumerated() { canvas.text(rect.x + 1, rect.y + 1 + n, line, .text, limit: width) }
    var words = LessonRows.count(entry.tasks, "task")
    if let standing = entry.standing {
      words += standing.isDone ? ", done" : ", \(standing.tasks) of them over"
      words +=
        "; \(LessonRows.count(standing.lines, "line")), \(LessonRows.count(standing.hints, "hint")), "
        + LessonRows.count(standing.wrongAnswers, "wrong answer")
    }
    if !entry.attacks.isEmpty { words += "; attacks \(entry.attacks.joined(separator: " "))" }
    canvas.text(rect.x + 1, rect.y + 3, words, .dim, limit: width)
  }
}
