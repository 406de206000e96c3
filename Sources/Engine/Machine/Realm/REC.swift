/// A Realm Execution Context, in the granule the Host gave for it (DEN0137 A2.3): ``RmmRec``.
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

  package var running: Bool {
    get { base[flag: RmmRec.table.running] }
    nonmutating set { base[flag: RmmRec.table.running] = newValue }
  }
  package var runnable: Bool {
    get { base[flag: RmmRec.table.runnable] }
    nonmutating set { base[flag: RmmRec.table.runnable] = newValue }
  }
  package var psciPending: Bool {
    get { base[flag: RmmRec.table.psciPending] }
    nonmutating set { base[flag: RmmRec.table.psciPending] = newValue }
  }
  package var hostCallPending: Bool {
    get { base[flag: RmmRec.table.hostCallPending] }
    nonmutating set { base[flag: RmmRec.table.hostCallPending] = newValue }
  }
  package var ripasDestroyed: Bool {
    get { base[flag: RmmRec.table.ripasDestroyed] }
    nonmutating set { base[flag: RmmRec.table.ripasDestroyed] = newValue }
  }
  package var ripasValue: RIPAS {
    get { RIPAS(rawValue: UInt8(truncatingIfNeeded: base[RmmRec.table.ripasValue])) ?? .empty }
    nonmutating set { base[RmmRec.table.ripasValue] = UInt64(newValue.rawValue) }
  }
  package var attestState: AttestationState {
    get { AttestationState(rawValue: UInt8(truncatingIfNeeded: base[RmmRec.table.attestState])) ?? .idle }
    nonmutating set { base[RmmRec.table.attestState] = UInt64(newValue.rawValue) }
  }
  package var auxCount: Int {
    get { Int(base.within(RmmRec.table.numAux)) }
    nonmutating set { base[RmmRec.table.numAux] = UInt64(newValue) }
  }
  package var serrorPending: Bool {
    get { base[flag: RmmRec.table.serrorPending] }
    nonmutating set { base[flag: RmmRec.table.serrorPending] = newValue }
  }
  package var owner: UInt64 {
    get { base[RmmRec.table.owner] }
    nonmutating set { base[RmmRec.table.owner] = newValue }
  }
  package var mpidr: UInt64 {
    get { base[RmmRec.table.mpidr] }
    nonmutating set { base[RmmRec.table.mpidr] = newValue }
  }
  package var pc: UInt64 {
    get { base[RmmRec.table.pc] }
    nonmutating set { base[RmmRec.table.pc] = newValue }
  }
  package var pstate: UInt64 {
    get { base[RmmRec.table.pstate] }
    nonmutating set { base[RmmRec.table.pstate] = newValue }
  }
  package var ripasAddr: UInt64 {
    get { base[RmmRec.table.ripasAddr] }
    nonmutating set { base[RmmRec.table.ripasAddr] = newValue }
  }
  package var ripasTop: UInt64 {
    get { base[RmmRec.table.ripasTop] }
    nonmutating set { base[RmmRec.table.ripasTop] = newValue }
  }
  package var ripasBase: UInt64 {
    get { base[RmmRec.table.ripasBase] }
    nonmutating set { base[RmmRec.table.ripasBase] = newValue }
  }
  package var lastESR: UInt64 {
    get { base[RmmRec.table.lastESR] }
    nonmutating set { base[RmmRec.table.lastESR] = newValue }
  }
  package var lastFAR: UInt64 {
    get { base[RmmRec.table.lastFAR] }
    nonmutating set { base[RmmRec.table.lastFAR] = newValue }
  }
  package var lastHPFAR: UInt64 {
    get { base[RmmRec.table.lastHPFAR] }
    nonmutating set { base[RmmRec.table.lastHPFAR] = newValue }
  }
  package var vsesr: UInt64 {
    get { base[RmmRec.table.vsesr] }
    nonmutating set { base[RmmRec.table.vsesr] = newValue }
  }
  package var tokenLength: UInt64 {
    get { min(base[RmmRec.table.tokenLength], UInt64(Machine.tokenRoom)) }
    nonmutating set { base[RmmRec.table.tokenLength] = newValue }
  }
  package var tokenCopied: UInt64 {
    get { min(base[RmmRec.table.tokenCopied], tokenLength) }
    nonmutating set { base[RmmRec.table.tokenCopied] = newValue }
  }
  package var traps: UInt64 {
    get { base[RmmRec.table.traps] }
    nonmutating set { base[RmmRec.table.traps] = newValue }
  }
  /// Whether this entry traps WFE, or else WFI.
  @inline(__always) func traps(_ isEvent: Bool) -> Bool {
    isEvent ? RmiRecEnterFlags.table.trapWFE.isSet(in: traps) : RmiRecEnterFlags.table.trapWFI.isSet(in: traps)
  }
  var virtualSError: Bool {
    get { base[flag: RmmRec.table.virtualSError] }
    nonmutating set { base[flag: RmmRec.table.virtualSError] = newValue }
  }
  /// Timer outputs as the last exit showed them to the Host.
  var timerLevels: (virtual: Bool, physical: Bool) {
    get { (base[flag: RmmRec.table.virtualTimerLevel], base[flag: RmmRec.table.physicalTimerLevel]) }
    nonmutating set {
      base[flag: RmmRec.table.virtualTimerLevel] = newValue.virtual
      base[flag: RmmRec.table.physicalTimerLevel] = newValue.physical
    }
  }
  package var runPointer: UInt64 {
    get { base[RmmRec.table.runPointer] }
    nonmutating set { base[RmmRec.table.runPointer] = newValue }
  }

  @inline(__always) package func x(_ n: Int) -> UInt64 { base[RmmRec.table.gprs, n] }
  @inline(__always) package func setX(_ n: Int, _ value: UInt64) { base[RmmRec.table.gprs, n] = value }

  /// What the exclusive monitor holds while a debugger holds the PE: an exception to R-EL2 clears it.
  var monitor: UInt64? {
    get {
      let raw = base[RmmRec.table.monitor]
      return raw == 0 ? nil : raw & ~1
    }
    nonmutating set { base[RmmRec.table.monitor] = newValue.map { $0 | 1 } ?? 0 }
  }

  package func aux(_ n: Int) -> UInt64 { base[RmmRec.table.aux, n] }
  func setAux(_ n: Int, _ value: UInt64) { base[RmmRec.table.aux, n] = value }

  /// EL1 and EL0 system registers, in the order of ``RealmRegister``.
  package subscript(_ register: RealmRegister) -> UInt64 {
    get { base[RmmRec.table.sysregs, register.number] }
    nonmutating set { base[RmmRec.table.sysregs, register.number] = newValue }
  }

  /// The same by their numbers.
  @inline(__always) func word(_ number: Int) -> UInt64 { base[RmmRec.table.sysregs, number] }
  @inline(__always) func setWord(_ number: Int, _ value: UInt64) { base[RmmRec.table.sysregs, number] = value }

  /// Where they are in the host: 64-bit words in that order, little-endian.
  var systemRegisters: UnsafeMutableRawPointer { base + RmmRec.table.sysregs.offset }

  /// Half of a key of pointer authentication (FEAT_PAuth): APIAKeyLo_EL1, APIAKeyHi_EL1, APIB, APDA, APDB, APGA.
  func key(_ half: Int) -> UInt64 { base[RmmRec.table.keys, half] }
  func setKey(_ half: Int, _ value: UInt64) { base[RmmRec.table.keys, half] = value }

  /// The 64-byte challenge of the token in progress.
  package var challenge: UnsafeMutableRawBufferPointer { base.bytes(RmmRec.table.challenge) }

  /// Where the claims are, then the token.
  var token: UnsafeMutableRawPointer { base + RmmRec.table.token.offset }

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
  let table = RmiRecMpidr.table
  return table.aff0.of(mpidr) | table.aff1.of(mpidr) << 4 | table.aff2.of(mpidr) << 12 | table.aff3.of(mpidr) << 20
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
