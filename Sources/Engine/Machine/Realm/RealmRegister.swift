/// System registers of a Realm's vCPU that the RMM saves: a row each, with the name a script calls it by. That is the one the RMM reads
/// it with, a VHE name for what the Realm knows as `_EL1` or `_EL0`. Their order is that of their places in the REC, and recordings
/// name them by number.
package enum RealmRegister: String, CaseIterable, Sendable {
  case spEL0 = "sp_el0"
  case spEL1 = "sp_el1"
  case elrEL1 = "elr_el12"
  case spsrEL1 = "spsr_el12"
  case pmcrEL0 = "pmcr_el0"
  case tpidrroEL0 = "tpidrro_el0"
  case tpidrEL0 = "tpidr_el0"
  case csselrEL1 = "csselr_el1"
  case sctlrEL1 = "sctlr_el12"
  case actlrEL1 = "actlr_el1"
  case cpacrEL1 = "cpacr_el12"
  case ttbr0EL1 = "ttbr0_el12"
  case ttbr1EL1 = "ttbr1_el12"
  case tcrEL1 = "tcr_el12"
  case esrEL1 = "esr_el12"
  case afsr0EL1 = "afsr0_el12"
  case afsr1EL1 = "afsr1_el12"
  case farEL1 = "far_el12"
  case mairEL1 = "mair_el12"
  case vbarEL1 = "vbar_el12"
  case contextidrEL1 = "contextidr_el12"
  case tpidrEL1 = "tpidr_el1"
  case amairEL1 = "amair_el12"
  case cntkctlEL1 = "cntkctl_el12"
  case parEL1 = "par_el1"
  case mdscrEL1 = "mdscr_el1"
  case mdccintEL1 = "mdccint_el1"
  case disrEL1 = "disr_el1"
  case mpam0EL1 = "mpam0_el1"
  case cntpctlEL0 = "cntp_ctl_el02"
  case cntpcvalEL0 = "cntp_cval_el02"
  case cntvctlEL0 = "cntv_ctl_el02"
  case cntvcvalEL0 = "cntv_cval_el02"
  case sctlr2EL1 = "sctlr2_el12"
  case pmovsEL0 = "pmovsset_el0"
  case pmintenEL1 = "pmintenset_el1"
  case pmcntenEL0 = "pmcntenset_el0"
  case vsesrEL2 = "vsesr_el2"
  case cnthctlEL2 = "cnthctl_el2"
  case elrEL2 = "elr_el2"
  case spsrEL2 = "spsr_el2"
  case esrEL2 = "esr_el2"
  case farEL2 = "far_el2"
  case hpfarEL2 = "hpfar_el2"
  case vmpidrEL2 = "vmpidr_el2"
  case hcrEL2 = "hcr_el2"
  case isrEL1 = "isr_el1"
  case ichHCR = "ich_hcr_el2"
  case ichVMCR = "ich_vmcr_el2"
  case ichMISR = "ich_misr_el2"
  case ichLR0 = "ich_lr0_el2"
  case cntvoffEL2 = "cntvoff_el2"
  case cntpoffEL2 = "cntpoff_el2"
  case pmccntrEL0 = "pmccntr_el0"
  case pmccfiltrEL0 = "pmccfiltr_el0"
  case pmselrEL0 = "pmselr_el0"
  case pmuserenEL0 = "pmuserenr_el0"
  case ichAP0R = "ich_ap0r0_el2"
  case ichAP1R = "ich_ap1r0_el2"

  package var name: String { rawValue }

  /// Its place in the order above.
  @inline(__always) package var number: Int { Int(unsafeBitCast(self, to: UInt8.self)) }

  package init?(number: UInt64) {
    guard number < UInt64(Self.allCases.count) else { return nil }
    self = Self.allCases[Int(number)]
  }

  /// Accepts the RMM's name and the Realm's own (`vbar_el12`, `vbar_el1`; `cntv_ctl_el02`, `cntv_ctl_el0`).
  package static func named(_ name: String) -> RealmRegister? {
    let name = name.lowercased()
    return RealmRegister(rawValue: name) ?? allCases.first { $0.name == name + "2" }
  }
}
