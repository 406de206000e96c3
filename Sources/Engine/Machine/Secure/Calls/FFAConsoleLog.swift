enum FFAConsoleLog: Command {
  static let name: StaticString = "FFA_CONSOLE_LOG"
  static let section: StaticString = "DEN0077A 1.2 13.13"
  static let fid: UInt32 = 0x8400_008A
  static let summary: StaticString = "A partition prints characters."

  static let length = Input("length", 1, .number, "how many, 1 to 24")
  static let inputs = [length] + (2...7).map { Input("characters", $0, .bytes, "four of them") }

  static func conditions<W: Watcher>(_ m: borrowing Machine, _ c: inout Call, _ w: inout W) throws(Refusal) {
    try w.check(
      "caller_secure", "the Normal world calls (the SPMD refuses)", .ffaNotSupported, "caller 0x0",
      c.endpoint == FFAEndpointIndex.normal)
    try w.check("length", "no character, or more than 24", .ffaInvalid, "length = \(c[length])", !(1...24).contains(c[length]))
  }

  static func success(_ c: Call) -> Success { .answers(FFA.success) }

  static func effect(_ m: inout Machine, _ c: inout Call) {
    let count = Int(c[length])
    m.observation.append(printed: (0..<count).map { UInt8(truncatingIfNeeded: c.x[2 + $0 / 4] >> UInt64(8 * ($0 % 4))) })
    if m.tracing {
      m.emit(
        .partitionLog, c.x[2] | c.x[3] << 32, c.x[4] | c.x[5] << 32, c.x[6] | c.x[7] << 32, world: .secure,
        detail: UInt8(count))
    }
    c.succeed()
  }
}
