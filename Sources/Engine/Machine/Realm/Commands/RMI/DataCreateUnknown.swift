package enum DataCreateUnknown: Command {
  static let name: StaticString = "RMI_DATA_CREATE_UNKNOWN"
  static let section: StaticString = "DEN0137 B4.3.2"
  package static let fid: UInt32 = 0xC400_0154
  static let summary: StaticString =
    "Makes a DATA granule of unknown contents at a Protected IPA of a Realm in any state; the RIM stays."

  static let rd = Input("rd", 1, .rdPA, "PA of the RD")
  static let data = Input("data", 2, .delegatedPA, "PA of the granule that becomes DATA")
  static let ipa = Input("ipa", 3, .ipa, "IPA at which it is mapped")
  static let inputs = [rd, data, ipa]

  static let order = [
    Ordering(["rd_bound", "rd_state"], before: ["rtt_walk", "rtte_state"]),
    Ordering(["ipa_bound"], before: ["rtt_walk", "rtte_state"]),
  ]

  @inline(__always) static func conditions<W: Watcher>(
    _ m: borrowing Machine, _ c: inout Call, _ w: inout W
  ) throws(Refusal) {
    try w.granule("data_align", "data_bound", "data_state", m, c[data], is: .delegated, "data")
    try w.granule("rd_align", "rd_bound", "rd_state", m, c[rd], is: .rd, "rd")
    try w.mapping(m, &c, rd: rd, pa: data, ipa: ipa)
  }

  static func effect(_ m: inout Machine, _ c: inout Call) {
    m.setGranuleState(c[data], .data)
    m.rttStore(
      c.walk.table, c.walk.index, .assigned(c[data], c.walk.entry.ripas, 3, lpa2: m.realm(c[rd]).lpa2))
  }
}
