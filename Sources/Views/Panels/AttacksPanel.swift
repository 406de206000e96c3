import Engine

extension Panel {
  package static let attacks: Panel = Panel(
    "attacks", "Attacks", .screen(timeline: true), key: ["A"],
    "Attacks on Realms, one by one: say what stops it, try it, switch that off, and try it again.",
    opened: { effect in
      effect.state.screen = .attacks
      effect.state.attack.showsList = false
      if effect.state.attack.all.isEmpty { effect.ask(.offerAttacks) }
    },
    actions: [.attackSwitchOff, .attackList],
    hints: { state in
      let attack = state.attack
      guard attack.attack != nil, !attack.showsList else {
        return [KeyHint(.up, .down, label: "attack"), KeyHint(.travel, label: "try it"), KeyHint(.find)]
      }
      let isAsked = attack.phase == .asked || attack.phase == .askedOff
      let lead =
        attack.underWay != nil
        ? [KeyHint(.travel, label: "go on"), KeyHint(.predict, label: "call by call")]
        : isAsked
          ? [
            KeyHint(.up, .down, label: "answer"), KeyHint(.travel, label: "say it and try"),
            KeyHint(.predict, label: "call by call"),
          ] : []
      return lead + [KeyHint(.attackSwitchOff), KeyHint(opening: .why), KeyHint(.undo), KeyHint(.attackList)]
    },
    listed: { AttacksPanel($1).lines($2) },
    moved: { motion, effect in
      let state = effect.state.attack
      let count = state.showsList ? 0 : state.question?.choices.count ?? 0
      switch motion {
      case .up where count > 0: effect.state.attack.answer = max(0, state.answer - 1)
      case .down where count > 0: effect.state.attack.answer = min(count - 1, state.answer + 1)
      default: Panel.attacks.scroll(motion, &effect)
      }
    },
    chosen: AttacksPanel.choose
  ) { canvas, rect, session, state, _ in AttacksPanel(state).draw(&canvas, rect, session, state) }
}

extension UserAction {
  package static let attackSwitchOff: UserAction = UserAction(
    "attack-switch-off", ["x"], in: [.panel("attacks")], "Switch it off",
    "Switches the check off that stops the attack: a fresh machine.",
    label: "switch it off and try again",
    unless: { _, state in
      let attack = state.attack
      guard let tried = attack.attack else { return "no attack is tried" }
      if attack.phase == .asked { return "try it first, with the check on" }
      return tried.off == nil ? "this attack has no half with a check off" : nil
    }
  ) { $0.ask(.attack(.switchOff)) }

  package static let attackList: UserAction = UserAction(
    "attack-list", [.backspace], in: [.panel("attacks")], "All attacks", "Shows the list of the attacks.", label: "list"
  ) { $0.state.attack.showsList = true }
}

/// The list of attacks, or the one that is tried.
struct AttacksPanel {
  private let state: AttackState
  private let keys: KeyBindings

  init(_ state: ViewState) {
    self.state = state.attack
    keys = state.bindings
  }

  private var tried: AttackTrial? { state.showsList ? nil : state.attack }
  private var row: Int { max(0, min(state.row, state.all.count - 1)) }

  @Sendable static func choose(_ effect: inout Effect) {
    let state = effect.state.attack
    if state.attack == nil || state.showsList {
      let row = max(0, min(state.row, state.all.count - 1))
      guard state.all.indices.contains(row) else { return }
      return effect.ask(.execute("attack \(state.all[row].number)"))
    }
    switch state.phase {
    case .asked, .askedOff: effect.ask(.attack(.run(answer: state.question == nil ? nil : state.answer)))
    case .tried, .triedOff:
      let keys = effect.state.bindings
      effect.say(
        "\(keys[.attackSwitchOff]) switches the check off; \(keys[.attackList]) lists the attacks", isError: true)
    }
  }

  // MARK: Lines

  private struct Row {
    var text: String
    var role: Role = .text
  }

