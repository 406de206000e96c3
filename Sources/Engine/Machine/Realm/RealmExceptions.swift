import Basics

/// What the RMM does with each exception of a Realm, and the exceptions it gives to the Realm (DEN0137 A4, A5.2).
extension Machine {
  /// Handles an exception of the Realm. True: the Realm goes on. False: the REC exits with `exit`.
  mutating func handle(
    _ exception: RealmException, _ rec: REC, _ address: UInt64, _ exit: inout ExitRecord
  ) -> Bool {
    switch exception {
    case .irq:
      exit.reason = .irq
      return false
    case .fiq:
      exit.reason = .fiq
      return false
    case .serror(let esr):
      exit.reason = .serror
      handleSError(esr, rec, &exit)
      // An SError leaves FAR_EL2 and HPFAR_EL2 alone: the RMM saves what the exception before it left there.
      rec.lastESR = esr
      return false
    case .sync(let esr, let far, let hpfar):
      exit.reason = .sync
      if handleSync(esr, far, hpfar, rec, address, &exit) { return true }
      // An exit that is not an emulatable Data Abort leaves nothing to emulate.
      rec.lastESR = exit.esr & Syndrome.isv == 0 ? esr & ~Syndrome.isv : esr
      rec.lastFAR = far
      rec.lastHPFAR = hpfar
      return false
    case .keepsRunning, .toEL3:
      return true
    }
  }

  mutating func handleSync(
    _ esr: UInt64, _ far: UInt64, _ hpfar: UInt64, _ rec: REC, _ address: UInt64, _ exit: inout ExitRecord
  ) -> Bool {
    switch Syndrome.ec(esr) {
    case Syndrome.ecSMC:
      return handleRealmSMC(rec, address, &exit)
    case Syndrome.ecDataAbort where Syndrome.isExternalAbort(esr),
      Syndrome.ecInstructionAbort where Syndrome.isExternalAbort(esr):
      handleExternalAbort(esr, far, rec, &exit)
      return false
    case Syndrome.ecDataAbort:
      return handleDataAbort(esr, far, hpfar, rec, &exit)
    case Syndrome.ecInstructionAbort:
      return handleInstructionAbort(esr, far, hpfar, rec, &exit)
    case Syndrome.ecWFx:
      rec.pc &+= 4
      if policy.has(.wfxtExitWithoutTimeout) {
        exit.esr = esr & (Syndrome.ecMask | 1)
      } else {
        exit.esr = esr & (Syndrome.ecMask | 0b11)
        // WFIT and WFET name the register with the timeout in Rd, bits 9:5.
        if esr.bit(1) { exit.gprs[0] = register(rec, Int(esr.bits(9, 5))) }
      }
      return false
    case Syndrome.ecHVC:
      takeToEL1(rec, esr: Syndrome.il, far: nil)
      return true
    case Syndrome.ecSysreg:
      defer { rec.pc &+= 4 }
      return handleSystemRegister(esr, rec, &exit)
    case 0x07, 0x19, 0x1D:
      // FP, SVE and SME traps: the RMM switches the FP context lazily; a Realm without SVE or SME gets an Undefined exception.
      if Syndrome.ec(esr) != 0x07 { takeToEL1(rec, esr: Syndrome.il, far: nil) }
      return true
    default:
      // TF-RMM tells nothing of an exception it does not know (D36).
      if !policy.has(.unknownClassExitIsZero) { exit.esr = esr & Syndrome.ecMask }
      return false
    }
  }

  func register(_ rec: REC, _ n: Int) -> UInt64 { n == 31 ? 0 : rec.x(n) }

  /// Whether the RIPAS of the granule at `ipa` is EMPTY and it is in the Protected half.
  func isEmpty(_ realm: RealmDescriptor, _ ipa: UInt64) -> Bool {
    guard realm.isProtected(ipa) else { return false }
    let walk = rttWalk(realm, ipa, to: 3)
    return walk.entry.ripas == .empty
  }

  mutating func handleDataAbort(
    _ esr: UInt64, _ far: UInt64, _ hpfar: UInt64, _ rec: REC, _ exit: inout ExitRecord
  ) -> Bool {
    let realm = realm(rec.owner)
    let ipa = faultIPA(hpfar)
    if ipa >= realm.ipaTop || isEmpty(realm, ipa) {
      injectExternalAbort(rec, esr: esr, far: far)
      return true
    }
    exit.hpfar = hpfar
    if realm.isProtected(ipa) {
      exit.esr = esr & Syndrome.abortMask
      return false
    }
    let emulatable = esr & Syndrome.isv != 0
    if policy.has(.unprotectedAbortSaysMore) {
      exit.esr = esr & Syndrome.unprotectedMask
    } else {
      exit.esr = esr & (emulatable ? Syndrome.unprotectedMask | Syndrome.il : Syndrome.abortMask | Syndrome.il)
      if !emulatable { return false }
    }
    exit.far = far & 0xFFF
    if Syndrome.isWrite(esr) {
      let value = register(rec, Syndrome.srt(esr))
      exit.gprs[0] = policy.has(.emulatedStoreIsCut) ? value & Syndrome.sizeMask(esr) : value
    }
    return false
  }

