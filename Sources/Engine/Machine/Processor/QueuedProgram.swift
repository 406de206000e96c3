/// The vCPU boundary: the RMM calls ``Machine/runRealm(_:)`` and sees a ``RealmException``, nothing else. Behind it is the A64
/// interpreter (`runCode`), or a queue of actions, executed until one is an exception to R-EL2.
extension Machine {
  /// Runs the Realm's vCPU from its registers until it takes an exception to R-EL2.
  mutating func runRealm(_ address: UInt64) -> RealmException {
    configuration.vcpu == .code ? runCode(address) : runQueue(address)
  }

  private mutating func runQueue(_ address: UInt64) -> RealmException {
    let rec = mutableREC(address)
    if progress.repeats > Machine.mostRepeats {
      control.guestQueue.forget(address)
      return .irq
    }
    if let pc = control.guestQueue.arrive(address),
      let exception = judge(control.guestQueue.current, pc, rec, address)
    {
      return exception
    }
    while control.guestQueue.advance() {
      if let exception = perform(control.guestQueue.current, rec, address) { return exception }
    }
    return .irq
  }

  /// What became of an instruction that left the Realm, by the pc it comes back with. May do it again.
  private mutating func judge(_ action: GuestAction, _ pc: UInt64, _ rec: REC, _ address: UInt64) -> RealmException? {
    if rec.pc == pc &+ 4 {
      complete(action, rec, address)
      return nil
    }
    if rec.pc == pc {
      if action.kind == .sync {
        report(.retry, action, address)
        return nil
      }
      progress.repeats += 1
      return perform(action, rec, address)
    }
    wentElsewhere(action, rec, address)
    return nil
  }

  /// How often one entry may find an instruction where it left it: a vector that lies on itself would repeat for ever.
  static let mostRepeats = 1000

  /// Control is somewhere else: an exception was taken, or another vCPU turned this one on. One NOP executes there.
  private mutating func wentElsewhere(_ action: GuestAction, _ rec: REC, _ address: UInt64) {
    report(
      .exception(
        pc: rec.pc, elr: rec[.elrEL1], esr: rec[.esrEL1], far: rec[.farEL1], spsr: rec[.spsrEL1], x0: rec.x(0)),
      action, address)
    rec.pc &+= 4
  }

  private mutating func report(_ value: GuestResult.Value, _ action: GuestAction, _ address: UInt64) {
    let decision = action.kind == .smc ? progress.realmDecision?.description : nil
    observation.guestResults.append(GuestResult(value: value, action: action, rec: address, decidedBy: decision))
    progress.realmDecision = nil
  }

  private mutating func complete(_ action: GuestAction, _ rec: REC, _ address: UInt64) {
    switch action.kind {
    case .smc, .sync:
      var x = InlineArray<9, UInt64>(repeating: 0)
      for n in 0...8 { x[n] = rec.x(n) }
      report(.registers(x), action, address)
    case .read64: report(.value(rec.x(0)), action, address)
    default: report(.ok, action, address)
    }
  }

  /// Takes an exception to R-EL2 from the current action's instruction and remembers it, to be judged when this vCPU next runs.
  private mutating func leave(
    _ rec: REC, _ address: UInt64, esr: UInt64, far: UInt64 = 0, hpfar: UInt64 = 0
  ) -> RealmException {
    control.guestQueue.depart(address, rec.pc)
    if tracing { emit(.exception, esr, far, hpfar, world: .realm) }
    return .sync(esr: esr, far: far, hpfar: hpfar)
  }

