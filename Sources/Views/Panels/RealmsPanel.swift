import Engine

extension Panel {
  public static let realms: Panel = Panel(
    "realms", "Realms", .tile, key: ["3"], "Realms, their RECs, tables and measurements.",
    hints: { _ in [KeyHint(.up, .down, label: "line"), KeyHint(.travel, label: "map, or steps of a RIM")] },
    listed: { RealmsPanel($0, $1).lines($2) }, chosen: RealmsPanel.choose,
    copied: { session, state in
      let rows = RealmsPanel(session, state).rows()
      return rows.isEmpty ? nil : hex(rows[min(state.realmRow, rows.count - 1)].address)
    }
  ) { canvas, rect, session, state, focused in RealmsPanel(session, state).draw(&canvas, rect, focused: focused) }
}

extension ViewState {
  private struct Realms: PanelState {
    var row = 0
  }

  /// The chosen line of the Realms.
  public var realmRow: Int {
    get { self[Realms.self].row }
    set { self[Realms.self].row = newValue }
  }
}

/// The Realms as a tree, down to RECs, tables and measurements. Each line stands for a granule the map can show.
public struct RealmsPanel {
  let session: Session
  let state: ViewState

  public init(_ session: Session, _ state: ViewState) {
    self.session = session
    self.state = state
  }

  public struct Row: Sendable, Equatable {
    public var text: String
    public var role: Role
    /// The granule the line is about.
    public var address: UInt64
    public var changed: Bool
    /// The Realm whose measurement this is.
    public var measured: UInt64?
  }

  public func rows() -> [Row] {
    let changed = changedObjects()
    var rows: [Row] = []
    for realm in session.read({ $0.realmSummaries() }) {
      // A name that says no more than that it is an RD is none here.
      let name = session.labels[realm.rd].flatMap { $0 == "rd" ? nil : $0 } ?? hex(realm.rd)
      rows.append(
        Row(
          text: "▾ realm \(realm.number)  \(realm.state.name)  vmid \(realm.vmid)  rd \(name)",
          role: realm.state == .active ? .realm : realm.state == .new ? .warning : .dim, address: realm.rd,
          changed: changed.contains(realm.rd)))
      rows.append(
        Row(
          text: "  IPA \(realm.ipaWidth) bits · \(realm.hash.name) · start level \(realm.startLevel)", role: .dim,
          address: realm.rd, changed: false))
      rows.append(
        Row(
          text: "  RIM \(short(realm.measurements[0]))", role: .text, address: realm.rd,
          changed: changed.contains(realm.rd), measured: realm.rd))
      for n in 1...4 where realm.measurements[n].contains(where: { $0 != 0 }) {
        rows.append(
          Row(
            text: "  REM\(n - 1) \(short(realm.measurements[n]))", role: .text, address: realm.rd,
            changed: changed.contains(realm.rd), measured: realm.rd))
      }
      for rec in realm.recs {
        let what = rec.running ? "RUNNING" : rec.runnable ? "runnable" : "off"
        let pending = rec.pending.isEmpty ? "" : " · waits: \(rec.pending)"
        rows.append(
          Row(
            text: "  ▸ REC \(rec.index) \(what) pc \(hex(rec.pc))\(pending)",
            role: rec.running ? .accent : rec.runnable ? .rec : .dim, address: rec.address,
            changed: changed.contains(rec.address)))
      }
      let ns = realm.assignedNS == 0 ? "" : " · \(realm.assignedNS) shared"
      rows.append(
        Row(
          text:
            "  ▸ RTT \(realm.tables) table\(realm.tables == 1 ? "" : "s") · \(realm.assigned) page\(realm.assigned == 1 ? "" : "s")\(ns)",
          role: .rtt, address: realm.rd, changed: false))
    }
    return rows
  }

  private func short(_ bytes: [UInt8]) -> String {
    let text = hexBytes(bytes.prefix(12))
    return stride(from: 0, to: text.count, by: 4).map { start in
      let from = text.index(text.startIndex, offsetBy: start)
      return String(text[from..<(text.index(from, offsetBy: 4, limitedBy: text.endIndex) ?? text.endIndex)])
    }.joined(separator: " ") + "…"
  }

  private func changedObjects() -> Set<UInt64> {
    var result = Set<UInt64>()
    for event in session.lastStep?.events ?? [] {
      switch event.kind {
      case .granule, .realmState, .measurement, .exit: result.insert(event.a)
      default: break
      }
    }
    return result
  }

  func lines(_ rect: Rect) -> PanelLines {
    let rows = rows()
    return PanelLines(
      count: rows.count, chosen: state.realmRow, area: rect.inside, text: { rows[$0].text }, choose: { $1.realmRow = $0 })
  }

  /// A measurement leads to the steps that made it, another line to its granule.
  @Sendable static func choose(_ effect: inout Effect) {
    let rows = RealmsPanel(effect.session, effect.state).rows()
    guard !rows.isEmpty else { return }
    let row = rows[min(effect.state.realmRow, rows.count - 1)]
    if let rd = row.measured {
      effect.state.token.realm = rd
      effect.state.token.tab = .provenance
      effect.state.token.row = 0
      effect.state.screen = .token
    } else {
      effect.state.cursor = row.address
      effect.state.focus = .granules
    }
  }

  public func draw(_ canvas: inout Canvas, _ rect: Rect, focused: Bool) {
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
    for (n, row) in rows.dropFirst(first).prefix(inside.height).enumerated() {
      let isSelected = focused && first + n == selected
      canvas.text(
        inside.x, inside.y + n, row.text, row.changed ? .changed : isSelected ? .selected : row.role, limit: inside.width)
    }
  }
}
