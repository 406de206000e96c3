import Basics

/// A lesson as a page for a browser, which needs nothing but itself.
package enum LessonPage {
  /// - Parameter givesAway: whether solutions and right answers are open from the beginning.
  package static func html(_ lesson: Lesson, givesAway: Bool) -> String {
    let isOpen = givesAway ? " open" : ""
    var body = "<h1>\(markup(lesson.title))</h1>\n"
    let part = Lesson.parts.indices.contains(lesson.part - 1) ? "Part \(lesson.part), \(Lesson.parts[lesson.part - 1]) · " : ""
    body += "<p class=\"about\">\(markup(part))\(lesson.minutes) minutes · \(markup(lesson.concept)).</p>\n"
    body += paragraphs(lesson.introduction)
    for (n, task) in lesson.tasks.enumerated() {
      body += "<section>\n<h2>\(n + 1). \(markup(task.title))</h2>\n" + paragraphs(task.text)
      if !task.goals.isEmpty {
        let goals = task.goals.map {
          "<li><label><input type=\"checkbox\"> \($0.words.isEmpty ? "<code>\(markup($0.text))</code>" : markup($0.words))</label></li>"
        }
        body += "<h3>Goal</h3>\n<ul class=\"goals\">\n\(goals.joined(separator: "\n"))\n</ul>\n"
      }
      for (m, hint) in task.hints.enumerated() {
        body += "<details><summary>Hint \(m + 1)</summary><p>\(markup(hint.text))</p></details>\n"
      }
      if let solution = task.solutions.first {
        let lines = solution.statements.map { markup($0.text) }.joined(separator: "\n")
        body += "<details\(isOpen)><summary>Solution</summary><pre>\(lines)</pre></details>\n"
      }
      for question in task.questions {
        body += "<h3>\(markup(question.text))</h3>\n<ol type=\"a\">\n"
        for answer in question.shown {
          body +=
            "<li>\(markup(answer.text))<details\(isOpen)><summary>\(givesAway ? "" : "Is it?")</summary><p>\(answer.isRight ? "Right" : "Wrong"): \(markup(answer.reason)).</p></details></li>\n"
        }
        body += "</ol>\n"
      }
      body += "</section>\n"
    }
    body += "<h3>Sources</h3>\n<ul>\n\(lesson.sources.map { "<li>\(markup($0))</li>" }.joined(separator: "\n"))\n</ul>\n"
    return """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <title>\(markup(lesson.title))</title>
      <style>
      :root { color-scheme: light dark; }
      body { max-width: 44rem; margin: 2rem auto; padding: 0 1rem; font: 1rem/1.55 system-ui, sans-serif; }
      h1, h2, h3 { line-height: 1.25; }
      h2 { margin-top: 2.2rem; border-bottom: 1px solid color-mix(in srgb, currentColor 25%, transparent); }
      h3 { font-size: 1rem; margin-bottom: .3rem; }
      pre, code { font-family: ui-monospace, "DejaVu Sans Mono", monospace; font-size: .92em; }
      pre { padding: .6rem .8rem; overflow-x: auto; background: color-mix(in srgb, currentColor 8%, transparent); border-radius: .3rem; }
      .about { opacity: .75; }
      .goals { list-style: none; padding-left: 0; }
      details { margin: .3rem 0; }
      summary { cursor: pointer; opacity: .85; }
      @media print { summary { list-style: none; } section { break-inside: avoid; } }
      </style>
      </head>
      <body>
      \(body)</body>
      </html>
      """
  }

  /// Lines that are shown as they are, one behind the other, are one block.
  private static func paragraphs(_ text: [Lesson.Paragraph]) -> String {
    var html = ""
    var code: [String] = []
    func ended() -> String { code.isEmpty ? "" : "<pre>\(code.map { markup($0) }.joined(separator: "\n"))</pre>\n" }
    for paragraph in text {
      switch paragraph {
      case .line(let line): code.append(line)
      case .words(let words):
        html += ended()
        code = []
        html += words.hasPrefix("- ") ? "<p>• \(markup(String(words.dropFirst(2))))</p>\n" : "<p>\(markup(words))</p>\n"
      }
    }
    return html + ended()
  }
}