  /// Does one action. Nil: it is complete and the vCPU goes on.
  private mutating func perform(_ action: GuestAction, _ rec: REC, _ address: UInt64) -> RealmException? {
    switch action.kind {
    case .setreg:
      rec.setX(Int(action.x[0]), action.x[1])
      return nil
    case .getreg:
      report(.value(action.x[0] == 31 ? rec.pc : rec.x(Int(action.x[0]))), action, address)
      return nil
    case .setsys:
      if let register = RealmRegister(number: action.x[0]) { set(register, action.x[1], rec) }
      return nil
    case .getsys:
      report(.value(RealmRegister(number: action.x[0]).map { value($0, rec) } ?? 0), action, address)
      return nil
    case .irq: return .irq
    case .fiq: return .fiq
    case .serror: return .serror(esr: action.x[0])
    case .hold: return .keepsRunning
    case .smc:
      for n in 0...10 { rec.setX(n, n < action.count ? action.x[n] : 0) }
      for n in 11..<18 where n < action.count { rec.setX(n, action.x[n]) }
      return leave(rec, address, esr: Syndrome.ecSMC << 26 | Syndrome.il)
    case .hvc:
      return leave(rec, address, esr: Syndrome.ecHVC << 26 | Syndrome.il | action.x[0] & 0xFFFF)
    case .wfi, .wfe:
      let trapped = rec.traps(action.kind != .wfi)
      if trapped {
        return leave(rec, address, esr: Syndrome.ecWFx << 26 | Syndrome.il | (action.kind == .wfe ? 1 : 0))
      }
      rec.pc &+= 4
      report(.ok, action, address)
      return nil
    case .sync:
      return leave(rec, address, esr: action.x[0], far: action.x[1], hpfar: action.x[2])
    case .read64, .write64, .exec:
      return access(action, rec, address)
    }
  }

  // MARK: System registers

  /// A register of the running PE: the vCPU's own, or one of R-EL2's or the GIC's that says something of it.
  private func value(_ register: RealmRegister, _ rec: REC) -> UInt64 {
    let pe = control.pes[control.currentPE]
    switch register {
    case .elrEL2: return rec.pc
    case .spsrEL2: return rec.pstate
    case .esrEL2: return rec.lastESR
    case .farEL2: return rec.lastFAR
    case .hpfarEL2: return rec.lastHPFAR
    // RES1 bit 31 and the affinity fields, Aff3 at bits 39:32.
    case .vmpidrEL2: return 0x8000_0000 | rec.mpidr & 0xFF_FFFF | rec.mpidr.bits(31, 24) << 32
    // What TF-RMM runs a Realm with, and what is of this entry alone: VSE is bit 8, TWI bit 13, TWE bit 14.
    case .hcrEL2:
      return 0x4324_800C_043F | (rec.virtualSError ? 1 << 8 : 0)
        | (rec.traps(false) ? HCR.twi : 0) | (rec.traps(true) ? HCR.twe : 0)
    // EL1PCTEN and EL1PTEN; CNTVMASK and CNTPMASK keep quiet a timer the Host already knows of.
    case .cnthctlEL2:
      return 0xC00 | (rec.timerLevels.virtual ? 1 << 18 : 0) | (rec.timerLevels.physical ? 1 << 19 : 0)
    case .isrEL1: return pe.isrEL1
    case .ichHCR: return pe.ichHCR
    case .ichVMCR: return pe.ichVMCR
    case .ichMISR: return pe.ichMISR
    case .ichLR0: return pe.ichLR[0]
    default: return rec[register]
    }
  }

  private mutating func set(_ register: RealmRegister, _ value: UInt64, _ rec: REC) {
    let pe = control.currentPE
    switch register {
    case .elrEL2: rec.pc = value
    case .spsrEL2: rec.pstate = value
    case .esrEL2, .farEL2, .hpfarEL2, .vmpidrEL2, .hcrEL2, .cnthctlEL2: break
    case .isrEL1: control.pes[pe].isrEL1 = value
    case .ichHCR: control.pes[pe].ichHCR = value
    case .ichVMCR: control.pes[pe].ichVMCR = value
    case .ichMISR: control.pes[pe].ichMISR = value
    case .ichLR0: control.pes[pe].ichLR[0] = value
    default: rec[register] = value
    }
  }

  // MARK: Memory accesses

