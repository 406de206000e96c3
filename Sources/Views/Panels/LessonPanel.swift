import Engine

extension Panel {
  package static let lesson: Panel = Panel(
    "lesson", "Lesson", key: ["W"],
    "The text of the lesson under way, its goal and why that is not reached yet, hints, questions; again, back to the machine.",
    opened: { effect in
      if effect.state.screen == .lesson { effect.state.goBack() } else { effect.state.screen = .lesson }
    },
    actions: [.lessonHint, .lessonAgain, .lessonSkip],
    hints: { state in
      let lesson = state.lesson.picture
      let isAsked = lesson?.question != nil
      let lead: [KeyHint] =
        isAsked
        ? [KeyHint(.up, .down, label: "answer"), KeyHint(.travel, label: "take it")]
        : lesson?.isOver == true && state.lesson.next != nil ? [KeyHint(.travel, label: "next lesson")] : []
      return [KeyHint(.command)] + lead + [
        KeyHint(.lessonHint), KeyHint(opening: .lesson).named("machine"), KeyHint(.undo), KeyHint(.lessonAgain),
        KeyHint(.lessonSkip), KeyHint(opening: .course),
      ]
    },
    listed: { LessonPanel($1).lines($2) },
    moved: { motion, effect in
      let answers = effect.state.lesson.picture?.question?.answers.count ?? 0
      switch motion {
      case .up where answers > 0: effect.state.lesson.answer = max(0, effect.state.lesson.answer - 1)
      case .down where answers > 0: effect.state.lesson.answer = min(answers - 1, effect.state.lesson.answer + 1)
      default: Panel.lesson.scroll(motion, &effect)
      }
    },
    chosen: { effect in
      let lesson = effect.state.lesson
      if lesson.picture?.question != nil {
        effect.ask(.execute("answer \(LessonText.letter(lesson.answer))"))
      } else if lesson.picture?.isOver == true, let next = lesson.next {
        effect.ask(.execute("learn \(next.name)"))
      } else {
        effect.say("nothing is asked now; \(effect.state.bindings[.command]) opens the command line", isError: true)
      }
    },
    clicked: { _, y, rect, effect in
      let panel = LessonPanel(effect.state)
      guard let answer = panel.answer(at: y, in: rect) else { return }
      if answer == effect.state.lesson.answer {
        Panel.lesson.choose(&effect)
      } else {
        effect.state.lesson.answer = answer
      }
    }
  ) { canvas, rect, session, state, _ in
    LessonPanel(state).draw(&canvas, rect)
    BesideMachine.draw(&canvas, rect, session, state)
  }
}

extension UserAction {
  package static let lessonHint: UserAction = ofLesson(
    "lesson-hint", "h", "Hint", "Another hint for the task; the last one is a solution."
  ) { lesson in lesson.hints.count == lesson.mostHints ? "all hints of this task are there" : nil }

  package static let lessonAgain: UserAction = ofLesson(
    "lesson-again", "z", "Again", "Takes the machine back to where the task began; what was done stays as a branch."
  ) { _ in nil }

  package static let lessonSkip: UserAction = ofLesson(
    "lesson-skip", "x", "Pass over", "Passes the task over; the lesson is over then, and not done."
  ) { _ in nil }

  /// Each does what the statement does that is called as its title is.
  private static func ofLesson(
    _ id: String, _ key: Key, _ title: String, _ help: String, unless reason: @escaping @Sendable (LessonPicture) -> String?
  ) -> UserAction {
    let statement = id.split(separator: "-").last.map(String.init) ?? id
    return UserAction(
      id, [key], in: [.panel("lesson")], title, help,
      unless: { _, state in
        guard let lesson = state.lesson.picture else { return LessonState.noLesson(state.bindings) }
        return lesson.isOver ? "the lesson is over" : reason(lesson)
      }
    ) { $0.ask(.execute(statement)) }
  }
}

extension LessonState {
  package static func noLesson(_ keys: KeyBindings) -> String { "no lesson is under way; \(keys[Panel.course]) lists the course" }
}

/// The lesson under way on a whole screen.
struct LessonPanel {
  private let state: ViewState

  init(_ state: ViewState) { self.state = state }

  /// Columns a text is not wider than: it is read with ease then.
  private static let widest = 96

  private func rows(_ inside: Rect) -> (rows: [LessonRows.Row], focus: Int) {
    LessonRows(state, width: min(inside.width - 2, Self.widest)).all()
  }

  /// The row at the top: one where the person has scrolled to, or such a one that what is to be done is seen.
  static func first(_ scroll: Int?, _ focus: Int, _ count: Int, _ room: Int) -> Int {
    let most = max(0, count - room)
    return scroll.map { max(0, min($0, most)) } ?? (focus == 0 ? 0 : most)
  }

  /// Where what is scrolled stands, below what was said last.
  private func area(_ inside: Rect) -> Rect {
    let head = min(LessonRows(state, width: min(inside.width - 2, Self.widest)).head().count, inside.height / 2)
    return Rect(inside.x, inside.y + head, inside.width, inside.height - head)
  }

  func lines(_ rect: Rect) -> PanelLines {
    let inside = BesideMachine.text(rect).inside
    let (rows, focus) = rows(inside)
    let area = area(inside)
    return PanelLines(
      count: rows.count, chosen: Self.first(state.lesson.scroll, focus, rows.count, area.height), area: area,
      isText: true, text: { rows[$0].text }, choose: { $1.lesson.scroll = $0 })
  }

  /// The answer at a row of the screen.
  func answer(at y: Int, in rect: Rect) -> Int? {
    let lines = lines(rect)
    let rows = rows(BesideMachine.text(rect).inside).rows
    let row = lines.first + y - lines.area.y
    return lines.area.contains(lines.area.x, y) && rows.indices.contains(row) ? rows[row].answer : nil
  }

  func draw(_ canvas: inout Canvas, _ rect: Rect) {
    let lesson = state.lesson.picture
    let title = lesson.map { $0.isOver ? $0.title : "\($0.title) · \($0.number) of \($0.count)" } ?? "Lesson"
    draw(
      &canvas,
      canvas.frame(BesideMachine.text(rect), title, note: lesson.map { "\($0.minutes) minutes" } ?? "", focused: true),
      state.lesson.scroll)
  }

  /// Draws it inside a frame.
  func draw(_ canvas: inout Canvas, _ inside: Rect, _ scroll: Int?) {
    guard !inside.isEmpty else { return }
    let area = area(inside)
    let (rows, focus) = rows(inside)
    let head = LessonRows(state, width: min(inside.width - 2, Self.widest)).head()
    let first = Self.first(scroll, focus, rows.count, area.height)
    canvas.markEnds(area, first: first, count: rows.count)
    let shown = head.prefix(area.y - inside.y) + rows.dropFirst(first).prefix(area.height)
    for (n, row) in shown.enumerated() { canvas.text(inside.x + 1, inside.y + n, row.text, row.role, limit: inside.width - 2) }
  }
}
