/// The system registers (Arm ARM D24; GIC architecture, ICC registers), in the order of their encodings.
extension SystemRegister {
  private static func row(
    _ name: StaticString, _ op0: UInt16, _ op1: UInt16, _ crn: UInt16, _ crm: UInt16, _ op2: UInt16, _ contents: Contents,
    _ access: Access = .readWrite, el0: EL0 = .open, feature: A64Features = []
  ) -> SystemRegister {
    SystemRegister(name, SystemEncoding(op0, op1, crn, crm, op2), access, contents, el0: el0, feature: feature)
  }

  static let table: [SystemRegister] = debug + identification + control + keys + interrupts + user + timers

  /// Self-hosted debug never fires here: breakpoints and watchpoints, of which ID_AA64DFR0_EL1 tells, may be written.
  private static let debug = [
    row("DBGBVR0_EL1", 2, 0, 0, 0, 4, .ignored), row("DBGBCR0_EL1", 2, 0, 0, 0, 5, .ignored),
    row("DBGWVR0_EL1", 2, 0, 0, 0, 6, .ignored), row("DBGWCR0_EL1", 2, 0, 0, 0, 7, .ignored),
    row("DBGBVR1_EL1", 2, 0, 0, 1, 4, .ignored), row("DBGBCR1_EL1", 2, 0, 0, 1, 5, .ignored),
    row("DBGWVR1_EL1", 2, 0, 0, 1, 6, .ignored), row("DBGWCR1_EL1", 2, 0, 0, 1, 7, .ignored),
    row("MDSCR_EL1", 2, 0, 0, 2, 2, .saved(.mdscrEL1)),
    row("OSLAR_EL1", 2, 0, 1, 0, 4, .ignored, .writeOnly),
    // An OS lock there is, not locked.
    row("OSLSR_EL1", 2, 0, 1, 1, 4, .constant(0b1000), .readOnly),
    row("OSDLR_EL1", 2, 0, 1, 3, 4, .ignored, .writeOnly),
  ]

  /// An Armv8.0 core's, less what a Realm is not offered. ``A64Features`` add theirs.
  private static let identification = [
    row("MIDR_EL1", 3, 0, 0, 0, 0, .model, .readOnly),
    row("MPIDR_EL1", 3, 0, 0, 0, 5, .affinity, .readOnly),
    row("REVIDR_EL1", 3, 0, 0, 0, 6, .constant(0), .readOnly),
    // EL1 and EL0 in AArch64 only, AdvSIMD and FP, GICv3 system registers.
    row("ID_AA64PFR0_EL1", 3, 0, 0, 4, 0, .identification(0x0000_0000_0100_0011), .readOnly),
    row("ID_AA64PFR1_EL1", 3, 0, 0, 4, 1, .identification(0), .readOnly),
    // Two breakpoints, both aware of contexts (CTX_CMPs may not exceed BRPs), two watchpoints.
    row("ID_AA64DFR0_EL1", 3, 0, 0, 5, 0, .identification(0x0000_0000_1010_1000, withPMU: 0x600), .readOnly),
    row("ID_AA64DFR1_EL1", 3, 0, 0, 5, 1, .identification(0), .readOnly),
    // CRC32, RNDR.
    row("ID_AA64ISAR0_EL1", 3, 0, 0, 6, 0, .identification(0x1000_0000_0001_0000), .readOnly),
    row("ID_AA64ISAR1_EL1", 3, 0, 0, 6, 1, .identification(0), .readOnly),
    // 48-bit PA, 16-bit ASID, 4 KiB granule only.
    row("ID_AA64MMFR0_EL1", 3, 0, 0, 7, 0, .identification(0x0000_0000_0F00_1025), .readOnly),
    row("ID_AA64MMFR1_EL1", 3, 0, 0, 7, 1, .identification(0), .readOnly),
    row("ID_AA64MMFR2_EL1", 3, 0, 0, 7, 2, .identification(0), .readOnly),
    // No cache is described.
    row("CCSIDR_EL1", 3, 1, 0, 0, 0, .constant(0), .readOnly),
    row("CLIDR_EL1", 3, 1, 0, 0, 1, .constant(0), .readOnly),
    row("AIDR_EL1", 3, 1, 0, 0, 7, .constant(0), .readOnly),
    row("CSSELR_EL1", 3, 2, 0, 0, 0, .saved(.csselrEL1)),
  ]

