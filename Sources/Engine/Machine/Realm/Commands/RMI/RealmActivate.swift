package enum RealmActivate: Command {
  static let name: StaticString = "RMI_REALM_ACTIVATE"
  static let section: StaticString = "DEN0137 B4.3.7"
  package static let fid: UInt32 = 0xC400_0157
  static let summary: StaticString = "Takes a Realm from NEW to ACTIVE; from here its RIM is fixed and its RECs can run."

  static let rd = Input("rd", 1, .rdPA, "PA of the RD")
  static let inputs = [rd]
  static let order = [Ordering(["rd_bound", "rd_state"], before: ["realm_state"])]

  @inline(__always) static func conditions<W: Watcher>(
    _ m: borrowing Machine, _ c: inout Call, _ w: inout W
  ) throws(Refusal) {
    try w.granule("rd_align", "rd_bound", "rd_state", m, c[rd], is: .rd, "rd")
    try w.check(
      "realm_state", "the Realm is not NEW", .rmiRealm, "Realm is \(m.realm(c[rd]).state.name)",
      m.realm(c[rd]).state != .new)
  }

  static func caveat(_ m: borrowing Machine, _ c: Call) -> String? {
    m.realm(c[rd]).recIndex == 0 ? "the Realm has no REC, and gets none any more: only a NEW one does" : nil
  }

  static func effect(_ m: inout Machine, _ c: inout Call) { m.setRealmState(c[rd], .active) }
}
