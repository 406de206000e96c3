package enum RECAuxCount: Command {
  static let name: StaticString = "RMI_REC_AUX_COUNT"
  static let section: StaticString = "DEN0137 B4.3.11"
  package static let fid: UInt32 = 0xC400_0167
  static let summary: StaticString = "Says how many auxiliary granules a REC of the Realm needs."

  static let rd = Input("rd", 1, .rdPA, "PA of the RD")
  static let inputs = [rd]
  static let outputs = [Output("aux_count", 1, "number of granules, 0 to 16")]

  @inline(__always) static func conditions<W: Watcher>(
    _ m: borrowing Machine, _ c: inout Call, _ w: inout W
  ) throws(Refusal) {
    try w.granule("rd_align", "rd_bound", "rd_state", m, c[rd], is: .rd, "rd")
  }

  static func effect(_ m: inout Machine, _ c: inout Call) { c.out[1] = m.configuration.recAuxCount }
}
