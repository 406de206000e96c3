/// A reset is a new Realm, which the Host builds; for the RMM it is the end of this one.
package enum PSCISystemReset: PSCICommand {
  static let name: StaticString = "PSCI_SYSTEM_RESET"
  static let section: StaticString = "DEN0137 B6.3.7"
  package static let fid: UInt32 = 0x8400_0009
  static let summary: StaticString = "Asks for a reset: the Realm ends as by SYSTEM_OFF."
  static let inputs: [Input] = []

  static func effect(_ m: inout Machine, _ c: inout Call) {
    m.setRealmState(m.rec(c.rec).owner, .systemOff)
    c.realmAction = .exit
  }
}
