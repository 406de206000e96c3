/// Why a guest stopped running: an exception it took to EL2 of its world, or none. Whoever executes a Realm's code gives the RMM one of
/// these and nothing else; a VM's goes to the hypervisor at NS-EL2.
enum RealmException {
  /// Synchronous: ESR_EL2, FAR_EL2, HPFAR_EL2.
  case sync(esr: UInt64, far: UInt64, hpfar: UInt64)
  case irq
  case fiq
  case serror(esr: UInt64)
  /// No exception: it stands in the middle of its run and keeps the PE, until ``Action/resume(_:)`` or another entry lets it go on.
  case keepsRunning
  /// A granule protection fault that EL3 takes (SCR_EL3.GPF): EL2 never hears of it.
  case toEL3(GranuleProtectionFault, write: Bool)
}

/// REC entry, the loop of exceptions, and REC exit (DEN0137 A4).
extension Machine {
  @inline(__always) func lastExitWasEmulatable(_ rec: REC) -> Bool {
    Syndrome.ec(rec.lastESR) == Syndrome.ecDataAbort && rec.lastESR & Syndrome.isv != 0
  }

  @inline(__always) func lastExitWasUnprotectedAbort(_ rec: REC) -> Bool {
    Syndrome.ec(rec.lastESR) == Syndrome.ecDataAbort
      && !realm(rec.owner).isProtected(faultIPA(rec.lastHPFAR))
  }

  /// IPA of an abort, from HPFAR_EL2.FIPA.
  @inline(__always) func faultIPA(_ hpfar: UInt64) -> UInt64 { hpfar.bits(43, 4) << 12 }

  /// Completes what the last exit left open, then runs. Returns the RMI result.
  mutating func enterREC(_ address: UInt64, run: UInt64) -> UInt64 {
    let rec = mutableREC(address)
    let flags = enterFlags(run)
    let pe = control.currentPE
    if isLab { judgeEntry(rec, address, run) }
    loadListRegisters(rec, run)
    if flags.injectSEA, lastExitWasUnprotectedAbort(rec) {
      injectExternalAbort(rec, esr: rec.lastESR, far: rec.lastFAR)
    } else if flags.emulMMIO, lastExitWasEmulatable(rec) || switchedOff.contains("rec_mmio", of: RECEnter.name) {
      completeEmulation(rec, value: enterRecord(run)[RmiRecEnter.table.gprs])
    }
    completeRIPASChange(rec, address, reject: flags.rejectsRIPAS)
    if policy.has(.gicTrapKeepsSyndrome), Syndrome.ec(rec.lastESR) == Syndrome.ecSysreg, rec.lastESR & 1 != 0 {
      let rt = Int(rec.lastESR.bits(9, 5))
      if rt != 31 { rec.setX(rt, enterRecord(run)[RmiRecEnter.table.gprs]) }
    }
    if rec.hostCallPending {
      var exit = ExitRecord()
      if completeHostCall(rec, run: run, &exit) {
        rec.hostCallPending = false
      } else {
        exit.bare = policy.has(.hostCallAbortExitIsBare)
        writeExit(exit, address, to: run)
        noteExit(address, exit)
        return 0
      }
    }
    rec.lastESR = 0
    control.pes[pe].guestLeft = guestBudget
    if configuration.vcpu == .code { restoreInterrupts(rec) }
    rec.traps = flags.traps
    rec.virtualSError = false
    rec.running = true
    rec.runPointer = run
    control.pes[pe].runningREC = address
    control.busyPEs |= 1 << UInt8(pe)
    return continueRun(address, resumed: false)
  }

  /// The loop itself. Returns the RMI result, or leaves the REC running if the Realm keeps the PE.
  mutating func continueRun(_ address: UInt64, resumed: Bool) -> UInt64 {
    if control.isWary, !isOwn(address) { return SMCCC.notSupported }
    let rec = mutableREC(address)
    let pe = control.currentPE
    var exit = ExitRecord()
    if tracing, !resumed { traceMove(.rEL2, .rEL1) }
    // Output levels the Host knows of: those of the last exit.
    let known = rec.timerLevels
    if configuration.vcpu == .code { updateTimers(rec, now: control.guestInstructions) }
    while true {
      if timerAsserted(rec[.cntvctlEL0]) != known.virtual || timerAsserted(rec[.cntpctlEL0]) != known.physical {
        exit.reason = .irq
        break
      }
      if rec.serrorPending {
        rec.serrorPending = false
        rec.virtualSError = true
        rec[.vsesrEL2] = rec.vsesr
        if tracing { emit(.interrupt, rec.vsesr, world: .realm) }
      }
      let exception = runRealm(address)
      if case .keepsRunning = exception {
        setPlace(.realm, 1)
        return Machine.stillRunning
      }
      if case .toEL3(let fault, let write) = exception {
        takeToEL3(fault, from: .rEL1, write: write)
        return Machine.stillRunning
      }
      if handle(exception, rec, address, &exit) { continue }
      if isLab { reveal(exception, rec, address, &exit) }
      break
    }
    if tracing { traceMove(.rEL1, .rEL2) }
    if exit.reason != .ripasChange {
      rec.ripasAddr = 0
      rec.ripasTop = 0
      rec.ripasBase = 0
    }
    rec.timerLevels = (timerAsserted(rec[.cntvctlEL0]), timerAsserted(rec[.cntpctlEL0]))
    rec.running = false
    control.pes[pe].runningREC = 0
    control.pes[pe].guestLeft = 0
    control.busyPEs &= ~(1 << UInt8(pe))
    let run = rec.runPointer
    noteExit(address, exit)
    if configuration.vcpu == .code { saveInterrupts(rec) }
    // The Host may have taken the run granule away meanwhile.
    guard granuleProtectionCheck(run, .nonSecure) == nil else { return Status.rmiInput.value }
    writeExit(exit, address, to: run)
    // What a REC's interrupts have counted stays with the REC.
    rec[.ichHCR] = control.pes[pe].ichHCR
    control.pes[pe].ichHCR &= ~GIC.enable
    return 0
  }

