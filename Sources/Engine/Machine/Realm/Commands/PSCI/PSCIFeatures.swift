package enum PSCIFeatures: PSCICommand {
  static let name: StaticString = "PSCI_FEATURES"
  static let section: StaticString = "DEN0137 B6.3.5"
  package static let fid: UInt32 = 0x8400_000A
  static let summary: StaticString = "Asks whether a PSCI function is there."

  static let function = Input("psci_func_id", 1, .number, "function identifier")
  static let inputs = [function]

  static func success(_ c: Call) -> Success { .answers(0) }

  static func effect(_ m: inout Machine, _ c: inout Call) {
    let fid = UInt32(truncatingIfNeeded: c[function])
    c.out[0] = isThere(fid, m.policy) ? PSCIReturn.success : PSCIReturn.notSupported
  }

  private static func isThere(_ fid: UInt32, _ policy: Policy) -> Bool {
    if fid == UInt32(SMCCC.version) { return policy.has(.realmSMCCCIsOneDotTwo) }
    if fid == PSCIVersion.fid, policy.has(.psciFeaturesOfVersionNotSupported) { return false }
    var functions = Functions(wanted: fid, aliases: policy.has(.psciSMC32Aliases))
    return CommandList.psci(&functions)
  }

  /// Looks for a function among those the RMM has.
  private struct Functions: CommandVisitor {
    let wanted: UInt32
    let aliases: Bool

    func visit<C: Command>(_: C.Type) -> Bool { wanted == C.fid || aliases && wanted == C.alias }
  }
}
