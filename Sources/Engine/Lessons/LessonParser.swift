import Basics
import Session

/// Reads a lesson's file: text behind `#`, words that begin a line, and indented lines that belong to the one above.
package struct LessonParser {
  private enum Block {
    case none, solution, wrong, question
  }

  private var lesson: Lesson
  private var problems: [LessonProblem] = []
  private var block = Block.none
  /// Lines of text that are one paragraph.
  private var words = ""

  /// Words that begin a line, with what follows them.
  package static let verbs: [(name: String, form: String, help: String)] = [
    ("lesson", "TITLE", "the first line: what the lesson is called, in at most \(Lesson.longestTitle) letters"),
    ("part", "1..5", "the part of the course it belongs to"),
    ("concept", "SENTENCE", "what one knows afterwards"),
    ("minutes", "N", "how long it takes, at most \(Lesson.longest)"),
    ("source", "TEXT", "where its facts stand, one a line"),
    ("attacks", "A1 A4 ..", "the attacks it refers to"),
    ("allow", "WHAT ..", "what it lets its learner do: \(Lesson.Permission.allCases.map(\.rawValue).joined(separator: " "))"),
    ("task", "TITLE", "a part with a goal of its own begins"),
    ("goal", "PREDICATE [-- WORDS]", "what is to be true; of several all"),
    ("forbid", "PREDICATE [-- WORDS]", "what may not be true after any step"),
    ("hint", "TEXT", "a hint, each more than the one before; the solution is the last by itself"),
    ("par", "N", "lines that are enough; without it as many as the first solution has"),
    ("ask", "QUESTION", "a question; indented below it right TEXT -- REASON and wrong TEXT -- REASON"),
    ("solution", "[NAME]", "statements that reach the goal, indented below it"),
    ("wrong", "NAME [-- WHY]", "statements that look as if they did, indented below it"),
  ]

  private init(_ name: String) { lesson = Lesson(name: name) }

  /// A lesson, and what is wrong with how it is written.
  ///
  /// - Parameter name: of its file, without folder and ending.
  package static func parse(_ lines: [String], name: String) -> (lesson: Lesson, problems: [LessonProblem]) {
    var parser = LessonParser(name)
    guard lines.count <= Lesson.mostLines, lines.reduce(0, { $0 + $1.utf8.count + 1 }) <= Lesson.mostBytes else {
      let what = "a lesson has at most \(Lesson.mostLines) lines and \(Lesson.mostBytes >> 10) KiB; make two of it"
      return (parser.lesson, [LessonProblem(.tooLong, line: 1, what)])
    }
    for (index, line) in lines.enumerated() { parser.take(line, index + 1) }
    parser.endParagraph()
    parser.checkWhole(lines.count)
    return (parser.lesson, parser.problems.sorted { $0.line < $1.line })
  }

  // MARK: Lines

  private mutating func problem(_ kind: LessonProblem.Kind, _ line: Int, _ message: String, column: Int = 1) {
    problems.append(LessonProblem(kind, line: line, column: column, message))
  }

  private mutating func take(_ raw: String, _ number: Int) {
    if let column = raw.unicodeScalars.enumerated().first(where: { $0.element.isUnseen && $0.element != "\t" })?.offset {
      return problem(.badStatement, number, "found a control character; a lesson is plain text", column: column + 1)
    }
    let text = trimmed(raw)
    let isIndented = raw.first == " " || raw.first == "\t"
    if isIndented, block != .none {
      if !text.isEmpty { inside(text, number, column: raw.count - raw.drop(while: { $0 == " " || $0 == "\t" }).count + 1) }
      return
    }
    if text.hasPrefix("##") { return }
    if text.hasPrefix("#") {
      block = .none
      return takeText(String(raw[raw.index(after: raw.firstIndex(of: "#") ?? raw.startIndex)...]), number)
    }
    guard !text.isEmpty else { return endParagraph() }
    endParagraph()
    guard !isIndented else {
      return problem(.misplaced, number, "an indented line belongs to solution, wrong or ask; there is none above it")
    }
    block = .none
    let parts = text.split(separator: " ", maxSplits: 1).map(String.init)
    let rest = parts.count > 1 ? trimmed(parts[1]) : ""
    let column = rest.isEmpty ? text.count + 1 : text.count - rest.count + 1
    if Self.verbs.contains(where: { $0.name == parts[0] }) {
      takeVerb(parts[0], rest, number, column)
    } else if lesson.tasks.isEmpty {
      takeStart(text, parts[0], number)
    } else if let near = closest(to: parts[0].lowercased(), among: Self.verbs.map(\.name)) {
      problem(.unknownWord, number, "a lesson has no \"\(shown(parts[0]))\"; did you mean \(near)?")
    } else {
      problem(
        .misplaced, number,
        "\"\(shown(parts[0]))\" stands in a task; statements of the start stand before the first task, those of a solution are indented"
      )
    }
  }

  private mutating func takeStart(_ text: String, _ word: String, _ number: Int) {
    if Language.core.verb(word) == nil, Language.core.actions(of: word) == nil {
      let near = closest(to: word.lowercased(), among: Self.verbs.map(\.name) + Language.core.firstWords)
      return problem(
        .unknownWord, number,
        "\"\(shown(word))\" is neither a word of lessons nor a statement\(near.map { "; did you mean \($0)?" } ?? "")")
    }
    lesson.start.append(Lesson.Line(number: number, text: text))
  }

  /// Text behind `#`: four blanks begin a line that is shown as it is, nothing ends a paragraph.
  private mutating func takeText(_ text: String, _ number: Int) {
    if text.hasPrefix("    ") {
      endParagraph()
      let line = String(text.dropFirst(4))
      if line.count > Lesson.widest {
        problem(
          .tooWide, number, "the line has \(line.count) columns; \(Lesson.widest) fit at 80 columns", column: Lesson.widest + 6)
      }
      return add(.line(line))
    }
    let text = trimmed(text)
    guard !text.isEmpty else { return endParagraph() }
    if text.hasPrefix("- ") { endParagraph() }
    words += words.isEmpty ? text : " " + text
  }

  private mutating func endParagraph() {
    guard !words.isEmpty else { return }
    add(.words(words))
    words = ""
  }

  private mutating func add(_ paragraph: Lesson.Paragraph) {
    if lesson.tasks.isEmpty { lesson.introduction.append(paragraph) } else { last { $0.text.append(paragraph) } }
  }

  private mutating func last(_ body: (inout Lesson.Task) -> Void) { body(&lesson.tasks[lesson.tasks.count - 1]) }

  /// An indented line.
  private mutating func inside(_ text: String, _ number: Int, column: Int) {
    if text.hasPrefix("#") { return }
    switch block {
    case .none: break
    case .solution: last { $0.solutions[$0.solutions.count - 1].statements.append(Lesson.Line(number: number, text: text)) }
    case .wrong: last { $0.wrongs[$0.wrongs.count - 1].statements.append(Lesson.Line(number: number, text: text)) }
    case .question:
      let parts = text.split(separator: " ", maxSplits: 1).map(String.init)
      guard parts.count == 2, parts[0] == "right" || parts[0] == "wrong" else {
        return problem(.badQuestion, number, "expected right TEXT -- REASON or wrong TEXT -- REASON", column: column)
      }
      let (answer, reason) = Self.separated(parts[1])
      if reason.isEmpty {
        problem(.noReason, number, "the answer says no reason; expected \(parts[0]) TEXT -- REASON", column: column)
      }
      last {
        $0.questions[$0.questions.count - 1].answers.append(
          Lesson.Question.Answer(text: answer, reason: reason, isRight: parts[0] == "right", line: number))
      }
    }
  }

  /// What stands before ` -- `, and what stands behind it.
  private static func separated(_ text: String) -> (String, String) {
    var isQuoted = false
    let characters = Array(text)
    for (n, character) in characters.enumerated() {
      if character == "\"" { isQuoted.toggle() }
      if !isQuoted, character == "-", n > 0, n + 2 < characters.count, characters[n - 1] == " ", characters[n + 1] == "-",
        characters[n + 2] == " "
      {
        return (trimmed(String(characters[..<n])), trimmed(String(characters[(n + 2)...])))
      }
    }
    return (text, "")
  }

  // MARK: Words

  private mutating func takeVerb(_ verb: String, _ rest: String, _ number: Int, _ column: Int) {
    let isHead = ["lesson", "part", "concept", "minutes", "source", "attacks", "allow"].contains(verb)
    if !isHead, verb != "task", lesson.tasks.isEmpty {
      return problem(.misplaced, number, "\(verb) stands in a task; begin one with task TITLE")
    }
    if isHead, !lesson.tasks.isEmpty { return problem(.misplaced, number, "\(verb) stands before the first task") }
    if rest.isEmpty, verb != "solution" {
      let form = Self.verbs.first { $0.name == verb }?.form ?? ""
      return problem(.missing, number, "expected: \(verb) \(form)", column: column)
    }
    switch verb {
    case "lesson":
      if !lesson.title.isEmpty { problem(.misplaced, number, "a file has one lesson") }
      lesson.title = rest
      checkTitle(rest, number, column)
    case "part": lesson.part = self.number(rest, 1...Lesson.parts.count, number, column) ?? lesson.part
    case "concept": lesson.concept = rest
    case "minutes": lesson.minutes = self.number(rest, 1...Lesson.longest, number, column) ?? lesson.minutes
    case "source": lesson.sources.append(rest)
    case "attacks": lesson.attacks += rest.split(separator: " ").map(String.init)
    case "allow": allow(rest, number, column)
    case "task":
      checkTitle(rest, number, column)
      guard lesson.tasks.count < Lesson.mostTasks else {
        return problem(.tooLong, number, "a lesson has at most \(Lesson.mostTasks) tasks; make two of it")
      }
      lesson.tasks.append(Lesson.Task(title: rest, line: number))
    default: takeTaskVerb(verb, rest, number, column)
    }
  }

  private mutating func takeTaskVerb(_ verb: String, _ rest: String, _ number: Int, _ column: Int) {
    let (text, words) = Self.separated(rest)
    let clause = Lesson.Clause(text: text, words: words, line: number, column: column)
    switch verb {
    case "goal": last { $0.goals.append(clause) }
    case "forbid": last { $0.forbidden.append(clause) }
    case "hint": last { $0.hints.append(Lesson.Line(number: number, text: rest)) }
    case "par":
      let value = self.number(rest, 1...1000, number, column)
      last { $0.par = value }
    case "ask":
      block = .question
      let question = Lesson.Question(text: rest, line: number, lesson: lesson.name)
      last { $0.questions.append(question) }
    case "solution":
      block = .solution
      last { $0.solutions.append(Lesson.Attempt(name: text, why: words, line: number)) }
    default:
      block = .wrong
      last { $0.wrongs.append(Lesson.Attempt(name: text, why: words, line: number)) }
    }
  }

  private mutating func checkTitle(_ title: String, _ number: Int, _ column: Int) {
    guard title.count > Lesson.longestTitle else { return }
    problem(
      .tooWide, number, "the title has \(title.count) letters; \(Lesson.longestTitle) have room",
      column: column + Lesson.longestTitle)
  }

  private mutating func number(_ text: String, _ range: ClosedRange<Int>, _ line: Int, _ column: Int) -> Int? {
    guard let value = Int(text), range.contains(value) else {
      problem(
        .badNumber, line, "\"\(shown(text))\" is no number from \(range.lowerBound) to \(range.upperBound)", column: column)
      return nil
    }
    return value
  }

  private mutating func allow(_ text: String, _ number: Int, _ column: Int) {
    for word in text.split(separator: " ") {
      if let permission = Lesson.Permission(rawValue: String(word)) {
        lesson.permissions.insert(permission)
      } else {
        let all = Lesson.Permission.allCases.map(\.rawValue).joined(separator: " ")
        problem(.unknownWord, number, "nothing to allow is called \(shown(word)); expected \(all)", column: column)
      }
    }
  }

  // MARK: The whole

  private mutating func checkWhole(_ lines: Int) {
    if lesson.title.isEmpty { problem(.noTitle, 1, "the lesson has no title; expected lesson TITLE in the first line") }
    for (word, isThere) in [("part", lesson.part > 0), ("concept", !lesson.concept.isEmpty), ("minutes", lesson.minutes > 0)]
    where !isThere {
      let form = Self.verbs.first { $0.name == word }
      problem(.missing, 1, "there is no \(word); expected \(word) \(form?.form ?? ""), \(form?.help ?? "")")
    }
    if lesson.sources.isEmpty {
      problem(.noSource, 1, "no source is named; expected source TEXT, such as source DEN0137 1.0-rel0 A2.1")
    }
    if lesson.tasks.isEmpty { problem(.missing, max(1, lines), "there is no task; expected task TITLE") }
    checkLength(lesson.introduction, 1, "the text before the first task")
    for task in lesson.tasks { checkTask(task) }
  }

  private mutating func checkLength(_ text: [Lesson.Paragraph], _ line: Int, _ what: String) {
    let count = Lesson.wrapped(text, width: Lesson.widest).count
    guard count > Lesson.mostTextLines else { return }
    problem(
      .tooLong, line, "\(what) has \(count) lines at 80 columns; \(Lesson.mostTextLines) are read at once: make it shorter or two"
    )
  }

  private mutating func checkTask(_ task: Lesson.Task) {
    checkLength(task.text, task.line, "the task's text")
    if task.text.isEmpty { problem(.missing, task.line, "the task has no text; expected lines that begin with #") }
    if task.goals.isEmpty, task.questions.isEmpty {
      problem(.noGoal, task.line, "the task has no goal; expected goal PREDICATE, such as goal realm(1).state == ACTIVE")
    }
    if !task.goals.isEmpty {
      if task.solutions.isEmpty {
        problem(.noSolution, task.line, "the task has no solution; expected solution, and statements indented below it")
      }
      if task.hints.isEmpty {
        problem(.noHint, task.line, "the task has no hint; expected hint TEXT, before the solution gives it away")
      }
    }
    for attempt in task.solutions + task.wrongs where attempt.statements.isEmpty {
      problem(.missing, attempt.line, "no statements stand below it; they are indented")
    }
    var seen: [String] = [Lesson.plain(task.text)]
    for hint in task.hints {
      let text = hint.text.lowercased()
      if text.split(separator: " ").count < 3 {
        problem(.emptyHint, hint.number, "the hint gives nothing; expected a sentence that leads one step further")
      } else if seen.contains(where: { $0.lowercased().contains(text) }) {
        problem(.repeatedHint, hint.number, "the hint says what was said before; expected more than the one before it")
      }
      seen.append(text)
    }
    for question in task.questions { checkQuestion(question) }
  }

  private mutating func checkQuestion(_ question: Lesson.Question) {
    let right = question.answers.filter(\.isRight).count
    if question.answers.count < 2 || right != 1 {
      problem(
        .badQuestion, question.line,
        "the question has \(question.answers.count) answers, of which \(right) right; expected two or more, one of them right")
    }
    if question.answers.count > 6 { problem(.badQuestion, question.line, "a question has at most 6 answers") }
    if Set(question.answers.map { $0.text.lowercased() }).count < question.answers.count {
      problem(.badQuestion, question.line, "two answers are the same")
    }
  }
}

