import Basics

enum FFAMsgWait: Command {
  static let name: StaticString = "FFA_MSG_WAIT"
  static let section: StaticString = "DEN0077A 1.1 14.2"
  static let fid: UInt32 = 0x8400_006B
  static let summary: StaticString = "A partition has nothing to do, gives the PE back and releases its RX buffer."
  static let inputs: [Input] = []

  static func conditions<W: Watcher>(_ m: borrowing Machine, _ c: inout Call, _ w: inout W) throws(Refusal) {
    try w.check(
      "caller_secure", "the Normal world calls (the SPMD refuses)", .ffaNotSupported, "caller 0x0",
      c.endpoint == FFAEndpointIndex.normal)
    try w.check(
      "parameters_mbz", "W1 to W7 are not zero", .ffaInvalid, (1...7).map { hex(c.x[$0]) }.joined(separator: " "),
      (1...7).contains { c.x[$0] != 0 })
    try w.check(
      "request", "the partition has a request to answer", .ffaDenied, m.requestText(c.endpoint),
      m.spm.endpoints[c.endpoint].model != .run)
    try w.check(
      "call_chain", "a partition that works for the caller has not answered", .ffaDenied, m.chainText(c.endpoint),
      m.spm.endpoints[c.endpoint].callee != 0)
  }

  static func success(_ c: Call) -> Success { .exits }

  static func effect(_ m: inout Machine, _ c: inout Call) {
    c.out[0] = UInt64(fid)
    m.control.secure?.endpoints[c.endpoint].isRXFull = false
    m.giveBack(c.endpoint, .waiting, c.out)
  }
}
