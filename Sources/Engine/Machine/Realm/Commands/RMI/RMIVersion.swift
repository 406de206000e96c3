/// It has no failure condition in the formal sense, yet answers RMI_ERROR_INPUT for a revision it does not have.
package enum RMIVersion: Command {
  static let name: StaticString = "RMI_VERSION"
  static let section: StaticString = "DEN0137 B4.3.24"
  package static let fid: UInt32 = 0xC400_0150
  static let summary: StaticString = "Negotiates the revision of the RMI."

  static let req = Input("req", 1, .version, "revision the Host asks for, major << 16 | minor")
  static let inputs = [req]
  static let outputs = [
    Output("lower", 1, "lower revision"), Output("higher", 2, "highest revision the RMM has"),
  ]

  /// The one revision there is: 1.0.
  static let supported: UInt64 = 0x1_0000

  static func success(_ c: Call) -> Success { .answers(status(c)) }

  private static func status(_ c: Call) -> UInt64 { c[req] == supported ? 0 : Status.rmiInput.value }

  static func effect(_ m: inout Machine, _ c: inout Call) {
    c.out[0] = status(c)
    c.out[1] = supported
    c.out[2] = supported
  }
}