  private static let control = [
    row("SCTLR_EL1", 3, 0, 1, 0, 0, .translation(.sctlrEL1)),
    row("ACTLR_EL1", 3, 0, 1, 0, 1, .saved(.actlrEL1)),
    row("CPACR_EL1", 3, 0, 1, 0, 2, .saved(.cpacrEL1)),
    row("TTBR0_EL1", 3, 0, 2, 0, 0, .translation(.ttbr0EL1)),
    row("TTBR1_EL1", 3, 0, 2, 0, 1, .translation(.ttbr1EL1)),
    row("TCR_EL1", 3, 0, 2, 0, 2, .translation(.tcrEL1)),
    row("SPSR_EL1", 3, 0, 4, 0, 0, .saved(.spsrEL1)),
    row("ELR_EL1", 3, 0, 4, 0, 1, .saved(.elrEL1)),
    row("SP_EL0", 3, 0, 4, 1, 0, .saved(.spEL0)),
    row("SPSel", 3, 0, 4, 2, 0, .stackSelect),
    row("CurrentEL", 3, 0, 4, 2, 2, .exceptionLevel, .readOnly),
    row("PAN", 3, 0, 4, 2, 3, .field(PSTATE.pan), feature: .pan),
    row("UAO", 3, 0, 4, 2, 4, .field(PSTATE.uao), feature: .uao),
    row("AFSR0_EL1", 3, 0, 5, 1, 0, .saved(.afsr0EL1)),
    row("AFSR1_EL1", 3, 0, 5, 1, 1, .saved(.afsr1EL1)),
    row("ESR_EL1", 3, 0, 5, 2, 0, .saved(.esrEL1)),
    row("FAR_EL1", 3, 0, 6, 0, 0, .saved(.farEL1)),
    row("PAR_EL1", 3, 0, 7, 4, 0, .saved(.parEL1)),
    row("MAIR_EL1", 3, 0, 10, 2, 0, .saved(.mairEL1)),
    row("AMAIR_EL1", 3, 0, 10, 3, 0, .saved(.amairEL1)),
    row("VBAR_EL1", 3, 0, 12, 0, 0, .saved(.vbarEL1)),
    row("CONTEXTIDR_EL1", 3, 0, 13, 0, 1, .saved(.contextidrEL1)),
    row("TPIDR_EL1", 3, 0, 13, 0, 4, .saved(.tpidrEL1)),
    row("CNTKCTL_EL1", 3, 0, 14, 1, 0, .saved(.cntkctlEL1)),
    row("TPIDR_EL2", 3, 4, 13, 0, 2, .undefined),
  ]

  /// Of FEAT_PAuth, 128 bits each in two halves.
  private static let keys = [
    row("APIAKeyLo_EL1", 3, 0, 2, 1, 0, .key(0), feature: .pauth), row("APIAKeyHi_EL1", 3, 0, 2, 1, 1, .key(1), feature: .pauth),
    row("APIBKeyLo_EL1", 3, 0, 2, 1, 2, .key(2), feature: .pauth), row("APIBKeyHi_EL1", 3, 0, 2, 1, 3, .key(3), feature: .pauth),
    row("APDAKeyLo_EL1", 3, 0, 2, 2, 0, .key(4), feature: .pauth), row("APDAKeyHi_EL1", 3, 0, 2, 2, 1, .key(5), feature: .pauth),
    row("APDBKeyLo_EL1", 3, 0, 2, 2, 2, .key(6), feature: .pauth), row("APDBKeyHi_EL1", 3, 0, 2, 2, 3, .key(7), feature: .pauth),
    row("APGAKeyLo_EL1", 3, 0, 2, 3, 0, .key(8), feature: .pauth), row("APGAKeyHi_EL1", 3, 0, 2, 3, 1, .key(9), feature: .pauth),
  ]

  private static let interrupts = [
    SystemRegister("ICC_PMR_EL1", .iccPMR, .readWrite, .cpuInterface(.priorityMask)),
    row("ISR_EL1", 3, 0, 12, 1, 0, .interruptStatus, .readOnly),
    row("ICC_IAR0_EL1", 3, 0, 12, 8, 0, .cpuInterface(.acknowledge(0)), .readOnly),
    row("ICC_EOIR0_EL1", 3, 0, 12, 8, 1, .cpuInterface(.end(0)), .writeOnly),
    row("ICC_HPPIR0_EL1", 3, 0, 12, 8, 2, .cpuInterface(.highestPending(0)), .readOnly),
    row("ICC_BPR0_EL1", 3, 0, 12, 8, 3, .cpuInterface(.binaryPoint(0))),
    row("ICC_AP0R0_EL1", 3, 0, 12, 8, 4, .cpuInterface(.active(0))),
    // With 5 bits of preemption one word of active priorities is all.
    row("ICC_AP0R1_EL1", 3, 0, 12, 8, 5, .cpuInterface(.moreActive)),
    row("ICC_AP0R2_EL1", 3, 0, 12, 8, 6, .cpuInterface(.moreActive)),
    row("ICC_AP0R3_EL1", 3, 0, 12, 8, 7, .cpuInterface(.moreActive)),
    row("ICC_AP1R0_EL1", 3, 0, 12, 9, 0, .cpuInterface(.active(1))),
    row("ICC_AP1R1_EL1", 3, 0, 12, 9, 1, .cpuInterface(.moreActive)),
    row("ICC_AP1R2_EL1", 3, 0, 12, 9, 2, .cpuInterface(.moreActive)),
    row("ICC_AP1R3_EL1", 3, 0, 12, 9, 3, .cpuInterface(.moreActive)),
    row("ICC_DIR_EL1", 3, 0, 12, 11, 1, .cpuInterface(.deactivate), .writeOnly),
    row("ICC_RPR_EL1", 3, 0, 12, 11, 3, .cpuInterface(.runningPriority), .readOnly),
    SystemRegister("ICC_SGI1R_EL1", .iccSGI1R, .writeOnly, .generatesSGI),
    row("ICC_ASGI1R_EL1", 3, 0, 12, 11, 6, .generatesSGI, .writeOnly),
    row("ICC_SGI0R_EL1", 3, 0, 12, 11, 7, .generatesSGI, .writeOnly),
    row("ICC_IAR1_EL1", 3, 0, 12, 12, 0, .cpuInterface(.acknowledge(1)), .readOnly),
    row("ICC_EOIR1_EL1", 3, 0, 12, 12, 1, .cpuInterface(.end(1)), .writeOnly),
    row("ICC_HPPIR1_EL1", 3, 0, 12, 12, 2, .cpuInterface(.highestPending(1)), .readOnly),
    row("ICC_BPR1_EL1", 3, 0, 12, 12, 3, .cpuInterface(.binaryPoint(1))),
    row("ICC_CTLR_EL1", 3, 0, 12, 12, 4, .cpuInterface(.control)),
    row("ICC_SRE_EL1", 3, 0, 12, 12, 5, .cpuInterface(.systemRegisters)),
    row("ICC_IGRPEN0_EL1", 3, 0, 12, 12, 6, .cpuInterface(.groupEnable(0))),
    row("ICC_IGRPEN1_EL1", 3, 0, 12, 12, 7, .cpuInterface(.groupEnable(1))),
  ]

