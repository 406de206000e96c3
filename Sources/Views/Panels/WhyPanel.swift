import Engine

extension Panel {
  package static let why: Panel = Panel(
    "why", "Why", .screen(timeline: false), key: ["w"],
    "Shows each condition of the chosen call or access with its operands.",
    label: "why", unless: { session, _ in session.lastExplainedStep == nil ? "no RMI, RSI or PSCI call has been made" : nil },
    opened: WhyPanel.open, actions: [.switchCheck, .tryWithout],
    hints: { state in
      KeyHint.common + (state.whyOrigin == nil ? [] : [KeyHint(.travel, label: "who made it so")])
        + [KeyHint(.up, .down, label: "condition"), KeyHint(.switchCheck), KeyHint(.tryWithout)]
    },
    prepared: { session, state in
      state[ViewState.Why.self].find(session)
      if state.screen == .why { state[ViewState.Why.self].findDeclaration() }
    },
    listed: { WhyPanel($1).lines(WhyPanel.parts($2, $1).why) },
    moved: { motion, effect in
      // Through the conditions; where there is none further, through the text.
      let count = effect.state.why?.rows.count ?? 0
      let row = WhyPanel(effect.state).row ?? 0
      switch motion {
      case .up where row > 0: effect.state.choose(condition: row - 1)
      case .down where row + 1 < count: effect.state.choose(condition: row + 1)
      default: Panel.why.scroll(motion, &effect)
      }
    },
    chosen: { effect in
      guard let step = effect.state.whyOrigin else {
        effect.say("no step of this session made it so", isError: true)
        return
      }
      effect.ask(.travel(to: step))
    }
  ) { canvas, rect, session, state, focused in
    let panel = WhyPanel(state)
    let parts = WhyPanel.parts(rect, state)
    panel.draw(&canvas, parts.why, focused: focused)
    if let beside = parts.beside { panel.drawBeside(session, &canvas, beside) }
  }
}

extension ViewState {
  struct Why: PanelState {
    var explanation: Explanation? {
      didSet { (origins, declared, row) = (nil, nil, nil) }
    }
    /// The chosen condition; nil: the one that decides.
    var row: Int?
    /// The declaration of its command; nil until it is looked for.
    private(set) var declared: [ReferenceState.Line]?
    var scroll: Int?
    /// How that which the deciding condition refuses came to be so; nil until it is looked for.
    private(set) var origins: [ConditionOrigin]?

    mutating func find(_ session: Session) {
      if origins == nil, let explanation { origins = session.origins(of: explanation) }
    }

    mutating func findDeclaration() {
      if declared == nil, let entry = explanation?.entry { declared = ReferencePanel.lines(entry) }
    }
  }

  /// The step that made it so, that is latest of all.
  var whyOrigin: Int? { self[Why.self].origins?.compactMap(\.step).max() }

  /// Step or call the Why screen explains.
  package var why: Explanation? {
    get { self[Why.self].explanation }
    set { self[Why.self].explanation = newValue }
  }

  /// Puts the eye on a condition.
  mutating func choose(condition row: Int) {
    self[Why.self].row = row
    self[Why.self].scroll = nil
  }

  /// The line at the top; nil shows the condition that decides.
  package var whyScroll: Int? {
    get { self[Why.self].scroll }
    set { self[Why.self].scroll = newValue }
  }
}

