import Basics

/// Entering a vCPU of a VM that is no Realm: what the code of a hypervisor at NS-EL2 does around its ERET to EL1, and at the
/// exception that comes back. The RMM has no part in it.
///
/// The vCPU's registers are in a granule of the Host's, laid out as the model lays out a REC; what the Host says at entry and finds
/// at exit is laid out as RmiRecRun. Both are the Host's memory, so it reads and writes what it likes. VTTBR_EL2, VTCR_EL2 and
/// HCR_EL2 are those of the PE.
extension Machine {
  /// Enters a vCPU. What its last exit left open is completed first, as at REC entry.
  mutating func enterVCPU(_ address: UInt64, run: UInt64) -> Outcome {
    guard configuration.vcpu == .code else { return .refused("vCPUs of this machine execute no code (machine vcpu=code)") }
    let pe = control.currentPE
    guard control.busyPEs >> UInt8(pe) & 1 == 0 else { return .smc(.busy) }
    if let problem = entryProblem(address, run) { return .refused(problem) }
    for granule in [address, run] {
      if let fault = granuleProtectionCheck(granule, .nonSecure) { return fails(fault) }
    }
    let rec = mutableHostVCPU(address)
    if let problem = returnProblem(rec) { return .refused(problem) }
    control.pes[pe].runningVCPU = address
    control.busyPEs |= 1 << UInt8(pe)
    loadListRegisters(rec, run)
    let flags = enterFlags(run)
    if flags.injectSEA, [Syndrome.ecDataAbort, Syndrome.ecInstructionAbort].contains(Syndrome.ec(rec.lastESR)) {
      let own = Syndrome.ec(rec.lastESR) + (rec.pstate & 0xF == 0 ? 0 : 1)
      takeToEL1(rec, esr: own << 26 | Syndrome.il | rec.lastESR & Syndrome.wnr | Syndrome.sea, far: rec.lastFAR)
    } else if flags.emulMMIO, lastExitWasEmulatable(rec) {
      completeEmulation(rec, value: enterRecord(run)[RmiRecEnter.table.gprs])
    }
    rec.lastESR = 0
    control.pes[pe].guestLeft = guestBudget
    restoreInterrupts(rec)
    rec.traps = flags.traps
    rec.virtualSError = false
    rec.runPointer = run
    return continueVCPU(address, resumed: false)
  }

  private func entryProblem(_ address: UInt64, _ run: UInt64) -> String? {
    guard address.isGranuleAligned, run.isGranuleAligned, address != run, isDRAM(address), isDRAM(run) else {
      return "the vCPU's registers and its run page must be two granules of DRAM"
    }
    let pe = control.pes[control.currentPE]
    guard pe.hcrEL2 & HCR.needed == HCR.needed else {
      return "HCR_EL2 = \(hex(pe.hcrEL2)), without some of VM, FMO, IMO, TSC, RW (\(hex(HCR.needed)))"
    }
    if control.pes.contains(where: { $0.runningVCPU == address }) { return "another PE runs this vCPU" }
    return pe.stage2.problem
  }

  /// Why an ERET with the vCPU's PSTATE would be an illegal exception return, or nil; bits that are not modelled become 0.
  private func returnProblem(_ rec: REC) -> String? {
    guard [0b0000, 0b0100, 0b0101].contains(rec.pstate & 0x1F) else {
      return "the vCPU's PSTATE \(hex(rec.pstate)) is neither EL0 nor EL1 in AArch64: an illegal exception return"
    }
    rec.pstate &= configuration.cpu.features.returnedPSTATE
    return nil
  }

  private mutating func fails(_ fault: GranuleProtectionFault) -> Outcome {
    if tracing { emit(.fault, fault.address, UInt64(fault.pas.rawValue), fault.syndrome(write: true), world: .normal) }
    return .access(.fault(fault))
  }

