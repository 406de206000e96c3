import Engine

extension Panel {
  package static let trace: Panel = Panel(
    "trace", "Trace", .tile, key: ["4"], "Every crossing between worlds, decoded.", actions: [.details],
    hints: { _ in
      [
        KeyHint(.up, .down, label: "step"), KeyHint(.travel), KeyHint(.left, .right, label: "fold"), KeyHint(.find),
        KeyHint(opening: .why),
      ]
    },
    prepared: { session, state in
      state[TraceFolds.self].follow(session)
      state[TraceSteps.self].follow(session, state)
    }, listed: { TracePanel($0, $1).lines($2) },
    empty: { session, _ in session.steps.isEmpty ? "nothing has been done yet" : nil },
    notable: "step that was refused or faulted",
    moved: { motion, effect in if !motion.isSideways || !TraceFolds.move(motion, &effect) { Panel.trace.scroll(motion, &effect) }
    },
    chosen: { effect in if let step = effect.state.traceStep { effect.ask(.travel(to: step)) } },
    clicked: TracePanel.click
  ) { canvas, rect, session, state, focused in TracePanel(session, state).draw(&canvas, rect, focused: focused) }
}

extension UserAction {
  package static let details: UserAction = UserAction(
    "details", ["d"], "Events in the trace", "Shows or hides what happened inside each step."
  ) {
    $0.state.traceDetails.toggle()
  }
}

