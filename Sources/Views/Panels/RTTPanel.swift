import Engine

extension Panel {
  package static let rtt: Panel = Panel(
    "rtt", "RTT explorer", key: ["t"], "Walks stage 2 tables level by level, with the granule check at the end.", label: "tables",
    actions: [.rttIPA, .nextRealm, .nextRange, .previousRange],
    hints: { _ in
      KeyHint.common
        + [
          KeyHint(.rttIPA), KeyHint(.nextRange, .previousRange, label: "range"), KeyHint(.nextRealm),
          KeyHint(.up, .down, label: "entry"), KeyHint(.changeBefore, .nextChange, label: "changes"),
        ]
    },
    prepared: { $1[RTTState.self].follow($0) },
    listed: { RTTPanel($0, $1).lines($2) },
    empty: { session, _ in UserAction.whyNoRealm(session) }, moved: RTTPanel.move, changing: RTTPanel.entry
  ) { canvas, rect, session, state, focused in RTTPanel(session, state).draw(&canvas, rect, focused: focused) }
}

extension UserAction {
  package static let rttIPA: UserAction = UserAction(
    "walk-ipa", ["i"], "Walk an IPA", "Asks for the IPA to walk.", label: "IPA",
    unless: { session, _ in whyNoRealm(session) }
  ) { effect in
    effect.state.screen = .rtt
    effect.ask(.open(.rttIPA, text: ""))
  }

  package static let nextRange: UserAction = UserAction(
    "next-range", ["+"], in: [.panel("rtt")], "Next range", "Walks the first IPA of the next range of the Realm's.",
    label: "next range", unless: hasNoRanges
  ) { RTTPanel.goToRange(1, &$0) }

  package static let previousRange: UserAction = UserAction(
    "previous-range", ["-"], in: [.panel("rtt")], "Previous range", "Walks the first IPA of the range before.",
    label: "previous range", unless: hasNoRanges
  ) { RTTPanel.goToRange(-1, &$0) }

  @Sendable private static func hasNoRanges(_ session: Session, _ state: ViewState) -> String? {
    state[RTTState.self].ranges.isEmpty ? "nothing is mapped in the Realm's IPA space" : nil
  }

  package static let nextRealm: UserAction = UserAction(
    "next-realm", ["O"], "Next of its kind", "Looks at the tables of another realm, at another token, or at another vCPU.",
    label: "next realm", unless: thereIsNoOther
  ) { effect in
    if effect.state.screen == .token { return TokenPanel.showNext(&effect) }
    if effect.state.screen == .guest { return GuestPanel.showNext(&effect) }
    effect.state[RTTState.self].chosen = nil
    effect.state.rttRealm = (effect.state.rttRealm + 1) % max(1, effect.session.read { $0.control.realms.count })
    effect.state.screen = .rtt
  }

  @Sendable private static func thereIsNoOther(_ session: Session, _ state: ViewState) -> String? {
    switch state.screen {
    case .token: session.tokens.count > 1 && state.token.file == nil ? nil : "there is no other token"
    case .guest: GuestPanel.vcpus(session).count > 1 ? nil : "there is no other vCPU"
    default: whyNoRealm(session) ?? (session.read { $0.control.realms.count } > 1 ? nil : "there is no other realm")
    }
  }

  fileprivate static func whyNoRealm(_ session: Session) -> String? {
    session.read { $0.control.realms.isEmpty } ? "there is no realm" : nil
  }
}

extension Prompt {
  static let rttIPA: Prompt = Prompt(
    "ipa", "IPA: ", help: "an IPA of the realm, such as 0x80000000",
    entered: { text, effect in
      do throws(ScriptError) {
        effect.state.rttIPA = try StatementParser(line: 0, names: effect.names).value(text)
      } catch {
        effect.say(error.message, isError: true)
      }
    })
}

extension ViewState {
  /// Which Realm's tables the RTT explorer walks, and the IPA it walks them for.
  package var rttRealm: Int {
    get { self[RTTState.self].realm }
    set { self[RTTState.self].realm = newValue }
  }
  package var rttIPA: UInt64 {
    get { self[RTTState.self].ipa }
    set { self[RTTState.self].chosen = newValue }
  }
}

