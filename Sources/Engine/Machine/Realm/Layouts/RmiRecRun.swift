/// What the Host gives RMI_REC_ENTER, and what it finds there after the exit.
package struct RmiRecRun: Structure {
  package static let table = RmiRecRun()
  package static let about = StructureFacts(
    "RmiRecRun", 4096, "DEN0137 B4.4.22", "What the Host gives RMI_REC_ENTER, and what it finds there after the exit.",
    unused: .free)

  package let enter = MemoryField(0x000, 2048, "enter", .structure, "the Host's", type: "RmiRecEnter")
  package let exit = MemoryField(0x800, 2048, "exit", .structure, "the RMM's", type: "RmiRecExit")
}

/// The half of RmiRecRun that the Host writes.
package struct RmiRecEnter: Structure {
  package static let table = RmiRecEnter()
  package static let about = StructureFacts(
    "RmiRecEnter", 2048, "DEN0137 B4.4", "What the Host gives at the entry of a REC.", unused: .sbz)

  package let flags = MemoryField(
    0x000, 8, "flags", .bits, "what becomes of the last exit, and what is to exit", type: "RmiRecEnterFlags",
    rules: "rec_mmio inject_sea")
  package let gprs = MemoryField(
    0x200, 8, "gprs", .bits,
    "the first: what an emulated load, or read of a system register, gives; all: the answer of a host call", count: 31)
  package let gicv3HCR = MemoryField(0x300, 8, "gicv3_hcr", .bits, "bits of ICH_HCR_EL2 that are the Host's", rules: "rec_gicv3")
  package let gicv3LRs = MemoryField(0x308, 8, "gicv3_lrs", .bits, "ICH_LR<n>_EL2", count: 16, rules: "rec_gicv3")
}

/// What the Host tells a REC at entry.
package struct RmiRecEnterFlags: Structure {
  package static let table = RmiRecEnterFlags()
  package static let about = StructureFacts(
    "RmiRecEnterFlags", 8, "DEN0137 B4.4", "What the Host tells a REC at entry, in RmiRecEnter.", unused: .sbz)

  package let emulMMIO = BitField(0, "emul_mmio", "the Host has emulated the access of the last exit", rules: "rec_mmio")
  package let injectSEA = BitField(1, "inject_sea", "the access of the last exit ends in an external abort", rules: "inject_sea")
  package let trapWFI = BitField(2, "trap_wfi", "WFI and WFIT exit")
  package let trapWFE = BitField(3, "trap_wfe", "WFE and WFET exit")
  package let ripasResponse = BitField(4, "ripas_response", "the Host rejects the change of RIPAS the last exit was for")
}

/// The half of RmiRecRun that the RMM writes. What an exit has nothing to say of is zero.
package struct RmiRecExit: Structure {
  package static let table = RmiRecExit()
  package static let about = StructureFacts(
    "RmiRecExit", 2048, "DEN0137 B4.4", "What the RMM tells the Host of an exit of a REC.")

  package let exitReason = MemoryField(0x000, 1, "exit_reason", .exitReason, "why the REC exits")
  package let esr = MemoryField(0x100, 8, "esr", .bits, "ESR_EL2, as much of it as the Host may know")
  package let far = MemoryField(0x108, 8, "far", .bits, "bits 11:0 of FAR_EL2, of an access the Host may emulate")
  package let hpfar = MemoryField(0x110, 8, "hpfar", .bits, "HPFAR_EL2: the page of an abort, in bits 43:4")
  package let gprs = MemoryField(
    0x200, 8, "gprs", .bits, "what an emulated store writes, the arguments of PSCI, or the registers of a host call", count: 31)
  package let gicv3HCR = MemoryField(0x300, 8, "gicv3_hcr", .bits, "ICH_HCR_EL2: EOIcount, and the bits that are the Host's")
  package let gicv3LRs = MemoryField(0x308, 8, "gicv3_lrs", .bits, "ICH_LR<n>_EL2", count: 16)
  package let gicv3MISR = MemoryField(0x388, 8, "gicv3_misr", .bits, "ICH_MISR_EL2")
  package let gicv3VMCR = MemoryField(0x390, 8, "gicv3_vmcr", .bits, "ICH_VMCR_EL2")
  package let cntpCtl = MemoryField(0x400, 8, "cntp_ctl", .bits, "CNTP_CTL_EL0")
  package let cntpCval = MemoryField(0x408, 8, "cntp_cval", .bits, "CNTP_CVAL_EL0, less the offset")
  package let cntvCtl = MemoryField(0x410, 8, "cntv_ctl", .bits, "CNTV_CTL_EL0")
  package let cntvCval = MemoryField(0x418, 8, "cntv_cval", .bits, "CNTV_CVAL_EL0, less the offset")
  package let ripasBase = MemoryField(0x500, 8, "ripas_base", .ipa, "where the change of RIPAS begins that is asked for")
  package let ripasTop = MemoryField(0x508, 8, "ripas_top", .ipa, "where it ends")
  package let ripasValue = MemoryField(0x510, 1, "ripas_value", .ripas, "the RIPAS that is asked for")
  package let imm = MemoryField(0x600, 2, "imm", .number, "which host call it is", inTFRMM: 4)
  package let pmuOvfStatus = MemoryField(0x700, 1, "pmu_ovf_status", .flag, "a counter of the PMU has overflowed")
}
