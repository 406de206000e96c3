package enum PSCICPUSuspend: PSCICommand {
  static let name: StaticString = "PSCI_CPU_SUSPEND"
  static let section: StaticString = "DEN0137 B6.3.4"
  package static let fid: UInt32 = 0xC400_0001
  /// The SMC32 alias, which the RMM knows by a divergence only (D39).
  package static let fid32: UInt32 = 0x8400_0001
  static var alias: UInt32? { fid32 }
  static let summary: StaticString = "Suspends the calling vCPU; for the RMM, only an exit."

  static let state = Input("power_state", 1, .number, "ignored")
  static let entry = Input("entry_point_address", 2, .ipa, "ignored")
  static let context = Input("context_id", 3, .number, "ignored")
  static let inputs = [state, entry, context]

  static func effect(_ m: inout Machine, _ c: inout Call) { c.realmAction = .updateAndExit }

  static func describeArguments(_ m: borrowing Machine, _ c: Call, _ exit: inout ExitRecord) {
    if m.policy.has(.psciExitIsRaw) { return }
    exit.gprs[1] = c[state] & 0xFFFF_FFFF
    exit.gprs[2] = c[entry]
    exit.gprs[3] = c[context]
  }
}