  private mutating func access(_ action: GuestAction, _ rec: REC, _ address: UInt64) -> RealmException? {
    let ipa = action.x[0]
    let kind: Stage2Access = action.kind == .exec ? .fetch : action.kind == .write64 ? .write : .read
    rec.setX(1, ipa)
    if kind == .write { rec.setX(0, action.x[1]) }
    let length: UInt64 = kind == .fetch ? 4 : 8
    // Where nothing answers: reads give zero, writes vanish.
    let nowhere = memory.limit
    var targets: (UInt64, UInt64)
    switch translateStage2(realm(rec.owner), ipa, kind) {
    case .address(let pa): targets = (pa, pa)
    case .nothing: targets = (nowhere, nowhere)
    case let other: return fault(other, action, kind, ipa, rec, address)
    }
    let inFirst = min(length, Granule.size - (ipa & 4095))
    if inFirst < length {
      // An access across a page boundary is translated twice.
      switch translateStage2(realm(rec.owner), ipa &+ inFirst, kind) {
      case .address(let pa): targets.1 = pa
      case .nothing: targets.1 = nowhere
      case let other: return fault(other, action, kind, ipa &+ inFirst, rec, address)
      }
    }
    switch kind {
    case .fetch: break
    case .read:
      var value = readBytes(targets.0, Int(inFirst))
      if inFirst < length { value |= readBytes(targets.1, Int(length - inFirst)) << (8 * inFirst) }
      rec.setX(0, value)
    case .write:
      writeBytes(targets.0, Int(inFirst), action.x[1])
      if inFirst < length { writeBytes(targets.1, Int(length - inFirst), action.x[1] >> (8 * inFirst)) }
    }
    rec.pc &+= 4
    complete(action, rec, address)
    return nil
  }

  /// Turns a failed translation into the exception it is.
  private mutating func fault(
    _ outcome: Stage2Outcome, _ action: GuestAction, _ kind: Stage2Access, _ ipa: UInt64, _ rec: REC, _ address: UInt64
  ) -> RealmException? {
    if let fault = faultForEL3(outcome, ipa) { return .toEL3(fault, write: kind == .write) }
    let class2 = kind == .fetch ? Syndrome.ecInstructionAbort : Syndrome.ecDataAbort
    let write = kind == .write ? Syndrome.wnr : 0
    // Same level in the Realm: one class further (0x21, 0x25).
    let own = (class2 + 1) << 26 | Syndrome.il | write
    let code: UInt64
    switch outcome {
    case .address, .nothing: return nil
    case .addressSize:
      // Stage 1 is off: the Realm takes an Address Size Fault, level 0.
      takeToEL1(rec, esr: own, far: ipa)
      wentElsewhere(action, rec, address)
      return nil
    case .granuleProtection:
      guard configuration.granuleFaultsExitToHost else {
        takeToEL1(rec, esr: own | Syndrome.granuleProtection, far: ipa)
        wentElsewhere(action, rec, address)
        return nil
      }
      code = Syndrome.granuleProtection
    case .granuleProtectionOnWalk(let level):
      guard configuration.granuleFaultsExitToHost else {
        takeToEL1(rec, esr: own | Syndrome.granuleProtectionOnWalk(level), far: ipa)
        wentElsewhere(action, rec, address)
        return nil
      }
      code = Syndrome.granuleProtectionOnWalk(level)
    case .translation(let level): code = Syndrome.translationFault(level)
    case .permission(let level): code = Syndrome.permissionFault(level)
    case .accessFlag(let level): code = Syndrome.accessFlagFault(level)
    case .outputAddressSize(let level): code = Syndrome.addressSizeFault(level)
    }
    // LDR and STR of 64 bits with register 0: ISV, SAS = 3, SF.
    let details: UInt64 = kind == .fetch ? 0 : Syndrome.isv | 3 << 22 | 1 << 15
    return leave(
      rec, address, esr: class2 << 26 | Syndrome.il | details | write | code, far: ipa, hpfar: (ipa >> 12) << 4)
  }
}
