import Basics

/// A lesson as a page for a browser, which needs nothing but itself. On paper what is closed is not there.
package struct LessonPage {
  private let lesson: Lesson
  private let givesAway: Bool
  private let key: (String) -> String?

  /// - Parameters:
  ///   - givesAway: whether hints, solutions and right answers are open from the beginning.
  ///   - key: what the key of an action is called, by the action's id; nil if there is none.
  package static func html(_ lesson: Lesson, givesAway: Bool, key: @escaping (String) -> String?) -> String {
    LessonPage(lesson: lesson, givesAway: givesAway, key: key).html
  }

  /// Words, safe in a page, with the names of keys in place of what stands for them.
  private func words(_ text: String) -> String {
    markup(text).replacing(/\{([a-z][a-z-]*)\}/) { found in
      key(String(found.1)).map { "<kbd>\(markup($0))</kbd>" } ?? String(found.0)
    }
  }

  private func details(_ summary: String, _ body: String) -> String {
    "<details\(givesAway ? " open" : "")><summary>\(summary)</summary>\(body)</details>\n"
  }

  private func items(_ list: [String], _ attributes: String = "") -> String {
    "<ul\(attributes)>\n" + list.map { "<li>\($0)</li>\n" }.joined() + "</ul>\n"
  }

  /// Lines that are shown as they are, one behind the other, are one block, and so are the items of a list.
  private func paragraphs(_ text: [Lesson.Paragraph]) -> String {
    var html = ""
    var code: [String] = []
    var list: [String] = []
    func end() {
      if !code.isEmpty { html += "<pre>\(Self.block(code))</pre>\n" }
      if !list.isEmpty { html += items(list) }
      (code, list) = ([], [])
    }
    for paragraph in text {
      switch paragraph {
      case .line(let line):
        if !list.isEmpty { end() }
        code.append(line)
      case .words(let text):
        if !code.isEmpty { end() }
        guard !text.hasPrefix("- ") else {
          list.append(words(String(text.dropFirst(2))))
          continue
        }
        end()
        if !text.isEmpty { html += "<p>\(words(text))</p>\n" }
      }
    }
    end()
    return html
  }

  /// Lines without the blanks that all of them begin with.
  private static func block(_ lines: [String]) -> String {
    let indent = lines.filter { !$0.isEmpty }.map { $0.prefix { $0 == " " }.count }.min() ?? 0
    return lines.map { markup(String($0.dropFirst(indent))) }.joined(separator: "\n")
  }

  private func question(_ question: Lesson.Question) -> String {
    let answers = question.shown.map { answer in
      let said = "\(answer.isRight ? "✓ Right" : "✗ Wrong"): \(words(answer.reason))."
      return "<li>\(words(answer.text))"
        + (givesAway ? "<p class=\"said\">\(said)</p>" : details("Check", "<p class=\"said\">\(said)</p>")) + "</li>\n"
    }
    return "<h3>\(words(question.text))</h3>\n<ol type=\"a\">\n\(answers.joined())</ol>\n"
  }

  private func section(_ number: Int, _ task: Lesson.Task) -> String {
    var body = "<section>\n<h2>\(number). \(words(task.title))</h2>\n" + paragraphs(task.text)
    if !task.goals.isEmpty {
      let goals = task.goals.map { goal in
        let text = goal.words.isEmpty ? "<code>\(markup(goal.text))</code>" : words(goal.words)
        return "<label><input type=\"checkbox\"> <span>\(text)</span></label>"
      }
      body += "<h3>Goal</h3>\n" + items(goals, " class=\"goals\"")
    }
    for (n, hint) in task.hints.enumerated() { body += details("Hint \(n + 1)", "<p>\(words(hint.text))</p>") }
    if let solution = task.solutions.first {
      body += details("Solution", "<pre>\(Self.block(solution.statements.map(\.text)))</pre>")
    }
    return body + task.questions.map(question).joined() + "</section>\n"
  }

  private var html: String {
    let part = Lesson.parts.indices.contains(lesson.part - 1) ? "Part \(lesson.part), \(Lesson.parts[lesson.part - 1]) · " : ""
    var body = "<h1>\(words(lesson.title))</h1>\n"
    body += "<p class=\"about\">\(markup(part))\(lesson.minutes) minutes · \(words(lesson.concept)).</p>\n"
    body += "<p class=\"about\">In the workbench: <code>workbench learn \(markup(lesson.name))</code></p>\n"
    body += paragraphs(lesson.introduction)
    body += lesson.tasks.enumerated().map { section($0.offset + 1, $0.element) }.joined()
    body += "<section>\n<h3>Sources</h3>\n" + items(lesson.sources.map(words)) + "</section>\n"
    return """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
      <title>\(markup(lesson.title))</title>
      <style>
      \(Self.style)
      </style>
      </head>
      <body>
      \(body)</body>
      </html>
      """
  }

  private static let style = """
    :root { color-scheme: light dark; }
    body { max-width: 44rem; margin: 2rem auto; padding: 0 1rem; font: 1rem/1.55 system-ui, sans-serif; overflow-wrap: break-word; }
    h1, h2, h3 { line-height: 1.25; break-after: avoid; }
    h2 { margin-top: 2.2rem; border-bottom: 1px solid color-mix(in srgb, currentColor 25%, transparent); }
    h3 { font-size: 1rem; margin: 1.2rem 0 .3rem; }
    pre, code, kbd { font-family: ui-monospace, "DejaVu Sans Mono", monospace; font-size: .92em; }
    pre { padding: .6rem .8rem; overflow-x: auto; background: color-mix(in srgb, currentColor 8%, transparent); border-radius: .3rem; }
    kbd { padding: 0 .35em; border: 1px solid color-mix(in srgb, currentColor 40%, transparent); border-radius: .25em; }
    .about { opacity: .75; margin: .3rem 0; }
    .goals { list-style: none; padding-left: 0; }
    .goals label { display: flex; gap: .5rem; align-items: baseline; }
    .said { margin: .1rem 0 .4rem; opacity: .85; }
    li, details { margin: .3rem 0; }
    summary { cursor: pointer; opacity: .85; }
    @media print {
      body { font-size: 10.5pt; margin: 0; max-width: none; }
      details:not([open]) { display: none; }
      pre { white-space: pre-wrap; overflow-wrap: anywhere; overflow: visible; }
      p { orphans: 2; widows: 2; }
      pre, li, details, .goals { break-inside: avoid; }
    }
    """
}
