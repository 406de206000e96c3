import Basics

enum FFAYield: Command {
  static let name: StaticString = "FFA_YIELD"
  static let section: StaticString = "DEN0077A 1.1 14.3"
  static let fid: UInt32 = 0x8400_006C
  static let summary: StaticString = "A partition gives the PE back for a while; FFA_RUN lets it go on."

  static let low = Input(
    "timeout_low", 2, .number, "how long it could wait, in nanoseconds, bits 31:0; for the scheduler to read")
  static let high = Input("timeout_high", 3, .number, "bits 63:32")
  static let inputs = [low, high]

  static func conditions<W: Watcher>(_ m: borrowing Machine, _ c: inout Call, _ w: inout W) throws(Refusal) {
    try w.check(
      "caller_secure", "the Normal world calls (the SPMD refuses)", .ffaNotSupported, "caller 0x0",
      c.endpoint == FFAEndpointIndex.normal)
    try w.check(
      "parameters_mbz", "W4 to W7 are not zero", .ffaInvalid, (4...7).map { hex(c.x[$0]) }.joined(separator: " "),
      (4...7).contains { c.x[$0] != 0 })
  }

  static func success(_ c: Call) -> Success { .exits }

  static func effect(_ m: inout Machine, _ c: inout Call) {
    c.out[0] = UInt64(fid)
    c.out[1] = Machine.target(c.endpoint)
    c.out[2] = c[low]
    c.out[3] = c[high]
    m.giveBack(c.endpoint, .blocked, c.out)
  }
}
