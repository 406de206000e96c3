import Engine

extension Panel {
  package static let granule: Panel = Panel(
    "granule", "Granule", key: ["I"],
    "The granule under the map's cursor: what it is, what lies in it, and every step that changed it.",
    label: "granule",
    hints: { _ in
      KeyHint.common + [
        KeyHint(.up, .down, label: "change"), KeyHint(.travel), KeyHint(.changeBefore, .nextChange, label: "changes"),
        KeyHint(.find), KeyHint(.copyLine),
      ]
    },
    listed: { GranulePanel($0, $1).lines($2) },
    changing: { .granule(($1.cursor ?? $0.configuration.dramBase).granuleBase) }, chosen: GranulePanel.choose
  ) { canvas, rect, session, state, focused in GranulePanel(session, state).draw(&canvas, rect, focused: focused) }
}

/// Which line of a granule's history is chosen.
private struct GranuleHistoryState: PanelState {
  var granule: UInt64 = 0
  /// Of the newest first; nil: the last step in force that changed it.
  var row: Int?
}

/// A granule with its whole history.
struct GranulePanel {
  private let session: Session
  private let state: ViewState
  private let address: UInt64
  /// Steps that changed it, the newest first.
  private let steps: [Int]

  init(_ session: Session, _ state: ViewState) {
    self.session = session
    self.state = state
    address = (state.cursor ?? session.configuration.dramBase).granuleBase
    steps = session.stepsThatChanged(granule: address)
  }

  private var chosen: Int {
    let kept = state[GranuleHistoryState.self]
    if kept.granule == address, let row = kept.row { return min(row, max(0, steps.count - 1)) }
    return steps.firstIndex { $0 <= session.position } ?? max(0, steps.count - 1)
  }

  @Sendable static func choose(_ effect: inout Effect) {
    let panel = GranulePanel(effect.session, effect.state)
    guard !panel.steps.isEmpty else { return effect.say("no step changed it", isError: true) }
    let step = panel.steps[panel.chosen]
    effect.state[GranuleHistoryState.self].row = nil
    effect.ask(.visit(step: step, saying: panel.change(step)))
  }

  private func change(_ step: Int) -> String {
    session.labels.text(session.change(ofGranule: address, inStep: step))
  }

  func lines(_ rect: Rect) -> PanelLines {
    let address = address
    return PanelLines(
      count: steps.count, chosen: chosen, area: parts(rect).history.inside, text: { "step \(steps[$0])  \(change(steps[$0]))" },
      choose: { $1[GranuleHistoryState.self] = GranuleHistoryState(granule: address, row: $0) })
  }

  // MARK: Drawing

  /// Columns from which the history stands beside what the granule is, and rows from which there is room for the machine.
  private static let wide = 100
  private static let high = 40

  private func parts(_ rect: Rect) -> (facts: Rect, machine: Rect?, history: Rect) {
    guard rect.width >= Self.wide else {
      let top = min(max(7, facts(rect.width - 4, isNarrow: true).count + 2), max(2, rect.height / 2))
      return (
        Rect(rect.x, rect.y, rect.width, top), nil, Rect(rect.x, rect.y + top, rect.width, rect.height - top)
      )
    }
    let left = rect.width / 2
    let history = Rect(rect.x + left, rect.y, rect.width - left, rect.height)
    guard rect.height >= Self.high else { return (Rect(rect.x, rect.y, left, rect.height), nil, history) }
    let top = rect.height / 2
    return (
      Rect(rect.x, rect.y, left, top), Rect(rect.x, rect.y + top, left, rect.height - top), history
    )
  }

  /// What it is, who may access it, and the fields of the structure that lies there.
  private func facts(_ width: Int, isNarrow: Bool = false) -> [(text: String, role: Role)] {
    let story = session.story(address, changes: 0)
    let owner = story.owner.flatMap { owner in session.read { $0.control.realms.firstIndex(of: owner) } }
    let role = story.role.isEmpty ? "" : " · \(story.role)"
    func wrapped(_ text: String) -> [(text: String, role: Role)] {
      WhyPanel.wrap(text, to: width, hanging: 2).map { ($0, .text) }
    }
    var lines = wrapped("\(story.state.name)\(role)")
    if let owner, let rd = story.owner { lines.append(("realm \(owner + 1), whose RD is \(hex(rd))", .realm(owner))) }
    lines += wrapped("\(story.gpi.name) in the GPT: \(story.gpi.access)")
    for line in session.read({ $0.endpointLines(address) }) {
      lines += wrapped("FF-A has it for \(line)")
    }
    if let (structure, fields) = story.contents {
      lines.append(("\(structure)\(fields.isEmpty ? ": all zero" : ", what is not zero")", .accent))
      // Where there is little room they follow each other.
      for text in isNarrow ? [fields.joined(separator: ", ")] : fields {
        lines += WhyPanel.wrap("  " + session.labels.text(text), to: width, hanging: 2).map { ($0, .dim) }
      }
    }
    return lines
  }