/// The RTT explorer: the walk of an IPA hop by hop with the granule check at its end, and the entries of the table where it ended.
package struct RTTPanel {
  let session: Session
  let state: ViewState
  private let ranges: [MappedRange]

  package init(_ session: Session, _ state: ViewState) {
    var state = state
    state[RTTState.self].follow(session)
    self.session = session
    self.state = state
    ranges = state[RTTState.self].ranges
  }

  /// One entry on or back, or sixteen to the side; pages, first and last are those of the runs of entries that are alike.
  @Sendable static func move(_ motion: Motion, _ effect: inout Effect) {
    let (session, state) = (effect.session, effect.state)
    let rd = session.read { machine in
      machine.control.realms.isEmpty ? nil : machine.control.realms[min(state.rttRealm, machine.control.realms.count - 1)]
    }
    guard let rd, let report = session.read({ $0.walkReport(rd, state.rttIPA) }), let hop = report.hops.last else { return }
    if ![.up, .down, .left, .right].contains(motion) { return Panel.rtt.scroll(motion, &effect) }
    let step = motion.isSideways ? hop.coverage &* 16 : hop.coverage
    let base = state.rttIPA & ~(hop.coverage - 1)
    let next = motion.isBack ? base >= step ? base - step : 0 : base &+ step
    if session.read({ $0.walkReport(rd, next)?.hops.isEmpty == false }) { effect.state.rttIPA = next }
  }

  /// The entry at which the walk ends.
  @Sendable static func entry(_ session: Session, _ state: ViewState) -> Changing? {
    session.read { machine in
      let realms = machine.control.realms
      guard !realms.isEmpty else { return nil }
      let report = machine.walkReport(realms[min(state.rttRealm, realms.count - 1)], state.rttIPA)
      return report?.hops.last.map { .entry($0.table + UInt64($0.index) * 8) }
    }
  }

  /// The runs of the table in which the walk ends.
  func lines(_ rect: Rect) -> PanelLines {
    let found: (report: WalkReport, hop: WalkReport.Hop, runs: [EntryRun])? = session.read { machine in
      let realms = machine.control.realms
      guard !realms.isEmpty else { return nil }
      let rd = realms[min(state.rttRealm, realms.count - 1)]
      guard let report = machine.walkReport(rd, state.rttIPA), let hop = report.hops.last else { return nil }
      let base = machine.tableBase(hop, ipa: report.ipa)
      return (report, hop, machine.entryRuns(rd, table: hop.table, level: hop.level, base: base, limit: .max))
    }
    guard let (report, hop, runs) = found else {
      return PanelLines(count: 0, chosen: 0, area: rect.inside, text: { _ in "" }, choose: { _, _ in })
    }
    let top = Self.walkHeight(report, rect)
    return PanelLines(
      count: runs.count, chosen: runs.firstIndex { $0.first <= hop.index && hop.index <= $0.last } ?? 0,
      area: Rect(rect.x, rect.y + top, rect.width, rect.height - top - Self.detailHeight(rect)).inside,
      text: { Self.text(runs[$0]) },
      choose: { $1.rttIPA = runs[$0].ipa })
  }

  /// Walks the first IPA of the range that is so many on.
  static func goToRange(_ step: Int, _ effect: inout Effect) {
    let ranges = effect.state[RTTState.self].ranges
    let ipa = effect.state.rttIPA
    let next = step > 0 ? ranges.first { $0.ipa > ipa } : ranges.last { $0.ipa < ipa }
    guard let next else { return effect.say(step > 0 ? "this is the last range" : "this is the first range") }
    effect.state.rttIPA = next.ipa
  }

  /// Columns a table needs at least.
  private static let tableWidth = 30

  private static func walkHeight(_ report: WalkReport, _ rect: Rect) -> Int { min(rect.height / 2, 8 + report.hops.count) }

  /// Rows below the tables that a large screen has for the entry at which the walk ends.
  private static func detailHeight(_ rect: Rect) -> Int { rect.width >= 150 && rect.height >= 40 ? min(20, rect.height / 3) : 0 }

  private static func text(_ run: EntryRun) -> String {
    let range = run.first == run.last ? "\(run.first)" : "\(run.first)‥\(run.last)"
    let ripas = run.hipas == .assigned || run.hipas == .unassigned ? " \(run.ripas.name)" : ""
    let address = run.address.map { " \(hex($0))" } ?? ""
    return "\(range.padding(8)) \(run.hipas.name)\(ripas)\(address)"
  }

  package func draw(_ canvas: inout Canvas, _ rect: Rect, focused: Bool) {
    let realms = session.read { $0.control.realms }
    guard !realms.isEmpty else {
      let inside = canvas.frame(rect, "RTT", focused: focused)
      canvas.text(inside.x + 1, inside.y, "There is no realm, so there are no tables to walk.", .dim, limit: inside.width - 2)
      canvas.text(
        inside.x + 1, inside.y + 1, "RMI_REALM_CREATE makes a realm; RMI_RTT_CREATE adds tables.", .dim, limit: inside.width - 2)
      return
    }
    let number = min(state.rttRealm, realms.count - 1)
    let rd = realms[number]
    guard let report = session.read({ $0.walkReport(rd, state.rttIPA) }) else { return }
    let walkHeight = Self.walkHeight(report, rect)
    drawWalk(report, number, &canvas, Rect(rect.x, rect.y, rect.width, walkHeight), focused)
    let detailHeight = Self.detailHeight(rect)
    drawDetail(report, rd, &canvas, Rect(rect.x, rect.y + rect.height - detailHeight, rect.width, detailHeight))
    var tables = Rect(rect.x, rect.y + walkHeight, rect.width, rect.height - walkHeight - detailHeight)
    let list = RTTRanges(ranges)
    // The ranges first: who looks for a page reads them, and sees the tables of where it is beside them.
    let width = list.width
    if rect.width >= width + Self.tableWidth, tables.height > 2 {
      list.draw(&canvas, Rect(tables.x, tables.y, width, tables.height), at: report.ipa)
      tables = Rect(tables.x + width, tables.y, tables.width - width, tables.height)
    }
    drawTables(report, rd, &canvas, tables)
  }

  private func drawWalk(_ report: WalkReport, _ number: Int, _ canvas: inout Canvas, _ rect: Rect, _ focused: Bool) {
    let half = report.isProtected ? "Protected" : "Unprotected"
    let keys = state.bindings
    let others = session.read { $0.control.realms.count } > 1 ? " · \(keys[.nextRealm]) next realm" : ""
    let inside = canvas.frame(
      rect, "Walk of \(hex(report.ipa))", note: "realm \(number + 1) · \(half) · \(keys[.rttIPA]) IPA\(others)",
      focused: focused)
    guard !inside.isEmpty else { return }
    var y = inside.y
    let bottom = inside.y + inside.height
    let narrow = inside.width < 96
    func ripas(_ hop: WalkReport.Hop) -> String {
      hop.hipas == .assigned || hop.hipas == .unassigned ? hop.ripas.name : "-"
    }
    // Where there is little room no column is wider than what is in it.
    let (hipasWidth, ripasWidth) =
      narrow
      ? (
        report.hops.map(\.hipas.name.count).reduce(5, max) + 1, report.hops.map { ripas($0).count }.reduce(5, max) + 1
      ) : (14, 10)
    let states = "\("HIPAS".padding(hipasWidth)) \("RIPAS".padding(ripasWidth)) fields"
    let heading = narrow ? "level  index  \(states)" : "level  table        index  descriptor          \(states)"
    canvas.text(inside.x + 1, y, heading, .dim, limit: inside.width - 2)
    y += 1
    for hop in report.hops where y < bottom {
      let isLast = hop.level == report.hops.last?.level
      let place = narrow ? "" : "\(hex(hop.table).padding(12)) "
      let raw = narrow ? "" : "\(hex(hop.raw).padding(19)) "
      let line =
        "\(isLast ? "▶" : " ")\(String(hop.level).leftPadded(3))   \(place)\(String(hop.index).leftPadded(5))  "
        + "\(raw)\(hop.hipas.name.padding(hipasWidth)) \(ripas(hop).padding(ripasWidth)) \(hop.bits)"
      canvas.text(inside.x + 1, y, line, isLast ? .title : role(hop.hipas, hop.ripas), limit: inside.width - 2)
      y += 1
    }
    if y < bottom, let address = report.address {
      canvas.text(inside.x + 1, y, "output address \(hex(address))", .text, limit: inside.width - 2)
      y += 1
    }
    var lines: [(text: String, role: Role)] = []
    if !report.hops.isEmpty { lines.append(("granule protection check: \(report.check.text)", role(report.check))) }
    var role = Role.warning
    if case .data = report.verdict { role = .ok }
    lines.append(("→ \(report.verdict.text)", role))
    let room = max(0, bottom - y)
    let broken = lines.flatMap { line in
      WhyPanel.wrap(line.text, to: inside.width - 2, hanging: 2).map { (text: $0, role: line.role) }
    }
    for (n, line) in (broken.count <= room ? broken : lines).prefix(room).enumerated() {
      canvas.text(inside.x + 1, y + n, line.text, line.role, limit: inside.width - 2)
    }
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

  /// The entry at which the walk ends: its bits, those around it, and the granule it leads to.
  private func drawDetail(_ report: WalkReport, _ rd: UInt64, _ canvas: inout Canvas, _ rect: Rect) {
    guard let hop = report.hops.last, rect.height > 2 else { return }
    let (left, middle) = (rect.width * 3 / 8, rect.width / 3)
    let bits = canvas.frame(
      Rect(rect.x, rect.y, left, rect.height), "Entry \(hop.index) of level \(hop.level)", note: hex(hop.raw))
    let fields = session.read { $0.entryFields(rd, hop.raw) }
    for (n, field) in fields.prefix(bits.height).enumerated() {
      let line = "\(field.bits.padding(6)) \(field.name.padding(14)) \(field.value.padding(10)) "
      let x = canvas.text(bits.x + 1, bits.y + n, line, .text, limit: bits.width - 2)
      canvas.text(x, bits.y + n, field.meaning, .dim, limit: bits.x + bits.width - 1 - x)
    }
    let around = canvas.frame(Rect(rect.x + left, rect.y, middle, rect.height), "Entries around it")
    let entries = session.read { $0.entries(rd, of: hop, ipa: report.ipa, count: around.height) }
    for (n, entry) in entries.enumerated() {
      let isHere = entry.index == hop.index
      canvas.text(
        around.x, around.y + n,
        "\(isHere ? "▶" : " ")\(hex(entry.run.ipa).padding(12)) \(hex(entry.raw).padding(12)) \(Self.text(entry.run))",
        isHere ? .title : role(entry.run.hipas, entry.run.ripas), limit: around.width)
    }
    let right = Rect(rect.x + left + middle, rect.y, rect.width - left - middle, rect.height)
    let memory = session.configuration.dramBase..<session.configuration.dramTop
    let target = report.address.flatMap { memory.contains($0) ? $0 : nil }
    let granule = (target ?? hop.table).granuleBase
    let inside = canvas.frame(right, "\(target == nil ? "Its table" : "Where it leads"): \(hex(granule))")
    let story = session.story(granule, changes: inside.height)
    let lines =
      ["\(story.state.name) · \(story.role)", "\(story.gpi.name) in the GPT: \(story.gpi.access)"]
      + story.history.map { "step \($0.step)  \(session.labels.text($0.text))" }
    for (n, line) in lines.prefix(inside.height).enumerated() {
      canvas.text(inside.x + 1, inside.y + n, line, n < 2 ? .text : .dim, limit: inside.width - 2)
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
        rd, table: hop.table, level: hop.level, base: machine.tableBase(hop, ipa: report.ipa), limit: .max)
    }
    let chosen = runs.firstIndex { $0.first <= hop.index && hop.index <= $0.last } ?? 0
    let first = PanelLines.first(chosen, runs.count, inside.height)
    canvas.markEnds(inside, first: first, count: runs.count)
    for (n, run) in runs.dropFirst(first).prefix(inside.height).enumerated() {
      let here = run.first <= hop.index && hop.index <= run.last
      canvas.text(
        inside.x, inside.y + n, "\(here ? "▶" : " ")\(Self.text(run))",
        here ? .title : role(run.hipas, run.ripas), limit: inside.width)
    }
  }
}
