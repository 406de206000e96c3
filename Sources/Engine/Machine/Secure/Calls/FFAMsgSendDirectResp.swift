import Basics

enum FFAMsgSendDirectResp: Command {
  static let name: StaticString = "FFA_MSG_SEND_DIRECT_RESP"
  static let section: StaticString = "DEN0077A 1.1 15.3"
  static let fid: UInt32 = 0x8400_0070
  static let alias: UInt32? = 0xC400_0070
  static let summary: StaticString = "A partition answers the request it has, and gives the PE back."

  static let ids = Input("ids", 1, .number, "sender in bits 31:16, receiver in 15:0")
  static let flags = Input("flags", 2, .flags, "0")
  static let inputs = [ids, flags] + FFAMsgSendDirectReq.payload

  static func conditions<W: Watcher>(_ m: borrowing Machine, _ c: inout Call, _ w: inout W) throws(Refusal) {
    try w.check(
      "flags_mbz", "flags of a partition's message are not zero", .ffaInvalid, "flags = \(hex(c[flags]))", c[flags] != 0)
    try w.check(
      "source_own", "the sender is not the partition that calls", .ffaInvalid,
      "sender \(hex(c[ids].bits(31, 16))), caller \(hex(FFAEndpointIndex.id(c.endpoint)))",
      c.endpoint == FFAEndpointIndex.normal || c[ids].bits(31, 16) != FFAEndpointIndex.id(c.endpoint))
    try w.check(
      "target_other", "sender and receiver are the same", .ffaInvalid, "ids = \(hex(c[ids]))",
      c[ids].bits(31, 16) == c[ids].bits(15, 0))
    try w.check(
      "request", "the partition has no request of the receiver", .ffaDenied, m.requestText(c.endpoint),
      m.spm.endpoints[c.endpoint].model != .directRequest || m.spm.endpoints[c.endpoint].callerID != c[ids].bits(15, 0))
    try w.check(
      "call_chain", "a partition that works for the caller has not answered", .ffaDenied, m.chainText(c.endpoint),
      m.spm.endpoints[c.endpoint].callee != 0)
  }

  static func success(_ c: Call) -> Success { .exits }

  static func effect(_ m: inout Machine, _ c: inout Call) {
    for n in 0..<8 { c.out[n] = c.x[n] }
    m.giveBack(c.endpoint, .waiting, c.out)
  }
}

extension Machine {
  func requestText(_ partition: Int) -> String {
    let endpoint = spm.endpoints[partition]
    return endpoint.model == .directRequest ? "a request of \(hex(endpoint.callerID))" : "no request"
  }
}
