/// A Realm Execution Context, in the granule the Host gave for it (DEN0137 A2.3, RmmRec). Fields lie at fixed offsets.
///
/// Invariants:
/// - `owner` is an RD; MPIDRs of one Realm's RECs differ;
/// - the `auxCount` granules of `aux` are REC_AUX and belong to this REC alone;
/// - `running` only while some PE's `runningREC` is this REC;
/// - `ripasAddr ≤ ripasTop`, both zero when no RIPAS change is pending.
///
/// What is read is within what a REC can have, whatever the bytes are, as with a ``RealmDescriptor``.
package struct REC {
  let base: UnsafeMutableRawPointer

  @inline(__always) func get(_ offset: Int) -> UInt64 {
    UInt64(littleEndian: base.load(fromByteOffset: offset, as: UInt64.self))
  }
  @inline(__always) func put(_ offset: Int, _ value: UInt64) {
    base.storeBytes(of: value.littleEndian, toByteOffset: offset, as: UInt64.self)
  }
  @inline(__always) private func flag(_ offset: Int) -> Bool {
    base.load(fromByteOffset: offset, as: UInt8.self) != 0
  }
  @inline(__always) private func put(_ offset: Int, flag: Bool) {
    base.storeBytes(of: flag ? 1 : 0, toByteOffset: offset, as: UInt8.self)
  }

  package var running: Bool {
    get { flag(0x00) }
    nonmutating set { put(0x00, flag: newValue) }
  }
  package var runnable: Bool {
    get { flag(0x01) }
    nonmutating set { put(0x01, flag: newValue) }
  }
  package var psciPending: Bool {
    get { flag(0x02) }
    nonmutating set { put(0x02, flag: newValue) }
  }
  package var hostCallPending: Bool {
    get { flag(0x03) }
    nonmutating set { put(0x03, flag: newValue) }
  }
  /// A change of RIPAS may touch DESTROYED.
  package var ripasDestroyed: Bool {
    get { flag(0x04) }
    nonmutating set { put(0x04, flag: newValue) }
  }
  package var ripasValue: RIPAS {
    get { RIPAS(rawValue: base.load(fromByteOffset: 0x05, as: UInt8.self)) ?? .empty }
    nonmutating set { base.storeBytes(of: newValue.rawValue, toByteOffset: 0x05, as: UInt8.self) }
  }
  package var attestState: AttestationState {
    get { AttestationState(rawValue: base.load(fromByteOffset: 0x06, as: UInt8.self)) ?? .idle }
    nonmutating set { base.storeBytes(of: newValue.rawValue, toByteOffset: 0x06, as: UInt8.self) }
  }
  package var auxCount: Int {
    get { min(Int(base.load(fromByteOffset: 0x07, as: UInt8.self)), 16) }
    nonmutating set { base.storeBytes(of: UInt8(newValue), toByteOffset: 0x07, as: UInt8.self) }
  }
  /// A virtual SError waits for the next entry.
  package var serrorPending: Bool {
    get { flag(0x08) }
    nonmutating set { put(0x08, flag: newValue) }
  }
  package var owner: UInt64 {
    get { get(0x10) }
    nonmutating set { put(0x10, newValue) }
  }
  /// RmiRecMpidr layout.
  package var mpidr: UInt64 {
    get { get(0x18) }
    nonmutating set { put(0x18, newValue) }
  }
  package var pc: UInt64 {
    get { get(0x20) }
    nonmutating set { put(0x20, newValue) }
  }
  package var pstate: UInt64 {
    get { get(0x28) }
    nonmutating set { put(0x28, newValue) }
  }
  package var ripasAddr: UInt64 {
    get { get(0x30) }
    nonmutating set { put(0x30, newValue) }
  }
  package var ripasTop: UInt64 {
    get { get(0x38) }
    nonmutating set { put(0x38, newValue) }
  }
  /// Where the pending RIPAS change began: differs from `ripasTop` exactly while one is pending.
  package var ripasBase: UInt64 {
    get { get(0x40) }
    nonmutating set { put(0x40, newValue) }
  }
  /// ESR_EL2, FAR_EL2 and HPFAR_EL2 of the exit before this entry; ESR 0 when nothing is to be completed.
  package var lastESR: UInt64 {
    get { get(0x48) }
    nonmutating set { put(0x48, newValue) }
  }
  package var lastFAR: UInt64 {
    get { get(0x50) }
    nonmutating set { put(0x50, newValue) }
  }
  package var lastHPFAR: UInt64 {
    get { get(0x58) }
    nonmutating set { put(0x58, newValue) }
  }
  package var vsesr: UInt64 {
    get { get(0x60) }
    nonmutating set { put(0x60, newValue) }
  }
  /// Bytes of the finished token and how many were handed out.
  package var tokenLength: UInt64 {
    get { min(get(0x68), UInt64(Machine.tokenRoom)) }
    nonmutating set { put(0x68, newValue) }
  }
  package var tokenCopied: UInt64 {
    get { min(get(0x70), tokenLength) }
    nonmutating set { put(0x70, newValue) }
  }
  /// Bits of the entry flags that hold for this entry: trap_wfi and trap_wfe.
  package var traps: UInt64 {
    get { get(0x78) }
    nonmutating set { put(0x78, newValue) }
  }
  /// This entry gives the Realm a virtual SError: HCR_EL2.VSE.
  var virtualSError: Bool {
    get { flag(0x0B) }
    nonmutating set { put(0x0B, flag: newValue) }
  }
  /// Timer outputs as the last exit showed them to the Host.
  var timerLevels: (virtual: Bool, physical: Bool) {
    get { (flag(0x09), flag(0x0A)) }
    nonmutating set {
      put(0x09, flag: newValue.virtual)
      put(0x0A, flag: newValue.physical)
    }
  }
  /// Where the exit record of the entry in progress goes.
  package var runPointer: UInt64 {
    get { get(0x80) }
    nonmutating set { put(0x80, newValue) }
  }

  package static let gprOffset = 0x100
  @inline(__always) package func x(_ n: Int) -> UInt64 { get(REC.gprOffset + n * 8) }
  @inline(__always) package func setX(_ n: Int, _ value: UInt64) { put(REC.gprOffset + n * 8, value) }

  /// What the exclusive monitor holds while a debugger holds the PE: an exception to R-EL2 clears it.
  var monitor: UInt64? {
    get { get(0x90) == 0 ? nil : get(0x90) & ~1 }
    nonmutating set { put(0x90, newValue.map { $0 | 1 } ?? 0) }
  }

  package func aux(_ n: Int) -> UInt64 { get(0x200 + n * 8) }
  func setAux(_ n: Int, _ value: UInt64) { put(0x200 + n * 8, value) }

  /// EL1 and EL0 system registers, in the order of ``RealmRegister``.
  package subscript(_ register: RealmRegister) -> UInt64 {
    get { get(0x400 + register.rawValue * 8) }
    nonmutating set { put(0x400 + register.rawValue * 8, newValue) }
  }

  /// The 64-byte challenge of the token in progress.
  package var challenge: UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(start: base + 0x600, count: 64)
  }

  /// RecIndex of ``mpidr`` (DEN0137 B2).
  package var index: UInt64 { recIndex(mpidr: mpidr) }
}

