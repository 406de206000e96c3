package enum PSCIVersion: PSCICommand {
  static let name: StaticString = "PSCI_VERSION"
  static let section: StaticString = "DEN0137 B6.3.8"
  package static let fid: UInt32 = 0x8400_0000
  static let summary: StaticString = "Reads the PSCI version."
  static let inputs: [Input] = []
  static let answersRevision = true

  static func success(_ c: Call) -> Success { .answers(0) }

  /// 1.1.
  static func effect(_ m: inout Machine, _ c: inout Call) { c.out[0] = 0x1_0001 }
}
