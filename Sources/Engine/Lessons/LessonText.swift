import Basics

/// A lesson as text: for a preview, and for a handout.
package enum LessonText {
  /// - Parameters:
  ///   - width: columns that words are broken at.
  ///   - givesAway: whether solutions and right answers are there.
  package static func lines(_ lesson: Lesson, width: Int, givesAway: Bool) -> [String] {
    var lines = [lesson.title, String(repeating: "=", count: lesson.title.count), ""]
    func add(_ text: String, indent: String = "") {
      let wrapped = Lesson.wrapped([.words(text)], width: max(20, width - indent.count))
      lines += wrapped.enumerated().map { ($0.offset == 0 ? indent : String(repeating: " ", count: indent.count)) + $0.element }
    }
    let part = Lesson.parts.indices.contains(lesson.part - 1) ? "Part \(lesson.part), \(Lesson.parts[lesson.part - 1]). " : ""
    add("\(part)\(lesson.minutes) minutes. \(lesson.concept).")
    lines += ["", "In the workbench: workbench learn \(lesson.name)", ""] + Lesson.wrapped(lesson.introduction, width: width)
    for (n, task) in lesson.tasks.enumerated() {
      let title = "\(n + 1). \(task.title)"
      lines += ["", title, String(repeating: "-", count: title.count), ""] + Lesson.wrapped(task.text, width: width)
      if !task.goals.isEmpty { lines += ["", "Goal:"] }
      for goal in task.goals { add(goal.words.isEmpty ? goal.text : goal.words, indent: "  [ ] ") }
      for (m, hint) in task.hints.enumerated() {
        if m == 0 { lines.append("") }
        add(hint.text, indent: "Hint \(m + 1): ")
      }
      if givesAway, let solution = task.solutions.first {
        lines += ["", "Solution:"] + solution.statements.map { "  \($0.text)" }
      }
      for question in task.questions {
        lines.append("")
        add(question.text, indent: "Question: ")
        for (m, answer) in question.shown.enumerated() {
          let mark = givesAway ? (answer.isRight ? "[x] " : "[ ] ") : "[ ] "
          add(answer.text + (givesAway ? " -- \(answer.reason)" : ""), indent: "  \(letter(m)) \(mark)")
        }
      }
    }
    lines += ["", "Sources:"]
    for source in lesson.sources { add(source, indent: "- ") }
    return lines
  }

  /// What answers are called: a, b, c.
  package static func letter(_ index: Int) -> String { String(UnicodeScalar(UInt8(97 + index % 26))) }
}