  func draw(_ canvas: inout Canvas, _ rect: Rect, focused: Bool) {
    let parts = parts(rect)
    let name = session.labels[address].map { " \($0)" } ?? ""
    let inside = canvas.frame(parts.facts, "Granule \(hex(address))\(name)")
    draw(facts(inside.width - 2, isNarrow: rect.width < Self.wide), &canvas, inside)
    if let machine = parts.machine {
      let inside = canvas.frame(machine, "Memory of this machine")
      draw(session.read { $0.mapLines }.map { ($0, .dim) } + [("", .text)] + counts(inside.width - 2), &canvas, inside)
    }
    drawHistory(&canvas, parts.history, focused)
  }

  private func draw(_ lines: [(text: String, role: Role)], _ canvas: inout Canvas, _ inside: Rect) {
    guard !inside.isEmpty else { return }
    for (n, line) in lines.prefix(inside.height).enumerated() {
      let isCut = n > 0 && n == inside.height - 1 && lines.count > inside.height
      canvas.text(
        inside.x + 1, inside.y + n, isCut ? "… \(lines.count - n) more" : line.text, isCut ? .dim : line.role,
        limit: inside.width - 2)
    }
  }

  /// How many granules there are of each kind, and what each Realm has of them.
  private func counts(_ width: Int) -> [(text: String, role: Role)] {
    let kinds = session.read { $0.granuleCounts() }.sorted { $0.count < $1.count }.map { kind in
      "\(kind.count) \(kind.cell.state == .undelegated ? kind.cell.gpi.name : kind.cell.state.name)"
    }
    let all = WhyPanel.wrap("granules of DRAM: \(kinds.joined(separator: ", "))", to: width, hanging: 2)
    return all.map { ($0, .text) }
      + session.read { $0.realmSummaries() }.enumerated().map { number, realm in
        let parts = [
          (1, "RD"), (realm.recs.count, "REC"), (realm.tables, "RTT"), (Int(realm.assigned), "DATA"),
        ].filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
        let shared = realm.assignedNS > 0 ? "; \(realm.assignedNS) of the Host's are shared with it" : ""
        return ("realm \(realm.number): \(parts.joined(separator: ", "))\(shared)", .realm(number))
      }
  }

  private func drawHistory(_ canvas: inout Canvas, _ rect: Rect, _ focused: Bool) {
    let note = steps.isEmpty ? "" : "\(steps.count) step\(steps.count == 1 ? "" : "s"), the newest first"
    let inside = canvas.frame(rect, "History", note: note, focused: focused)
    guard !inside.isEmpty else { return }
    guard !steps.isEmpty else {
      let words = WhyPanel.wrap("No step changed it: it is as it was when the machine booted.", to: inside.width - 2, hanging: 0)
      for (n, line) in words.prefix(inside.height).enumerated() {
        canvas.text(inside.x + 1, inside.y + n, line, .dim, limit: inside.width - 2)
      }
      return
    }
    let first = PanelLines.first(chosen, steps.count, inside.height)
    canvas.markEnds(inside, first: first, count: steps.count)
    // What is in force is the newest change that is not undone.
    let current = steps.firstIndex { $0 <= session.position }
    for (n, step) in steps.dropFirst(first).prefix(inside.height).enumerated() {
      let line = first + n
      let isUndone = step > session.position
      canvas.text(
        inside.x, inside.y + n, "\(line == current ? "▶" : " ")\(String(step).leftPadded(6))  ", isUndone ? .dim : .accent,
        limit: inside.width)
      canvas.text(
        inside.x + 9, inside.y + n, change(step), line == chosen && focused ? .selected : isUndone ? .dim : .text,
        limit: inside.width - 9)
    }
  }
}
