import Basics

enum FFAFeatures: Command {
  static let name: StaticString = "FFA_FEATURES"
  static let section: StaticString = "DEN0077A 1.1 13.3"
  static let fid: UInt32 = 0x8400_0064
  static let summary: StaticString = "Asks whether a function is there, and what is to be known of it."

  static let function = Input("function", 1, .number, "a function identifier, or the number of a feature")
  static let property = Input("property", 2, .flags, "what the caller knows; of FFA_MEM_RETRIEVE_REQ bit 1, the NS bit")
  static let inputs = [function, property]
  static let outputs = [Output("properties", 2, "of the function")]

  /// Answers and calls of SPMC and partitions that are no command of their own.
  private static let others: Set<UInt64> = [
    FFA.error, FFA.success, FFA.success | SMCCC.smc64, FFA.interrupt, FFA.retrieveResponse,
  ]

  static func conditions<W: Watcher>(_ m: borrowing Machine, _ c: inout Call, _ w: inout W) throws(Refusal) {
    try w.check(
      "feature_known", "a feature by number: none is implemented", .ffaNotSupported, "function = \(hex(c[function]))",
      !c[function].bit(31))
    try w.check(
      "function_known", "no function that is implemented", .ffaNotSupported, "function = \(hex(c[function]))",
      FFACalls.withFID(c[function])?.interface != .ffa && !others.contains(c[function]))
    try w.check(
      "function_here", "a function of partitions alone", .ffaNotSupported, "\(FFA.name(c[function]) ?? "") for the Normal world",
      c.endpoint == FFAEndpointIndex.normal && c[function] == UInt64(FFAYield.fid))
    try w.check(
      "ns_bit", "a retriever that does not know the NS bit", .ffaNotSupported, "property = \(hex(c[property]))",
      FFAMemRetrieveReq.isNamed(by: c[function]) && !c[property].bit(1))
  }

  static func success(_ c: Call) -> Success { .answers(FFA.success) }

  static func effect(_ m: inout Machine, _ c: inout Call) {
    // Buffers are of 4 KiB (0), and a response says whether memory is Non-secure (bit 1).
    c.succeed(FFAMemRetrieveReq.isNamed(by: c[function]) ? 0b10 : 0)
  }
}