  /// What EL0 may have.
  private static let user = [
    // Lines of 64 bytes; SCTLR_EL1.UCT.
    row("CTR_EL0", 3, 3, 0, 0, 1, .constant(0x8444_C004), .readOnly, el0: .needs(.sctlrEL1, 1 << 15)),
    row("DCZID_EL0", 3, 3, 0, 0, 7, .zeroingBlock, .readOnly),
    row("RNDR", 3, 3, 2, 4, 0, .random, .readOnly),
    row("RNDRRS", 3, 3, 2, 4, 1, .random, .readOnly),
    row("NZCV", 3, 3, 4, 2, 0, .flags),
    // SCTLR_EL1.UMA.
    row("DAIF", 3, 3, 4, 2, 1, .interruptMasks, el0: .needs(.sctlrEL1, 1 << 9)),
    row("DIT", 3, 3, 4, 2, 5, .field(PSTATE.dit), feature: .dit),
    row("SSBS", 3, 3, 4, 2, 6, .field(PSTATE.ssbs), feature: .ssbs),
    row("FPCR", 3, 3, 4, 4, 0, .floatControl),
    row("FPSR", 3, 3, 4, 4, 1, .floatStatus),
    row("TPIDR_EL0", 3, 3, 13, 0, 2, .saved(.tpidrEL0)),
    row("TPIDRRO_EL0", 3, 3, 13, 0, 3, .saved(.tpidrroEL0), el0: .readOnly),
  ]

  /// An instruction is a tick. CNTKCTL_EL1.{EL0PCTEN, EL0VCTEN, EL0VTEN, EL0PTEN} give them to EL0.
  private static let timers = [
    row("CNTFRQ_EL0", 3, 3, 14, 0, 0, .constant(Machine.counterFrequency), .readOnly, el0: .needs(.cntkctlEL1, 0b11)),
    row("CNTPCT_EL0", 3, 3, 14, 0, 1, .count(.physical), .readOnly, el0: .needs(.cntkctlEL1, 1 << 0)),
    row("CNTVCT_EL0", 3, 3, 14, 0, 2, .count(.virtual), .readOnly, el0: .needs(.cntkctlEL1, 1 << 1)),
    row("CNTP_TVAL_EL0", 3, 3, 14, 2, 0, .timerValue(.physical), el0: .needs(.cntkctlEL1, 1 << 9)),
    row("CNTP_CTL_EL0", 3, 3, 14, 2, 1, .timerControl(.physical), el0: .needs(.cntkctlEL1, 1 << 9)),
    row("CNTP_CVAL_EL0", 3, 3, 14, 2, 2, .timerCompare(.physical), el0: .needs(.cntkctlEL1, 1 << 9)),
    row("CNTV_TVAL_EL0", 3, 3, 14, 3, 0, .timerValue(.virtual), el0: .needs(.cntkctlEL1, 1 << 8)),
    row("CNTV_CTL_EL0", 3, 3, 14, 3, 1, .timerControl(.virtual), el0: .needs(.cntkctlEL1, 1 << 8)),
    row("CNTV_CVAL_EL0", 3, 3, 14, 3, 2, .timerCompare(.virtual), el0: .needs(.cntkctlEL1, 1 << 8)),
  ]
}
