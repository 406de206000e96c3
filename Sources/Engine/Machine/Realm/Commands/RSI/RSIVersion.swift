package enum RSIVersion: Command {
  static let name: StaticString = "RSI_VERSION"
  static let section: StaticString = "DEN0137 B5.3.10"
  package static let fid: UInt32 = 0xC400_0190
  static let summary: StaticString = "Negotiates the revision of the RSI."

  static let req = Input("req", 1, .version, "revision the Realm asks for, major << 16 | minor")
  static let inputs = [req]
  static let outputs = [
    Output("lower", 1, "lower revision"), Output("higher", 2, "highest revision the RMM has"),
  ]
  static let supported: UInt64 = 0x1_0000

  static func success(_ c: Call) -> Success { .answers(status(c)) }

  private static func status(_ c: Call) -> UInt64 { c[req] == supported ? 0 : Status.rsiInput.value }

  static func effect(_ m: inout Machine, _ c: inout Call) {
    c.out[0] = status(c)
    c.out[1] = supported
    c.out[2] = supported
  }
}
