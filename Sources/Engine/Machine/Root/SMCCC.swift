/// The SMC Calling Convention (DEN0028), as far as it is not a command's.
package enum SMCCC {
  /// SMCCC_VERSION.
  package static let version: UInt64 = 0x8000_0000
  static let versionName = "SMCCC_VERSION"
  package static let notSupported = UInt64.max
  /// The bit of a function identifier by which a caller says that it has no SVE state.
  package static let sveHint: UInt64 = 1 << 16
  /// Bit 30 of a function identifier: the call is an SMC64.
  static let smc64: UInt64 = 1 << 30

  /// Function identifiers of FF-A, SMC32 and SMC64 (DEN0077A 1.2 has the last of them).
  static let ffa: ClosedRange<UInt64> = 0x8400_0060...0x8400_0097
  static func isFFA(_ fid: UInt64) -> Bool { ffa.contains(fid & ~smc64) }
}
