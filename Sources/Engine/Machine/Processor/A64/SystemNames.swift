/// Names of system registers and operations, by encoding (Arm ARM D19, C5.3 and C5.4): those the interpreter has.
enum SystemNames {
  private static func key(_ op0: UInt32, _ op1: UInt32, _ crn: UInt32, _ crm: UInt32, _ op2: UInt32) -> UInt32 {
    op0 << 14 | op1 << 11 | crn << 7 | crm << 3 | op2
  }

  private static let registers: [UInt32: String] = [
    key(3, 0, 0, 0, 0): "MIDR_EL1", key(3, 0, 0, 0, 5): "MPIDR_EL1", key(3, 0, 0, 0, 6): "REVIDR_EL1",
    key(3, 0, 0, 4, 0): "ID_AA64PFR0_EL1", key(3, 0, 0, 4, 1): "ID_AA64PFR1_EL1", key(3, 0, 0, 5, 0): "ID_AA64DFR0_EL1",
    key(3, 0, 0, 5, 1): "ID_AA64DFR1_EL1", key(3, 0, 0, 6, 0): "ID_AA64ISAR0_EL1", key(3, 0, 0, 6, 1): "ID_AA64ISAR1_EL1",
    key(3, 0, 0, 7, 0): "ID_AA64MMFR0_EL1", key(3, 0, 0, 7, 1): "ID_AA64MMFR1_EL1", key(3, 0, 0, 7, 2): "ID_AA64MMFR2_EL1",
    key(3, 0, 1, 0, 0): "SCTLR_EL1", key(3, 0, 1, 0, 1): "ACTLR_EL1", key(3, 0, 1, 0, 2): "CPACR_EL1",
    key(3, 0, 2, 0, 0): "TTBR0_EL1", key(3, 0, 2, 0, 1): "TTBR1_EL1", key(3, 0, 2, 0, 2): "TCR_EL1",
    key(3, 0, 4, 0, 0): "SPSR_EL1", key(3, 0, 4, 0, 1): "ELR_EL1", key(3, 0, 4, 1, 0): "SP_EL0", key(3, 0, 4, 2, 0): "SPSel",
    key(3, 0, 4, 2, 2): "CurrentEL", key(3, 0, 5, 1, 0): "AFSR0_EL1", key(3, 0, 5, 1, 1): "AFSR1_EL1",
    key(3, 0, 5, 2, 0): "ESR_EL1",
    key(3, 0, 6, 0, 0): "FAR_EL1", key(3, 0, 7, 4, 0): "PAR_EL1", key(3, 0, 10, 2, 0): "MAIR_EL1",
    key(3, 0, 10, 3, 0): "AMAIR_EL1",
    key(3, 0, 12, 0, 0): "VBAR_EL1", key(3, 0, 12, 1, 0): "ISR_EL1", key(3, 0, 13, 0, 1): "CONTEXTIDR_EL1",
    key(3, 0, 13, 0, 4): "TPIDR_EL1", key(3, 0, 14, 1, 0): "CNTKCTL_EL1", key(3, 2, 0, 0, 0): "CSSELR_EL1",
    key(3, 1, 0, 0, 7): "AIDR_EL1", key(3, 3, 0, 0, 1): "CTR_EL0", key(3, 3, 0, 0, 7): "DCZID_EL0", key(3, 3, 4, 2, 0): "NZCV",
    key(3, 3, 4, 2, 1): "DAIF", key(3, 3, 4, 4, 0): "FPCR", key(3, 3, 4, 4, 1): "FPSR", key(3, 3, 13, 0, 2): "TPIDR_EL0",
    key(3, 3, 13, 0, 3): "TPIDRRO_EL0", key(3, 3, 14, 0, 0): "CNTFRQ_EL0", key(3, 3, 14, 0, 1): "CNTPCT_EL0",
    key(3, 3, 14, 0, 2): "CNTVCT_EL0", key(3, 3, 14, 2, 0): "CNTP_TVAL_EL0", key(3, 3, 14, 2, 1): "CNTP_CTL_EL0",
    key(3, 3, 14, 2, 2): "CNTP_CVAL_EL0", key(3, 3, 14, 3, 0): "CNTV_TVAL_EL0", key(3, 3, 14, 3, 1): "CNTV_CTL_EL0",
    key(3, 3, 14, 3, 2): "CNTV_CVAL_EL0", key(2, 0, 0, 2, 2): "MDSCR_EL1", key(2, 0, 1, 0, 4): "OSLAR_EL1",
    key(2, 0, 1, 3, 4): "OSDLR_EL1", key(3, 4, 13, 0, 2): "TPIDR_EL2",
    key(3, 0, 4, 6, 0): "ICC_PMR_EL1", key(3, 0, 12, 8, 0): "ICC_IAR0_EL1", key(3, 0, 12, 8, 1): "ICC_EOIR0_EL1",
    key(3, 0, 12, 8, 2): "ICC_HPPIR0_EL1", key(3, 0, 12, 8, 3): "ICC_BPR0_EL1", key(3, 0, 12, 8, 4): "ICC_AP0R0_EL1",
    key(3, 0, 12, 9, 0): "ICC_AP1R0_EL1", key(3, 0, 12, 8, 5): "ICC_AP0R1_EL1", key(3, 0, 12, 9, 1): "ICC_AP1R1_EL1",
    key(3, 0, 12, 8, 6): "ICC_AP0R2_EL1", key(3, 0, 12, 9, 2): "ICC_AP1R2_EL1", key(3, 0, 12, 8, 7): "ICC_AP0R3_EL1",
    key(3, 0, 12, 9, 3): "ICC_AP1R3_EL1", key(3, 0, 12, 11, 1): "ICC_DIR_EL1", key(3, 0, 12, 11, 3): "ICC_RPR_EL1",
    key(3, 0, 12, 11, 5): "ICC_SGI1R_EL1", key(3, 0, 12, 11, 6): "ICC_ASGI1R_EL1", key(3, 0, 12, 11, 7): "ICC_SGI0R_EL1",
    key(3, 0, 12, 12, 0): "ICC_IAR1_EL1", key(3, 0, 12, 12, 1): "ICC_EOIR1_EL1", key(3, 0, 12, 12, 2): "ICC_HPPIR1_EL1",
    key(3, 0, 12, 12, 3): "ICC_BPR1_EL1", key(3, 0, 12, 12, 4): "ICC_CTLR_EL1", key(3, 0, 12, 12, 5): "ICC_SRE_EL1",
    key(3, 0, 12, 12, 6): "ICC_IGRPEN0_EL1", key(3, 0, 12, 12, 7): "ICC_IGRPEN1_EL1",
  ]

