import Basics
import Crypto

/// System instructions and registers of the interpreter.
extension Machine {
  mutating func system(_ i: Instruction, _ core: inout A64Core, _ next: UInt64) throws(A64Stop) {
    let isEL0 = core.exceptionLevel == 0
    switch i.operation {
    case .smc:
      guard !isEL0 else { throw .toEL1(esr: Syndrome.il, far: nil) }
      throw .toEL2(.sync(esr: Syndrome.ecSMC << 26 | Syndrome.il | UInt64(i.imm), far: 0, hpfar: 0))
    case .hvc:
      guard !isEL0 else { throw .toEL1(esr: Syndrome.il, far: nil) }
      throw .toEL2(.sync(esr: Syndrome.ecHVC << 26 | Syndrome.il | UInt64(i.imm), far: 0, hpfar: 0))
    case .brk: throw .toEL1(esr: 0x3C << 26 | Syndrome.il | UInt64(i.imm), far: nil)
    case .hlt: throw .toEL1(esr: Syndrome.il, far: nil)
    case .hint:
      // WFE 2, WFI 3; all others do nothing here.
      if i.imm == 2 || i.imm == 3 {
        try wait(isEvent: i.imm == 2, &core, next)
        return
      }
    case .eret:
      guard !isEL0 else { throw .toEL1(esr: Syndrome.il, far: nil) }
      let spsr = core.rec[.spsrEL1]
      let target = core.rec[.elrEL1]
      // Only AArch64 EL0 and EL1 can be returned to; another mode is an illegal return.
      guard [0b0000, 0b0100, 0b0101].contains(spsr & 0x1F) else { throw .toEL1(esr: 0x0E << 26 | Syndrome.il, far: nil) }
      core.setPSTATE(spsr & 0xF000_03CF)
      core.monitor = nil
      core.pc = target
      core.endSlice()
      return
    case .msrImmediate: try setField(i, &core)
    case .sys: try instruction(i, &core)
    case .sysl: throw .toEL1(esr: Syndrome.il, far: nil)
    case .mrs: try read(i, &core)
    default: try write(i, &core)
    }
    core.pc = next
  }

  /// MSR DAIFSet, DAIFClr, SPSel.
  private func setField(_ i: Instruction, _ core: inout A64Core) throws(A64Stop) {
    let value = UInt64(i.a)
    switch i.imm {
    case 0b011_110, 0b011_111:
      // SCTLR_EL1.UMA.
      if core.exceptionLevel == 0, !core.rec[.sctlrEL1].bit(9) {
        throw Self.systemTrap(op0: 0, i.imm >> 3, 4, i.a, i.imm & 7, rt: 31, isRead: false)
      }
      core.pstate = i.imm == 0b011_110 ? core.pstate | value << 6 : core.pstate & ~(value << 6)
      core.endSlice()
    case 0b000_101 where core.exceptionLevel == 1: core.setPSTATE((core.pstate & ~1 | value & 1) | core.nzcv)
    default: throw .toEL1(esr: Syndrome.il, far: nil)
    }
  }

  /// WFI and WFE: trapped to EL1 by SCTLR_EL1.{nTWI, nTWE}, to R-EL2 by HCR_EL2.{TWI, TWE}; else WFI waits for an interrupt, that
  /// is, time goes on to where a timer fires. With none running the Host gets its PE back.
  private mutating func wait(isEvent: Bool, _ core: inout A64Core, _ next: UInt64) throws(A64Stop) {
    let syndrome = Syndrome.ecWFx << 26 | Syndrome.il | 0x1E << 20 | (isEvent ? 1 : 0)
    if core.exceptionLevel == 0, !core.rec[.sctlrEL1].bit(isEvent ? 18 : 16) { throw .toEL1(esr: syndrome, far: nil) }
    // An interrupt that is pending ends the wait at once, whatever masks it.
    let isPending = virtualCPUInterface.signalled() != nil || core.rec.virtualSError
    if !isPending, core.rec.traps.bit(isEvent ? 3 : 2) {
      throw .toEL2(.sync(esr: Syndrome.ecWFx << 26 | Syndrome.il | (isEvent ? 1 : 0), far: 0, hpfar: 0))
    }
    core.pc = next
    core.endSlice()
    guard !isEvent, !isPending else { return }
    guard let ticks = ticksToTimer(core.rec, now: core.now) else { throw .toEL2(.irq) }
    control.guestInstructions &+= ticks
  }