/// Whether the REC is making a token (DEN0137 A7.2.1), and how far the signing has come.
package enum AttestationState: UInt8 {
  /// NO_ATTEST_IN_PROGRESS
  case idle = 0
  /// The claims are encoded; the signature takes three steps, between which an interrupt may be taken.
  case signing0, signing1, signing2
  /// The token is complete and waits to be handed out.
  case ready
}

/// RecIndex(mpidr): Aff0 is 4 bits wide, the others 8 (DEN0137 A2.3.3).
package func recIndex(mpidr: UInt64) -> UInt64 {
  mpidr.bits(3, 0) | mpidr.bits(15, 8) << 4 | mpidr.bits(23, 16) << 12 | mpidr.bits(31, 24) << 20
}

/// RecIndex of a PSCI target, in MPIDR_EL1 layout (Aff3 in bits 39:32).
package func recIndex(target: UInt64) -> UInt64 {
  target.bits(3, 0) | target.bits(15, 8) << 4 | target.bits(23, 16) << 12 | target.bits(39, 32) << 20
}

/// The RmiRecMpidr a PSCI target names, or nil when it has bits outside the affinity fields of a REC.
package func recMPIDR(target: UInt64) -> UInt64? {
  guard target & ~0xFF_00FF_FF0F == 0 else { return nil }
  return target & 0x00FF_FF0F | target.bits(39, 32) << 24
}

