import Basics

package enum RTTUnmapUnprotected: Command {
  static let name: StaticString = "RMI_RTT_UNMAP_UNPROTECTED"
  static let section: StaticString = "DEN0137 B4.3.22"
  package static let fid: UInt32 = 0xC400_0162
  static let summary: StaticString = "Removes a mapping of the Host's memory."

  static let rd = Input("rd", 1, .rdPA, "PA of the RD")
  static let ipa = Input("ipa", 2, .ipa, "Unprotected IPA")
  static let level = Input("level", 3, .level, "level of the mapping, 1 to 3")
  static let inputs = [rd, ipa, level]
  static let outputs = [Output("top", 1, "end of the non-live run that begins at ipa; also after RMI_ERROR_RTT")]

  static let order = [
    Ordering(["rd_bound", "rd_state"], before: ["rtt_walk", "rtte_state"]),
    Ordering(["level_bound", "ipa_bound"], before: ["rtt_walk", "rtte_state"]),
  ]

  @inline(__always) static func conditions<W: Watcher>(
    _ m: borrowing Machine, _ c: inout Call, _ w: inout W
  ) throws(Refusal) {
    try w.blockLevel(m, &c, rd: rd, level: level)
    try w.granule("rd_align", "rd_bound", "rd_state", m, c[rd], is: .rd, "rd")
    try w.unprotected(m, &c, rd: rd, ipa: ipa, level: level)
    try w.check(
      "rtte_state", "the entry is not ASSIGNED_NS", .rmiRTT, level: c.walk.level,
      "entry of \(hex(c[ipa])) is \(c.walk.entry.hipas(c.walk.level).name)",
      c.walk.entry.hipas(c.walk.level) != .assignedNS)
  }

  static func effect(_ m: inout Machine, _ c: inout Call) {
    m.invalidate(c[rd], c[ipa], c.walk, .tlbUnmap)
    m.rttStore(c.walk.table, c.walk.index, .unassignedNS)
    c.out[1] = m.walkTop(c.walk, c[ipa])
  }

  static func refused(_ m: inout Machine, _ c: inout Call) {
    if c.out[0] & 0xFF == Status.rmiRTT.value { c.out[1] = m.walkTop(c.walk, c[ipa]) }
  }
}
