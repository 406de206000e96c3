import Engine

/// The bottom line: keys that work now, or what is being typed with its help, candidates and the condition that would refuse it.
package struct CommandLinePanel {
  let session: Session
  let state: ViewState

  package init(_ session: Session, _ state: ViewState) {
    self.session = session
    self.state = state
  }

  /// Rows it needs above the bottom line.
  package static func extraRows(_ state: ViewState, width: Int) -> Int {
    (state.command == nil ? 0 : 2) + notices(state, width: width).count
  }

  /// What stays on the screen until it is over: a recording that cannot be written, and what the session's file says otherwise.
  /// What went wrong with the last key, if it is too long for the line of the keys, and what is offered at the first start.
  static func notices(_ state: ViewState, width: Int) -> [(text: String, role: Role)] {
    var rows: [String] = []
    if let trouble = state.trouble { rows += wrap("✗ \(trouble)", to: width - 2) }
    if let message = longMessage(state, width: width) { rows += wrap("✗ \(message)", to: width - 2) }
    if !state.isContradictionKnown, let sentence = state.contradiction?.sentence { rows += wrap(sentence, to: width - 2) }
    let offer = state.offer.map { wrap($0, to: width - 2) } ?? []
    return rows.map { ($0, .fault) } + offer.map { ($0, .accent) }
  }

  /// A message of something that was wrong, which the bottom line cannot hold.
  private static func longMessage(_ state: ViewState, width: Int) -> String? {
    guard state.command == nil, let message = state.message, message.isError else { return nil }
    return Canvas.columns(of: message.text) > width - 4 ? message.text : nil
  }

  /// In up to two rows; the second ends with … if there is more.
  private static func wrap(_ text: String, to width: Int) -> [String] {
    let rows = WhyPanel.wrap(text, to: width, hanging: 2)
    return rows.count <= 2 ? rows : [rows[0], "  " + rows[1...].map { String($0.drop { $0 == " " }) }.joined(separator: " ")]
  }

  func drawNotices(_ canvas: inout Canvas, _ rect: Rect) {
    for (n, notice) in Self.notices(state, width: rect.width).prefix(rect.height).enumerated() {
      canvas.fill(Rect(rect.x, rect.y + n, rect.width, 1), Cell())
      canvas.text(rect.x + 1, rect.y + n, notice.text, notice.role, limit: rect.width - 2)
    }
  }

  package func draw(_ canvas: inout Canvas, _ rect: Rect) {
    let notices = min(Self.notices(state, width: rect.width).count, max(0, rect.height - 1))
    drawNotices(&canvas, Rect(rect.x, rect.y, rect.width, notices))
    drawLine(&canvas, Rect(rect.x, rect.y + notices, rect.width, rect.height - notices))
  }

  private func drawLine(_ canvas: inout Canvas, _ rect: Rect) {
    guard let command = state.command else {
      drawKeys(&canvas, rect)
      return
    }
    let help = rect.y
    canvas.fill(rect, Cell())
    let line = rect.y + rect.height - 1
    let problem = problem(width: rect.width - 2)
    if problem.count < 2 {
      // Where nothing else is to be said it has both rows.
      let isJudged = command.verdict != nil && !state.prediction.isOn
      let isAlone = rect.height > 2 && problem.isEmpty && command.candidates.isEmpty && !isJudged
      for (n, text) in (isAlone ? Self.wrap(command.help, to: rect.width - 2) : [command.help]).enumerated() {
        canvas.text(rect.x + 1, help + n, text, .dim, limit: rect.width - 2)
      }
    }
    if rect.height > 2, !problem.isEmpty {
      // What was wrong with the line stands here until the next key; a long message takes the help's row, too.
      for (n, text) in problem.enumerated() {
        canvas.text(rect.x + 1, help + 2 - problem.count + n, text, .fault, limit: rect.width - 2)
      }
    } else if rect.height > 2 {
      if command.candidates.isEmpty {
        // What it answers would be told.
        if let verdict = command.verdict, !state.prediction.isOn {
          canvas.text(rect.x + 1, help + 1, verdict.text, verdict.role, limit: rect.width - 2)
        }
      } else {
        drawCandidates(command, &canvas, Rect(rect.x + 1, help + 1, rect.width - 2, 1))
      }
    }
    let x = canvas.text(rect.x, line, command.prompt, .accent)
    let room = max(1, rect.width - x - 1)
    let (skip, column) = scrolled(command, room)
    var view = String.UnicodeScalarView()
    view.append(contentsOf: command.text.unicodeScalars.dropFirst(skip))
    canvas.text(x, line, String(view), .text, limit: room)
    canvas.reverse(x + column, line)
  }

  /// How much of the text is left of what is shown, in scalars, so that the cursor is; and the cursor's column in it.
  private func scrolled(_ command: CommandLineState, _ room: Int) -> (skip: Int, column: Int) {
    let before = String(String.UnicodeScalarView(command.text.unicodeScalars.prefix(command.cursor)))
    var characters = before[...]
    var column = Canvas.columns(of: characters)
    while column >= room, let first = characters.popFirst() { column -= Canvas.columns(of: String(first)) }
    return (command.cursor - characters.unicodeScalars.count, column)
  }

  /// What was wrong with the line that was entered, in up to two rows.
  private func problem(width: Int) -> [String] {
    guard let message = state.message, message.isError else { return [] }
    return Self.wrap("✗ \(message.text)", to: width)
  }

  private func drawCandidates(_ command: CommandLineState, _ canvas: inout Canvas, _ rect: Rect) {
    var x = rect.x
    let first = max(0, (command.chosen ?? 0) - 3)
    if first > 0 { x = canvas.text(x, rect.y, "… ", .dim) }
    for (n, candidate) in command.candidates.enumerated().dropFirst(first) {
      let left = command.candidates.count - n
      let more = "… \(left) more"
      // The last one needs no room for what says that there are more.
      let room = rect.x + rect.width - x - (left > 1 ? more.count + 2 : 0)
      guard Canvas.columns(of: candidate) <= room else {
        canvas.text(x, rect.y, more, .dim)
        break
      }
      x = canvas.text(x, rect.y, candidate, n == command.chosen ? .selected : .key) + 2
    }
  }

  private func drawKeys(_ canvas: inout Canvas, _ rect: Rect) {
    let line = rect.y + rect.height - 1
    for entry in keyBar(rect) {
      let x = canvas.text(entry.x, line, entry.keys, .key)
      canvas.text(x + 1, line, entry.label, .dim)
    }
  }

  /// Something of the key bar, and where it stands.
  private struct KeyBarEntry {
    var x: Int
    var keys: String
    var label: String
    var actions: [UserAction]
    var width: Int { Canvas.columns(of: keys) + 1 + Canvas.columns(of: label) }
  }

  /// What can be done now, as far as there is room; at the right what always can.
  private func keyBar(_ rect: Rect) -> [KeyBarEntry] {
    func entry(_ hint: KeyHint) -> KeyBarEntry {
      let (keys, label) = hint.text(state.bindings)
      return KeyBarEntry(x: 0, keys: keys, label: label, actions: hint.actions)
    }
    var end = rect.x + rect.width - 1
    var bar: [KeyBarEntry] = []
    for hint in state.screen.takesText ? [] : KeyHint.always(on: state.screen).reversed() {
      var entry = entry(hint)
      entry.x = end - entry.width
      end = entry.x - 2
      bar.append(entry)
    }
    var x = rect.x + 1
    var own: [KeyBarEntry] = []
    for hint in state.screen.hints(state) where hint.isPossible(session, state) {
      var entry = entry(hint)
      entry.x = x
      guard x + entry.width <= end else { continue }
      x += entry.width + 2
      own.append(entry)
    }
    return own + bar.reversed()
  }

  /// What a click on the key bar does: of two keys the one that was hit.
  func action(at x: Int, _ y: Int, in rect: Rect) -> UserAction? {
    guard state.command == nil, y == rect.y + rect.height - 1 else { return nil }
    guard let entry = keyBar(rect).first(where: { $0.x <= x && x < $0.x + $0.width }), let first = entry.actions.first else {
      return nil
    }
    let isSecond = entry.actions.count == 2 && x > entry.x + Canvas.columns(of: entry.keys) / 2
    return isSecond ? entry.actions[1] : first
  }

  /// What just happened, over the end of the row above the keys.
  func drawMessage(_ canvas: inout Canvas, _ y: Int) {
    guard state.command == nil, let message = state.message, Self.longMessage(state, width: canvas.width) == nil else { return }
    let limit = canvas.width - 2
    let width = min(Canvas.columns(of: message.text), limit - 2)
    let x = canvas.width - 1 - width - 2
    canvas.text(x, y, " ", .text)
    canvas.text(x + 1, y, message.text, message.isError ? .fault : .ok, limit: width)
    canvas.text(x + 1 + width, y, " ", .text)
  }
}