/// Why a call answers what it answers: each condition in order with its operands, and the one that decides.
package struct WhyPanel {
  let state: ViewState

  package init(_ state: ViewState) { self.state = state }

  /// Explains the step that was chosen in the trace, or the last call.
  @Sendable static func open(_ effect: inout Effect) {
    let session = effect.session
    let chosen = effect.state.traceStep ?? session.lastExplainedStep
    guard let chosen, let explanation = session.explanation(ofStep: chosen) else {
      effect.say("step \(effect.state.traceStep ?? session.position) is no call with conditions and no access", isError: true)
      return
    }
    effect.state.why = explanation
    effect.state.whyScroll = nil
    effect.state.screen = .why
  }

  /// The chosen condition: at first the one that decides, or one that is off and would have.
  var row: Int? {
    guard let why = state.why, !why.rows.isEmpty else { return nil }
    if let row = state[ViewState.Why.self].row { return max(0, min(row, why.rows.count - 1)) }
    return why.rows.firstIndex { $0.verdict == .failed } ?? why.rows.firstIndex { $0.verdict == .overruled }
      ?? why.rows.count - 1
  }

  /// The check that is chosen, as `without` calls it; nil if it cannot be switched.
  var check: String? {
    guard let why = state.why, let row else { return nil }
    guard let name = why.entry.map({ "\($0.name).\(why.rows[row].id)" }) ?? why.protection else { return nil }
    return Switch.all.contains { $0.name == name } ? name : nil
  }

  /// Columns from which the command's declaration and what the step did stand beside it.
  private static let wide = 160

  static func parts(_ rect: Rect, _ state: ViewState) -> (why: Rect, beside: Rect?) {
    guard rect.width >= wide, state.why != nil else { return (rect, nil) }
    let width = rect.width / 2
    return (
      Rect(rect.x, rect.y, width, rect.height), Rect(rect.x + width, rect.y, rect.width - width, rect.height)
    )
  }

  /// What the command is declared to do, and below it what the step did.
  fileprivate func drawBeside(_ session: Session, _ canvas: inout Canvas, _ rect: Rect) {
    guard let why = state.why else { return }
    let width = rect.inside.width - 2
    let declared = (state[ViewState.Why.self].declared ?? why.entry.map(ReferencePanel.lines) ?? []).flatMap { line in
      WhyPanel.wrap(line.text, to: width, hanging: line.hanging).map { ($0, line.role) }
    }
    // An access has no declaration.
    let top = declared.isEmpty ? 0 : min(declared.count + 2, rect.height * 2 / 3)
    let upper = canvas.frame(Rect(rect.x, rect.y, rect.width, top), "Reference", note: why.entry.map { "\($0.name)" } ?? "")
    for (n, line) in declared.prefix(upper.height).enumerated() {
      canvas.text(upper.x + 1, upper.y + n, line.0, line.1, limit: width)
    }
    let lower = Rect(rect.x, rect.y + top, rect.width, rect.height - top)
    let step = why.step.flatMap { (1...max(1, session.steps.count)).contains($0) && !session.steps.isEmpty ? $0 : nil }
    let inside = canvas.frame(lower, step.map { "What step \($0) did" } ?? "What it would do")
    guard !inside.isEmpty else { return }
    guard let step else {
      canvas.text(inside.x + 1, inside.y, "It has not been made.", .dim, limit: width)
      return
    }
    let events = session.steps[step - 1].events.filter { !$0.text.isEmpty }
    let lines = events.flatMap { event in
      WhyPanel.wrap("\(event.layer.padding(7)) \(session.labels.text(event.text))", to: width, hanging: 8)
    }
    for (n, line) in lines.prefix(inside.height).enumerated() {
      let isCut = n == inside.height - 1 && lines.count > inside.height
      canvas.text(inside.x + 1, inside.y + n, isCut ? "… \(lines.count - n) more" : line, .dim, limit: width)
    }
    if lines.isEmpty { canvas.text(inside.x + 1, inside.y, "Nothing but its answer.", .dim, limit: width) }
  }

  package func draw(_ canvas: inout Canvas, _ rect: Rect, focused: Bool) {
    let title =
      "Why" + (state.why?.step.map { " · step \($0)" } ?? "") + (state.why.map { " · \($0.section)" } ?? "")
    let inside = canvas.frame(rect, title, note: focused ? note(why: state.why) : "", focused: focused)
    guard !inside.isEmpty else { return }
    guard let why = state.why else {
      let words = "No call to explain yet. Make one, or choose a step in the trace and press \(state.bindings[.why])."
      for (n, line) in Self.wrap(words, to: max(1, inside.width - 2), hanging: 0).prefix(inside.height).enumerated() {
        canvas.text(inside.x + 1, inside.y + n, line, .dim, limit: inside.width - 2)
      }
      return
    }
    let all = lines(of: why, width: inside.width - 2)
    canvas.markEnds(inside, first: first(all, inside.height), count: all.count)
    for (n, line) in all.dropFirst(first(all, inside.height)).prefix(inside.height).enumerated() {
      canvas.text(inside.x + 1, inside.y + n, line.0, line.1, limit: inside.width - 2)
      // The name of the chosen condition is under the cursor.
      if focused, let row, line.0.dropFirst(2).hasPrefix(why.rows[row].id + " "), "✓✗○·".contains(line.0.prefix(1)) {
        for x in 0..<why.rows[row].id.count { canvas.reverse(inside.x + 3 + x, inside.y + n) }
      }
    }
  }

  private func note(why: Explanation?) -> String {
    let isLab = why?.rows.contains { $0.verdict == .overruled } ?? false
    return isLab ? "✓ passed  ✗ decided  ○ off  · not reached" : "✓ passed  ✗ decided  · not reached"
  }

  /// What there is to scroll and to look in.
  func lines(_ rect: Rect) -> PanelLines {
    let all = state.why.map { lines(of: $0, width: rect.inside.width - 2) } ?? []
    return PanelLines(
      count: all.count, chosen: first(all, rect.inside.height), area: rect.inside, isText: true, text: { all[$0].0 },
      choose: { $1.whyScroll = $0 })
  }

  /// The line at the top: at first the deciding condition is on the screen.
  private func first(_ lines: [(String, Role)], _ room: Int) -> Int {
    let most = max(0, lines.count - room)
    if let scroll = state.whyScroll { return min(max(0, scroll), most) }
    let chosen = state[ViewState.Why.self].row == nil ? nil : row.flatMap { state.why?.rows[$0].id }
    let decided =
      lines.firstIndex { line in
        chosen.map { line.0.dropFirst(2).hasPrefix($0 + " ") && "✓✗○·".contains(line.0.prefix(1)) } ?? (line.1 == .fault)
      } ?? 0
    return decided >= room ? min(decided - room / 2, most) : 0
  }

  private func lines(of why: Explanation, width columns: Int) -> [(String, Role)] {
    var lines: [(String, Role)] = [(why.call, .title)]
    if !why.hasCaller {
      lines.append(("There is no REC to make this call, so its conditions cannot be evaluated.", .warning))
    }
    if why.rows.isEmpty { lines.append(("This command has no failure condition.", .dim)) }
    let width = (why.rows.map(\.id.count).max() ?? 0) + 2
    for row in why.rows {
      let role: Role = row.verdict == .failed ? .fault : row.verdict == .held ? .ok : row.verdict == .overruled ? .warning : .dim
      lines.append(("\(row.verdict.rawValue) \(row.id.padding(width))\(row.now)", role))
      if row.verdict == .overruled { lines.append(("  \("".padding(width))\(row.text): switched off", role)) }
      if row.verdict == .failed {
        lines.append(("  \("".padding(width))\(row.text) → \(row.status)", role))
        lines += why.fields.lines.map { ("  \("".padding(width))\($0)", role) }
        lines += (state[ViewState.Why.self].origins ?? []).map { ("  \("".padding(width))\($0.text)", .dim) }
      }
    }
    if why.hasCaller {
      lines.append(
        (
          why.decidedBy.map { "→ \(why.status), decided by \($0)" } ?? "→ \(why.status): every condition passed",
          why.decidedBy == nil ? .ok : .fault
        ))
    }
    if let caveat = why.caveat { lines.append(("  but \(caveat)", .warning)) }
    return lines.flatMap { line, role in
      let hangs = line.first.map { "✓✗○· ".contains($0) } ?? false
      return WhyPanel.wrap(line, to: columns, hanging: hangs ? width + 2 : 0).map { ($0, role) }
    }
  }

  /// The lines of `text` in `width` columns, broken at spaces; all but the first are indented by `hanging`.
  static func wrap(_ text: String, to width: Int, hanging: Int) -> [String] {
    let width = max(width, 1)
    // Where a hanging text would have no room, it hangs less.
    let hanging = hanging * 2 > width ? min(2, width - 1) : hanging
    var lines: [String] = []
    var rest = Substring(text)
    while rest.count + (lines.isEmpty ? 0 : hanging) > width {
      let room = width - (lines.isEmpty ? 0 : hanging)
      let limit = rest.index(rest.startIndex, offsetBy: room)
      let space = rest[..<limit].lastIndex(of: " ").flatMap { rest[..<$0].allSatisfy { $0 == " " } ? nil : $0 }
      // A word longer than a line is broken where the line ends.
      let head = rest[..<(space ?? limit)]
      lines.append((lines.isEmpty ? "" : "".padding(hanging)) + head)
      rest = rest[(space ?? limit)...].drop { $0 == " " }
    }
    if !rest.isEmpty || lines.isEmpty { lines.append((lines.isEmpty ? "" : "".padding(hanging)) + rest) }
    return lines
  }
}