/// Without blanks at either end.
func trimmed(_ text: String) -> String {
  let isBlank = { (character: Character) in character == " " || character == "\t" }
  var rest = text.drop(while: isBlank)
  while let last = rest.last, isBlank(last) { rest.removeLast() }
  return String(rest)
}

extension Lesson {
  /// Text in lines of a width. Between paragraphs is an empty line, but not between items of a list, and not between lines as they are.
  package static func wrapped(_ text: [Paragraph], width: Int) -> [String] { rows(text, width: width).map(\.text) }

  /// The same, with which of them are shown as they are: what is to be typed, mostly.
  package static func rows(_ text: [Paragraph], width: Int) -> [(text: String, isAsItIs: Bool)] {
    var rows: [(text: String, isAsItIs: Bool)] = []
    var last: Paragraph?
    for paragraph in text {
      switch (last, paragraph) {
      case (nil, _), (.line, .line): break
      case (.words(let a), .words(let b)) where a.hasPrefix("- ") && b.hasPrefix("- "): break
      default: rows.append(("", false))
      }
      last = paragraph
      switch paragraph {
      case .line(let line): rows.append(("  " + line, true))
      case .words(let words):
        let indent = words.hasPrefix("- ") ? "  " : ""
        var line = ""
        for word in words.split(separator: " ") {
          if line.isEmpty {
            line = String(word)
          } else if line.count + 1 + word.count <= width {
            line += " " + word
          } else {
            rows.append((line, false))
            line = indent + word
          }
        }
        if !line.isEmpty { rows.append((line, false)) }
      }
    }
    return rows
  }

  /// All of it on one line.
  static func plain(_ text: [Paragraph]) -> String {
    text.map { if case .words(let words) = $0 { words } else if case .line(let line) = $0 { line } else { "" } }.joined(
      separator: " ")
  }
}
