import Basics

package enum RTTFold: Command {
  static let name: StaticString = "RMI_RTT_FOLD"
  static let section: StaticString = "DEN0137 B4.3.17"
  package static let fid: UInt32 = 0xC400_0166
  static let summary: StaticString = "Replaces a table whose entries are alike by one entry that says the same."

  static let rd = Input("rd", 1, .rdPA, "PA of the RD")
  static let ipa = Input("ipa", 2, .ipa, "first IPA the table covers")
  static let level = Input("level", 3, .level, "level of the table")
  static let inputs = [rd, ipa, level]
  static let outputs = [Output("rtt", 1, "PA of the freed granule")]

  static let order = [
    Ordering(["rd_bound", "rd_state"], before: ["rtt_walk", "rtte_state", "rtt_homo"]),
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
      "rtt_homo", "the table's entries are not alike", .rmiRTT, level: homogeneityIndex(m, c),
      "table \(hex(c.walk.entry.address(lpa2: m.realm(c[rd]).lpa2))) at level \(c.walk.level + 1)",
      m.foldedEntry(
        c.walk.entry.address(lpa2: m.realm(c[rd]).lpa2), c.walk.level + 1, lpa2: m.realm(c[rd]).lpa2) == nil)
  }

  /// The level; TF-RMM answers one less for a level 1 table that would make a block where none can be (D4).
  static func homogeneityIndex(_ m: borrowing Machine, _ c: Call) -> Int {
    let level = c.walk.level + 1
    guard m.policy.has(.foldIndexIsLevelLessOne), level <= 1 else { return level }
    let lpa2 = m.realm(c[rd]).lpa2
    let table = c.walk.entry.address(lpa2: lpa2)
    if m.rttReferences(table, level) == 512 { return level - 1 }
    let first = RTTEntry(raw: m.rttLoad(table, 0))
    return first.hipas(level) == .assignedNS && m.foldedBlock(table, level, lpa2: lpa2) != nil ? level - 1 : level
  }

  static func effect(_ m: inout Machine, _ c: inout Call) {
    let lpa2 = m.realm(c[rd]).lpa2
    let table = c.walk.entry.address(lpa2: lpa2)
    m.rttStore(c.walk.table, c.walk.index, m.foldedEntry(table, c.walk.level + 1, lpa2: lpa2) ?? m.firstAsBlock(table))
    m.release(table, .rtt)
    c.out[1] = table
  }
}