/// Every crossing of a boundary, decoded, nested below the step it belongs to.
package struct TracePanel {
  let session: Session
  let state: ViewState

  package init(_ session: Session, _ state: ViewState) {
    self.session = session
    self.state = state
  }

  struct Row {
    var step: Int
    var isHead: Bool
    var layer: String
    var text: String
    var answer: String
    var role: Role
    /// A statement that stood for the steps below it.
    var isGroup = false
    /// The steps of one that is closed, counted from 0.
    var folded: Range<Int>?

    /// Whether it is the line of a step.
    func has(_ number: Int) -> Bool { isHead && (folded?.contains(number - 1) ?? (step == number)) }

    /// What is sought is sought in this.
    var line: String { "\(layer) \(text) \(answer)" }
  }

  /// The rows of a step: the call, then what happened inside that matters.
  func rows(_ index: Int) -> [Row] {
    if isFolded, let group = state[TraceFolds.self].closed(around: index, session) {
      return groups(group.first, outside: group.depth) + [folded(group)]
    }
    let step = session.steps[index]
    let failed = step.hasFailed
    let depth = session.groups(around: index).count
    let inside = String(repeating: "  ", count: depth)
    var rows = groups(index)
    rows.append(
      Row(
        step: index + 1, isHead: true, layer: layer(step), text: inside + session.labels.text(title(step, index + 1)),
        answer: session.labels.text(Decoder.summary(step.result)),
        role: index >= session.position ? .dim : failed ? .fault : .text))
    // Of the many steps of one statement, what happened inside the one that is chosen.
    let isChosen = index + 1 == state.traceStep ?? session.position
    guard state.traceDetails, depth == 0 || isChosen || failed else {
      return rows + lab(index) + failures(index + 1)
    }
    for event in step.events {
      switch event.kind {
      case .gpi, .granule, .realmState, .call, .exit, .injection, .fault, .interrupt, .virtualInterrupt, .exception, .measurement:
        if event.isCallsException { continue }
        rows.append(
          Row(
            step: index + 1, isHead: false, layer: event.layer, text: session.labels.text(event.text), answer: "",
            role: event.kind == .fault || event.kind == .injection ? .fault : .dim))
      default: break
      }
    }
    // A step that moves many granules is summed up.
    let most = groups(index).count + 6
    if rows.count > most + 1 {
      let more = rows.count - most
      rows.removeLast(more)
      rows.append(Row(step: index + 1, isHead: false, layer: "", text: "… \(more) more events", answer: "", role: .dim))
    }
    return rows + lab(index) + failures(index + 1)
  }

  /// On a machine of the lab: which checks that are off it has passed, and which rules of the model it has broken.
  private func lab(_ index: Int) -> [Row] {
    let result = session.steps[index].result
    let passed = result.overruled.map { name in
      Row(step: index + 1, isHead: false, layer: "LAB", text: "passes \(name), which is off", answer: "", role: .warning)
    }
    let broken = result.broken.prefix(Self.mostBroken).map { violation in
      Row(
        step: index + 1, isHead: false, layer: "LAB",
        text: "✗ breaks \(violation.rule): \(session.labels.text(violation.detail))", answer: "", role: .fault)
    }
    let more = result.broken.count - broken.count
    let rest = Row(step: index + 1, isHead: false, layer: "LAB", text: "… \(more) more", answer: "", role: .fault)
    return passed + broken + (more > 0 ? [rest] : [])
  }

  /// Most broken rules that are shown of a step.
  private static let mostBroken = 4

  /// What was expected of a step and did not come: never left out.
  private func failures(_ step: Int) -> [Row] {
    session.captions.of(step).filter { $0.kind == .failed }.map {
      Row(step: step, isHead: false, layer: "✗", text: $0.text, answer: "", role: .fault)
    }
  }

  /// Whether statements that stood for others are one line each. Whoever seeks something seeks it in all steps.
  private var isFolded: Bool { state.filter.isEmpty && session.steps.count <= TraceSteps.limit }

  /// The line of one that is closed: how many steps it has, and what came of the last of them, if that was not what was wanted.
  private func folded(_ group: StepGroup) -> Row {
    let range = group.range.clamped(to: 0..<session.steps.count)
    let last = session.steps[range.upperBound - 1]
    let count = "\(range.count) step\(range.count == 1 ? "" : "s")"
    return Row(
      step: range.upperBound, isHead: true, layer: "", text: String(repeating: "  ", count: group.depth) + "▸ \(group.text)",
      answer: last.hasFailed ? "\(Decoder.summary(last.result)), \(count)" : count,
      role: range.lowerBound >= session.position ? .dim : last.hasFailed ? .fault : .accent, folded: range)
  }

  /// Statements that stood for others and begin with a step: those around one of that depth, if it is said.
  private func groups(_ index: Int, outside depth: Int = .max) -> [Row] {
    session.groups(beginningAt: index).filter { $0.depth < depth }.map { group in
      Row(
        step: index + 1, isHead: false, layer: "", text: String(repeating: "  ", count: group.depth) + "▾ \(group.text)",
        answer: "\(group.count) step\(group.count == 1 ? "" : "s")", role: index >= session.position ? .dim : .accent,
        isGroup: true)
    }
  }

  private func layer(_ step: Session.Step) -> String {
    guard case .action(let action) = step.input else { return "boot" }
    switch action {
    case .smc(let world, _): return ProcessingElement.place(world, world == .secure ? 1 : 2)
    case .access(let access) where access.isDevice: return "DMA"
    case .access(let access): return ProcessingElement.place(access.world, access.world == .secure ? 1 : 2)
    case .guest, .guestClear: return "R-EL1"
    case .assignGranule: return "EL3"
    case .enterVCPU: return "NS-EL2"
    case .switches: return "LAB"
    case .setRegister, .selectPE, .resume, .guestPause, .idle: return "PE"
    }
  }

  /// The field of a structure that a step's access is of.
  private func field(_ number: Int) -> String {
    session.fieldPlace(ofStep: number, reach: Self.reach).map { "  \($0.field) of \($0.structure)" } ?? ""
  }

  /// How many steps before and after an access are looked at for the call that tells what lies there.
  private static let reach = 64

  private func title(_ step: Session.Step, _ number: Int) -> String {
    if case .action(let action) = step.input, case .smc = action { return step.call }
    return step.call + field(number)
  }

  /// The rows of a step that are shown: all, or with its head those that have what is sought.
  private func shownRows(_ index: Int) -> [Row] {
    let rows = rows(index)
    guard !state.filter.isEmpty else { return rows }
    let needle = Needle(state.filter)
    let matching = rows.filter { needle.matches($0.line) }
    // An event without its step would say nothing of when it happened.
    return rows.filter { row in row.isHead && !matching.contains { $0.isHead } } + matching
  }

  /// The rows that fit, ending with the step the trace is at.
  func window(_ height: Int) -> [Row] {
    let matching = TraceSteps.matching(session, state)
    let count = matching?.count ?? session.steps.count
    func step(_ n: Int) -> Int { matching?[n] ?? n }
    let selected = min(state.traceStep ?? session.position, session.steps.count)
    // As many of those that are shown come up to the one that is chosen.
    let anchor = matching.map { steps in steps.prefix { $0 < selected }.count } ?? selected
    var rows: [Row] = []
    var n = anchor - 1
    while n >= 0, rows.count < height {
      rows = shownRows(step(n)) + rows
      n -= 1
    }
    // Some of what comes later, if the person has gone back; more of it near the beginning.
    let room = max(height / 3, height - rows.count)
    var after: [Row] = []
    n = anchor
    while n < count, after.count < room {
      after += shownRows(step(n))
      n += 1
    }
    let keep = min(after.count, room)
    return Array(rows.suffix(height - keep)) + after.prefix(keep)
  }

  /// A click on a row chooses its step; on the one that is chosen it goes there.
  @Sendable static func click(_ x: Int, _ y: Int, _ rect: Rect, _ effect: inout Effect) {
    let panel = TracePanel(effect.session, effect.state)
    let inside = rect.inside
    let rows = panel.window(inside.height)
    guard inside.contains(x, y), y - inside.y < rows.count else { return }
    let step = rows[y - inside.y].step
    if step == effect.state.traceStep { return effect.ask(.travel(to: step)) }
    effect.state.traceStep = step == effect.session.position ? nil : step
  }

  /// A line for each step that is shown.
  func lines(_ rect: Rect) -> PanelLines {
    let matching = TraceSteps.matching(session, state)
    let selected = state.traceStep ?? session.position
    let position = session.position
    let chosen = matching.map { steps in steps.firstIndex { $0 >= selected - 1 } ?? steps.count - 1 } ?? selected - 1
    let count = matching?.count ?? session.steps.count
    return PanelLines(
      count: count, chosen: chosen, area: rect.inside, isFiltered: !state.filter.isEmpty,
      text: { rows(matching?[$0] ?? $0).map(\.line).joined(separator: "\n") },
      isNotable: { session.steps.hasFailed(matching?[$0] ?? $0) },
      choose: { line, state in
        guard line < count else { return }
        let step = (matching?[line] ?? line) + 1
        state.traceStep = step == position ? nil : step
      })
  }

  package func draw(_ canvas: inout Canvas, _ rect: Rect, focused: Bool) {
    let keys = state.bindings
    let note = focused && !session.steps.isEmpty ? "\(keys[.find]) find · \(keys.glyphs([.travel])) travel" : ""
    let inside = canvas.frame(rect, "Trace", note: note, focused: focused)
    guard !inside.isEmpty else { return }
    if session.steps.isEmpty {
      drawBoot(&canvas, inside)
      return
    }
    let selected = state.traceStep ?? session.position
    for (n, row) in window(inside.height).enumerated() {
      let y = inside.y + n
      let isSelected = row.has(selected) && focused
      let current = row.has(session.position)
      var x = inside.x
      if row.isHead {
        canvas.text(x, y, "\(current ? "▶" : " ")\(String(row.step).leftPadded(4))", current ? .accent : .dim)
        x = canvas.text(x + 7, y, row.layer.padding(7), row.role == .fault ? .fault : .dim)
      } else if row.isGroup {
        x += 7
      } else {
        x = canvas.text(x + 7, y, "└ \(row.layer) ".padding(8), row.role == .fault ? .fault : .dim)
      }
      let room = inside.x + inside.width - x
      let answerWidth = min(row.answer.count, max(room / 2, 12))
      canvas.text(x, y, row.text, isSelected ? .selected : row.role, limit: room - (answerWidth > 0 ? answerWidth + 1 : 0))
      if answerWidth > 0 {
        canvas.text(
          inside.x + inside.width - answerWidth, y, row.answer, row.role == .fault ? .fault : row.isGroup ? .dim : .ok,
          limit: answerWidth)
      }
    }
  }

  private func drawBoot(_ canvas: inout Canvas, _ rect: Rect) {
    var y = rect.y
    for event in session.bootEvents where event.kind == .boot && y < rect.y + rect.height {
      let stage = BootStage(rawValue: Int(event.a))
      canvas.text(rect.x + 1, y, (stage?.name ?? "").padding(6), .root)
      for line in WhyPanel.wrap(stage?.summary ?? "", to: max(8, rect.width - 9), hanging: 0) where y < rect.y + rect.height {
        canvas.text(rect.x + 8, y, line, .dim, limit: rect.width - 9)
        y += 1
      }
    }
    // In a lesson it is the lesson that says where to begin.
    guard state.screen != .lesson, state.lesson.picture == nil else { return }
    let keys = state.bindings
    let beginnings = [
      (keys[.palette], "everything there is to do here, found by what one types"),
      (keys[Panel.course], "a course of lessons, whose goals this machine checks as you go"),
      ("\(keys[.command])realm", "makes a small Realm; each call it takes is a step of its own"),
      (keys[.boot], "boots a guest in a Realm, to step, to watch and to attest"),
      ("\(keys[.command])open", "sessions to read: what is done, and why it is answered so"),
      ("\(keys[.command])RMI_GRANULE_DELEGATE 0x80001000", "one call; \(keys[.why]) says why"),
    ]
    let lines =
      [("Booted: the Host has all of DRAM, and no Realm is there. Where to begin:", "")] + beginnings
    if rect.y + rect.height > y + lines.count { y += 1 }
    for (n, (key, text)) in lines.enumerated() where y + n < rect.y + rect.height {
      let isKey = n > 0
      let x = canvas.text(rect.x + 1, y + n, isKey ? "  \(key.padding(8))" : key, isKey ? .key : .text, limit: rect.width - 2)
      canvas.text(x + 1, y + n, text, .dim, limit: rect.x + rect.width - 2 - x)
    }
  }
}

extension String {
  func leftPadded(_ width: Int) -> String { String(repeating: " ", count: max(0, width - count)) + self }
}
