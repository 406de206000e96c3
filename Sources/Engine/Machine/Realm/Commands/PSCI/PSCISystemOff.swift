package enum PSCISystemOff: PSCICommand {
  static let name: StaticString = "PSCI_SYSTEM_OFF"
  static let section: StaticString = "DEN0137 B6.3.6"
  package static let fid: UInt32 = 0x8400_0008
  static let summary: StaticString = "Shuts the Realm down: none of its RECs can be entered again."
  static let inputs: [Input] = []

  static func effect(_ m: inout Machine, _ c: inout Call) {
    m.setRealmState(m.rec(c.rec).owner, .systemOff)
    c.realmAction = .exit
  }
}
