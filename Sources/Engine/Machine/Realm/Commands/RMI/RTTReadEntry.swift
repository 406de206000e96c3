import Basics

package enum RTTReadEntry: Command {
  static let name: StaticString = "RMI_RTT_READ_ENTRY"
  static let section: StaticString = "DEN0137 B4.3.20"
  package static let fid: UInt32 = 0xC400_0161
  static let summary: StaticString = "Reads the table entry an IPA leads to."

  static let rd = Input("rd", 1, .rdPA, "PA of the RD")
  static let ipa = Input("ipa", 2, .ipa, "IPA")
  static let level = Input("level", 3, .level, "level to walk to at most")
  static let inputs = [rd, ipa, level]
  static let outputs = [
    Output("walk_level", 1, "level at which the walk ended"),
    Output("state", 2, "0 UNASSIGNED, 1 ASSIGNED, 2 TABLE"),
    Output("desc", 3, "address, and for ASSIGNED_NS MemAttr and S2AP"),
    Output("ripas", 4, "0 EMPTY, 1 RAM, 2 DESTROYED"),
  ]
  static let lastOutput = 4

  @inline(__always) static func conditions<W: Watcher>(
    _ m: borrowing Machine, _ c: inout Call, _ w: inout W
  ) throws(Refusal) {
    try w.granule("rd_align", "rd_bound", "rd_state", m, c[rd], is: .rd, "rd")
    try w.check(
      "level_bound", "not a level of the Realm's tables", .rmiInput,
      "level = \(Int64(bitPattern: c[level])), the Realm has \(m.realm(c[rd]).startLevel) to 3",
      Int64(bitPattern: c[level]) < Int64(m.realm(c[rd]).startLevel) || Int64(bitPattern: c[level]) > 3)
    try w.check(
      "ipa_bound", "beyond the Realm's IPA space", .rmiInput,
      "ipa = \(hex(c[ipa])), IPA space ends at \(hex(m.realm(c[rd]).ipaTop))", c[ipa] >= m.realm(c[rd]).ipaTop)
    try w.check(
      "ipa_align", "not aligned to what an entry of the level covers", .rmiInput,
      "ipa = \(hex(c[ipa])), an entry covers \(hex(rttEntrySize(Int(truncatingIfNeeded: Int64(bitPattern: c[level])))))",
      !c[ipa].isAligned(to: rttEntrySize(Int(truncatingIfNeeded: Int64(bitPattern: c[level])))))
  }

  static func effect(_ m: inout Machine, _ c: inout Call) {
    let realm = m.realm(c[rd])
    let walk = m.rttWalk(realm, c[ipa], to: Int(truncatingIfNeeded: Int64(bitPattern: c[level])))
    c.out[1] = UInt64(bitPattern: Int64(walk.level))
    switch walk.entry.hipas(walk.level) {
    case .unassigned:
      c.out[4] = UInt64(walk.entry.ripas.rawValue)
    case .unassignedNS:
      break
    case .assigned:
      c.out[2] = 1
      c.out[3] = walk.entry.address(lpa2: realm.lpa2)
      c.out[4] = UInt64(walk.entry.ripas.rawValue)
    case .assignedNS:
      c.out[2] = 1
      c.out[3] = walk.entry.hostDescriptor(lpa2: realm.lpa2)
    case .table:
      c.out[2] = 2
      c.out[3] = walk.entry.address(lpa2: realm.lpa2)
    }
  }
}