  private func rows(_ attack: AttackTrial, _ columns: Int) -> (rows: [Row], focus: Int) {
    let width = max(8, min(columns, 96))
    func wrap(_ text: String, _ role: Role = .text, hanging: Int = 2) -> [Row] {
      WhyPanel.wrap(text, to: width, hanging: hanging).map { Row(text: $0, role: role) }
    }
    func question() -> [Row] {
      guard let (text, choices) = state.question else {
        return wrap("\(keys[.travel]) tries it.", .key)
      }
      return wrap("? \(text)", .title)
        + choices.enumerated().flatMap { n, choice in
          wrap("\(n == state.answer ? "▶" : " ") \(choice)", n == state.answer ? .selected : .text, hanging: 2)
        }
    }
    func told(_ outcome: AttackState.Outcome) -> [Row] {
      outcome.guess.map { guess in
        wrap(guess.isRight ? "✓ You said so: \(guess.text)." : "✗ You said: \(guess.text).", guess.isRight ? .ok : .fault)
      } ?? []
    }
    let next = state.next
    /// What the attacker does, and what came of it where that was asked.
    func act(_ line: AttackTrial.Line) -> [Row] {
      if line == next { return wrap("▶ \(line.text)", .selected, hanging: 4) }
      guard let call = state.calls[line.number] else { return wrap("  \(line.text)", .accent, hanging: 4) }
      guard let guess = call.guess else { return wrap("  \(line.text) → \(call.answer)", .accent, hanging: 4) }
      return call.isRight
        ? wrap("✓ \(line.text) → \(call.answer)", .ok, hanging: 4)
        : wrap("✗ \(line.text) → \(call.answer), not \(guess)", .fault, hanging: 4)
    }
    func half(_ half: AttackTrial.Half, _ title: String) -> [Row] {
      // Of a half that is gone through call by call each is shown.
      let most = half.statements.contains { $0 == next || state.calls[$0.number] != nil } ? half.statements.count : 24
      return wrap(title, .title) + half.statements.prefix(most).flatMap(act)
        + (half.statements.count > most ? wrap("  … \(half.statements.count - most) more", .dim) : [])
    }
    let gap = [Row(text: "")]
    /// What is to be said before a half is done, or before its next call is.
    func asked(_ rows: [Row]) -> (rows: [Row], focus: Int) {
      guard state.underWay != nil else { return (rows + gap + question(), rows.count + 1) }
      let next = rows.firstIndex { $0.role == .selected } ?? rows.count
      return (
        rows + gap
          + wrap("\(keys[.travel]) says what it comes to; \(keys[.predict]) and \(keys[.travel]) do the rest at once.", .key),
        next
      )
    }
    var rows = wrap("Wants: \(attack.wants)") + gap + half(attack.asItIs, "On the machine as it is")
    guard let outcome = state.outcome, state.phase != .asked else { return asked(rows) }
    rows += gap + told(outcome)
    rows += wrap("Stopped by \(attack.stop)\(attack.how.isEmpty ? "" : ": \(attack.how)").", .ok)
    if !outcome.decided.isEmpty { rows += wrap("Refused here by \(outcome.decided.joined(separator: ", ")).", .dim) }
    guard let off = attack.off else {
      return (rows + gap + wrap("Source: \(attack.source).", .dim), rows.count)
    }
    guard state.phase != .tried else {
      let focus = rows.count + 1
      return (
        rows + gap + wrap("\(keys[.attackSwitchOff]) switches \(off.off.joined(separator: ", ")) off and tries again.", .key),
        focus
      )
    }
    rows += gap + half(off, "With \(off.off.joined(separator: ", ")) off")
    let focus = rows.count + 1
    guard let outcome = state.offOutcome, state.phase == .triedOff else { return asked(rows) }
    rows += gap + told(outcome)
    rows +=
      outcome.broken.isEmpty ? wrap("No rule of the model is broken.") : outcome.broken.flatMap { wrap("✗ breaks \($0)", .fault) }
    rows += off.words.flatMap { wrap("- \($0)") }
    return (rows + gap + wrap("Source: \(attack.source).", .dim), focus)
  }

