/// A REC as the model has it in the REC granule: state of the RMM, and of the vCPU. The specification names what there is (RmmRec),
/// not where. The registers of a VM that is no Realm's are laid out the same in a granule of the Host's.
package struct RmmRec: Structure {
  package static let table = RmmRec()
  package static let about = StructureFacts(
    "RmmRec", 4096, "DEN0137 A2.3; the places are the model's own",
    "A REC, in the REC granule; or, in the Host's memory, a vCPU that is no Realm's.")

  let running = MemoryField(0x00, 1, "running", .flag, "a PE runs it", rules: "rec_state")
  let runnable = MemoryField(0x01, 1, "runnable", .flag, "it may be entered", rules: "rec_runnable")
  let psciPending = MemoryField(0x02, 1, "psci_pending", .flag, "a PSCI request waits for RMI_PSCI_COMPLETE", rules: "rec_psci")
  let hostCallPending = MemoryField(0x03, 1, "host_call_pending", .flag, "a host call waits for its answer")
  let ripasDestroyed = MemoryField(0x04, 1, "ripas_destroyed", .flag, "the change of RIPAS may touch DESTROYED")
  let ripasValue = MemoryField(0x05, 1, "ripas_value", .ripas, "the RIPAS that is asked for")
  let attestState = MemoryField(0x06, 1, "attest_state", .attestationState, "whether a token is being made", rules: "state")
  let numAux = MemoryField(0x07, 1, "num_aux", .number, "auxiliary granules", from: 0, to: 16, "RmiRecParams has no more")
  let serrorPending = MemoryField(0x08, 1, "serror_pending", .flag, "a virtual SError waits for the next entry")
  let virtualTimerLevel = MemoryField(0x09, 1, "cntv_level", .flag, "output of the virtual timer as the last exit showed it")
  let physicalTimerLevel = MemoryField(0x0A, 1, "cntp_level", .flag, "output of the physical timer as the last exit showed it")
  let virtualSError = MemoryField(0x0B, 1, "vse", .flag, "this entry gives a virtual SError: HCR_EL2.VSE")
  let owner = MemoryField(0x10, 8, "owner", .pa, "the RD of its Realm")
  package let mpidr = MemoryField(0x18, 8, "mpidr", .bits, "which vCPU of its Realm it is", type: "RmiRecMpidr")
  package let pc = MemoryField(0x20, 8, "pc", .bits, "where it goes on")
  package let pstate = MemoryField(0x28, 8, "pstate", .bits, "PSTATE, as SPSR_EL2 has it")
  let ripasAddr = MemoryField(0x30, 8, "ripas_addr", .ipa, "how far the change of RIPAS has come")
  let ripasTop = MemoryField(0x38, 8, "ripas_top", .ipa, "where it ends")
  let ripasBase = MemoryField(0x40, 8, "ripas_base", .ipa, "where it began: differs from ripas_top exactly while one is pending")
  let lastESR = MemoryField(
    0x48, 8, "last_esr", .bits, "ESR_EL2 of the exit before this entry; 0 when nothing is to be completed", rules: "rec_mmio")
  let lastFAR = MemoryField(0x50, 8, "last_far", .bits, "FAR_EL2 of that exit")
  let lastHPFAR = MemoryField(0x58, 8, "last_hpfar", .bits, "HPFAR_EL2 of that exit")
  let vsesr = MemoryField(0x60, 8, "vsesr", .bits, "syndrome of the SError that waits")
  let tokenLength = MemoryField(0x68, 8, "token_length", .number, "bytes at token that are one", unit: "bytes")
  let tokenCopied = MemoryField(0x70, 8, "token_copied", .number, "bytes of it that were handed out", unit: "bytes")
  let traps = MemoryField(0x78, 8, "traps", .bits, "trap_wfi and trap_wfe of this entry", type: "RmiRecEnterFlags")
  let runPointer = MemoryField(0x80, 8, "run_ptr", .pa, "RmiRecRun of the entry in progress")
  package let monitor = MemoryField(
    0x90, 8, "monitor", .bits, "what the exclusive monitor holds while a debugger holds the PE, and bit 0; 0 for nothing")
  package let gprs = MemoryField(0x100, 8, "gprs", .bits, "X0 to X30", count: 31)
  let aux = MemoryField(0x200, 8, "aux", .pa, "auxiliary granules", count: 16)
  let keys = MemoryField(
    0x280, 8, "pauth_keys", .bits, "keys of pointer authentication, each the lower half first: IA, IB, DA, DB, GA", count: 10)
  package let sysregs = MemoryField(
    0x400, 8, "sysregs", .systemRegister, "system registers, those of EL1 and EL0 first", count: 64)
  let challenge = MemoryField(0x600, 64, "attest_challenge", .bytes, "challenge of the token in progress")
  let token = MemoryField(0x640, 0x9C0, "token", .bytes, "claims, then the finished token")
}
