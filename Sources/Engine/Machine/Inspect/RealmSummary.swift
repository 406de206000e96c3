import Attestation

/// A Realm as the tree shows it.
public struct RealmSummary: Sendable {
  public struct REC: Sendable {
    public var address: UInt64
    public var index: UInt64
    public var runnable: Bool
    public var running: Bool
    public var pc: UInt64
    /// What waits for the Host: "PSCI", "host call", "RIPAS change", "token".
    public var pending: String
  }
  public var rd: UInt64
  /// From 1, in the order of their RDs.
  public var number: Int
  public var state: RealmState
  public var vmid: UInt64
  public var ipaWidth: UInt64
  public var hash: HashAlgorithm
  public var startLevel: Int
  public var tables: Int
  /// Granules mapped: Protected pages and blocks, and Unprotected ones.
  public var assigned: UInt64
  public var assignedNS: UInt64
  /// RIM and REMs, hash length each.
  public var measurements: [[UInt8]]
  public var recs: [REC]
}

extension Machine {
  /// Every Realm, in the order of their descriptors.
  public func realmSummaries() -> [RealmSummary] {
    control.realms.enumerated().map { number, rd in
      let realm = realm(rd)
      var tables = 0
      var assigned: UInt64 = 0
      var assignedNS: UInt64 = 0
      forEachTable(realm) { table, level, _ in
        tables += 1
        forEachEntry(of: table) { _, entry in
          switch entry.hipas(level) {
          case .assigned: assigned += rttEntrySize(level) >> 12
          case .assignedNS: assignedNS += rttEntrySize(level) >> 12
          default: break
          }
        }
      }
      let recs = control.recs.filter { rec($0).owner == rd }.map { address in
        let rec = rec(address)
        var pending: [String] = []
        if rec.psciPending { pending.append("PSCI") }
        if rec.hostCallPending { pending.append("host call") }
        if rec.ripasBase != rec.ripasTop { pending.append("RIPAS change") }
        if rec.attestState != .idle { pending.append("token") }
        return RealmSummary.REC(
          address: address, index: rec.index, runnable: rec.runnable, running: rec.running, pc: rec.pc,
          pending: pending.joined(separator: ", "))
      }.sorted { $0.index < $1.index }
      return RealmSummary(
        rd: rd, number: number + 1, state: realm.state, vmid: realm.vmid, ipaWidth: realm.ipaWidth, hash: realm.hash,
        startLevel: realm.startLevel, tables: tables, assigned: assigned, assignedNS: assignedNS,
        measurements: (0...4).map { Array(realm.measurement($0)[0..<realm.hash.length]) }, recs: recs)
    }
  }
}