  mutating func handleInstructionAbort(
    _ esr: UInt64, _ far: UInt64, _ hpfar: UInt64, _ rec: REC, _ exit: inout ExitRecord
  ) -> Bool {
    let realm = realm(rec.owner)
    let ipa = faultIPA(hpfar)
    if ipa >= realm.ipaTop || !realm.isProtected(ipa) || isEmpty(realm, ipa) {
      injectExternalAbort(rec, esr: esr, far: far)
      return true
    }
    // Only translation faults are expected here; TF-RMM tells nothing of others, nor of one at level -1.
    guard esr & 0x3C == 0x04 || (esr & Syndrome.fsc == 0b101011 && !policy.has(.order)) else { return false }
    exit.esr = esr & Syndrome.abortMask
    exit.hpfar = hpfar
    return false
  }

  mutating func handleExternalAbort(_ esr: UInt64, _ far: UInt64, _ rec: REC, _ exit: inout ExitRecord) {
    // SET: 0 recoverable (UER), 2 uncontainable (UC), 3 restartable (UEO).
    switch esr.bits(12, 11) {
    case _ where !policy.has(.syncExternalAbortMasked):
      // Without a rule the Host learns no more than that there was an abort.
      exit.esr = esr & Syndrome.ecMask
    case 0:
      injectExternalAbort(rec, esr: esr, far: far)
      exit.esr = esr & Syndrome.abortMask
    case 3:
      exit.esr = esr & Syndrome.abortMask
    default:
      // Uncontainable, or reserved: the Host is told nothing. TF-RMM means to stop the system at UC, but its release build goes on.
      break
    }
  }

  mutating func handleSError(_ esr: UInt64, _ rec: REC, _ exit: inout ExitRecord) {
    exit.esr = esr & (Syndrome.serrorMask | (policy.has(.serrorExitWithoutClass) ? 0 : Syndrome.ecMask))
    guard policy.has(.serrorUEUAndUERPended) else { return }
    // AET: 1 unrecoverable and 3 recoverable are pended in the Realm as well, 2 restartable and 6 corrected only told. For the
    // others, for IDS and for a DFSC that is not asynchronous TF-RMM means to stop the system; its release build goes on.
    switch esr.bits(12, 10) {
    case 1, 3:
      rec.serrorPending = true
      rec.vsesr = esr
    case 2, 6: break
    default: exit.esr = 0
    }
  }

  /// Trapped MSR, MRS and system instructions. True: handled, the Realm goes on.
  mutating func handleSystemRegister(_ esr: UInt64, _ rec: REC, _ exit: inout ExitRecord) -> Bool {
    let rt = Int(esr.bits(9, 5))
    let isRead = esr & 1 != 0
    let encoding = SystemEncoding(esr: esr)
    // The GIC CPU interface (S3_{0,4}_C12_C8 and up: ICC_SGI1R, ICC_SGI0R, ICC_DIR…) and ICC_PMR: the Host emulates them (D13).
    // TF-RMM's mask looks at two bits of Op1 and one of CRm.
    let isICC =
      encoding == .iccPMR || encoding.op0 == 3 && encoding.op1 & 3 == 0 && encoding.crn == 12 && encoding.crm & 8 != 0
    if isICC, policy.has(.gicTrapKeepsSyndrome) {
      exit.esr = esr
      if !isRead { exit.gprs[0] = register(rec, rt) }
      return false
    }
    let isID = encoding.isIdentification
    // A write to an ID register is UNDEFINED and cannot come here; TF-RMM's release build zeroes the register if one does.
    if rt != 31, isRead || isID {
      // The host that ran TF-RMM had no ID registers: they read as zero there.
      let shown = isID && encoding.crm >= 4 && isRead && !configuration.granuleFaultsExitToHost
      rec.setX(rt, shown ? identificationRegister(encoding, hasPMU: realm(rec.owner).pmu) : 0)
    }
    return true
  }

  // MARK: Exceptions given to the Realm

  /// Takes an exception to EL1 of the Realm: vector by where it came from, PSTATE as at reset.
  mutating func takeToEL1(_ rec: REC, esr: UInt64, far: UInt64?) {
    let offset: UInt64 =
      switch rec.pstate & 0xF {
      case 0b0101: 0x200
      case 0b0000: rec.pstate.bit(4) ? 0x600 : 0x400
      default: 0x000
      }
    rec[.elrEL1] = rec.pc
    rec[.spsrEL1] = rec.pstate
    rec[.esrEL1] = esr
    if let far { rec[.farEL1] = far }
    rec.pc = rec[.vbarEL1] &+ offset
    rec.pstate = pstateAfterException(rec)
    if tracing { emit(.injection, esr, far ?? 0, rec.pc, world: guestWorld) }
  }

  /// Gives the Realm a Synchronous External Abort for the access that was stopped (DEN0137 A5.2.4).
  mutating func injectExternalAbort(_ rec: REC, esr: UInt64, far: UInt64) {
    var syndrome = esr & ~(Syndrome.ecMask | Syndrome.fsc | Syndrome.fnv | Syndrome.s1ptw)
    // From EL1 the class is that of an abort without a change of level: one more than from a lower one.
    let fromEL0 = rec.pstate & 0xF == 0
    syndrome |= (Syndrome.ec(esr) + (fromEL0 ? 0 : 1)) << 26
    takeToEL1(rec, esr: syndrome | Syndrome.sea | Syndrome.ea, far: far)
  }
}
