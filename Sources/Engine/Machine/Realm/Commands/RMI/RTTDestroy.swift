import Basics

package enum RTTDestroy: Command {
  static let name: StaticString = "RMI_RTT_DESTROY"
  static let section: StaticString = "DEN0137 B4.3.16"
  package static let fid: UInt32 = 0xC400_015E
  static let summary: StaticString =
    "Destroys a table that is not live, with all it says; the RIPAS it covered becomes DESTROYED."

  static let rd = Input("rd", 1, .rdPA, "PA of the RD")
  static let ipa = Input("ipa", 2, .ipa, "first IPA the table covers")
  static let level = Input("level", 3, .level, "level of the table")
  static let inputs = [rd, ipa, level]
  static let outputs = [
    Output("rtt", 1, "PA of the freed granule"),
    Output("top", 2, "end of the non-live run that begins at ipa; also after RMI_ERROR_RTT"),
  ]

  static let order = [
    Ordering(["rd_bound", "rd_state"], before: ["rtt_walk", "rtte_state", "rtt_live"]),
    Ordering(["level_bound", "ipa_bound"], before: ["rtt_walk", "rtte_state"]),
  ]

  @inline(__always) static func conditions<W: Watcher>(
    _ m: borrowing Machine, _ c: inout Call, _ w: inout W
  ) throws(Refusal) {
    try w.granule("rd_align", "rd_bound", "rd_state", m, c[rd], is: .rd, "rd")
    try w.tableCommand(m, &c, rd: rd, ipa: ipa, level: level)
    try w.parentWalk(m, &c, rd: rd, ipa: ipa, level: level)
    try w.tableEntry(&c, ipa: ipa)
    try w.check(
      "rtt_live", "the table has an ASSIGNED or TABLE entry", .rmiRTT, level: c.walk.level + 1,
      {
        let table = c.walk.entry.address(lpa2: m.realm(c[rd]).lpa2)
        return "table \(hex(table)) has \(m.rttReferences(table, c.walk.level + 1)) live entries"
      }(),
      m.rttIsLive(c.walk.entry.address(lpa2: m.realm(c[rd]).lpa2), c.walk.level + 1))
  }

  static func effect(_ m: inout Machine, _ c: inout Call) {
    let realm = m.realm(c[rd])
    let table = c.walk.entry.address(lpa2: realm.lpa2)
    m.rttStore(
      c.walk.table, c.walk.index, realm.isProtected(c[ipa]) ? .unassigned(.destroyed) : .unassignedNS)
    m.release(table, .rtt)
    c.out[1] = table
    c.out[2] = m.walkTop(c.walk, c[ipa])
  }

  static func refused(_ m: inout Machine, _ c: inout Call) {
    // After rtt_live the parent is a TABLE, a live entry, so the run is empty and top is ipa.
    if c.out[0] & 0xFF == Status.rmiRTT.value { c.out[2] = m.walkTop(c.walk, c[ipa]) }
  }
}

extension Watcher {
  @inline(__always) mutating func tableEntry(_ c: inout Call, ipa: Input) throws(Refusal) {
    try check(
      "rtte_state", "the entry is not a TABLE", .rmiRTT, level: c.walk.level,
      "entry of \(hex(c[ipa])) at level \(c.walk.level) is \(c.walk.entry.hipas(c.walk.level).name)",
      !c.walk.entry.isTable(c.walk.level))
  }
}
