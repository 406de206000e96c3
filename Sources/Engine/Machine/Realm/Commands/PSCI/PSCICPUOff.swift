package enum PSCICPUOff: PSCICommand {
  static let name: StaticString = "PSCI_CPU_OFF"
  static let section: StaticString = "DEN0137 B6.3.2"
  package static let fid: UInt32 = 0x8400_0002
  static let summary: StaticString = "Turns the calling vCPU off until a CPU_ON names it."
  static let inputs: [Input] = []

  static func effect(_ m: inout Machine, _ c: inout Call) {
    m.mutableREC(c.rec).runnable = false
    c.realmAction = .updateAndExit
  }
}