  /// Mnemonic with its operation, and whether it has a register.
  private static let operations: [UInt32: (String, Bool)] = [
    key(1, 0, 7, 1, 0): ("ic\tialluis", false), key(1, 0, 7, 5, 0): ("ic\tiallu", false), key(1, 3, 7, 5, 1): ("ic\tivau", true),
    key(1, 0, 7, 6, 1): ("dc\tivac", true), key(1, 0, 7, 6, 2): ("dc\tisw", true), key(1, 0, 7, 10, 2): ("dc\tcsw", true),
    key(1, 0, 7, 14, 2): ("dc\tcisw", true), key(1, 3, 7, 4, 1): ("dc\tzva", true), key(1, 3, 7, 10, 1): ("dc\tcvac", true),
    key(1, 3, 7, 11, 1): ("dc\tcvau", true), key(1, 3, 7, 14, 1): ("dc\tcivac", true), key(1, 0, 7, 8, 0): ("at\ts1e1r", true),
    key(1, 0, 7, 8, 1): ("at\ts1e1w", true), key(1, 0, 7, 8, 2): ("at\ts1e0r", true), key(1, 0, 7, 8, 3): ("at\ts1e0w", true),
    key(1, 0, 8, 3, 0): ("tlbi\tvmalle1is", false), key(1, 0, 8, 3, 1): ("tlbi\tvae1is", true),
    key(1, 0, 8, 3, 2): ("tlbi\taside1is", true), key(1, 0, 8, 3, 3): ("tlbi\tvaae1is", true),
    key(1, 0, 8, 3, 5): ("tlbi\tvale1is", true), key(1, 0, 8, 3, 7): ("tlbi\tvaale1is", true),
    key(1, 0, 8, 7, 0): ("tlbi\tvmalle1", false), key(1, 0, 8, 7, 1): ("tlbi\tvae1", true),
    key(1, 0, 8, 7, 2): ("tlbi\taside1", true),
    key(1, 0, 8, 7, 3): ("tlbi\tvaae1", true), key(1, 0, 8, 7, 5): ("tlbi\tvale1", true),
    key(1, 0, 8, 7, 7): ("tlbi\tvaale1", true),
  ]

  static func register(_ op0: UInt32, _ op1: UInt32, _ crn: UInt32, _ crm: UInt32, _ op2: UInt32) -> String? {
    registers[key(op0, op1, crn, crm, op2)]
  }

  static func operation(_ op1: UInt32, _ crn: UInt32, _ crm: UInt32, _ op2: UInt32) -> (String, Bool)? {
    operations[key(1, op1, crn, crm, op2)]
  }
}