  /// Op0, Op1, CRn, CRm, Op2 as bits 20:5 of the instruction have them, Op0 with its upper bit set.
  private static func key(_ op0: Int64, _ op1: Int64, _ crn: Int64, _ crm: Int64, _ op2: Int64) -> Int64 {
    (op0 & 3) << 14 | op1 << 11 | crn << 7 | crm << 3 | op2
  }

  /// IC, DC, AT and TLBI.
  private mutating func instruction(_ i: Instruction, _ core: inout A64Core) throws(A64Stop) {
    let (op1, crn, crm, op2) = (i.imm >> 11 & 7, i.imm >> 7 & 15, i.imm >> 3 & 15, i.imm & 7)
    let isEL0 = core.exceptionLevel == 0
    if isEL0 {
      guard op1 == 3, crn == 7 else { throw .toEL1(esr: Syndrome.il, far: nil) }
      // DC ZVA by SCTLR_EL1.DZE, the others by UCI.
      guard core.rec[.sctlrEL1].bit(crm == 4 ? 14 : 26) else {
        throw Self.systemTrap(op0: 1, op1, crn, UInt8(crm), op2, rt: i.a, isRead: false)
      }
    }
    switch (op1, crn, crm, op2) {
    case (3, 7, 4, 1):
      // DC ZVA: 64 bytes, aligned.
      let address = core.x[Int(i.d)] & ~63
      for n in 0..<8 as Range<UInt64> { try store(address + n * 8, 3, 0, &core, details: Syndrome.wnr) }
    case (_, 8, _, _):
      core.workspace.flush()
    case (_, 7, _, _):
      // Caches are not modelled; AT is.
      if crm == 8, op1 == 0, op2 <= 3 { try addressTranslate(i, &core, isWrite: op2 & 1 == 1, level: op2 & 2 == 2 ? 0 : 1) }
    default: throw .toEL1(esr: Syndrome.il, far: nil)
    }
  }

  /// AT S1E1R, S1E1W, S1E0R, S1E0W: PAR_EL1 gets the IPA, or the fault. What stage 2 stops on the walk goes to R-EL2.
  private func addressTranslate(_ i: Instruction, _ core: inout A64Core, isWrite: Bool, level: UInt64) throws(A64Stop) {
    do throws(A64Stop) {
      let regime = TranslationRegime(rec: core.rec, stage2: core.stage2, exceptionLevel: level)
      let (ipa, descriptor) = try walkStage1(core.x[Int(i.d)], isWrite ? .write : .read, regime)
      // ATTR in bits 63:56 as MAIR_EL1 has it, SH in 8:7: Device memory, which all of it is without an MMU, and Normal memory that
      // is not cacheable are Outer Shareable.
      let attributes = descriptor.map { core.rec[.mairEL1] >> (8 * $0.bits(4, 2)) & 0xFF } ?? 0
      let isOuter = attributes & 0xF0 == 0 || attributes == 0x44
      let shareability = isOuter ? 0b10 : (descriptor ?? 0).bits(9, 8)
      core.rec[.parEL1] = attributes << 56 | ipa & 0x000F_FFFF_FFFF_F000 | 0x800 | shareability << 7
    } catch {
      guard case .toEL1(let esr, _) = error else { throw error }
      core.rec[.parEL1] = 1 | 0x800 | (esr & 0x3F) << 1
    }
  }

  /// Registers that are one of the REC's, as they are.
  private static let plain: [Int64: RealmRegister] = [
    key(3, 0, 1, 0, 0): .sctlrEL1, key(3, 0, 1, 0, 1): .actlrEL1, key(3, 0, 1, 0, 2): .cpacrEL1,
    key(3, 0, 2, 0, 0): .ttbr0EL1, key(3, 0, 2, 0, 1): .ttbr1EL1, key(3, 0, 2, 0, 2): .tcrEL1,
    key(3, 0, 4, 0, 0): .spsrEL1, key(3, 0, 4, 0, 1): .elrEL1, key(3, 0, 5, 1, 0): .afsr0EL1, key(3, 0, 5, 1, 1): .afsr1EL1,
    key(3, 0, 5, 2, 0): .esrEL1, key(3, 0, 6, 0, 0): .farEL1, key(3, 0, 7, 4, 0): .parEL1, key(3, 0, 10, 2, 0): .mairEL1,
    key(3, 0, 10, 3, 0): .amairEL1, key(3, 0, 12, 0, 0): .vbarEL1, key(3, 0, 13, 0, 1): .contextidrEL1,
    key(3, 0, 13, 0, 4): .tpidrEL1, key(3, 0, 14, 1, 0): .cntkctlEL1, key(3, 2, 0, 0, 0): .csselrEL1,
    key(2, 0, 0, 2, 2): .mdscrEL1, key(3, 3, 13, 0, 2): .tpidrEL0, key(3, 3, 13, 0, 3): .tpidrroEL0,
  ]

