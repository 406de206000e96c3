package enum GranuleUndelegate: Command {
  static let name: StaticString = "RMI_GRANULE_UNDELEGATE"
  static let section: StaticString = "DEN0137 B4.3.6"
  package static let fid: UInt32 = 0xC400_0152
  static let summary: StaticString = "Gives a DELEGATED granule back to the Host: its GPT entry goes from REALM to NS."

  static let addr = Input("addr", 1, .delegatedPA, "PA of the granule")
  static let inputs = [addr]

  @inline(__always) static func conditions<W: Watcher>(
    _ m: borrowing Machine, _ c: inout Call, _ w: inout W
  ) throws(Refusal) {
    try w.granule("gran_align", "gran_bound", "gran_state", m, c[addr], is: .delegated, "addr")
  }

  static func effect(_ m: inout Machine, _ c: inout Call) {
    m.release(c[addr], .delegated)
    m.setGranuleState(c[addr], .undelegated)
    _ = m.granuleTransition(.undelegate, c[addr])
  }
}
