/// Architectural features beyond Armv8.0 that the processor can have (Arm ARM A2.2); a row each in ``A64Features/rows``.
package struct A64Features: OptionSet, Sendable {
  package let rawValue: UInt32
  package init(rawValue: UInt32) { self.rawValue = rawValue }

  private init(bit: UInt32) { rawValue = 1 << bit }

  package static let lse = A64Features(bit: 0)
  package static let rdm = A64Features(bit: 1)
  package static let pan = A64Features(bit: 2)
  package static let uao = A64Features(bit: 3)
  package static let lrcpc = A64Features(bit: 4)
  package static let dotProduct = A64Features(bit: 5)
  package static let aes = A64Features(bit: 6)
  package static let sha1 = A64Features(bit: 7)
  package static let sha2 = A64Features(bit: 8)
  package static let sha3 = A64Features(bit: 9)
  package static let fp16 = A64Features(bit: 10)
  package static let jscvt = A64Features(bit: 11)
  package static let fcma = A64Features(bit: 12)
  package static let dit = A64Features(bit: 13)
  package static let ssbs = A64Features(bit: 14)
  package static let bti = A64Features(bit: 15)
  package static let pauth = A64Features(bit: 16)
  package static let flagm = A64Features(bit: 17)
  package static let dpb = A64Features(bit: 18)
  package static let sb = A64Features(bit: 19)
  package static let specres = A64Features(bit: 20)

  /// Every feature there is, as the disassembler knows them.
  package static let all = rows.reduce(into: A64Features()) { $0.formUnion($1.feature) }

  /// What tells software of a feature: the value of a field of four bits in an ID register.
  struct Row: Sendable {
    let feature: A64Features
    /// The features of the Arm ARM it stands for.
    let names: String
    let register: SystemEncoding
    let lowestBit: UInt64
    let value: UInt64

    init(_ feature: A64Features, _ names: String, _ register: SystemEncoding, _ lowestBit: UInt64, _ value: UInt64) {
      (self.feature, self.names, self.register, self.lowestBit, self.value) = (feature, names, register, lowestBit, value)
    }
  }

  private static let pfr0 = SystemEncoding(3, 0, 0, 4, 0)
  private static let pfr1 = SystemEncoding(3, 0, 0, 4, 1)
  private static let dfr0 = SystemEncoding(3, 0, 0, 5, 0)
  private static let isar0 = SystemEncoding(3, 0, 0, 6, 0)
  private static let isar1 = SystemEncoding(3, 0, 0, 6, 1)
  private static let mmfr1 = SystemEncoding(3, 0, 0, 7, 1)
  private static let mmfr2 = SystemEncoding(3, 0, 0, 7, 2)

  static let rows: [Row] = [
    Row(.lse, "FEAT_LSE", isar0, 20, 2),
    Row(.rdm, "FEAT_RDM", isar0, 28, 1),
    Row(.pan, "FEAT_PAN, FEAT_PAN2", mmfr1, 20, 2),
    Row(.uao, "FEAT_UAO", mmfr2, 4, 1),
    Row(.lrcpc, "FEAT_LRCPC, FEAT_LRCPC2", isar1, 20, 2),
    Row(.dotProduct, "FEAT_DotProd", isar0, 44, 1),
    Row(.aes, "FEAT_AES, FEAT_PMULL", isar0, 4, 2),
    Row(.sha1, "FEAT_SHA1", isar0, 8, 1),
    Row(.sha2, "FEAT_SHA256, FEAT_SHA512", isar0, 12, 2),
    Row(.sha3, "FEAT_SHA3", isar0, 32, 1),
    Row(.fp16, "FEAT_FP16", pfr0, 16, 1),
    Row(.fp16, "FEAT_FP16", pfr0, 20, 1),
    Row(.jscvt, "FEAT_JSCVT", isar1, 12, 1),
    Row(.fcma, "FEAT_FCMA", isar1, 16, 1),
    Row(.dit, "FEAT_DIT", pfr0, 48, 1),
    Row(.ssbs, "FEAT_SSBS, FEAT_SSBS2", pfr1, 4, 2),
    Row(.bti, "FEAT_BTI", pfr1, 0, 1),
    // The architected algorithm, QARMA5: APA and GPA.
    Row(.pauth, "FEAT_PAuth, FEAT_PACQARMA5", isar1, 4, 1),
    Row(.pauth, "FEAT_PAuth, FEAT_PACQARMA5", isar1, 24, 1),
    Row(.flagm, "FEAT_FlagM, FEAT_FlagM2", isar0, 52, 2),
    Row(.dpb, "FEAT_DPB, FEAT_DPB2", isar1, 0, 2),
    Row(.sb, "FEAT_SB", isar1, 36, 1),
    Row(.specres, "FEAT_SPECRES", isar1, 40, 1),
  ]

  /// What the features add to an ID register; to ID_AA64DFR0_EL1 the version of debug (Arm ARM D24, DebugVer): that of Armv8.0, or
  /// FEAT_Debugv8p4, which Armv8.5 has.
  func identification(_ register: SystemEncoding) -> UInt64 {
    if register == Self.dfr0 { return isEmpty ? 0b0110 : 0b1001 }
    return Self.rows.reduce(0) { $1.register == register && contains($1.feature) ? $0 | $1.value << $1.lowestBit : $0 }
  }

  /// Bits of PSTATE that an exception return can set, as SPSR_EL1 has them: the flags, DAIF, level and stack pointer, and those of
  /// features.
  var returnedPSTATE: UInt64 {
    0xF000_03CF | (contains(.pan) ? PSTATE.pan : 0) | (contains(.uao) ? PSTATE.uao : 0) | (contains(.dit) ? PSTATE.dit : 0)
      | (contains(.ssbs) ? PSTATE.ssbs : 0) | (contains(.bti) ? PSTATE.btype : 0)
  }
}