  /// Whether EL0 is kept from a register it could have, by the bit that would give it (Arm ARM D13, SCTLR_EL1 and CNTKCTL_EL1).
  private func isTrappedAtEL0(_ imm: Int64, _ rec: REC) -> Bool {
    switch imm {
    case Self.key(3, 3, 0, 0, 1): !rec[.sctlrEL1].bit(15)  // CTR_EL0: UCT
    case Self.key(3, 3, 4, 2, 1): !rec[.sctlrEL1].bit(9)  // DAIF: UMA
    case Self.key(3, 3, 14, 0, 0): rec[.cntkctlEL1] & 0b11 == 0  // CNTFRQ_EL0
    case Self.key(3, 3, 14, 0, 1): !rec[.cntkctlEL1].bit(0)  // CNTPCT_EL0: EL0PCTEN
    case Self.key(3, 3, 14, 0, 2): !rec[.cntkctlEL1].bit(1)  // CNTVCT_EL0: EL0VCTEN
    case Self.key(3, 3, 14, 2, 0)...Self.key(3, 3, 14, 2, 2): !rec[.cntkctlEL1].bit(9)  // CNTP_*_EL0: EL0PTEN
    case Self.key(3, 3, 14, 3, 0)...Self.key(3, 3, 14, 3, 2): !rec[.cntkctlEL1].bit(8)  // CNTV_*_EL0: EL0VTEN
    default: false
    }
  }

  private mutating func read(_ i: Instruction, _ core: inout A64Core) throws(A64Stop) {
    let isEL0 = core.exceptionLevel == 0
    if isEL0 {
      // Op1 3 is what EL0 can have.
      guard i.imm >> 11 & 7 == 3 else { throw .toEL1(esr: Syndrome.il, far: nil) }
      if isTrappedAtEL0(i.imm, core.rec) { throw trap(i, isRead: true, toEL1: true) }
    }
    core.x[Int(i.d)] = try value(i, &core)
  }

