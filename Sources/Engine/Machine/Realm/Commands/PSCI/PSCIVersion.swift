/// DEN0137 B6.3.8.
package enum PSCIVersion: Command {
  package static let name: StaticString = "PSCI_VERSION"
  package static let fid: UInt32 = 0x8400_0000
  package static let summary: StaticString = "Reads the PSCI version."
  package static let inputs: [Input] = []

  /// 1.1.
  package static func effect(_ m: inout Machine, _ c: inout Call) { c.out[0] = 0x1_0001 }
}
