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
    case .eret, .eretAuthenticated:
      guard !isEL0 else { throw .toEL1(esr: Syndrome.il, far: nil) }
      let spsr = core.rec[.spsrEL1]
      let elr = core.rec[.elrEL1]
      let target = i.operation == .eret ? elr : authenticate(i, elr, core)
      // Only AArch64 EL0 and EL1 can be returned to; another mode is an illegal return.
      guard [0b0000, 0b0100, 0b0101].contains(spsr & 0x1F) else { throw .toEL1(esr: 0x0E << 26 | Syndrome.il, far: nil) }
      core.setPSTATE(spsr & core.features.returnedPSTATE)
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

  /// MSR DAIFSet, DAIFClr, SPSel, PAN, UAO, DIT, SSBS; CFINV, XAFLAG, AXFLAG.
  private func setField(_ i: Instruction, _ core: inout A64Core) throws(A64Stop) {
    let value = UInt64(i.a)
    switch i.imm {
    case 0b011_110, 0b011_111:
      // SCTLR_EL1.UMA.
      if core.exceptionLevel == 0, !core.rec[.sctlrEL1].bit(9) {
        let encoding = SystemEncoding(0, UInt16(i.imm >> 3), 4, UInt16(i.a), UInt16(i.imm & 7))
        throw .toEL1(esr: encoding.syndrome(rt: 31, isRead: false), far: nil)
      }
      core.setFields(value << 6, i.imm == 0b011_110 ? ~0 : 0)
      core.endSlice()
    case 0b000_101 where core.exceptionLevel == 1: core.setPSTATE((core.pstate & ~1 | value & 1) | core.nzcv)
    case 0b000_100 where core.features.contains(.pan) && core.exceptionLevel == 1:
      core.setFields(PSTATE.pan, value & 1 == 1 ? ~0 : 0)
    case 0b000_011 where core.features.contains(.uao) && core.exceptionLevel == 1:
      core.setFields(PSTATE.uao, value & 1 == 1 ? ~0 : 0)
    case 0b011_010 where core.features.contains(.dit): core.setFields(PSTATE.dit, value & 1 == 1 ? ~0 : 0)
    case 0b011_001 where core.features.contains(.ssbs): core.setFields(PSTATE.ssbs, value & 1 == 1 ? ~0 : 0)
    case 0b000_000...0b000_010 where core.features.contains(.flagm) && value == 0: core.convertFlags(i.imm)
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
    if !isPending, core.rec.traps(isEvent) {
      throw .toEL2(.sync(esr: Syndrome.ecWFx << 26 | Syndrome.il | (isEvent ? 1 : 0), far: 0, hpfar: 0))
    }
    core.pc = next
    core.endSlice()
    guard !isEvent, !isPending else { return }
    guard let ticks = ticksToTimer(core.rec, now: core.now) else { throw .toEL2(.irq) }
    control.guestInstructions &+= ticks
  }

  /// IC, DC, AT and TLBI.
  private mutating func instruction(_ i: Instruction, _ core: inout A64Core) throws(A64Stop) {
    let encoding = SystemEncoding(of: i)
    guard let operation = SystemOperation.at(encoding), core.features.isSuperset(of: operation.feature) else {
      throw .toEL1(esr: Syndrome.il, far: nil)
    }
    if core.exceptionLevel == 0 {
      guard let bit = operation.el0 else { throw .toEL1(esr: Syndrome.il, far: nil) }
      guard core.rec[.sctlrEL1].bit(bit) else { throw .toEL1(esr: encoding.syndrome(rt: i.a, isRead: false), far: nil) }
    }
    switch operation.effect {
    case .none: break
    case .zero: try zeroBlock(core.x[Int(i.d)], &core)
    case .forgetTranslations: forgetTranslations(&core)
    case .forgetPage: forgetPage(core.x[Int(i.d)], &core)
    case .translate(let isWrite, let level, let heedsPAN):
      try addressTranslate(i, &core, isWrite: isWrite, level: level, bank: heedsPAN ? core.bank : level)
    }
  }

  /// AT S1E1R, S1E1W, S1E0R, S1E0W: PAR_EL1 gets the IPA, or the fault. What stage 2 stops on the walk goes to R-EL2.
  private func addressTranslate(_ i: Instruction, _ core: inout A64Core, isWrite: Bool, level: UInt64, bank: UInt64)
    throws(A64Stop)
  {
    do throws(A64Stop) {
      let regime = TranslationRegime(rec: core.rec, stage2: core.stage2, exceptionLevel: level, bank: bank)
      let (ipa, descriptor, _) = try walkStage1(core.x[Int(i.d)], isWrite ? .write : .read, regime)
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

  /// The register an instruction names, if its exception level may have it; for EL0 see ``SystemRegister/EL0``.
  private func register(_ i: Instruction, _ core: borrowing A64Core, isRead: Bool) throws(A64Stop) -> SystemRegister? {
    let encoding = SystemEncoding(of: i)
    let found = SystemRegister.at(encoding)
    let register = found.flatMap { core.features.isSuperset(of: $0.feature) ? $0 : nil }
    guard core.exceptionLevel == 0 else { return register }
    // Op1 3 is what EL0 can have.
    guard encoding.op1 == 3, let register else { throw .toEL1(esr: Syndrome.il, far: nil) }
    switch register.el0 {
    case .needs(let other, let bits) where core.rec[other] & bits == 0:
      throw .toEL1(esr: encoding.syndrome(rt: i.a, isRead: isRead), far: nil)
    case .readOnly where !isRead: throw .toEL1(esr: Syndrome.il, far: nil)
    default: return register
    }
  }

  private mutating func read(_ i: Instruction, _ core: inout A64Core) throws(A64Stop) {
    guard let register = try register(i, core, isRead: true) else {
      // What has not been given out among the identification registers reads as zero.
      guard SystemEncoding(of: i).isIdentification else { throw .toEL1(esr: Syndrome.il, far: nil) }
      core.x[Int(i.d)] = try identification(0, i, core)
      return
    }
    if case .writeOnly = register.access { throw .toEL1(esr: Syndrome.il, far: nil) }
    core.x[Int(i.d)] = try value(register, i, &core)
  }

  /// What a register reads as.
  private mutating func value(_ register: SystemRegister, _ i: Instruction, _ core: inout A64Core) throws(A64Stop) -> UInt64 {
    let rec = core.rec
    switch register.contents {
    case .saved(let saved), .translation(let saved): return rec[saved]
    case .constant(let value): return value
    case .ignored: return 0
    case .identification(let value, _): return try identification(value, i, core)
    case .model: return configuration.cpu.midr
    case .key(let half): return rec.key(half)
    case .field(let mask): return core.pstate & mask
    case .affinity: return 0x8000_0000 | rec.mpidr & 0xFF_FFFF | rec.mpidr.bits(31, 24) << 32
    // 64 bytes; DZP at EL0 without SCTLR_EL1.DZE.
    case .zeroingBlock: return 4 | (core.exceptionLevel == 0 && !rec[.sctlrEL1].bit(14) ? 0x10 : 0)
    case .flags: return core.nzcv
    case .interruptMasks: return core.pstate & 0x3C0
    case .stackSelect: return core.pstate & 1
    case .exceptionLevel: return core.exceptionLevel << 2
    case .floatControl:
      try useVectors(&core)
      return core.v[VectorUnit.controlWord]
    case .floatStatus:
      try useVectors(&core)
      return core.v[VectorUnit.statusWord]
    case .random:
      // One that fails gives zero and sets Z (Arm ARM, RNDR).
      core.nzcv = entropy.hasMore ? 0 : 1 << 30
      return entropy.hasMore ? random() : 0
    case .count(let timer): return core.now &- rec[timer.offset]
    case .timerValue(let timer): return (rec[timer.compare] &- (core.now &- rec[timer.offset])) & 0xFFFF_FFFF
    case .timerControl(let timer): return timerControl(rec, isVirtual: timer == .virtual, now: core.now)
    case .timerCompare(let timer): return rec[timer.compare]
    case .interruptStatus: return interruptStatus(rec)
    case .cpuInterface(let register):
      core.endSlice()
      return readInterruptRegister(register)
    case .generatesSGI, .undefined: throw .toEL1(esr: Syndrome.il, far: nil)
    }
  }

  /// A register that tells what there is: HCR_EL2.TID3 traps it, as it does in every Realm.
  private func identification(_ value: UInt64, _ i: Instruction, _ core: borrowing A64Core) throws(A64Stop) -> UInt64 {
    if case .normal(let tables) = core.stage2, tables.hcr & HCR.tid3 == 0 {
      return value | core.features.identification(SystemEncoding(of: i))
    }
    throw trap(i, isRead: true)
  }

  /// An ID register as the RMM reads it for a Realm.
  func identificationRegister(_ encoding: SystemEncoding, hasPMU: Bool) -> UInt64 {
    guard case .identification(let value, let withPMU) = SystemRegister.at(encoding)?.contents else { return 0 }
    return value | (hasPMU ? withPMU : 0) | configuration.cpu.features.identification(encoding)
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

  /// The caches are empty: what comes next is translated anew, which takes its time.
  private mutating func forgetTranslations(_ core: inout A64Core) {
    core.workspace.flush()
    noteFlush(&core)
  }

  /// TLBI of a page by its address, in bits 43:0 of the operand: that page's, or all of them if it lies in a block.
  private mutating func forgetPage(_ operand: UInt64, _ core: inout A64Core) {
    core.workspace.forget(UInt64(bitPattern: Int64(bitPattern: operand << 20) >> 8))
    noteFlush(&core)
  }

  private mutating func noteFlush(_ core: inout A64Core) {
    // The tables of a VM of the Normal world are the Host's, and may be where the VM can write.
    if case .normal = core.stage2 { core.stage2Cache.flush() }
    progress.flushes += 1
    if hasTakenLong { core.endSlice() }
  }

  /// DC ZVA: 64 bytes, aligned, become zero.
  mutating func zeroBlock(_ address: UInt64, _ core: inout A64Core) throws(A64Stop) {
    let block = address & ~63
    if !core.isWatched, let page = core.writes.find(block, core.bank) {
      (page + Int(block & 4095)).initializeMemory(as: UInt64.self, repeating: 0, count: 8)
      return
    }
    for n in 0..<8 as Range<UInt64> { try store(block + n * 8, 3, 0, &core, details: Syndrome.wnr) }
  }

  private mutating func write(_ i: Instruction, _ core: inout A64Core) throws(A64Stop) {
    guard let register = try register(i, core, isRead: false) else { throw .toEL1(esr: Syndrome.il, far: nil) }
    if case .readOnly = register.access { throw .toEL1(esr: Syndrome.il, far: nil) }
    let value = core.x[Int(i.d)]
    let rec = core.rec
    switch register.contents {
    case .saved(let saved): rec[saved] = value
    case .translation(let saved):
      rec[saved] = value
      // The caches have translated with the old values.
      forgetTranslations(&core)
      core.isStrict = rec[.sctlrEL1] & 0b11 != 1
    case .ignored: break
    case .flags: core.nzcv = value & 0xF000_0000
    case .interruptMasks:
      core.setFields(0x3C0, value)
      core.endSlice()
    case .stackSelect: core.setPSTATE((core.pstate & ~1 | value & 1) | core.nzcv)
    case .floatControl:
      try useVectors(&core)
      core.v[VectorUnit.controlWord] =
        value & (SoftFloat.controlMask | (core.features.contains(.fp16) ? SoftFloat.flushesHalves : 0))
    case .floatStatus:
      try useVectors(&core)
      core.v[VectorUnit.statusWord] = value & SoftFloat.statusMask
    case .timerValue(let timer):
      rec[timer.compare] = (core.now &- rec[timer.offset]) &+ UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: value)))
      core.endSlice()
    case .timerControl(let timer):
      rec[timer.control] = value & 0b11
      core.endSlice()
    case .timerCompare(let timer):
      rec[timer.compare] = value
      core.endSlice()
    case .generatesSGI: throw trap(i, isRead: false)
    // ICH_HCR_EL2.TDIR.
    case .cpuInterface(.deactivate) where control.pes[control.currentPE].ichHCR.bit(14): throw trap(i, isRead: false)
    case .cpuInterface(let register):
      writeInterruptRegister(register, value)
      core.endSlice()
    case .key(let half): rec.setKey(half, value)
    case .field(let mask): core.setFields(mask, value)
    case .constant, .model, .identification, .affinity, .zeroingBlock, .exceptionLevel, .random, .count, .interruptStatus,
      .undefined:
      throw .toEL1(esr: Syndrome.il, far: nil)
    }
  }

  /// A trapped MSR or MRS to EL2, where the RMM answers, or the Host.
  private func trap(_ i: Instruction, isRead: Bool) -> A64Stop {
    .toEL2(.sync(esr: SystemEncoding(of: i).syndrome(rt: i.a, isRead: isRead), far: 0, hpfar: 0))
  }
}

extension SystemEncoding {
  /// Of MSR, MRS or SYS.
  @inline(__always) init(of i: Instruction) { self.init(bits: UInt16(truncatingIfNeeded: i.imm)) }
}

extension SystemRegister.Timer {
  var offset: RealmRegister { self == .virtual ? .cntvoffEL2 : .cntpoffEL2 }
  var control: RealmRegister { self == .virtual ? .cntvctlEL0 : .cntpctlEL0 }
  var compare: RealmRegister { self == .virtual ? .cntvcvalEL0 : .cntpcvalEL0 }
}