  /// What a register reads as.
  private mutating func value(_ i: Instruction, _ core: inout A64Core) throws(A64Stop) -> UInt64 {
    let rec = core.rec
    switch i.imm {
    case Self.key(3, 3, 4, 2, 0): return core.nzcv
    case Self.key(3, 3, 4, 4, 0), Self.key(3, 3, 4, 4, 1):
      try useVectors(&core)
      return core.v[i.imm & 1 == 0 ? VectorUnit.controlWord : VectorUnit.statusWord]
    case Self.key(3, 3, 0, 0, 1): return 0x8444_C004  // CTR_EL0: lines of 64 bytes
    // DCZID_EL0: 64 bytes
    case Self.key(3, 3, 0, 0, 7): return 4 | (core.exceptionLevel == 0 && !rec[.sctlrEL1].bit(14) ? 0x10 : 0)
    case Self.key(3, 3, 2, 4, 0), Self.key(3, 3, 2, 4, 1):
      // RNDR and RNDRRS: one that fails gives zero and sets Z (Arm ARM, RNDR).
      core.nzcv = entropy.hasMore ? 0 : 1 << 30
      return entropy.hasMore ? random() : 0
    case Self.key(3, 3, 14, 0, 0): return 1_000_000_000
    case Self.key(3, 3, 14, 0, 2): return core.now &- rec[.cntvoffEL2]
    case Self.key(3, 3, 14, 0, 1): return core.now &- rec[.cntpoffEL2]
    case Self.key(3, 3, 14, 3, 0):
      return (rec[.cntvcvalEL0] &- (core.now &- rec[.cntvoffEL2])) & 0xFFFF_FFFF
    case Self.key(3, 3, 14, 3, 1): return timerControl(rec, isVirtual: true, now: core.now)
    case Self.key(3, 3, 14, 3, 2): return rec[.cntvcvalEL0]
    case Self.key(3, 3, 14, 2, 0):
      return (rec[.cntpcvalEL0] &- (core.now &- rec[.cntpoffEL2])) & 0xFFFF_FFFF
    case Self.key(3, 3, 14, 2, 1): return timerControl(rec, isVirtual: false, now: core.now)
    case Self.key(3, 3, 14, 2, 2): return rec[.cntpcvalEL0]
    case Self.key(3, 0, 4, 2, 2): return core.exceptionLevel << 2
    case Self.key(3, 3, 4, 2, 1): return core.pstate & 0x3C0
    case Self.key(3, 0, 4, 2, 0): return core.pstate & 1
    case Self.key(3, 0, 4, 1, 0): return rec[.spEL0]
    case Self.key(3, 0, 0, 0, 0): return 0x411F_D070  // MIDR_EL1 of a Cortex-A57
    case Self.key(3, 0, 0, 0, 5): return 0x8000_0000 | rec.mpidr & 0xFF_FFFF | rec.mpidr.bits(31, 24) << 32
    case Self.key(3, 0, 0, 0, 6): return 0  // REVIDR_EL1
    // CLIDR_EL1, CCSIDR_EL1, AIDR_EL1: no cache is described.
    case Self.key(3, 1, 0, 0, 0), Self.key(3, 1, 0, 0, 1), Self.key(3, 1, 0, 0, 7): return 0
    case Self.key(2, 0, 1, 1, 4): return 0b1000  // OSLSR_EL1: an OS lock there is, not locked
    case Self.key(3, 0, 12, 1, 0): return interruptStatus(rec)
    case Self.key(3, 0, 4, 6, 0), Self.key(3, 0, 12, 8, 0)..<Self.key(3, 0, 12, 13, 0):
      let crm = i.imm >> 3 & 15
      if let value = readInterruptRegister(crm, i.imm & 7) {
        core.endSlice()
        return value
      }
      throw .toEL1(esr: Syndrome.il, far: nil)
    default:
      if let register = Self.plain[i.imm] { return rec[register] }
      // S3_0_C0: identification, trapped by HCR_EL2.TID3; a Realm's always is.
      if i.imm >> 7 == 3 << 7 {
        if case .normal(let tables) = core.stage2, tables.hcr & HCR.tid3 == 0 {
          return IDRegisters.value(crm: UInt64(i.imm >> 3 & 15), op2: UInt64(i.imm & 7), hasPMU: false)
        }
        throw trap(i, isRead: true, toEL1: false)
      }
      if Self.isBreakpointRegister(i.imm) { return 0 }
      throw .toEL1(esr: Syndrome.il, far: nil)
    }
  }

  /// DBGBVRn, DBGBCRn, DBGWVRn and DBGWCRn_EL1 of the two breakpoints and watchpoints ID_AA64DFR0_EL1 tells of: self-hosted debug
  /// never fires here, so they are write-ignore.
  private static func isBreakpointRegister(_ imm: Int64) -> Bool {
    imm >> 7 == 2 << 7 && (4...7).contains(imm & 7) && imm >> 3 & 15 < 2
  }

  /// ISR_EL1: what is pending, masked or not.
  private func interruptStatus(_ rec: REC) -> UInt64 {
    var status: UInt64 = rec.virtualSError ? 1 << 8 : 0
    if let (_, group) = virtualCPUInterface.signalled() { status |= group == 0 ? 1 << 6 : 1 << 7 }
    return status
  }

  /// 64 bits through the entropy door.
  private mutating func random() -> UInt64 {
    let seeded = entropy.numbers?.next()
    let bytes = entropy.draw {
      if let seeded { return (0..<8).map { UInt8(truncatingIfNeeded: seeded >> UInt64(8 * $0)) } }
      return SymmetricKey(size: .init(bitCount: 64)).withUnsafeBytes { Array($0) }
    }
    return bytes.prefix(8).enumerated().reduce(0) { $0 | UInt64($1.element) << UInt64(8 * $1.offset) }
  }

