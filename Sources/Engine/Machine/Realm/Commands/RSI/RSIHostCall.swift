import Basics

package enum RSIHostCall: Command {
  static let name: StaticString = "RSI_HOST_CALL"
  static let section: StaticString = "DEN0137 B5.3.4"
  package static let fid: UInt32 = 0xC400_0199
  static let summary: StaticString = "Calls the Host with an immediate and 31 registers kept in Realm memory."

  static let addr = Input("addr", 1, .ipa, "IPA of RsiHostCall", of: "RsiHostCall")
  static let inputs = [addr]

  static func conditions<W: Watcher>(_ m: borrowing Machine, _ c: inout Call, _ w: inout W) throws(Refusal) {
    try w.check("addr_align", "not a multiple of 256", .rsiInput, "addr = \(hex(c[addr]))", !c[addr].isAligned(to: 256))
    try w.check(
      "addr_bound", "not a Protected IPA", .rsiInput, "addr = \(hex(c[addr]))",
      !m.realm(m.rec(c.rec).owner).isProtected(c[addr]))
  }

  static func success(_ c: Call) -> Success { .exits }

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

  static func describeExit(_ m: borrowing Machine, _ c: Call, _ fid: UInt64, _ exit: inout ExitRecord) {
    exit.reason = .hostCall
    guard case .address(let pa) = m.realmMemory(m.realm(m.rec(c.rec).owner), c[addr]) else { return }
    let message = m.memory.page(pa) + RsiHostCall.offset(of: pa)
    let isWide = m.policy.has(.hostCallImmediateOf32Bits)
    exit.imm = UInt32(isWide ? message.inTFRMM(RsiHostCall.table.imm) : message[RsiHostCall.table.imm])
    for n in 0..<31 { exit.gprs[n] = message[RsiHostCall.table.gprs, n] }
  }
}
