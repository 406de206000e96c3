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
        if core.rec.traps.bit(i.imm == 3 ? 2 : 3) {
          throw .toEL2(.sync(esr: Syndrome.ecWFx << 26 | Syndrome.il | (i.imm == 2 ? 1 : 0), far: 0, hpfar: 0))
        }
        if i.imm == 3 { skipToTimer(core) }
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
    case 0b011_110: core.pstate |= value << 6
    case 0b011_111: core.pstate &= ~(value << 6)
    case 0b000_101 where core.exceptionLevel == 1: core.setPSTATE((core.pstate & ~1 | value & 1) | core.nzcv)
    default: throw .toEL1(esr: Syndrome.il, far: nil)
    }
  }

  /// WFI that is not trapped: time goes on to where the virtual timer fires, if it will.
  private mutating func skipToTimer(_ core: A64Core) {
    let ctl = core.rec[.cntvctlEL0]
    if ctl & 0b11 == 1, core.rec[.cntvcvalEL0] > control.guestInstructions {
      control.guestInstructions = core.rec[.cntvcvalEL0]
    }
  }

  /// Op0, Op1, CRn, CRm, Op2 as bits 20:5 of the instruction have them, Op0 with its upper bit set.
  private static func key(_ op0: Int64, _ op1: Int64, _ crn: Int64, _ crm: Int64, _ op2: Int64) -> Int64 {
    (op0 & 3) << 14 | op1 << 11 | crn << 7 | crm << 3 | op2
  }

  /// IC, DC, AT and TLBI.
  private mutating func instruction(_ i: Instruction, _ core: inout A64Core) throws(A64Stop) {
    let (op1, crn, crm, op2) = (i.imm >> 11 & 7, i.imm >> 7 & 15, i.imm >> 3 & 15, i.imm & 7)
    switch (op1, crn, crm, op2) {
    case (3, 7, 4, 1):
      // DC ZVA: 64 bytes, aligned.
      let address = core.x[Int(i.d)] & ~63
      for n in 0..<8 as Range<UInt64> { try store(address + n * 8, 3, 0, &core, details: Syndrome.wnr) }
    case (_, 8, _, _):
      guard core.exceptionLevel == 1 else { throw .toEL1(esr: Syndrome.il, far: nil) }
      core.workspace.flush()
    case (_, 7, _, _):
      // Caches are not modelled; AT is.
      if crm == 8, op1 == 0, op2 <= 3 { addressTranslate(i, &core, isWrite: op2 & 1 == 1) }
    default: throw .toEL1(esr: Syndrome.il, far: nil)
    }
  }

  /// AT S1E1R, S1E1W, S1E0R, S1E0W: PAR_EL1 gets the IPA, or the fault.
  private func addressTranslate(_ i: Instruction, _ core: inout A64Core, isWrite: Bool) {
    do throws(A64Stop) {
      let ipa = try translateStage1(core.x[Int(i.d)], isWrite ? .write : .read, core.regime)
      core.rec[.parEL1] = ipa & 0x000F_FFFF_FFFF_F000 | 0x800
    } catch {
      if case .toEL1(let esr, _) = error { core.rec[.parEL1] = 1 | 0x800 | (esr & 0x3F) << 1 }
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
    key(2, 0, 0, 2, 2): .mdscrEL1, key(3, 3, 14, 3, 1): .cntvctlEL0, key(3, 3, 14, 3, 2): .cntvcvalEL0,
    key(3, 3, 14, 2, 1): .cntpctlEL0, key(3, 3, 14, 2, 2): .cntpcvalEL0,
  ]
  /// Those EL0 may use as well.
  private static let user: [Int64: RealmRegister] = [key(3, 3, 13, 0, 2): .tpidrEL0, key(3, 3, 13, 0, 3): .tpidrroEL0]

  private mutating func read(_ i: Instruction, _ core: inout A64Core) throws(A64Stop) {
    let rec = core.rec
    let isEL0 = core.exceptionLevel == 0
    if let register = Self.user[i.imm] {
      core.x[Int(i.d)] = rec[register]
      return
    }
    switch i.imm {
    case Self.key(3, 3, 4, 2, 0): core.x[Int(i.d)] = core.nzcv
    case Self.key(3, 3, 0, 0, 1): core.x[Int(i.d)] = 0x8444_C004  // CTR_EL0: lines of 64 bytes
    case Self.key(3, 3, 0, 0, 7): core.x[Int(i.d)] = 4  // DCZID_EL0: 64 bytes
    case Self.key(3, 3, 14, 0, 0): core.x[Int(i.d)] = 1_000_000_000
    case Self.key(3, 3, 14, 0, 2), Self.key(3, 3, 14, 0, 1): core.x[Int(i.d)] = control.guestInstructions
    case _ where isEL0: throw .toEL1(esr: Syndrome.il, far: nil)
    case Self.key(3, 0, 4, 2, 2): core.x[Int(i.d)] = core.exceptionLevel << 2
    case Self.key(3, 3, 4, 2, 1): core.x[Int(i.d)] = core.pstate & 0x3C0
    case Self.key(3, 0, 4, 2, 0): core.x[Int(i.d)] = core.pstate & 1
    case Self.key(3, 0, 4, 1, 0): core.x[Int(i.d)] = rec[.spEL0]
    case Self.key(3, 0, 0, 0, 0): core.x[Int(i.d)] = 0x411F_D070  // MIDR_EL1 of a Cortex-A57
    case Self.key(3, 0, 0, 0, 5):
      core.x[Int(i.d)] = 0x8000_0000 | rec.mpidr & 0xFF_FFFF | rec.mpidr.bits(31, 24) << 32
    case Self.key(3, 0, 0, 0, 6), Self.key(3, 1, 0, 0, 7): core.x[Int(i.d)] = 0
    case Self.key(3, 0, 12, 1, 0): core.x[Int(i.d)] = 0  // ISR_EL1
    default:
      if let register = Self.plain[i.imm] {
        core.x[Int(i.d)] = rec[register]
      } else if i.imm >> 7 == 3 << 7 {
        // S3_0_C0: identification, trapped by HCR_EL2.TID3.
        throw trap(i, isRead: true)
      } else {
        throw .toEL1(esr: Syndrome.il, far: nil)
      }
    }
  }

  private mutating func write(_ i: Instruction, _ core: inout A64Core) throws(A64Stop) {
    let value = core.x[Int(i.d)]
    let rec = core.rec
    if let register = Self.user[i.imm], core.exceptionLevel == 1 || register == .tpidrEL0 {
      rec[register] = value
      return
    }
    if i.imm == Self.key(3, 3, 4, 2, 0) {
      core.nzcv = value & 0xF000_0000
      return
    }
    guard core.exceptionLevel == 1 else { throw .toEL1(esr: Syndrome.il, far: nil) }
    switch i.imm {
    case Self.key(3, 3, 4, 2, 1): core.pstate = core.pstate & ~0x3C0 | value & 0x3C0
    case Self.key(3, 0, 4, 2, 0): core.setPSTATE((core.pstate & ~1 | value & 1) | core.nzcv)
    case Self.key(3, 0, 4, 1, 0): rec[.spEL0] = value
    case Self.key(2, 0, 1, 0, 4), Self.key(2, 0, 1, 3, 4): break  // OSLAR_EL1, OSDLR_EL1
    default:
      guard let register = Self.plain[i.imm] else { throw .toEL1(esr: Syndrome.il, far: nil) }
      rec[register] = value
      // What stage 1 depends on: the caches have translated with the old values.
      if [.sctlrEL1, .tcrEL1, .ttbr0EL1, .ttbr1EL1].contains(register) {
        core.workspace.flush()
        core.isStrict = rec[.sctlrEL1] & 0b11 != 1
      }
    }
  }

  /// A trapped MSR or MRS (HCR_EL2.TID3): the RMM answers.
  private func trap(_ i: Instruction, isRead: Bool) -> A64Stop {
    let op0 = UInt64(i.imm >> 14 & 3)
    let (op1, crn, crm, op2) = (
      UInt64(i.imm >> 11 & 7), UInt64(i.imm >> 7 & 15), UInt64(i.imm >> 3 & 15), UInt64(i.imm & 7)
    )
    let iss = op0 << 20 | op2 << 17 | op1 << 14 | crn << 10 | UInt64(i.a) << 5 | crm << 1 | (isRead ? 1 : 0)
    return .toEL2(.sync(esr: Syndrome.ecSysreg << 26 | Syndrome.il | iss, far: 0, hpfar: 0))
  }
}