/// System registers of a Realm's vCPU that the RMM saves, by the names the RMM reads them with.
package enum RealmRegister: Int, CaseIterable {
  case spEL0, spEL1, elrEL1, spsrEL1, pmcrEL0, tpidrroEL0, tpidrEL0, csselrEL1, sctlrEL1, actlrEL1, cpacrEL1
  case ttbr0EL1, ttbr1EL1, tcrEL1, esrEL1, afsr0EL1, afsr1EL1, farEL1, mairEL1, vbarEL1, contextidrEL1
  case tpidrEL1, amairEL1, cntkctlEL1, parEL1, mdscrEL1, mdccintEL1, disrEL1, mpam0EL1
  case cntpctlEL0, cntpcvalEL0, cntvctlEL0, cntvcvalEL0, sctlr2EL1
  case pmovsEL0, pmintenEL1, pmcntenEL0
  case vsesrEL2, cnthctlEL2
  case elrEL2, spsrEL2, esrEL2, farEL2, hpfarEL2, vmpidrEL2, hcrEL2
  case isrEL1, ichHCR, ichVMCR, ichMISR, ichLR0
  case cntvoffEL2, cntpoffEL2, pmccntrEL0, pmccfiltrEL0, pmselrEL0, pmuserenEL0
  case ichAP0R, ichAP1R

  /// What a script calls it: VHE names for what the Realm knows as `_EL1` and `_EL0`.
  package var name: String {
    switch self {
    case .spEL0: "sp_el0"
    case .spEL1: "sp_el1"
    case .elrEL1: "elr_el12"
    case .spsrEL1: "spsr_el12"
    case .pmcrEL0: "pmcr_el0"
    case .tpidrroEL0: "tpidrro_el0"
    case .tpidrEL0: "tpidr_el0"
    case .csselrEL1: "csselr_el1"
    case .sctlrEL1: "sctlr_el12"
    case .actlrEL1: "actlr_el1"
    case .cpacrEL1: "cpacr_el12"
    case .ttbr0EL1: "ttbr0_el12"
    case .ttbr1EL1: "ttbr1_el12"
    case .tcrEL1: "tcr_el12"
    case .esrEL1: "esr_el12"
    case .afsr0EL1: "afsr0_el12"
    case .afsr1EL1: "afsr1_el12"
    case .farEL1: "far_el12"
    case .mairEL1: "mair_el12"
    case .vbarEL1: "vbar_el12"
    case .contextidrEL1: "contextidr_el12"
    case .tpidrEL1: "tpidr_el1"
    case .amairEL1: "amair_el12"
    case .cntkctlEL1: "cntkctl_el12"
    case .parEL1: "par_el1"
    case .mdscrEL1: "mdscr_el1"
    case .mdccintEL1: "mdccint_el1"
    case .disrEL1: "disr_el1"
    case .mpam0EL1: "mpam0_el1"
    case .cntpctlEL0: "cntp_ctl_el02"
    case .cntpcvalEL0: "cntp_cval_el02"
    case .cntvctlEL0: "cntv_ctl_el02"
    case .cntvcvalEL0: "cntv_cval_el02"
    case .sctlr2EL1: "sctlr2_el12"
    case .pmovsEL0: "pmovsset_el0"
    case .pmintenEL1: "pmintenset_el1"
    case .pmcntenEL0: "pmcntenset_el0"
    case .vsesrEL2: "vsesr_el2"
    case .cnthctlEL2: "cnthctl_el2"
    case .elrEL2: "elr_el2"
    case .spsrEL2: "spsr_el2"
    case .esrEL2: "esr_el2"
    case .farEL2: "far_el2"
    case .hpfarEL2: "hpfar_el2"
    case .vmpidrEL2: "vmpidr_el2"
    case .hcrEL2: "hcr_el2"
    case .isrEL1: "isr_el1"
    case .ichHCR: "ich_hcr_el2"
    case .ichVMCR: "ich_vmcr_el2"
    case .ichMISR: "ich_misr_el2"
    case .ichLR0: "ich_lr0_el2"
    case .cntvoffEL2: "cntvoff_el2"
    case .cntpoffEL2: "cntpoff_el2"
    case .pmccntrEL0: "pmccntr_el0"
    case .pmccfiltrEL0: "pmccfiltr_el0"
    case .pmselrEL0: "pmselr_el0"
    case .pmuserenEL0: "pmuserenr_el0"
    case .ichAP0R: "ich_ap0r0_el2"
    case .ichAP1R: "ich_ap1r0_el2"
    }
  }

  /// Accepts the RMM's name and the Realm's own (`vbar_el12`, `vbar_el1`; `cntv_ctl_el02`, `cntv_ctl_el0`).
  package static func named(_ name: String) -> RealmRegister? {
    let name = name.lowercased()
    return allCases.first {
      $0.name == name || ($0.name.hasSuffix("2") && String($0.name.dropLast()) == name)
    }
  }
}

extension Machine {
  /// The REC at a REC granule, to read. Do not set through it: use ``mutableREC(_:)``.
  @inline(__always) package func rec(_ address: UInt64) -> REC {
    REC(base: UnsafeMutableRawPointer(mutating: ownPage(address)))
  }

  /// The REC at a REC granule, to change.
  @inline(__always) package mutating func mutableREC(_ address: UInt64) -> REC {
    REC(base: ownWritablePage(address))
  }

  /// The registers of a vCPU of the Normal world, laid out as a REC's, to read.
  func hostVCPU(_ address: UInt64) -> REC { REC(base: UnsafeMutableRawPointer(mutating: memory.page(address))) }

  /// The same, to change.
  mutating func mutableHostVCPU(_ address: UInt64) -> REC { REC(base: memory.writablePage(address)) }
}
