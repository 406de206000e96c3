/// DEN0137 B6.3.5.
package enum PSCIFeatures: Command {
  package static let name: StaticString = "PSCI_FEATURES"
  package static let fid: UInt32 = 0x8400_000A
  package static let summary: StaticString = "Asks whether a PSCI function is there."

  static let function = Input("psci_func_id", 1, .number, "function identifier")
  package static let inputs = [function]

  package static func effect(_ m: inout Machine, _ c: inout Call) {
    let fid = UInt32(truncatingIfNeeded: c[function])
    let known: Bool =
      switch fid {
      case PSCICPUSuspend.fid, PSCICPUOff.fid, PSCICPUOn.fid, PSCIAffinityInfo.fid, PSCISystemOff.fid,
        PSCISystemReset.fid, PSCIFeatures.fid:
        true
      case PSCIVersion.fid: !m.policy.has(.psciFeaturesOfVersionNotSupported)
      case PSCICPUSuspend.fid32, PSCICPUOn.fid32, PSCIAffinityInfo.fid32: m.policy.has(.psciSMC32Aliases)
      case 0x8000_0000: m.policy.has(.realmSMCCCIsOneDotTwo)
      default: false
      }
    c.out[0] = known ? PSCIReturn.success : PSCIReturn.notSupported
  }
}
