import Basics

package enum RTTMapUnprotected: Command {
  static let name: StaticString = "RMI_RTT_MAP_UNPROTECTED"
  static let section: StaticString = "DEN0137 B4.3.19"
  package static let fid: UInt32 = 0xC400_015F
  static let summary: StaticString = "Maps memory of the Host at an Unprotected IPA."

  static let rd = Input("rd", 1, .rdPA, "PA of the RD")
  static let ipa = Input("ipa", 2, .ipa, "Unprotected IPA")
  static let level = Input("level", 3, .level, "level of the mapping, 1 to 3")
  static let desc = Input("desc", 4, .descriptor, "address, MemAttr in bits 4:2, S2AP in bits 7:6")
  static let inputs = [rd, ipa, level, desc]

  static let order = [
    Ordering(["rd_bound", "rd_state"], before: ["rtt_walk", "rtte_state"]),
    Ordering(["level_bound", "ipa_bound"], before: ["rtt_walk", "rtte_state"]),
  ]

  @inline(__always) static func conditions<W: Watcher>(
    _ m: borrowing Machine, _ c: inout Call, _ w: inout W
  ) throws(Refusal) {
    try w.blockLevel(m, &c, rd: rd, level: level)
    try w.granule("rd_align", "rd_bound", "rd_state", m, c[rd], is: .rd, "rd")
    try w.check(
      "attr_valid", "a field has an invalid value, or a bit the Host may not set is set", .rmiInput,
      "desc = \(hex(c[desc])), MemAttr = \(c[desc].bits(4, 2))", !attributesAreValid(c[desc], m.realm(c[rd]).lpa2))
    try w.check(
      "addr_align", "the address is not aligned to what the mapping covers", .rmiInput,
      "address = \(hex(address(c[desc], m.realm(c[rd]).lpa2))), level \(c[level]) covers \(hex(rttEntrySize(Int(truncatingIfNeeded: c[level]))))",
      !address(c[desc], m.realm(c[rd]).lpa2).isAligned(to: rttEntrySize(Int(truncatingIfNeeded: c[level]))))
    try w.check(
      "addr_bound", "LPA2 is off for the Realm and the address is 2^48 or above", .rmiInput,
      "desc = \(hex(c[desc]))", !m.realm(c[rd]).lpa2 && c[desc].bits(49, 48) != 0)
    try w.unprotected(m, &c, rd: rd, ipa: ipa, level: level)
    try w.check(
      "rtte_state", "the entry is not UNASSIGNED_NS", .rmiRTT, level: c.walk.level,
      "entry of \(hex(c[ipa])) is \(c.walk.entry.hipas(c.walk.level).name)",
      c.walk.entry.hipas(c.walk.level) != .unassignedNS)
  }

  static func address(_ desc: UInt64, _ lpa2: Bool) -> UInt64 {
    RTTEntry(raw: desc).address(lpa2: lpa2)
  }

  /// RttDescriptorIsValidForUnprotected, but for the address: bits 49:48 without LPA2 are addr_bound's.
  static func attributesAreValid(_ desc: UInt64, _ lpa2: Bool) -> Bool {
    let table = RttUnprotectedDescriptor.table
    let host = RTTEntry.hostAttributes | table.address.mask | (lpa2 ? table.high.mask : 0)
    return desc & ~host == 0 && table.memAttr.of(desc) != 0b100
  }

  static func caveat(_ m: borrowing Machine, _ c: Call) -> String? {
    let address = address(c[desc], m.realm(c[rd]).lpa2)
    let isOpen = m.gpi(address) == .nonSecure || m.gpi(address) == .any
    return isOpen ? nil : "the granule at \(hex(address)) is \(m.gpi(address).name) in the GPT: the Realm's access will fault"
  }

  static func effect(_ m: inout Machine, _ c: inout Call) {
    m.rttStore(
      c.walk.table, c.walk.index,
      .assignedNS(c[desc], c.walk.level, lpa2: m.realm(c[rd]).lpa2, policy: m.policy))
  }
}

extension Watcher {
  /// level_bound of an Unprotected mapping. It needs the Realm only when the level could be above its starting level, so it can
  /// come before the conditions that establish one (TF-RMM forgets the starting level and stops; both answer INPUT).
  @inline(__always) mutating func blockLevel(
    _ m: borrowing Machine, _ c: inout Call, rd: Input, level: Input
  ) throws(Refusal) {
    try check(
      "level_bound", "not a level at which a block or page can be", .rmiInput,
      "level = \(Int64(bitPattern: c[level]))",
      {
        let level = Int64(bitPattern: c[level])
        if level < 1 || level > 3 { return true }
        return c[rd].isGranuleAligned && m.granuleIs(c[rd], .rd) && level < Int64(m.realm(c[rd]).startLevel)
      }())
  }

  @inline(__always) mutating func unprotected(
    _ m: borrowing Machine, _ c: inout Call, rd: Input, ipa: Input, level: Input
  ) throws(Refusal) {
    // Nobody who does not know of the lab asks.
    let isLate = !Self.isSilent && m.has(.lateRange)
    if !isLate { try unprotectedRange(m, c, rd: rd, ipa: ipa) }
    try check(
      "ipa_align", "not aligned to what the mapping covers", .rmiInput,
      "ipa = \(hex(c[ipa])), level \(c[level]) covers \(hex(rttEntrySize(Int(truncatingIfNeeded: c[level]))))",
      !c[ipa].isAligned(to: rttEntrySize(Int(truncatingIfNeeded: c[level]))))
    try check(
      "rtt_walk", "the walk to the level stopped before it", .rmiRTT, level: c.walk.level,
      "the walk of \(hex(c[ipa])) ended at level \(c.walk.level): \(c.walk.entry.hipas(c.walk.level).name)",
      {
        let target = Int(truncatingIfNeeded: c[level])
        c.walk = m.rttWalk(m.realm(c[rd]), c[ipa], to: target)
        return c.walk.level < target
      }())
    if isLate { try unprotectedRange(m, c, rd: rd, ipa: ipa) }
  }

  @inline(__always) private mutating func unprotectedRange(
    _ m: borrowing Machine, _ c: Call, rd: Input, ipa: Input
  ) throws(Refusal) {
    try check(
      "ipa_bound", "not an Unprotected IPA of the Realm", .rmiInput,
      "ipa = \(hex(c[ipa])), Unprotected IPAs are \(hex(m.realm(c[rd]).protectedTop)) to \(hex(m.realm(c[rd]).ipaTop - 1))",
      c[ipa] >= m.realm(c[rd]).ipaTop || m.realm(c[rd]).isProtected(c[ipa]))
  }
}
