import Basics

package enum DataDestroy: Command {
  static let name: StaticString = "RMI_DATA_DESTROY"
  static let section: StaticString = "DEN0137 B4.3.3"
  package static let fid: UInt32 = 0xC400_0155
  static let summary: StaticString = "Unmaps the DATA granule at a Protected IPA and frees it."

  static let rd = Input("rd", 1, .rdPA, "PA of the RD")
  static let ipa = Input("ipa", 2, .ipa, "IPA of the mapping")
  static let inputs = [rd, ipa]
  static let outputs = [
    Output("data", 1, "PA of the freed granule"),
    Output("top", 2, "end of the non-live run that begins at ipa; also after RMI_ERROR_RTT"),
  ]

  static let order = [
    Ordering(["rd_bound", "rd_state"], before: ["rtt_walk", "rtte_state"]),
    Ordering(["ipa_bound"], before: ["rtt_walk", "rtte_state"]),
  ]

  @inline(__always) static func conditions<W: Watcher>(
    _ m: borrowing Machine, _ c: inout Call, _ w: inout W
  ) throws(Refusal) {
    try w.granule("rd_align", "rd_bound", "rd_state", m, c[rd], is: .rd, "rd")
    try w.check(
      "ipa_bound", "not a Protected IPA", .rmiInput,
      "ipa = \(hex(c[ipa])), Protected IPAs end at \(hex(m.realm(c[rd]).protectedTop))",
      !m.realm(c[rd]).isProtected(c[ipa]))
    try w.check("ipa_align", "not a multiple of 4096", .rmiInput, "ipa = \(hex(c[ipa]))", !c[ipa].isGranuleAligned)
    try w.check(
      "rtt_walk", "the walk to level 3 stopped before it", .rmiRTT, level: c.walk.level,
      "the walk of \(hex(c[ipa])) ended at level \(c.walk.level): \(c.walk.entry.hipas(c.walk.level).name)",
      {
        c.walk = m.rttWalk(m.realm(c[rd]), c[ipa], to: 3)
        return c.walk.level < 3
      }())
    try w.check(
      "rtte_state", "the entry is not ASSIGNED", .rmiRTT, level: c.walk.level,
      "entry of \(hex(c[ipa])) is \(c.walk.entry.hipas(3).name)", c.walk.entry.hipas(3) != .assigned)
  }

  static func caveat(_ m: borrowing Machine, _ c: Call) -> String? {
    let isLost = m.realm(c[rd]).state == .active && c.walk.entry.ripas == .ram
    return isLost ? "what the Realm had there is lost for good" : nil
  }

  static func effect(_ m: inout Machine, _ c: inout Call) {
    let data = c.walk.entry.address(lpa2: m.realm(c[rd]).lpa2)
    // RAM is lost with its contents; EMPTY and DESTROYED had none to lose.
    let isRAM = c.walk.entry.ripas == .ram
    let isTold = !isRAM || m.applies(.ripasDestroyed)
    if !isTold { m.breaks(.ripasLoss, c[ipa], c[rd]) }
    let ripas: RIPAS = isRAM && isTold ? .destroyed : c.walk.entry.ripas
    m.invalidate(c[rd], c[ipa], c.walk, .tlbDataDestroy)
    m.rttStore(c.walk.table, c.walk.index, .unassigned(ripas))
    m.release(data, .data)
    c.out[1] = data
    c.out[2] = m.walkTop(c.walk, c[ipa])
  }

  static func refused(_ m: inout Machine, _ c: inout Call) {
    if c.out[0] & 0xFF == Status.rmiRTT.value { c.out[2] = m.walkTop(c.walk, c[ipa]) }
  }
}
