import Attestation
import Basics

package enum DataCreate: Command {
  static let name: StaticString = "RMI_DATA_CREATE"
  static let section: StaticString = "DEN0137 B4.3.1"
  package static let fid: UInt32 = 0xC400_0153
  static let summary: StaticString =
    "Copies a granule of the Host into a new DATA granule at a Protected IPA of a NEW Realm, and extends the RIM."

  static let rd = Input("rd", 1, .rdPA, "PA of the RD")
  static let data = Input("data", 2, .delegatedPA, "PA of the granule that becomes DATA")
  static let ipa = Input("ipa", 3, .ipa, "IPA at which it is mapped")
  static let src = Input("src", 4, .nsPA, "PA of the Non-secure granule to copy")
  static let flags = Input("flags", 5, .flags, "bit 0: measure the contents")
  static let inputs = [rd, data, ipa, src, flags]

  static let order = [
    Ordering(["rd_bound", "rd_state"], before: ["realm_state"]),
    Ordering(["rd_bound", "rd_state"], before: ["rtt_walk", "rtte_state"]),
    Ordering(["ipa_bound"], before: ["rtt_walk", "rtte_state"]),
  ]

  @inline(__always) static func conditions<W: Watcher>(
    _ m: borrowing Machine, _ c: inout Call, _ w: inout W
  ) throws(Refusal) {
    let tfRMM = m.policy.has(.order)
    if m.policy.has(.dataCreateRefusesOtherFlags) {
      try w.check("flags_valid", "flags is neither 0 nor 1", .rmiInput, "flags = \(hex(c[flags]))", c[flags] > 1)
    }
    if tfRMM {
      // TF-RMM looks at its own state of the source first and meets the GPT only when it copies.
      try w.granule("src_align", "src_bound", "src_pas", m, c[src], is: .undelegated, "src")
    } else {
      try w.nsGranule("src_align", "src_bound", "src_pas", m, c[src], "src")
    }
    try w.granule("data_align", "data_bound", "data_state", m, c[data], is: .delegated, "data")
    try w.granule("rd_align", "rd_bound", "rd_state", m, c[rd], is: .rd, "rd")
    try w.check(
      "realm_state", "the Realm is not NEW", .rmiRealm, "Realm is \(m.realm(c[rd]).state.name)",
      m.realm(c[rd]).state != .new)
    try w.mapping(m, &c, rd: rd, pa: data, ipa: ipa)
    if tfRMM {
      try w.check(
        "src_pas", "the granule is not reachable through the Non-secure PAS", .rmiInput,
        "GPT entry of \(hex(c[src])) is \(m.gpi(c[src]).name), needed NS or ANY", !m.gpi(c[src]).admits(.nonSecure))
    }
  }

  static func caveat(_ m: borrowing Machine, _ c: Call) -> String? {
    c[flags] & 1 == 0 ? "the RIM will say where this page is, and nothing of what is in it (flags bit 0)" : nil
  }

  static func effect(_ m: inout Machine, _ c: inout Call) {
    let source = m.memory.page(c[src])
    let page = m.ownOverwrittenPage(c[data])
    page.copyMemory(from: source, byteCount: 4096)
    m.setGranuleState(c[data], .data)
    let realm = m.mutableRealm(c[rd])
    m.rttStore(
      c.walk.table, c.walk.index, .assigned(c[data], .ram, 3, lpa2: realm.lpa2))
    withUnsafeTemporaryAllocation(byteCount: 64, alignment: 8) { digest in
      let isMeasured = c[flags] & 1 != 0
      if isMeasured { Measurement.hash(realm.hash, UnsafeRawBufferPointer(start: page, count: 4096), into: digest) }
      let isExtended = m.measure(c[rd], .rimDataCreate) {
        Measurement.data(
          realm.hash, $0, ipa: c[ipa], flags: c[flags], digest: isMeasured ? UnsafeRawBufferPointer(digest) : nil)
      }
      guard isExtended else { return }
      m.noteMeasurement(
        c[rd], 0,
        .data(ipa: c[ipa], flags: c[flags], content: isMeasured ? Array(digest[0..<realm.hash.length]) : nil))
    }
  }
}

extension Watcher {
  /// The conditions DATA_CREATE and DATA_CREATE_UNKNOWN share once the Realm is known.
  @inline(__always) mutating func mapping(
    _ m: borrowing Machine, _ c: inout Call, rd: Input, pa: Input, ipa: Input
  ) throws(Refusal) {
    try check(
      "ipa_bound", "not a Protected IPA", .rmiInput,
      "ipa = \(hex(c[ipa])), Protected IPAs end at \(hex(m.realm(c[rd]).protectedTop))",
      !m.realm(c[rd]).isProtected(c[ipa]))
    try check("ipa_align", "not a multiple of 4096", .rmiInput, "ipa = \(hex(c[ipa]))", !c[ipa].isGranuleAligned)
    try check(
      "data_bound2", "LPA2 is off for the Realm and data is 2^48 or above", .rmiInput,
      "data = \(hex(c[pa])), LPA2 \(m.realm(c[rd]).lpa2 ? "on" : "off")",
      c[pa] >> 48 != 0 && !m.realm(c[rd]).lpa2)
    try check(
      "rtt_walk", "the walk to level 3 stopped before it", .rmiRTT, level: c.walk.level,
      "the walk of \(hex(c[ipa])) ended at level \(c.walk.level): \(c.walk.entry.hipas(c.walk.level).name)",
      {
        c.walk = m.rttWalk(m.realm(c[rd]), c[ipa], to: 3)
        return c.walk.level < 3
      }())
    try check(
      "rtte_state", "the entry is not UNASSIGNED", .rmiRTT, level: c.walk.level,
      "entry of \(hex(c[ipa])) is \(c.walk.entry.hipas(3).name)", c.walk.entry.hipas(3) != .unassigned)
  }
}