  private mutating func write(_ i: Instruction, _ core: inout A64Core) throws(A64Stop) {
    let value = core.x[Int(i.d)]
    let rec = core.rec
    if core.exceptionLevel == 0 {
      guard i.imm >> 11 & 7 == 3, i.imm != Self.key(3, 3, 13, 0, 3) else { throw .toEL1(esr: Syndrome.il, far: nil) }
      if isTrappedAtEL0(i.imm, rec) { throw trap(i, isRead: false, toEL1: true) }
    }
    switch i.imm {
    case Self.key(3, 3, 4, 2, 0): core.nzcv = value & 0xF000_0000
    case Self.key(3, 3, 4, 4, 0):
      try useVectors(&core)
      core.v[VectorUnit.controlWord] = value & SoftFloat.controlMask
    case Self.key(3, 3, 4, 4, 1):
      try useVectors(&core)
      core.v[VectorUnit.statusWord] = value & SoftFloat.statusMask
    case Self.key(3, 3, 4, 2, 1):
      core.pstate = core.pstate & ~0x3C0 | value & 0x3C0
      core.endSlice()
    case Self.key(3, 0, 4, 2, 0): core.setPSTATE((core.pstate & ~1 | value & 1) | core.nzcv)
    case Self.key(3, 0, 4, 1, 0): rec[.spEL0] = value
    case Self.key(2, 0, 1, 0, 4), Self.key(2, 0, 1, 3, 4): break  // OSLAR_EL1, OSDLR_EL1
    case Self.key(3, 3, 14, 2, 0)...Self.key(3, 3, 14, 2, 2), Self.key(3, 3, 14, 3, 0)...Self.key(3, 3, 14, 3, 2):
      writeTimer(isVirtual: i.imm >> 3 & 15 == 3, i.imm & 7, value, rec, core.now)
      core.endSlice()
    case Self.key(3, 0, 12, 11, 5)...Self.key(3, 0, 12, 11, 7):
      // ICC_SGI1R_EL1, ICC_ASGI1R_EL1 and ICC_SGI0R_EL1: HCR_EL2.{IMO, FMO} trap them.
      throw trap(i, isRead: false, toEL1: false)
    case Self.key(3, 0, 12, 11, 1) where control.pes[control.currentPE].ichHCR.bit(14):
      // ICC_DIR_EL1: ICH_HCR_EL2.TDIR traps it.
      throw trap(i, isRead: false, toEL1: false)
    case Self.key(3, 0, 4, 6, 0), Self.key(3, 0, 12, 8, 0)..<Self.key(3, 0, 12, 13, 0):
      guard writeInterruptRegister(i.imm >> 3 & 15, i.imm & 7, value) else { throw .toEL1(esr: Syndrome.il, far: nil) }
      core.endSlice()
    default:
      if Self.isBreakpointRegister(i.imm) { return }
      guard let register = Self.plain[i.imm] else { throw .toEL1(esr: Syndrome.il, far: nil) }
      rec[register] = value
      // What stage 1 depends on: the caches have translated with the old values.
      if [.sctlrEL1, .tcrEL1, .ttbr0EL1, .ttbr1EL1].contains(register) {
        core.workspace.flush()
        core.isStrict = rec[.sctlrEL1] & 0b11 != 1
      }
    }
  }

  /// CNTx_TVAL, CNTx_CTL and CNTx_CVAL, by Op2.
  private func writeTimer(isVirtual: Bool, _ op2: Int64, _ value: UInt64, _ rec: REC, _ now: UInt64) {
    let offset = rec[isVirtual ? .cntvoffEL2 : .cntpoffEL2]
    switch op2 {
    case 0:
      rec[isVirtual ? .cntvcvalEL0 : .cntpcvalEL0] =
        (now &- offset) &+ UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: value)))
    case 1: rec[isVirtual ? .cntvctlEL0 : .cntpctlEL0] = value & 0b11
    default: rec[isVirtual ? .cntvcvalEL0 : .cntpcvalEL0] = value
    }
  }

  /// A trapped MSR or MRS: to R-EL2, where the RMM answers, or from EL0 to EL1.
  private func trap(_ i: Instruction, isRead: Bool, toEL1: Bool) -> A64Stop {
    Self.systemTrap(
      op0: i.imm >> 14 & 3, i.imm >> 11 & 7, i.imm >> 7 & 15, UInt8(i.imm >> 3 & 15), i.imm & 7, rt: i.a, isRead: isRead,
      toEL1: toEL1)
  }

  private static func systemTrap(
    op0: Int64, _ op1: Int64, _ crn: Int64, _ crm: UInt8, _ op2: Int64, rt: UInt8, isRead: Bool, toEL1: Bool = true
  ) -> A64Stop {
    let iss =
      UInt64(op0) << 20 | UInt64(op2) << 17 | UInt64(op1) << 14 | UInt64(crn) << 10 | UInt64(rt) << 5 | UInt64(crm) << 1
      | (isRead ? 1 : 0)
    let esr = Syndrome.ecSysreg << 26 | Syndrome.il | iss
    return toEL1 ? .toEL1(esr: esr, far: nil) : .toEL2(.sync(esr: esr, far: 0, hpfar: 0))
  }
}
