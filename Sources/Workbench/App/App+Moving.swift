import Engine
import Views

/// Moving what is looked at: cursor, zoom, focus, mouse.
extension App {
  func move(_ action: AppAction) {
    switch state.screen {
    case .rtt: moveIPA(action)
    case .token: moveOnToken(action)
    case .guest:
      if action == .left || action == .up { travel(to: max(0, session.position - 1)) }
      if action == .right || action == .down { travel(to: min(session.steps.count, session.position + 1)) }
    case .why:
      if action == .down { state.whyScroll += 1 } else if action == .up { state.whyScroll = max(0, state.whyScroll - 1) }
    case .palette: break
    case .overview:
      switch (state.focus, action) {
      case (.granules, _): moveOnMap(action)
      case (_, .left): travel(to: max(0, session.position - 1))
      case (_, .right): travel(to: min(session.steps.count, session.position + 1))
      case (.trace, .up): choose(step: (state.traceStep ?? session.position) - 1)
      case (.trace, .down): choose(step: (state.traceStep ?? session.position) + 1)
      case (.realms, .up): state.realmRow = max(0, state.realmRow - 1)
      case (.realms, .down):
        state.realmRow = min(state.realmRow + 1, max(0, RealmsPanel(session, state).rows().count - 1))
      default: break
      }
    }
  }

  func moveOnToken(_ action: AppAction) {
    let tabs = TokenTab.allCases
    let tab = tabs.firstIndex(of: state.token.tab) ?? 0
    switch action {
    case .left, .right:
      state.token.tab = tabs[(tab + (action == .left ? tabs.count - 1 : 1)) % tabs.count]
      state.token.row = 0
    case .up: state.token.row = max(0, min(state.token.row, TokenPanel(session, state.token).rowCount - 1) - 1)
    default: state.token.row = min(state.token.row + 1, max(0, TokenPanel(session, state.token).rowCount - 1))
    }
  }

  func choose(step: Int) {
    let step = max(1, min(step, session.steps.count))
    guard !session.steps.isEmpty else { return }
    state.traceStep = step == session.position ? nil : step
  }

  func moveOnMap(_ action: AppAction) {
    let layout = Screens.layout(bodyRect, focus: .granules)
    guard let rect = layout[.granules] else { return }
    let map = GranulesPanel(session, state).geometry(rect)
    let configuration = session.configuration
    let memory = configuration.dramBase..<configuration.dramTop
    let (columns, rows) =
      switch action {
      case .up: (0, -1)
      case .down: (0, 1)
      case .left: (-1, 0)
      default: (1, 0)
      }
    state.mapBase = map.rows.rows[map.first].base
    state.cursor = map.rows.moved(state.cursor ?? memory.lowerBound, columns: columns, rows: rows, within: memory)
  }

  var bodyRect: Rect {
    Rect(0, 1, terminal.width, terminal.height - 2 - CommandLinePanel.extraRows(state, width: terminal.width))
  }

  func zoom(_ step: Int) {
    state.screen = .overview
    state.focus = .granules
    guard let rect = Screens.layout(bodyRect, focus: .granules)[.granules] else { return }
    let now = GranulesPanel(session, state).geometry(rect).rows.granules.trailingZeroBitCount
    state.zoom = max(0, now + step)
    if GranulesPanel(session, state).geometry(rect).rows.granules.trailingZeroBitCount < now + step { state.zoom = nil }
    if state.cursor == nil { state.cursor = session.configuration.dramBase }
  }

  func moveIPA(_ action: AppAction) {
    let rd = session.read { machine in
      machine.control.realms.isEmpty ? nil : machine.control.realms[min(state.rttRealm, machine.control.realms.count - 1)]
    }
    guard let rd, let report = session.read({ $0.walkReport(rd, state.rttIPA) }), let hop = report.hops.last else { return }
    let step = action == .left || action == .right ? hop.coverage &* 16 : hop.coverage
    let base = state.rttIPA & ~(hop.coverage - 1)
    let next = action == .up || action == .left ? base >= step ? base - step : 0 : base &+ step
    if session.read({ $0.walkReport(rd, next)?.hops.isEmpty == false }) { state.rttIPA = next }
  }

  func click(_ x: Int, _ y: Int, focusOnly: Bool = false) {
    guard state.screen == .overview else { return }
    let layout = Screens.layout(bodyRect, focus: state.focus)
    if layout.count == 1, y == bodyRect.y {
      var column = bodyRect.x + 1
      for panel in Panel.allCases {
        let width = panel.title.count + 4
        if x >= column, x < column + width { state.focus = panel }
        column += width + 1
      }
      return
    }
    for (panel, rect) in layout where rect.contains(x, y) {
      state.focus = panel
      if focusOnly { return }
      switch panel {
      case .granules:
        let map = GranulesPanel(session, state).geometry(rect)
        guard let address = map.address(at: x, y), address < session.configuration.dramTop else { return }
        state.cursor = address
      case .realms: state.realmRow = max(0, y - rect.y - 1)
      case .worlds, .trace: break
      }
    }
    let bottom = bodyRect.y + bodyRect.height - 1
    if y == bottom, !session.steps.isEmpty, terminal.width > 20 {
      travel(to: min(session.steps.count, x * (session.steps.count + 1) / terminal.width))
    }
  }
}