  /// Not an RMI result: the REC runs on.
  static let stillRunning = UInt64.max - 1

  mutating func noteExit(_ address: UInt64, _ exit: borrowing ExitRecord) {
    if tracing { emit(.exit, address, UInt64(exit.reason.rawValue), exit.esr, world: guestWorld) }
  }

  /// Whose EL1 the PE runs, or else would run next.
  var guestWorld: World { control.pes[control.currentPE].runningVCPU == 0 ? .realm : .normal }

  /// The GIC state the Host gives for an entry, with what the vCPU itself has counted.
  mutating func loadListRegisters(_ rec: REC, _ run: UInt64) {
    let pe = control.currentPE
    let enter = enterRecord(run)
    control.pes[pe].ichHCR = rec[.ichHCR] & ~GIC.hostHCR | enter[RmiRecEnter.table.gicv3HCR] & GIC.hostHCR | GIC.enable
    for n in 0..<features.listRegisters { control.pes[pe].ichLR[n] = enter[RmiRecEnter.table.gicv3LRs, n] }
  }

  /// CNTx_CTL: enabled, condition met, not masked.
  @inline(__always) func timerAsserted(_ ctl: UInt64) -> Bool { ctl & 0b111 == 0b101 }

  // MARK: What an entry completes

  mutating func completeEmulation(_ rec: REC, value: UInt64) {
    let esr = rec.lastESR
    let rt = Syndrome.srt(esr)
    if !Syndrome.isWrite(esr), rt != 31 {
      var result = value & Syndrome.sizeMask(esr)
      if esr.bit(21) {
        let sign: UInt64 = 1 << (8 * Syndrome.size(esr) - 1)
        result = (result ^ sign) &- sign
        if !esr.bit(15) { result &= 0xFFFF_FFFF }
      }
      rec.setX(rt, result)
    }
    rec.pc &+= 4
  }

  mutating func completeRIPASChange(_ rec: REC, _ recAddress: UInt64, reject: Bool) {
    guard rec.ripasBase != rec.ripasTop else { return }
    let rejected = rec.ripasValue == .ram && rec.ripasAddr != rec.ripasTop && reject
    rec.setX(0, RSIReturn.success)
    let isTold = !rejected || applies(.ripasResponse)
    if !isTold { breaks(.ripasAnswer, recAddress) }
    rec.setX(1, isTold ? rec.ripasAddr : rec.ripasTop)
    rec.setX(2, rejected && isTold ? 1 : 0)
    if !policy.has(.rsiKeepsX4AndUp) { for n in 3...16 { rec.setX(n, 0) } }
    rec.ripasBase = 0
    rec.ripasTop = 0
    rec.ripasAddr = 0
  }

  /// Copies the Host's answer to a host call into Realm memory. False: its page is not there, the REC exits at once.
  mutating func completeHostCall(_ rec: REC, run: UInt64, _ exit: inout ExitRecord) -> Bool {
    let ipa = rec.x(1)
    switch realmMemory(realm(rec.owner), ipa) {
    case .empty:
      // Nowhere to put the results. TF-RMM does not even write X0 (D9).
      if !policy.has(.hostCallAtEmptyIPADropsResults) { rec.setX(0, RSIReturn.success) }
      if !policy.has(.rsiKeepsX4AndUp) { for n in 1...16 { rec.setX(n, 0) } }
      return true
    case .fault(let level):
      exit = stage2AbortExit(ipa, level)
      return false
    case .address(let pa):
      let gprs = RmiRecEnter.table.gprs
      let source = enterRecord(run) + gprs.offset
      let target = memory.writablePage(pa) + RsiHostCall.offset(of: pa) + RsiHostCall.table.gprs.offset
      target.copyMemory(from: source, byteCount: gprs.extent)
      rec.setX(0, RSIReturn.success)
      if !policy.has(.rsiKeepsX4AndUp) { for n in 1...16 { rec.setX(n, 0) } }
      return true
    }
  }

  /// The exit of a call that needs Realm memory the Host has not given: as if the Realm had touched it itself.
  func stage2AbortExit(_ ipa: UInt64, _ level: Int) -> ExitRecord {
    var exit = ExitRecord()
    exit.reason = .sync
    exit.esr = Syndrome.ecDataAbort << 26 | Syndrome.translationFault(level)
    exit.hpfar = policy.has(.rsiWalkFailureHPFARFromX1) ? ipa >> 8 : (ipa >> 12) << 4
    return exit
  }

  // MARK: Realm memory

  enum RealmMemory {
    /// Mapped: the PA of the byte.
    case address(UInt64)
    /// RIPAS is EMPTY: the Realm's own mistake.
    case empty
    /// RAM that is not there, or DESTROYED: for the Host to mend. The level at which the walk ended.
    case fault(level: Int)
  }

  /// Translates a Protected IPA for the RMM's own access on behalf of the Realm.
  func realmMemory(_ realm: RealmDescriptor, _ ipa: UInt64) -> RealmMemory {
    let walk = rttWalk(realm, ipa, to: 3)
    if walk.entry.isValid {
      let offset = ipa & (rttEntrySize(walk.level) - 1)
      let pa = walk.entry.address(lpa2: realm.lpa2) &+ offset
      if control.isWary, !isOwn(pa) { return .empty }
      return .address(pa)
    }
    return walk.entry.ripas == .empty ? .empty : .fault(level: walk.level)
  }
}