  /// ERET to EL1, until an exception is the hypervisor's to handle, or a debugger holds the vCPU.
  mutating func continueVCPU(_ address: UInt64, resumed: Bool) -> Outcome {
    let pe = control.currentPE
    // Another PE may have done something to the registers and their granule meanwhile.
    if let fault = granuleProtectionCheck(address, .nonSecure) {
      leaveVCPU()
      return fails(fault)
    }
    let rec = mutableHostVCPU(address)
    if let problem = returnProblem(rec) {
      leaveVCPU()
      return .refused(problem)
    }
    var exit = ExitRecord()
    if tracing, !resumed { traceMove(.nsEL2, .nsEL1) }
    // Output levels the Host knows of: those of the last exit.
    let known = rec.timerLevels
    updateTimers(rec, now: control.guestInstructions)
    if timerAsserted(rec[.cntvctlEL0]) != known.virtual || timerAsserted(rec[.cntpctlEL0]) != known.physical {
      exit.reason = .irq
    } else {
      switch runCode(address, .normal(control.pes[pe].stage2)) {
      case .keepsRunning:
        setPlace(.normal, 1)
        return .smc(.running)
      case .toEL3(let fault, let write):
        takeToEL3(fault, from: .nsEL1, write: write)
        return .smc(.running)
      case .irq: exit.reason = .irq
      case .fiq: exit.reason = .fiq
      case .serror(let esr):
        exit.reason = .serror
        exit.esr = esr
      case .sync(let esr, let far, let hpfar): describe(esr, far, hpfar, rec, &exit)
      }
    }
    if tracing { traceMove(.nsEL1, .nsEL2) }
    rec.timerLevels = (timerAsserted(rec[.cntvctlEL0]), timerAsserted(rec[.cntpctlEL0]))
    noteExit(address, exit)
    saveInterrupts(rec)
    let run = rec.runPointer
    guard isDRAM(run), run.isGranuleAligned, run != address else {
      leaveVCPU()
      return .refused("the vCPU's run page is \(hex(run)), no granule of DRAM")
    }
    if let fault = granuleProtectionCheck(run, .nonSecure) {
      leaveVCPU()
      return fails(fault)
    }
    writeExit(exit, address, to: run)
    rec[.ichHCR] = control.pes[pe].ichHCR
    control.pes[pe].ichHCR &= ~GIC.enable
    leaveVCPU()
    return .exited
  }

  private mutating func leaveVCPU() {
    let pe = control.currentPE
    control.pes[pe].runningVCPU = 0
    control.pes[pe].guestLeft = 0
    control.busyPEs &= ~(1 << UInt8(pe))
    setPlace(.normal, 2)
  }

  /// What the hypervisor is told of a synchronous exception: all there is. An instruction it has only to answer is passed over;
  /// after one it may emulate (a load or store) the next entry says what becomes of it.
  private func describe(_ esr: UInt64, _ far: UInt64, _ hpfar: UInt64, _ rec: REC, _ exit: inout ExitRecord) {
    exit.reason = .sync
    exit.esr = esr
    exit.far = far
    exit.hpfar = hpfar
    rec.lastESR = esr
    rec.lastFAR = far
    rec.lastHPFAR = hpfar
    switch Syndrome.ec(esr) {
    case Syndrome.ecDataAbort where Syndrome.isWrite(esr) && esr & Syndrome.isv != 0:
      exit.gprs[0] = register(rec, Syndrome.srt(esr)) & Syndrome.sizeMask(esr)
    case Syndrome.ecSMC, Syndrome.ecHVC:
      for n in 0..<31 { exit.gprs[n] = rec.x(n) }
      rec.pc &+= 4
    case Syndrome.ecSysreg:
      if esr & 1 == 0 { exit.gprs[0] = register(rec, Int(esr.bits(9, 5))) }
      rec.pc &+= 4
    case Syndrome.ecWFx: rec.pc &+= 4
    default: break
    }
  }
}
