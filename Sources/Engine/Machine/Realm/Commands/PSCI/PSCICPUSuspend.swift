/// DEN0137 B6.3.4.
package enum PSCICPUSuspend: Command {
  package static let name: StaticString = "PSCI_CPU_SUSPEND"
  package static let fid: UInt32 = 0xC400_0001
  /// The SMC32 alias, known to TF-RMM only (D39).
  package static let fid32: UInt32 = 0x8400_0001
  package static let summary: StaticString = "Suspends the calling vCPU; for the RMM, only an exit."

  package static let inputs = [
    Input("power_state", 1, .number, "ignored"), Input("entry_point_address", 2, .ipa, "ignored"),
    Input("context_id", 3, .number, "ignored"),
  ]

  package static func effect(_ m: inout Machine, _ c: inout Call) { c.realmAction = .updateAndExit }
}