/// Fields of PSTATE that came after Armv8.0, where SPSR_EL1 has them.
enum PSTATE {
  static let pan: UInt64 = 1 << 22
  static let uao: UInt64 = 1 << 23
  static let dit: UInt64 = 1 << 24
  static let ssbs: UInt64 = 1 << 12
  /// How the instruction was reached: 01 by BR of X16 or X17 or from an unguarded page, 10 by BLR, 11 by another BR.
  static let btype: UInt64 = 3 << 10

  /// PSTATE after an exception is taken to EL1, without the flags (Arm ARM, AArch64.TakeException): EL1h with DAIF masked; PAN is set
  /// unless SCTLR_EL1.SPAN is, SSBS is SCTLR_EL1.DSSBS, DIT stays, UAO and BTYPE are cleared.
  static func afterException(_ before: UInt64, sctlr: UInt64, _ features: A64Features) -> UInt64 {
    var after = RealmPSTATE.reset
    guard !features.isEmpty else { return after }
    if features.contains(.pan), before & pan != 0 || !sctlr.bit(23) { after |= pan }
    if features.contains(.dit) { after |= before & dit }
    if features.contains(.ssbs), sctlr.bit(44) { after |= ssbs }
    return after
  }
}

extension Machine {
  /// PSTATE of a vCPU that is given an exception at EL1.
  func pstateAfterException(_ rec: REC) -> UInt64 {
    PSTATE.afterException(rec.pstate, sctlr: rec[.sctlrEL1], configuration.cpu.features)
  }
}

/// Which processor a machine has: a name, its features and how it calls itself.
package enum ProcessorModel: String, CaseIterable, Sendable {
  /// Armv8.0 with CRC32 and RNDR; a Cortex-A57 by its MIDR_EL1.
  case armv80 = "v8.0"
  /// All of ``A64Features``; Arm's architecture model by its MIDR_EL1.
  case armv85 = "v8.5"

  package var features: A64Features {
    switch self {
    case .armv80: []
    case .armv85: .all
    }
  }

  /// MIDR_EL1.
  var midr: UInt64 {
    switch self {
    case .armv80: 0x411F_D070
    case .armv85: 0x411F_D0F0
    }
  }
}
