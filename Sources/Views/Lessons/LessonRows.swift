import Engine

/// What a lesson says now, in rows of a width.
struct LessonRows {
  struct Row {
    var text: String
    var role: Role = .text
    /// The answer it is of, from 0.
    var answer: Int?
  }

  private let state: LessonState
  private let keys: KeyBindings
  private let width: Int

  init(_ state: ViewState, width: Int) {
    self.state = state.lesson
    keys = state.bindings
    self.width = max(8, width)
  }

  static func count(_ number: Int, _ word: String) -> String { "\(number) \(word)\(number == 1 ? "" : "s")" }

  private func wrap(_ text: String, _ role: Role, hanging: Int = 2) -> [Row] {
    WhyPanel.wrap(text, to: width, hanging: hanging).map { Row(text: $0, role: role) }
  }

  private func words(_ text: [Lesson.Paragraph]) -> [Row] {
    Lesson.rows(text, width: width).flatMap { $0.isAsItIs ? wrap($0.text, .accent, hanging: 4) : [Row(text: $0.text)] }
  }

  private var said: [Row] { state.said.flatMap { wrap($0.row.text, $0.row.role) } }

  private func violation(_ lesson: LessonPicture) -> [Row] {
    lesson.violation.map {
      wrap("✗ Step \($0.step): \($0.why). No goal counts before that is undone (\(keys[.undo])).", .fault)
    } ?? []
  }

  // MARK: Parts

  /// Each clause of the goal, and why it does not hold.
  private func goal(_ lesson: LessonPicture) -> [Row] {
    if lesson.isReached { return lesson.clauses.flatMap { wrap("✓ \($0.text)", .ok) } }
    return lesson.clauses.flatMap { clause -> [Row] in
      guard let why = clause.why else { return wrap("✓ \(clause.text)", .ok) }
      return wrap("○ \(clause.text)", .text)
        + WhyPanel.wrap(why, to: width - 2, hanging: 0).map { Row(text: "  \($0)", role: .warning) }
    }
  }

  private func question(_ question: LessonPicture.Question) -> [Row] {
    var rows = wrap("? \(question.text)", .title)
    for (n, answer) in question.answers.enumerated() {
      let isChosen = n == state.answer
      rows += WhyPanel.wrap("\(isChosen ? "▶" : " ") \(LessonText.letter(n))  \(answer)", to: width, hanging: 5).map {
        Row(text: $0, role: isChosen ? .selected : .text, answer: n)
      }
    }
    return rows
  }

  private func hints(_ lesson: LessonPicture) -> [Row] {
    lesson.hints.enumerated().flatMap { n, hint -> [Row] in
      let lines = hint.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
      let head = wrap("Hint \(n + 1) of \(lesson.mostHints): \(lines.first ?? "")", .root)
      return head + lines.dropFirst().flatMap { wrap($0, .accent, hanging: 4) }
    }
  }

  private func end(_ lesson: LessonPicture) -> [Row] {
    var rows =
      lesson.skipped.isEmpty
      ? wrap("The lesson is done.", .title)
      : wrap("The lesson is over. Passed over: \(lesson.skipped.joined(separator: ", ")).", .title)
    rows.append(Row(text: ""))
    let took =
      lesson.par == 0
      ? "" : "It took \(Self.count(lesson.lines, "line")); \(lesson.par) \(lesson.par == 1 ? "is" : "are") enough. "
    rows += wrap(took + "\(Self.count(lesson.hintCount, "hint")), \(Self.count(lesson.wrongAnswers, "wrong answer")).", .text)
    rows += wrap("The machine stays as it is: go on with it as you like.", .text)
    rows.append(Row(text: ""))
    rows += wrap("Where this stands:", .dim) + lesson.sources.flatMap { wrap("- \($0)", .dim) }
    return rows
  }

  // MARK: Wholes

  /// What was said last, which stays on the screen.
  func head() -> [Row] {
    guard let lesson = state.picture else { return [] }
    let rows = said + violation(lesson)
    return rows.isEmpty ? [] : rows + [Row(text: "")]
  }

  /// All else, and the row at which there is something to be done.
  func all() -> (rows: [Row], focus: Int) {
    guard let lesson = state.picture else {
      return (wrap("No lesson is under way. \(keys[Panel.course]) lists the course.", .dim), 0)
    }
    guard !lesson.isOver else { return (end(lesson), 0) }
    var rows: [Row] = []
    var focus = 0
    if lesson.number == 1 { rows += words(lesson.introduction) + [Row(text: "")] }
    rows += wrap(lesson.task, .title) + words(lesson.text)
    if !lesson.clauses.isEmpty {
      // Who has begun wants to know what is still false; a text that is read for the first time is read from its beginning.
      if lesson.isUnderWay { focus = rows.count }
      rows += [Row(text: "")] + goal(lesson)
    }
    if !lesson.hints.isEmpty {
      rows.append(Row(text: ""))
      focus = rows.count
      rows += hints(lesson)
    }
    if let question = lesson.question {
      rows.append(Row(text: ""))
      focus = rows.count
      rows += self.question(question)
    }
    return (rows, focus)
  }

  /// What of it matters most, where there is room for a few rows.
  func few(_ room: Int) -> [Row] {
    guard let lesson = state.picture else { return [] }
    func cut(_ rows: [Row], _ room: Int) -> [Row] {
      guard rows.count > room, room > 0 else { return Array(rows.prefix(max(0, room))) }
      var rows = Array(rows.prefix(room))
      let last = rows[room - 1].text
      rows[room - 1].text = (Canvas.columns(of: last) + 2 > width ? String(last.dropLast(2)) : last) + " …"
      return rows
    }
    let opening = keys[Panel.lesson]
    var rows = cut(said, max(1, room / 3)) + violation(lesson)
    if lesson.isOver {
      let end = lesson.skipped.isEmpty ? "The lesson is done" : "The lesson is over"
      return cut(rows + wrap("\(end): \(opening) says how it went, and what comes next.", .title), room)
    }
    if let question = lesson.question {
      let all = self.question(question)
      if rows.count + all.count <= room { return rows + all }
      return cut(
        rows + [Row(text: "? \(question.text)", role: .title), Row(text: "  \(opening): the answers", role: .key)], room)
    }
    // What does not hold, and why; in one row where there is no room for two. What holds is told where there is room for all.
    let open = lesson.isReached ? [] : lesson.clauses.filter { !$0.holds }
    let held = lesson.clauses.filter { clause in !open.contains(clause) }.map { Row(text: "✓ \($0.text)", role: .ok) }
    let pairs = open.flatMap { [Row(text: "○ \($0.text)"), Row(text: "  \($0.why ?? "")", role: .warning)] }
    let joined = open.map { Row(text: "○ \($0.text): \($0.why ?? "")", role: .warning) }
    let left = room - rows.count
    let goals = [held + pairs, pairs, held + joined, joined].first { $0.count + 2 <= left } ?? joined
    let space = max(1, left - goals.count)
    let hint = lesson.hints.last.map { wrap("Hint: \($0.split(separator: "\n").joined(separator: " "))", .root) } ?? []
    let text = words(lesson.text).filter { !$0.text.isEmpty }
    var above = hint.isEmpty ? [] : cut(text, max(0, space - hint.count))
    above += cut(hint.isEmpty ? text : hint, space - above.count)
    if above.count < space { above.append(Row(text: "")) }
    rows += above
    return rows + cut(goals, room - rows.count)
  }
}
