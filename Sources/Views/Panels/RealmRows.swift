import Engine

/// What of the Realms' tree is open: at first the Realms are, and their RECs and tables are not.
struct RealmFolds: PanelState {
  enum Fold: Hashable, Sendable {
    /// A Realm, its tables, by its RD.
    case realm(UInt64), tables(UInt64)
    case rec(UInt64)
  }

  /// Those that are not as at first.
  private var turned: Set<Fold> = []

  func isOpen(_ fold: Fold) -> Bool {
    if case .realm = fold { return !turned.contains(fold) }
    return turned.contains(fold)
  }

  mutating func turn(_ fold: Fold) { if turned.remove(fold) == nil { turned.insert(fold) } }
}

extension ViewState {
  private struct Realms: PanelState {
    var row = 0
  }

  /// The chosen line of the Realms.
  package var realmRow: Int {
    get { self[Realms.self].row }
    set { self[Realms.self].row = newValue }
  }
}

/// The lines of the Realms' tree that are seen.
package struct RealmRows {
  package struct Row: Sendable {
    package var text: String
    /// What stands there instead where there is room for it.
    var whole: String?
    package var role: Role
    /// The granule the line is about.
    package var address: UInt64
    /// What the line is about, if steps change it.
    package var subject: Changing?
    var depth = 1
    var fold: RealmFolds.Fold?
    var isOpen = false
  }

  let rows: [Row]
  /// Most ranges of a Realm's that are shown.
  static let mostRanges = 64

  init(_ session: Session, _ state: ViewState) {
    let folds = state[RealmFolds.self]
    var rows: [Row] = []
    for realm in session.read({ $0.realmSummaries() }) {
      let isOpen = folds.isOpen(.realm(realm.rd))
      // A name that says no more than that it is an RD is none here.
      let name = session.labels[realm.rd].flatMap { $0 == "rd" ? nil : $0 } ?? hex(realm.rd)
      rows.append(
        Row(
          text: "\(Self.mark(isOpen)) realm \(realm.number)  \(realm.state.name)  vmid \(realm.vmid)  rd \(name)",
          role: realm.state == .active ? .realm : realm.state == .new ? .warning : .dim, address: realm.rd,
          subject: .realm(realm.rd), depth: 0, fold: .realm(realm.rd), isOpen: isOpen))
      guard isOpen else { continue }
      rows += Self.measurements(realm)
      for rec in realm.recs { rows += Self.rec(rec, session, folds) }
      rows += Self.tables(realm, session, folds)
    }
    self.rows = rows
  }

  private static func mark(_ isOpen: Bool) -> String { isOpen ? "▾" : "▸" }

  private static func measurements(_ realm: RealmSummary) -> [Row] {
    var rows = [
      Row(
        text: "  IPA \(realm.ipaWidth) bits · \(realm.hash.name) · start level \(realm.startLevel)", role: .dim,
        address: realm.rd)
    ]
    for n in 0...4 where n == 0 || realm.measurements[n].contains(where: { $0 != 0 }) {
      rows.append(
        Row(
          text: "  \(n == 0 ? "RIM" : "REM\(n - 1)") \(short(realm.measurements[n]))",
          whole: "  \(n == 0 ? "RIM" : "REM\(n - 1)") \(hexBytes(realm.measurements[n]))", role: .text, address: realm.rd,
          subject: .measurement(realm.rd, index: n)))
    }
    return rows
  }

  private static func short(_ bytes: [UInt8]) -> String {
    let text = hexBytes(bytes.prefix(12))
    return stride(from: 0, to: text.count, by: 4).map { start in
      let from = text.index(text.startIndex, offsetBy: start)
      return String(text[from..<(text.index(from, offsetBy: 4, limitedBy: text.endIndex) ?? text.endIndex)])
    }.joined(separator: " ") + "…"
  }

  /// A REC, and the registers of its vCPU that are not zero.
  private static func rec(_ rec: RealmSummary.REC, _ session: Session, _ folds: RealmFolds) -> [Row] {
    let isOpen = folds.isOpen(.rec(rec.address))
    let what = rec.running ? "RUNNING" : rec.runnable ? "runnable" : "off"
    let pending = rec.pending.isEmpty ? "" : " · waits: \(rec.pending)"
    let row = Row(
      text: "  \(mark(isOpen)) REC \(rec.index) \(what) pc \(hex(rec.pc))\(pending)",
      role: rec.running ? .accent : rec.runnable ? .rec : .dim, address: rec.address, subject: .rec(rec.address),
      fold: .rec(rec.address), isOpen: isOpen)
    guard isOpen, let registers = session.read({ $0.guestRegisters(rec.address) }) else { return [row] }
    let set = registers.x.indices.filter { registers.x[$0] != 0 }
    let pairs = stride(from: 0, to: set.count, by: 2).map { Array(set[$0..<min($0 + 2, set.count)]) }
    let lines: [(text: String, registers: [Int])] =
      [
        ("at \(hex(rec.address)) · PSTATE \(hex(registers.pstate))", [Changing.pstate]),
        ("sp \(hex(registers.sp))", [Changing.sp]),
      ] + pairs.map { ($0.map { "x\($0) \(hex(registers.x[$0]))" }.joined(separator: "  "), $0) }
    return [row]
      + lines.map {
        Row(
          text: "      \($0.text)", role: .dim, address: rec.address, subject: .registers(rec.address, $0.registers), depth: 2)
      }
  }

  /// The tables, and what they map.
  private static func tables(_ realm: RealmSummary, _ session: Session, _ folds: RealmFolds) -> [Row] {
    let isOpen = folds.isOpen(.tables(realm.rd))
    let ns = realm.assignedNS == 0 ? "" : " · \(realm.assignedNS) shared"
    let count = "\(realm.tables) table\(realm.tables == 1 ? "" : "s")"
    let pages = "\(realm.assigned) page\(realm.assigned == 1 ? "" : "s")"
    let row = Row(
      text: "  \(mark(isOpen)) RTT \(count) · \(pages)\(ns)", role: .rtt, address: realm.rd, fold: .tables(realm.rd),
      isOpen: isOpen)
    guard isOpen else { return [row] }
    let ranges = session.read { $0.mappedRanges(realm.rd) }
    var rows = ranges.prefix(mostRanges).map { range in
      Row(
        text: "      \(RTTRanges.text(range))", role: .dim, address: range.address ?? realm.rd,
        subject: range.address.map { .granule($0) }, depth: 2)
    }
    if ranges.count > mostRanges {
      rows.append(Row(text: "      … \(ranges.count - mostRanges) more ranges", role: .dim, address: realm.rd, depth: 2))
    }
    return [row] + rows
  }
}
