import Basics

enum FFAMsgSendDirectReq: Command {
  static let name: StaticString = "FFA_MSG_SEND_DIRECT_REQ"
  static let section: StaticString = "DEN0077A 1.1 15.2"
  static let fid: UInt32 = 0x8400_006F
  static let alias: UInt32? = 0xC400_006F
  static let summary: StaticString = "Sends a partition a message and gives it the PE until it answers."

  static let ids = Input("ids", 1, .number, "sender in bits 31:16, receiver in 15:0")
  static let flags = Input("flags", 2, .flags, "0; bit 31 would be a message of the framework's, which no partition here takes")
  static let inputs = [ids, flags] + payload
  static let payload = [
    Input("data3", 3, .bytes, "message"), Input("data4", 4, .bytes, "message"), Input("data5", 5, .bytes, "message"),
    Input("data6", 6, .bytes, "message"), Input("data7", 7, .bytes, "message"),
  ]

  static func conditions<W: Watcher>(_ m: borrowing Machine, _ c: inout Call, _ w: inout W) throws(Refusal) {
    try w.check(
      "source_world", "the Normal world sends with an id of the Secure world (the SPMD refuses)", .ffaInvalid,
      "sender \(hex(source(c)))", c.endpoint == FFAEndpointIndex.normal && !FFA.isNormalID(source(c)))
    try w.check(
      "flags_mbz", "flags of a partition's message are not zero", .ffaInvalid, "flags = \(hex(c[flags]))", c[flags] != 0)
    try w.check(
      "source_own", "a partition sends with another id than its own", .ffaInvalid,
      "sender \(hex(source(c))), caller \(hex(FFAEndpointIndex.id(c.endpoint)))",
      c.endpoint != FFAEndpointIndex.normal && source(c) != FFAEndpointIndex.id(c.endpoint))
    try w.check(
      "target_other", "sender and receiver are the same", .ffaInvalid, "ids = \(hex(c[ids]))", source(c) == target(c))
    try w.check(
      "target_exists", "the receiver is no partition", .ffaInvalid, "receiver \(hex(target(c)))", partition(c) == nil)
    try w.check(
      "source_sends", "the sender is no partition that sends direct requests", .ffaDenied,
      "properties of \(hex(source(c)))",
      c.endpoint != FFAEndpointIndex.normal
        && !SecurePartition.all[c.endpoint - 1].has(SecurePartition.sendsDirectRequests))
    try w.check(
      "target_receives", "the receiver takes no direct requests", .ffaDenied, "properties of \(hex(target(c)))",
      partition(c).map { !SecurePartition.all[$0 - 1].has(SecurePartition.receivesDirectRequests) } ?? false)
    try w.check(
      "target_aborted", "the receiver has come to an end", .ffaAborted, m.stateText(partition(c)),
      partition(c).map { m.spm.endpoints[$0].state == .aborted } ?? false)
    try w.check(
      "target_busy", "the receiver runs, or has a request it has not answered", .ffaBusy, m.stateText(partition(c)),
      partition(c).map { m.spm.endpoints[$0].state == .running || m.spm.endpoints[$0].model == .directRequest } ?? false)
    try w.check(
      "call_chain", "the receiver waits for the sender, or the sender has a partition that has not answered", .ffaDenied,
      m.chainText(c.endpoint), m.isInChain(partition(c), of: c.endpoint) || m.spm.endpoints[c.endpoint].callee != 0)
    try w.check(
      "target_waiting", "the receiver is in the middle of something", .ffaBusy, m.stateText(partition(c)),
      partition(c).map { m.spm.endpoints[$0].state != .waiting } ?? false)
  }

  static func source(_ c: Call) -> UInt64 { c[ids].bits(31, 16) }
  static func target(_ c: Call) -> UInt64 { c[ids].bits(15, 0) }
  /// The receiver, if it is a partition.
  private static func partition(_ c: Call) -> Int? {
    FFAEndpointIndex.of(target(c)).flatMap { $0 == FFAEndpointIndex.normal ? nil : $0 }
  }

  static func success(_ c: Call) -> Success { .exits }

  static func effect(_ m: inout Machine, _ c: inout Call) {
    guard let target = partition(c) else { return }
    for n in 0..<8 { c.out[n] = c.x[n] }
    m.begin(target, .directRequest, from: c.endpoint, id: source(c))
    m.run(target, c.out, from: c.endpoint)
  }
}

extension Machine {
  /// Whether a partition has, directly or by others, given the caller the cycles it has.
  func isInChain(_ partition: Int?, of caller: Int) -> Bool {
    guard let partition, caller != FFAEndpointIndex.normal else { return false }
    let endpoints = spm.endpoints
    var one = endpoints[caller].caller
    for _ in endpoints where one != FFAEndpointIndex.normal {
      if one == partition { return true }
      one = endpoints[one].caller
    }
    return false
  }

  func stateText(_ partition: Int?) -> String {
    guard let partition else { return "" }
    let endpoint = spm.endpoints[partition]
    return
      "\(hex(FFAEndpointIndex.id(partition))) is \(endpoint.state)\(endpoint.model == .directRequest ? ", with a request" : "")"
  }

  func chainText(_ caller: Int) -> String {
    let endpoint = spm.endpoints[caller]
    guard endpoint.callee == 0 else { return "\(hex(FFAEndpointIndex.id(endpoint.callee))) has not answered" }
    return "cycles come from \(hex(FFAEndpointIndex.id(endpoint.caller)))"
  }
}
