import Basics

package enum RTTCreate: Command {
  static let name: StaticString = "RMI_RTT_CREATE"
  static let section: StaticString = "DEN0137 B4.3.15"
  package static let fid: UInt32 = 0xC400_015D
  static let summary: StaticString = "Puts a table in place of an entry one level up (unfolds it)."

  static let rd = Input("rd", 1, .rdPA, "PA of the RD")
  static let rtt = Input("rtt", 2, .delegatedPA, "PA of the granule that becomes the table")
  static let ipa = Input("ipa", 3, .ipa, "first IPA the table covers")
  static let level = Input("level", 4, .level, "level of the new table")
  static let inputs = [rd, rtt, ipa, level]

  static let order = [
    Ordering(["rd_bound", "rd_state"], before: ["rtt_walk", "rtte_state"]),
    Ordering(["level_bound", "ipa_bound"], before: ["rtt_walk", "rtte_state"]),
  ]

  @inline(__always) static func conditions<W: Watcher>(
    _ m: borrowing Machine, _ c: inout Call, _ w: inout W
  ) throws(Refusal) {
    try w.granule("rtt_align", "rtt_bound", "rtt_state", m, c[rtt], is: .delegated, "rtt")
    try w.granule("rd_align", "rd_bound", "rd_state", m, c[rd], is: .rd, "rd")
    try w.tableCommand(m, &c, rd: rd, ipa: ipa, level: level)
    try w.check(
      "rtt_bound2", "LPA2 is off for the Realm and rtt is 2^48 or above", .rmiInput,
      "rtt = \(hex(c[rtt])), LPA2 \(m.realm(c[rd]).lpa2 ? "on" : "off")",
      c[rtt] >> 48 != 0 && !m.realm(c[rd]).lpa2)
    try w.parentWalk(m, &c, rd: rd, ipa: ipa, level: level)
    try w.check(
      "rtte_state", "the entry is a TABLE already", .rmiRTT, level: c.walk.level,
      "entry of \(hex(c[ipa])) at level \(c.walk.level) is \(c.walk.entry.hipas(c.walk.level).name)",
      c.walk.entry.isTable(c.walk.level))
  }

  static func effect(_ m: inout Machine, _ c: inout Call) {
    let lpa2 = m.realm(c[rd]).lpa2
    let childLevel = c.walk.level + 1
    let parent = c.walk.entry
    m.setGranuleState(c[rtt], .rtt)
    // The granule is all zero, which is UNASSIGNED and EMPTY.
    if parent.raw != 0 {
      let page = m.ownWritablePage(c[rtt])
      if !parent.isLive { page.initializeMemory(as: UInt64.self, repeating: parent.raw.littleEndian, count: 512) }
      for index in 0..<(parent.isLive ? 512 : 0) {
        page.storeBytes(
          of: parent.child(index, childLevel: childLevel, lpa2: lpa2).raw.littleEndian, toByteOffset: index &* 8,
          as: UInt64.self)
      }
    }
    m.rttStore(c.walk.table, c.walk.index, .table(c[rtt], lpa2: lpa2))
  }
}

extension Watcher {
  /// level_bound, ipa_bound and ipa_align of the commands that work on whole tables.
  @inline(__always) mutating func tableCommand(
    _ m: borrowing Machine, _ c: inout Call, rd: Input, ipa: Input, level: Input
  ) throws(Refusal) {
    try check(
      "level_bound", "not a level below the Realm's starting level", .rmiInput,
      "level = \(Int64(bitPattern: c[level])), tables can be at \(m.realm(c[rd]).startLevel + 1) to 3",
      Int64(bitPattern: c[level]) <= Int64(m.realm(c[rd]).startLevel) || Int64(bitPattern: c[level]) > 3)
    try check(
      "ipa_bound", "beyond the Realm's IPA space", .rmiInput,
      "ipa = \(hex(c[ipa])), IPA space ends at \(hex(m.realm(c[rd]).ipaTop))", c[ipa] >= m.realm(c[rd]).ipaTop)
    try check(
      "ipa_align", "not aligned to what the table covers", .rmiInput,
      "ipa = \(hex(c[ipa])), a level \(c[level]) table covers \(hex(rttEntrySize(Int(truncatingIfNeeded: c[level]) &- 1)))",
      !c[ipa].isAligned(to: rttEntrySize(Int(truncatingIfNeeded: c[level]) &- 1)))
  }

  /// rtt_walk of the same commands: to the entry that is, or will be, the table's parent.
  @inline(__always) mutating func parentWalk(
    _ m: borrowing Machine, _ c: inout Call, rd: Input, ipa: Input, level: Input
  ) throws(Refusal) {
    try check(
      "rtt_walk", "the walk to the parent entry stopped before it", .rmiRTT, level: c.walk.level,
      "the walk of \(hex(c[ipa])) ended at level \(c.walk.level): \(c.walk.entry.hipas(c.walk.level).name)",
      {
        let target = Int(truncatingIfNeeded: c[level]) &- 1
        c.walk = m.rttWalk(m.realm(c[rd]), c[ipa], to: target)
        return c.walk.level < target
      }())
  }
}
