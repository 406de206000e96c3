import Basics

/// DEN0137 B5.3.4.
enum RSIHostCall: Command {
  static let name: StaticString = "RSI_HOST_CALL"
  static let fid: UInt32 = 0xC400_0199
  static let summary: StaticString = "Calls the Host with an immediate and 31 registers kept in Realm memory."

  static let addr = Input("addr", 1, .ipa, "IPA of RsiHostCall")
  static let inputs = [addr]

  static func conditions<W: Watcher>(_ m: borrowing Machine, _ c: inout Call, _ w: inout W) throws(Refusal) {
    try w.check("addr_align", "not a multiple of 256", .rsiInput, "addr = \(hex(c[addr]))", !c[addr].isAligned(to: 256))
    try w.check(
      "addr_bound", "not a Protected IPA", .rsiInput, "addr = \(hex(c[addr]))",
      !m.realm(m.rec(c.rec).owner).isProtected(c[addr]))
  }

  static func effect(_ m: inout Machine, _ c: inout Call) {
    switch m.realmMemory(m.realm(m.rec(c.rec).owner), c[addr]) {
    case .empty:
      c.out[0] = RSIReturn.errorInput
    case .fault(let level):
      c.realmAction = .stage2Abort(ipa: c[addr], level: level)
    case .address:
      m.mutableREC(c.rec).hostCallPending = true
      c.realmAction = .exit
    }
  }
}
