/// Fields of ESR_ELx (Arm ARM, ESR_EL2) as far as the RMM looks at them.
package enum Syndrome {
  package static let ecWFx: UInt64 = 0x01
  package static let ecHVC: UInt64 = 0x16
  package static let ecSMC: UInt64 = 0x17
  package static let ecSysreg: UInt64 = 0x18
  package static let ecInstructionAbort: UInt64 = 0x20
  package static let ecDataAbort: UInt64 = 0x24

  static let il: UInt64 = 1 << 25
  package static let isv: UInt64 = 1 << 24
  static let ea: UInt64 = 1 << 9
  static let wnr: UInt64 = 1 << 6
  static let s1ptw: UInt64 = 1 << 7
  static let fnv: UInt64 = 1 << 10
  static let fsc: UInt64 = 0x3F
  static let set: UInt64 = 0b11 << 11
  /// Fault status code of a synchronous external abort.
  static let sea: UInt64 = 0x10
  static let granuleProtection: UInt64 = 0x28

  /// What the Host may see of an abort it cannot emulate: EC, SET, FnV, EA, FSC.
  static let abortMask: UInt64 = 0xFC00_1E3F
  /// What it may see of one at an Unprotected IPA: also ISV, SAS, SF, WnR.
  static let unprotectedMask: UInt64 = 0xFDC0_9E7F
  /// What it may see of an SError: IDS, AET, EA, DFSC; the EC by the specification, not by TF-RMM (D10).
  static let serrorMask: UInt64 = 0x0100_1E3F
  static let ecMask: UInt64 = 0x3F << 26

  @inline(__always) package static func ec(_ esr: UInt64) -> UInt64 { esr.bits(31, 26) }
  /// Register a load or store transfers.
  static func srt(_ esr: UInt64) -> Int { Int(esr.bits(20, 16)) }
  package static func isWrite(_ esr: UInt64) -> Bool { esr.bit(6) }
  /// Bytes of an emulatable access.
  package static func size(_ esr: UInt64) -> UInt64 { 1 << esr.bits(23, 22) }
  static func sizeMask(_ esr: UInt64) -> UInt64 { size(esr) == 8 ? ~0 : (1 << (8 * size(esr))) - 1 }

  /// Fault status of a translation fault; level -1 has its own code.
  static func translationFault(_ level: Int) -> UInt64 { level < 0 ? 0b101011 : 0x04 + UInt64(level) }
  static func permissionFault(_ level: Int) -> UInt64 { 0x0C + UInt64(max(level, 0)) }
  static func accessFlagFault(_ level: Int) -> UInt64 { 0x08 + UInt64(max(level, 0)) }
  static func addressSizeFault(_ level: Int) -> UInt64 { UInt64(max(level, 0)) }
  /// Granule protection fault on a table walk.
  static func granuleProtectionOnWalk(_ level: Int) -> UInt64 { 0x24 + UInt64(max(level, 0)) }

  /// Granule protection fault, on the access or on a table walk.
  package static func isGranuleProtection(_ esr: UInt64) -> Bool { (0x23...0x28).contains(esr & fsc) }
  /// Whether a data or instruction abort is a permission fault, at any level.
  package static func isPermission(_ esr: UInt64) -> Bool { (0x0C...0x0F).contains(esr & fsc) }

  /// External abort, on the access (0x10) or on a table walk (0x13 to 0x17).
  static func isExternalAbort(_ esr: UInt64) -> Bool {
    let code = esr & fsc
    return code == sea || (0x13...0x17).contains(code)
  }
}
