package enum RealmDestroy: Command {
  static let name: StaticString = "RMI_REALM_DESTROY"
  static let section: StaticString = "DEN0137 B4.3.9"
  package static let fid: UInt32 = 0xC400_0159
  static let summary: StaticString = "Destroys a Realm that owns no REC and whose starting level tables are empty."

  static let rd = Input("rd", 1, .rdPA, "PA of the RD")
  static let inputs = [rd]
  static let order = [Ordering(["rd_bound", "rd_state"], before: ["realm_live"])]

  @inline(__always) static func conditions<W: Watcher>(
    _ m: borrowing Machine, _ c: inout Call, _ w: inout W
  ) throws(Refusal) {
    try w.granule("rd_align", "rd_bound", "rd_state", m, c[rd], is: .rd, "rd")
    try w.check(
      "realm_live", "the Realm owns a REC, or a starting level table has an ASSIGNED or TABLE entry", .rmiRealm,
      "\(m.realm(c[rd]).recCount) RECs, starting level tables \(m.startingTablesAreLive(m.realm(c[rd])) ? "live" : "not live")",
      m.realm(c[rd]).recCount != 0 || m.startingTablesAreLive(m.realm(c[rd])))
  }

  static func effect(_ m: inout Machine, _ c: inout Call) {
    let realm = m.realm(c[rd])
    let state = realm.state
    m.reserveVMID(realm.vmid & 0xFF, false)
    let base = realm.rttBase
    for table in 0..<realm.rttCount {
      let address = base &+ UInt64(table) * Granule.size
      m.release(address, .rtt)
    }
    m.release(c[rd], .rd)
    m.control.realms.removeAll { $0 == c[rd] }
    m.control.lab?.forgetRealm(c[rd])
    if m.tracing { m.emit(.realmState, c[rd], UInt64(state.rawValue), 0xFF, world: .realm) }
  }
}

extension Machine {
  /// Whether a starting level table of the Realm is live.
  func startingTablesAreLive(_ realm: RealmDescriptor) -> Bool {
    for table in 0..<realm.rttCount
    where rttIsLive(realm.rttBase &+ UInt64(table) * Granule.size, realm.startLevel) { return true }
    return false
  }
}
