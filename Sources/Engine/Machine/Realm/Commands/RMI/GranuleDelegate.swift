import Basics

package enum GranuleDelegate: Command {
  static let name: StaticString = "RMI_GRANULE_DELEGATE"
  static let section: StaticString = "DEN0137 B4.3.5"
  package static let fid: UInt32 = 0xC400_0151
  static let summary: StaticString = "Gives one granule from the Host to the RMM: its GPT entry goes from NS to REALM."

  static let addr = Input("addr", 1, .undelegatedPA, "PA of the granule")
  static let inputs = [addr]

  @inline(__always) static func conditions<W: Watcher>(
    _ m: borrowing Machine, _ c: inout Call, _ w: inout W
  ) throws(Refusal) {
    try w.granule("gran_align", "gran_bound", "gran_state", m, c[addr], is: .undelegated, "addr")
    try w.check(
      "gran_gpt", "the GPT entry of the granule is not NS", .rmiInput,
      "GPT entry of \(hex(c[addr])) is \(m.gpi(c[addr]).name)", m.gpi(c[addr]) != .nonSecure)
  }

  static func caveat(_ m: borrowing Machine, _ c: Call) -> String? {
    let page = UnsafeRawBufferPointer(start: m.memory.page(c[addr]), count: Int(Granule.size))
    return page.allSatisfy { $0 == 0 } ? nil : "what the granule holds is lost"
  }

  static func effect(_ m: inout Machine, _ c: inout Call) {
    // EL3 may still refuse, for want of room for its tables; TF-RMM answers INPUT for any refusal.
    guard m.granuleTransition(.delegate, c[addr]) == .ok else {
      c.out[0] = Status.rmiInput.value
      return
    }
    // Whatever the Host left there is gone: a DELEGATED granule holds zeroes.
    m.release(c[addr], .undelegated)
  }
}
