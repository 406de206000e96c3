import Engine

extension Panel {
  package static let reference: Panel = Panel(
    "reference", "Reference", .screen(timeline: false), key: ["K"],
    "What the chosen call is declared to do: arguments, conditions.",
    label: "reference", unless: { session, _ in session.lastCallStep == nil ? "no RMI, RSI or PSCI call has been made" : nil },
    opened: ReferencePanel.open,
    hints: { _ in
      [
        KeyHint(.up, .down, label: "scroll"), KeyHint(.find), KeyHint(.command),
      ]
    },
    listed: { ReferencePanel($1).lines($2) }
  ) { canvas, rect, _, state, _ in ReferencePanel(state).draw(&canvas, rect) }
}

/// What the reference shows, and how far it is scrolled.
struct ReferenceState: PanelState {
  struct Line {
    var text: String
    var role = Role.text
    /// Columns its further rows are indented by.
    var hanging = 0
  }
  var title = ""
  var lines: [Line] = []
  var scroll = 0
}

extension ViewState {
  var reference: ReferenceState {
    get { self[ReferenceState.self] }
    set { self[ReferenceState.self] = newValue }
  }

  /// Shows the declaration of a command.
  package mutating func showReference(of entry: CommandEntry) {
    reference = ReferenceState(title: entry.name, lines: ReferencePanel.lines(entry))
    screen = .reference
  }

  /// Shows how a statement is written.
  package mutating func showReference(of verb: Verb) {
    reference = ReferenceState(title: verb.name, lines: ReferencePanel.lines(verb))
    screen = .reference
  }
}

/// The declaration of a command, or of a statement, as a text.
struct ReferencePanel {
  let state: ReferenceState
  let keys: KeyBindings

  init(_ state: ViewState) {
    self.state = state.reference
    keys = state.bindings
  }

  /// Of the step that is chosen in the trace, or of the last call.
  @Sendable static func open(_ effect: inout Effect) {
    let step = effect.state.traceStep ?? effect.session.lastCallStep
    guard let step, step > 0, let fid = effect.session.steps[step - 1].result.fid, let entry = Calls.called(fid) else {
      return effect.say("step \(effect.state.traceStep ?? effect.session.position) is no call", isError: true)
    }
    effect.state.showReference(of: entry)
  }

  static func lines(_ entry: CommandEntry) -> [ReferenceState.Line] {
    typealias Line = ReferenceState.Line
    var lines = [
      Line(text: "\(entry.name) \(entry.argumentNames.joined(separator: " "))", role: .title, hanging: 2),
      Line(
        text:
          "\(entry.interface.rawValue) 0x\(String(entry.fid, radix: 16, uppercase: true)) · \(entry.section) · \(entry.summary)",
        hanging: 2),
    ]
    func registers(_ title: String, _ rows: [(register: Int, name: String, meaning: String)]) {
      guard !rows.isEmpty else { return }
      let width = (rows.map(\.name.count).max() ?? 0) + 2
      lines += [Line(text: ""), Line(text: title, role: .accent)]
      lines += rows.map {
        Line(text: "  X\($0.register)".padding(6) + $0.name.padding(width) + $0.meaning, hanging: width + 6)
      }
    }
    registers("Arguments", entry.inputs.map { (Int($0.register), $0.name.description, $0.meaning.description) })
    registers(
      "Answers, beside the status in X0", entry.outputs.map { (Int($0.register), $0.name.description, $0.meaning.description) })
    let conditions = entry.list(Machine(MachineConfiguration()))
    lines.append(Line(text: ""))
    guard !conditions.isEmpty else { return lines + [Line(text: "It has no failure condition.", role: .dim)] }
    let width = (conditions.map(\.id.count).max() ?? 0) + 2
    lines.append(Line(text: "Conditions, in the order in which they are evaluated; the first that holds decides", role: .accent))
    for condition in conditions {
      lines.append(Line(text: "  \(condition.id.padding(width))\(condition.text) → \(condition.status)", hanging: width + 2))
    }
    return lines
  }

  static func lines(_ verb: Verb) -> [ReferenceState.Line] {
    typealias Line = ReferenceState.Line
    var lines = [Line(text: verb.usage, role: .title), Line(text: verb.help)]
    if !verb.details.isEmpty { lines.append(Line(text: verb.details)) }
    let places = Verb.Place.allCases.filter { verb.places[$0] == .performed }.map(\.rawValue)
    lines += [Line(text: ""), Line(text: "For \(places.joined(separator: ", ")).", role: .dim)]
    if !verb.examples.isEmpty {
      lines += [Line(text: ""), Line(text: "Such as", role: .accent)] + verb.examples.map { Line(text: "  \($0)") }
    }
    return lines
  }

  private func wrapped(_ width: Int) -> [(String, Role)] {
    state.lines.flatMap { line in
      WhyPanel.wrap(line.text, to: width, hanging: line.hanging).map { ($0, line.role) }
    }
  }

  func lines(_ rect: Rect) -> PanelLines {
    let inside = rect.inside
    let rows = wrapped(inside.width - 2)
    return PanelLines(
      count: rows.count, chosen: min(state.scroll, max(0, rows.count - inside.height)), area: inside, isText: true,
      text: { rows[$0].0 }, choose: { $1.reference.scroll = $0 })
  }

  func draw(_ canvas: inout Canvas, _ rect: Rect) {
    let inside = canvas.frame(rect, "Reference", note: state.title, focused: true)
    guard !inside.isEmpty else { return }
    if state.lines.isEmpty {
      canvas.text(
        inside.x + 1, inside.y, "\(keys[.command])help NAME shows what a command or a statement is.", .dim,
        limit: inside.width - 2)
      return
    }
    let rows = wrapped(inside.width - 2)
    let first = min(state.scroll, max(0, rows.count - inside.height))
    canvas.markEnds(inside, first: first, count: rows.count)
    for (n, row) in rows.dropFirst(first).prefix(inside.height).enumerated() {
      canvas.text(inside.x + 1, inside.y + n, row.0, row.1, limit: inside.width - 2)
    }
  }
}
