import Engine

/// The RTT explorer: the walk of an IPA hop by hop with the granule check at its end, and the entries of the table where it ended.
public struct RTTPanel {
  let session: Session
  let state: ViewState

  public init(_ session: Session, _ state: ViewState) {
    self.session = session
    self.state = state
  }

  public func draw(_ canvas: inout Canvas, _ rect: Rect) {
    let realms = session.read { $0.control.realms }
    guard !realms.isEmpty else {
      let inside = canvas.frame(rect, "RTT", focused: true)
      canvas.text(inside.x + 1, inside.y, "There is no realm, so there are no tables to walk.", .dim, limit: inside.width - 2)
      canvas.text(
        inside.x + 1, inside.y + 1, "RMI_REALM_CREATE makes a realm; RMI_RTT_CREATE adds tables.", .dim, limit: inside.width - 2)
      return
    }
    let number = min(state.rttRealm, realms.count - 1)
    let rd = realms[number]
    guard let report = session.read({ $0.walkReport(rd, state.rttIPA) }) else { return }
    let walkHeight = min(rect.height / 2, 8 + report.hops.count)
    drawWalk(report, number, &canvas, Rect(rect.x, rect.y, rect.width, walkHeight))
    drawTables(report, rd, &canvas, Rect(rect.x, rect.y + walkHeight, rect.width, rect.height - walkHeight))
  }

  private func drawWalk(_ report: WalkReport, _ number: Int, _ canvas: inout Canvas, _ rect: Rect) {
    let half = report.isProtected ? "Protected" : "Unprotected"
    let inside = canvas.frame(
      rect, "Walk of \(hex(report.ipa))", note: "realm \(number + 1) · \(half) · i IPA · n next realm", focused: true)
    guard !inside.isEmpty else { return }
    var y = inside.y
    let bottom = inside.y + inside.height
    let narrow = inside.width < 96
    let heading =
      narrow
      ? "level  index  HIPAS          RIPAS      fields"
      : "level  table        index  descriptor          HIPAS          RIPAS      fields"
    canvas.text(inside.x + 1, y, heading, .dim, limit: inside.width - 2)
    y += 1
    for hop in report.hops where y < bottom {
      let isLast = hop.level == report.hops.last?.level
      let ripas = hop.hipas == .assigned || hop.hipas == .unassigned ? hop.ripas.name : "-"
      let place = narrow ? "" : "\(hex(hop.table).padding(12)) "
      let raw = narrow ? "" : "\(hex(hop.raw).padding(19)) "
      let line =
        "\(isLast ? "▶" : " ")\(String(hop.level).leftPadded(3))   \(place)\(String(hop.index).leftPadded(5))  "
        + "\(raw)\(hop.hipas.name.padding(14)) \(ripas.padding(10)) \(hop.bits)"
      canvas.text(inside.x + 1, y, line, isLast ? .title : role(hop.hipas, hop.ripas), limit: inside.width - 2)
      y += 1
    }
    if y < bottom, let address = report.address {
      canvas.text(inside.x + 1, y, "output address \(hex(address))", .text, limit: inside.width - 2)
      y += 1
    }
    if y < bottom, !report.hops.isEmpty {
      canvas.text(inside.x + 1, y, "granule protection check: \(report.check.text)", role(report.check), limit: inside.width - 2)
      y += 1
    }
    guard y < bottom else { return }
    var role = Role.warning
    if case .data = report.verdict { role = .ok }
    canvas.text(inside.x + 1, y, "→ \(report.verdict.text)", role, limit: inside.width - 2)
  }

  private func role(_ check: WalkReport.Check) -> Role {
    switch check {
    case .notReached, .noMemory: .dim
    case .passes: .ok
    case .fault: .fault
    }
  }

  private func role(_ hipas: HIPAS, _ ripas: RIPAS) -> Role {
    switch hipas {
    case .table: .rtt
    case .assigned: .data
    case .assignedNS: .normal
    case .unassignedNS: .dim
    case .unassigned: ripas == .ram ? .ok : ripas == .destroyed ? .fault : .dim
    }
  }

  /// The tables of the walk side by side, deepest last; as many as fit.
  private func drawTables(_ report: WalkReport, _ rd: UInt64, _ canvas: inout Canvas, _ rect: Rect) {
    guard !report.hops.isEmpty, rect.height > 2 else { return }
    let columns = max(1, min(report.hops.count, rect.width / 38))
    let width = rect.width / columns
    for (n, hop) in report.hops.suffix(columns).enumerated() {
      let last = n == columns - 1
      let part = Rect(rect.x + n * width, rect.y, last ? rect.width - n * width : width, rect.height)
      drawTable(hop, report, rd, &canvas, part)
    }
  }

  private func drawTable(
    _ hop: WalkReport.Hop, _ report: WalkReport, _ rd: UInt64, _ canvas: inout Canvas, _ rect: Rect
  ) {
    let inside = canvas.frame(rect, "level \(hop.level)", note: hex(hop.table))
    guard !inside.isEmpty else { return }
    let runs = session.read { machine in
      machine.entryRuns(
        rd, table: hop.table, level: hop.level, base: machine.tableBase(hop, ipa: report.ipa), limit: inside.height)
    }
    for (n, run) in runs.enumerated() {
      let here = run.first <= hop.index && hop.index <= run.last
      let range = run.first == run.last ? "\(run.first)" : "\(run.first)‥\(run.last)"
      let ripas = run.hipas == .assigned || run.hipas == .unassigned ? " \(run.ripas.name)" : ""
      let address = run.address.map { " \(hex($0))" } ?? ""
      canvas.text(
        inside.x, inside.y + n, "\(here ? "▶" : " ")\(range.padding(8)) \(run.hipas.name)\(ripas)\(address)",
        here ? .title : role(run.hipas, run.ripas), limit: inside.width)
    }
  }
}
