/// The SMC Calling Convention (DEN0028), as far as it is not a command's.
package enum SMCCC {
  /// SMCCC_VERSION.
  package static let version: UInt64 = 0x8000_0000
  static let versionName = "SMCCC_VERSION"
  package static let notSupported = UInt64.max
  /// The bit of a function identifier by which a caller says that it has no SVE state.
  package static let sveHint: UInt64 = 1 << 16
}
