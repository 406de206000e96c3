import Engine

extension Panel {
  package static let realms: Panel = Panel(
    "realms", "Realms", .tile, key: ["3"], "Realms, their RECs, tables and measurements.",
    hints: { _ in
      [
        KeyHint(.up, .down, label: "line"), KeyHint(.left, .right, label: "fold"),
        KeyHint(.travel, label: "map, or steps of a RIM"), KeyHint(.changeBefore, .nextChange, label: "changes"),
      ]
    },
    listed: { RealmsPanel($0, $1).lines($2) },
    empty: { session, _ in session.read { $0.control.realms.isEmpty } ? "there is no realm" : nil }, moved: RealmsPanel.move,
    changing: { RealmsPanel($0, $1).chosen?.subject }, chosen: RealmsPanel.choose,
    copied: { session, state in RealmsPanel(session, state).chosen.map { hex($0.address) } }
  ) { canvas, rect, session, state, focused in RealmsPanel(session, state).draw(&canvas, rect, focused: focused) }
}

/// The Realms as a tree, down to RECs, tables and measurements. Each line stands for a granule the map can show.
package struct RealmsPanel {
  let session: Session
  let state: ViewState

  package init(_ session: Session, _ state: ViewState) {
    self.session = session
    self.state = state
  }

  package func rows() -> [RealmRows.Row] { RealmRows(session, state).rows }

  var chosen: RealmRows.Row? {
    let rows = rows()
    return rows.isEmpty ? nil : rows[min(state.realmRow, rows.count - 1)]
  }

  func lines(_ rect: Rect) -> PanelLines {
    let rows = rows()
    return PanelLines(
      count: rows.count, chosen: state.realmRow, area: rect.inside, text: { rows[$0].text }, choose: { $1.realmRow = $0 })
  }

  /// To the right a line is opened; to the left it is closed, or one goes to the line it belongs to.
  @Sendable static func move(_ motion: Motion, _ effect: inout Effect) {
    guard motion.isSideways else { return Panel.realms.scroll(motion, &effect) }
    let rows = RealmsPanel(effect.session, effect.state).rows()
    guard !rows.isEmpty else { return }
    let line = min(effect.state.realmRow, rows.count - 1)
    let row = rows[line]
    if let fold = row.fold, row.isOpen != (motion == .right) {
      effect.state[RealmFolds.self].turn(fold)
    } else if motion == .left, let parent = rows[..<line].lastIndex(where: { $0.depth < row.depth }) {
      effect.state.realmRow = parent
    }
  }

  /// A measurement leads to the steps that made it, another line to its granule.
  @Sendable static func choose(_ effect: inout Effect) {
    guard let row = RealmsPanel(effect.session, effect.state).chosen else { return }
    if case .measurement(let rd, _) = row.subject {
      effect.state.token.realm = rd
      effect.state.token.tab = .provenance
      effect.state.token.row = 0
      effect.state.screen = .token
    } else {
      effect.state.cursor = row.address
      effect.state.focus = .granules
    }
  }

  package func draw(_ canvas: inout Canvas, _ rect: Rect, focused: Bool) {
    let rows = rows()
    let inside = canvas.frame(rect, "Realms", focused: focused)
    guard !inside.isEmpty else { return }
    if rows.isEmpty {
      canvas.text(inside.x + 1, inside.y, "No realm yet.", .dim, limit: inside.width - 1)
      canvas.text(inside.x + 1, inside.y + 1, "RMI_REALM_CREATE makes one from", .dim, limit: inside.width - 1)
      canvas.text(inside.x + 1, inside.y + 2, "DELEGATED granules.", .dim, limit: inside.width - 1)
      return
    }
    let selected = min(state.realmRow, rows.count - 1)
    let first = PanelLines.first(selected, rows.count, inside.height)
    canvas.markEnds(inside, first: first, count: rows.count)
    for (n, row) in rows.dropFirst(first).prefix(inside.height).enumerated() {
      let isSelected = focused && first + n == selected
      let isChanged = row.subject.map(session.lastStepChanges) ?? false
      let role: Role = isSelected ? .selected : isChanged ? .changed : row.role
      let mark = isSelected && isChanged ? 2 : 0
      let text = row.whole.flatMap { $0.count <= inside.width - mark ? $0 : nil } ?? row.text
      let end = canvas.text(inside.x, inside.y + n, text, role, limit: inside.width - mark)
      // Where one stands both can be seen.
      if mark > 0 { canvas.text(end, inside.y + n, " *", .changed) }
    }
  }
}