  /// The first row that is shown: the last ones, or the call that waits in the middle.
  private func first(_ focus: Int, _ count: Int, _ room: Int) -> Int {
    guard state.underWay != nil, state.scroll == nil else { return LessonPanel.first(state.scroll, focus, count, room) }
    return max(0, min(focus - room / 2, count - room))
  }

  func lines(_ rect: Rect) -> PanelLines {
    guard let tried else {
      return PanelLines(
        count: state.all.count, chosen: row, area: listArea(rect),
        text: { "\(state.all[$0].number) \(state.all[$0].title) \(state.all[$0].wants)" }, choose: { $1.attack.row = $0 })
    }
    let inside = BesideMachine.text(rect).inside
    let (rows, focus) = rows(tried, inside.width - 2)
    return PanelLines(
      count: rows.count, chosen: first(focus, rows.count, inside.height), area: inside,
      isText: true, text: { rows[$0].text }, choose: { $1.attack.scroll = $0 })
  }

  private func listArea(_ rect: Rect) -> Rect {
    let inside = rect.inside
    return Rect(inside.x, inside.y, inside.width, max(0, inside.height - (inside.height > 12 ? 4 : 0)))
  }

  func draw(_ canvas: inout Canvas, _ rect: Rect, _ session: Session, _ view: ViewState) {
    guard let tried else { return drawList(&canvas, rect) }
    BesideMachine.draw(&canvas, rect, session, view)
    let inside = canvas.frame(BesideMachine.text(rect), "\(tried.number). \(tried.title)", focused: true)
    guard !inside.isEmpty else { return }
    let (rows, focus) = rows(tried, inside.width - 2)
    let first = first(focus, rows.count, inside.height)
    canvas.markEnds(inside, first: first, count: rows.count)
    for (n, row) in rows.dropFirst(first).prefix(inside.height).enumerated() {
      canvas.text(inside.x + 1, inside.y + n, row.text, row.role, limit: inside.width - 2)
    }
  }

  private func drawList(_ canvas: inout Canvas, _ rect: Rect) {
    let inside = canvas.frame(rect, "Attacks", note: state.all.isEmpty ? "" : "\(state.all.count)", focused: true)
    guard !inside.isEmpty else { return }
    guard !state.all.isEmpty else {
      let words = "There are no attacks here: they are Sessions/attacks, below the working directory or beside the program."
      for (n, line) in WhyPanel.wrap(words, to: inside.width - 2, hanging: 0).prefix(inside.height).enumerated() {
        canvas.text(inside.x + 1, inside.y + n, line, .dim, limit: inside.width - 2)
      }
      return
    }
    let area = listArea(rect)
    let first = PanelLines.first(row, state.all.count, area.height)
    canvas.markEnds(area, first: first, count: state.all.count)
    for (n, attack) in state.all.dropFirst(first).prefix(area.height).enumerated() {
      let isChosen = first + n == row
      canvas.text(area.x + 1, area.y + n, attack.number.leftPadded(3), .dim)
      let x = canvas.text(
        area.x + 5, area.y + n, attack.title, isChosen ? .selected : .text, limit: max(0, area.width - 6))
      if area.width - x > 30 {
        canvas.text(max(x + 2, area.x + 62), area.y + n, attack.off == nil ? "" : "check on and off", .dim, limit: 16)
      }
    }
    guard area.height < inside.height else { return }
    let y = area.y + area.height
    for x in inside.x..<(inside.x + inside.width) { canvas[x, y] = Cell("─", .border) }
    for (n, line) in WhyPanel.wrap("Wants: \(state.all[row].wants)", to: inside.width - 2, hanging: 2).prefix(3).enumerated() {
      canvas.text(inside.x + 1, y + 1 + n, line, .text, limit: inside.width - 2)
    }
  }
}
