/// What the fast engine does with an instruction: ``A64Operation`` with width, shift and addressing mode folded in. What is not here
/// is executed by the reference engine.
enum FastOperation: UInt16, CaseIterable {
  /// Not decoded yet.
  case decode
  /// The next page, and a page that is still to be found.
  case pageEnd, fetch
  /// The reference engine's.
  case reference
  case nop
  case adr, adrp, constant, movk64, movk32
  case addImm64, addImm32, addsImm64, addsImm32, subsImm64, subsImm32, cmpImm64, cmpImm32
  case andImm64, orrImm64, eorImm64, logicImm32, andsImm
  case lsl64, lsl32, lsr64, lsr32, asr64, asr32, ubfx, sbfx64, sbfx32, ubfiz
  case extr64, extr32
  case b, bl, beq, bne, bhs, blo, bmi, bpl, bvs, bvc, bhi, bls, bge, blt, bgt, ble
  case cbz64, cbz32, cbnz64, cbnz32, tbz, tbnz, br, blr, ret
  /// Branches that leave the page.
  case farB, farBl, farCondition, farTest
  case mov64, mov32, and64, and32, orr64, orr32, eor64, eor32, bic64, bic32, logic64, logic32, ands64, ands32
  case add64, add32, sub64, sub32, addShifted64, subShifted64, addShifted32, subShifted32
  case addLsl64, addLsl32, eorRor32, eorLsr64, eorLsr32
  case adds64, adds32, subs64, subs32, cmp64, cmp32, addsShifted, subsShifted
  case addExtended, subExtended, addsExtended, subsExtended
  case ccmp, ccmn, csel64, csel32, csinc, csinv, csneg
  case madd64, madd32, msub64, msub32, smaddl, umaddl, smulh, umulh, udiv64, udiv32, sdiv64, sdiv32
  case lslv64, lslv32, lsrv64, lsrv32, asrv64, asrv32
  case clz64, clz32, rev64, rev32
  case ldrb, ldrh, ldrw, ldrx, ldrsb64, ldrsh64, ldrsw, ldrsb32, ldrsh32
  case strb, strh, strw, strx
  case ldrbIndexed, ldrhIndexed, ldrwIndexed, ldrxIndexed, strbIndexed, strhIndexed, strwIndexed, strxIndexed
  case ldrbRegister, ldrhRegister, ldrwRegister, ldrxRegister, ldrswRegister, strbRegister, strhRegister, strwRegister,
    strxRegister
  case ldpx, stpx, ldpxIndexed, stpxIndexed, ldpw, stpw
  /// Compiled, and otherwise the reference engine's: see ``RareOperation``.
  case rare
  // Pairs: this instruction and the next.
  case addImm64CmpImm64, addImm64Cmp64, addImm64Mov64, addImm64Add64, addImm64AddImm64, addImm64Ands64, addImm64Lslv64
  case addImm64Eor32, addImm64Cbnz32, addImm64Br, addImm64Blr, addImm64Stpx, addImm64Ldrw, mov64AddImm64, mov64Beq, mov64Bhi
  case mov32Mov32, mov32AddImm64, mov32Extr32, mov32Blr, ldrbRegisterAddImm64, ldrbRegisterAddLsl64, ldrbRegisterCbnz32
  case andImm64LdrwRegister, andImm64Lsr64, eor32AndImm64, eor32Add32, eor32EorRor32, eorLsr32Bne, eorLsr32Add32
  case ldrwRegisterEorLsr32, ldrwRegisterEorRor32, ldrwRegisterAdd32, cmpImm64Eor32, cmpImm64Add64, cmpImm64AddImm64
  case cmpImm64Add32, cmpImm64Beq, cmpImm64Bne, cmpImm64Blo, cmpImm64Bhi, cmpImm32Beq, cmpImm32Bne, cmpImm32Bhi, cmp64Csinc
  case cmp64AddLsl64, cmp64Beq, cmp64Bne, cmp64Blo, cmp64Bge, cmp32Csinc, cmp32Beq, cmp32Bne, add64CmpImm64, add64AddImm64
  case add64Subs64, add64AddsImm32, add64Strb, sub64Orr64, sub64LdrxRegister, orr64Mov64, orr64StrxIndexed, ands64Beq
  case addsImm32Bne, add32Add32, add32EorRor32, add32Eor32, add32AddImm64, add32CmpImm64, add32Bne, eorRor32And32
  case eorRor32Add32, eorRor32EorRor32, eorRor32LdrwRegister, and32Add32, and32And32, extr32Mov32, extr32Extr32, extr32Add32
  case bic32LdrwRegister, addLsl64AddImm64, addLsl64Csel64, addShifted64Add64, addExtendedAddShifted64, madd64Madd64
  case madd64AddExtended, lsr64Madd64, lsr64Subs64, csel64Lsr64, csincRet, csincAdd64, sbfx64Sub64, lslv64Orr64
  case lsrv64AddImm64, ldrwLdrw, ldrwIndexedMov32, ldrxIndexedSub64, ldrxRegisterLdrxRegister, ldrxRegisterAndImm64
  case ldrxRegisterLsrv64, ldrbCmpImm32, strbAdd64, strxIndexedMov64, ldpxAddImm64
}

/// What is compiled and has no place in the loop of the fast engine, which is the slower the more it has; there it is the reference engine's.
enum RareOperation: UInt8 {
  case none
  case bfm64, bfm32, adc64, sbc64, adcs64, sbcs64, smsubl, umsubl, rorv64, rorv32, rbit64, rbit32, rev16
  /// A literal, and loads that extend the sign and have no operation of their own: `a` is the log2 of the size, with bit 2 for W.
  case ldrLiteral, ldrsLiteral, ldrsIndexed, ldrsRegister, ldpsw
  /// Ordered accesses and exclusives, which are aligned: `a` is the log2 of the size.
  case loadOrdered, storeOrdered, loadExclusive, storeExclusive
  /// MRS and MSR of what the REC has (`imm`, and in `a` whether EL0 may), of DAIF; MSR DAIFSet and DAIFClr; what SYS does with caches:
  /// nothing, or DC ZVA. They are compiled for EL1.
  case mrs, msr, mrsDAIF, msrDAIF, daifSet, daifClear, cacheNop, dcZVA
}

/// A decoded instruction of the fast engine, 16 bytes.
struct FastInstruction {
  var operation: FastOperation
  var d: UInt8 = 0
  var n: UInt8 = 0
  var m: UInt8 = 0
  var a: UInt8 = 0
  var x: UInt8 = 0
  var is64 = false
  var rare = RareOperation.none
  /// What the operation needs of ``Instruction/imm``: for branches within the page a distance in instructions, for conditions the set
  /// of NZCV with which they hold, for bit fields a mask or a shift, for moves the value. `a` and `x` are likewise the operation's.
  var imm: Int64 = 0

  init(_ operation: FastOperation) { self.operation = operation }

  /// - Parameter place: which of its page's 1024 words it is.
  init(_ i: Instruction, place: Int) {
    operation = .reference
    (d, n, m, a, x, is64, imm) = (i.d, i.n, i.m, i.a, i.x, i.is64, i.imm)
    switch i.operation {
    case .b, .bl, .bCond, .cbz, .cbnz, .tbz, .tbnz: operation = branch(i, place)
    default: operation = translate(i)
    }
  }

  private mutating func rare(_ operation: RareOperation) -> FastOperation {
    rare = operation
    return .rare
  }

  private mutating func translate(_ i: Instruction) -> FastOperation {
    switch i.operation {
    case .adr: return .adr
    case .adrp: return .adrp
    case .addImmediate: return is64 ? .addImm64 : .addImm32
    case .subImmediate:
      imm = -imm
      return is64 ? .addImm64 : .addImm32
    case .addsImmediate: return is64 ? .addsImm64 : .addsImm32
    case .subsImmediate:
      guard d == A64Registers.trash else { return is64 ? .subsImm64 : .subsImm32 }
      return is64 ? .cmpImm64 : .cmpImm32
    case .andImmediate: return is64 ? .andImm64 : .logicImm32
    case .orrImmediate:
      // MOV of a bitmask.
      if is64, n == A64Registers.zero { return .constant }
      x = 1
      return is64 ? .orrImm64 : .logicImm32
    case .eorImmediate:
      x = 2
      return is64 ? .eorImm64 : .logicImm32
    case .andsImmediate: return .andsImm
    case .movz:
      imm = imm << Int64(a)
      return .constant
    case .movn:
      imm = ~(imm << Int64(a))
      if !is64 { imm &= 0xFFFF_FFFF }
      return .constant
    case .movk:
      guard d != A64Registers.trash else { return .nop }
      return is64 ? .movk64 : .movk32
    case .ubfm, .sbfm, .bfm: return bitfield(i)
    case .extr: return is64 ? .extr64 : .extr32
    case .br: return .br
    case .blr: return .blr
    case .ret: return .ret
    case .hint: return imm == 2 || imm == 3 ? .reference : .nop
    case .barrier, .prefetch: return .nop
    case .and, .orr, .eor, .bic, .orn, .eon, .ands, .bics: return logic(i)
    case .add, .sub, .adds, .subs: return addition(i)
    case .addExtended: return .addExtended
    case .subExtended: return .subExtended
    case .addsExtended: return .addsExtended
    case .subsExtended: return .subsExtended
    case .ccmp, .ccmpImmediate, .ccmn, .ccmnImmediate:
      // Bits 3:0 the flags when the condition fails; bit 4 says that m is a number.
      x = UInt8(imm) | (i.operation == .ccmpImmediate || i.operation == .ccmnImmediate ? 16 : 0)
      imm = Self.flagsThatHold(a)
      return i.operation == .ccmp || i.operation == .ccmpImmediate ? .ccmp : .ccmn
    case .csel, .csinc, .csinv, .csneg:
      imm = Self.flagsThatHold(a)
      switch i.operation {
      case .csel: return is64 ? .csel64 : .csel32
      case .csinc: return .csinc
      case .csinv: return .csinv
      default: return .csneg
      }
    case .madd: return is64 ? .madd64 : .madd32
    case .msub: return is64 ? .msub64 : .msub32
    case .smaddl: return .smaddl
    case .umaddl: return .umaddl
    case .smulh: return .smulh
    case .umulh: return .umulh
    case .udiv: return is64 ? .udiv64 : .udiv32
    case .sdiv: return is64 ? .sdiv64 : .sdiv32
    case .lslv: return is64 ? .lslv64 : .lslv32
    case .lsrv: return is64 ? .lsrv64 : .lsrv32
    case .asrv: return is64 ? .asrv64 : .asrv32
    case .clz: return is64 ? .clz64 : .clz32
    case .rev64: return .rev64
    case .rev32: return is64 ? .reference : .rev32
    case .adc: return is64 ? rare(.adc64) : .reference
    case .sbc: return is64 ? rare(.sbc64) : .reference
    case .adcs: return is64 ? rare(.adcs64) : .reference
    case .sbcs: return is64 ? rare(.sbcs64) : .reference
    case .smsubl: return rare(.smsubl)
    case .umsubl: return rare(.umsubl)
    case .rorv: return rare(is64 ? .rorv64 : .rorv32)
    case .rbit: return rare(is64 ? .rbit64 : .rbit32)
    case .rev16: return rare(.rev16)
    case .loadLiteral:
      let shape = Instruction.MemoryShape(raw: i.x)
      a = UInt8(shape.sizeLog2)
      return rare(shape.isSigned ? .ldrsLiteral : .ldrLiteral)
    case .load, .store, .loadRegister, .storeRegister, .loadPair, .storePair: return memory(i)
    case .loadAcquire, .loadExclusive, .storeRelease, .storeExclusive: return ordered(i)
    case .mrs, .msr: return systemRegister(i)
    case .msrImmediate: return interruptMasks(i)
    case .sys: return systemOperation(i)
    default: return .reference
    }
  }

  /// For a condition, the set of the sixteen values of NZCV with which it holds, a bit each (ConditionHolds).
  private static func flagsThatHold(_ condition: UInt8) -> Int64 {
    (0..<16 as Range<UInt64>).reduce(0) { A64Core.holds(condition, $1 << 28) ? $0 | 1 << Int64($1) : $0 }
  }

  private mutating func branch(_ i: Instruction, _ place: Int) -> FastOperation {
    let distance = Int(imm >> 2)
    guard 0..<1024 ~= place + distance else {
      switch i.operation {
      case .b: return .farB
      case .bl: return .farBl
      case .bCond:
        imm = imm << 16 | Self.flagsThatHold(a)
        return .farCondition
      default:
        x = (i.operation == .tbz || i.operation == .tbnz ? 2 : 0) | (i.operation == .cbnz || i.operation == .tbnz ? 1 : 0)
        return .farTest
      }
    }
    imm = Int64(distance)
    switch i.operation {
    case .b: return .b
    case .bl: return .bl
    case .cbz: return is64 ? .cbz64 : .cbz32
    case .cbnz: return is64 ? .cbnz64 : .cbnz32
    case .tbz: return .tbz
    case .tbnz: return .tbnz
    default:
      let named: [FastOperation] = [
        .beq, .bne, .bhs, .blo, .bmi, .bpl, .bvs, .bvc, .bhi, .bls, .bge, .blt, .bgt, .ble, .b, .b,
      ]
      return named[Int(a)]
    }
  }

  private mutating func bitfield(_ i: Instruction) -> FastOperation {
    let width: UInt8 = is64 ? 64 : 32
    let (r, s) = (m, a)
    switch i.operation {
    case .ubfm:
      if s == width - 1 {
        imm = Int64(r)
        return is64 ? .lsr64 : .lsr32
      }
      if s + 1 == r {
        imm = Int64(width - r)
        return is64 ? .lsl64 : .lsl32
      }
      if s >= r {
        // A right shift, then a mask; 32-bit sources are cut by the mask, too.
        imm = Int64(bitPattern: (1 << UInt64(s - r + 1)) - 1)
        x = r
        return .ubfx
      }
      imm = Int64(bitPattern: (1 << UInt64(s + 1)) - 1)
      x = width - r
      return .ubfiz
    case .sbfm:
      if s == width - 1 {
        imm = Int64(r)
        return is64 ? .asr64 : .asr32
      }
      // To the left until the field's top is the register's, then back, as far as its bottom is to lie.
      x = width - 1 - s
      a = s >= r ? x + r : r - 1 - s
      return is64 ? .sbfx64 : .sbfx32
    default:
      // A rotation, and which bits of it go into the register.
      let field: UInt64 = s >= r ? (2 << UInt64(s - r)) &- 1 : ((2 << UInt64(s)) &- 1) << UInt64(width - r)
      imm = Int64(bitPattern: field)
      x = r
      return rare(is64 ? .bfm64 : .bfm32)
    }
  }

  private mutating func systemRegister(_ i: Instruction) -> FastOperation {
    if i.m & SystemShortcut.word != 0 {
      imm = Int64(i.m & SystemShortcut.number)
      a = i.m & SystemShortcut.forEL0 != 0 ? 1 : 0
      return rare(i.operation == .mrs ? .mrs : .msr)
    }
    if i.m == SystemShortcut.interruptMasks { return rare(.mrsDAIF) }
    guard i.operation == .msr, case .interruptMasks = SystemRegister.at(SystemEncoding(of: i))?.contents else {
      return .reference
    }
    return rare(.msrDAIF)
  }

  private mutating func interruptMasks(_ i: Instruction) -> FastOperation {
    guard i.imm == 0b011_110 || i.imm == 0b011_111 else { return .reference }
    imm = Int64(i.a) << 6
    return rare(i.imm == 0b011_110 ? .daifSet : .daifClear)
  }

  private mutating func systemOperation(_ i: Instruction) -> FastOperation {
    if i.m == SystemShortcut.zero { return rare(.dcZVA) }
    guard let operation = SystemOperation.at(SystemEncoding(of: i)), operation.feature.isEmpty, case .none = operation.effect
    else {
      return .reference
    }
    return rare(.cacheNop)
  }

  private mutating func ordered(_ i: Instruction) -> FastOperation {
    let shape = Instruction.MemoryShape(raw: i.x)
    guard !shape.isSigned, i.imm == 0 else { return .reference }
    a = UInt8(shape.sizeLog2)
    switch i.operation {
    case .loadAcquire: return rare(.loadOrdered)
    case .storeRelease: return rare(.storeOrdered)
    case .loadExclusive: return rare(.loadExclusive)
    default: return rare(.storeExclusive)
    }
  }

  private mutating func logic(_ i: Instruction) -> FastOperation {
    let isPlain = imm == 0 && x == 0
    switch i.operation {
    case .orr where isPlain && n == A64Registers.zero: return is64 ? .mov64 : .mov32
    case .orr where isPlain: return is64 ? .orr64 : .orr32
    case .and where isPlain: return is64 ? .and64 : .and32
    case .eor where isPlain: return is64 ? .eor64 : .eor32
    case .bic where isPlain: return is64 ? .bic64 : .bic32
    case .eor where x == 1: return is64 ? .eorLsr64 : .eorLsr32
    case .eor where x == 3 && !is64: return .eorRor32
    case .ands, .bics:
      a = i.operation == .bics ? 1 : 0
      return is64 ? .ands64 : .ands32
    default:
      // Bit 2: inverted; bits 1:0: and, orr, eor.
      a =
        switch i.operation {
        case .and: 0
        case .bic: 4
        case .orr: 1
        case .orn: 5
        case .eor: 2
        default: 6
        }
      return is64 ? .logic64 : .logic32
    }
  }

  private func addition(_ i: Instruction) -> FastOperation {
    let isPlain = imm == 0
    switch i.operation {
    case .add where !isPlain && x == 0: return is64 ? .addLsl64 : .addLsl32
    case .add: return isPlain ? (is64 ? .add64 : .add32) : is64 ? .addShifted64 : .addShifted32
    case .sub: return isPlain ? (is64 ? .sub64 : .sub32) : is64 ? .subShifted64 : .subShifted32
    case .adds: return isPlain ? (is64 ? .adds64 : .adds32) : .addsShifted
    case _ where !isPlain: return .subsShifted
    default: return d == A64Registers.trash ? (is64 ? .cmp64 : .cmp32) : is64 ? .subs64 : .subs32
    }
  }

  private mutating func memory(_ i: Instruction) -> FastOperation {
    let shape = Instruction.MemoryShape(raw: i.x)
    let size = shape.sizeLog2
    switch i.operation {
    case .load:
      switch shape.mode {
      case 0 where !shape.isSigned: return [.ldrb, .ldrh, .ldrw, .ldrx][size]
      case 0: return shape.is64 ? [.ldrsb64, .ldrsh64, .ldrsw][size] : [.ldrsb32, .ldrsh32][size]
      case 1 where !shape.isSigned, 3 where !shape.isSigned:
        x = shape.mode
        return [.ldrbIndexed, .ldrhIndexed, .ldrwIndexed, .ldrxIndexed][size]
      case 1, 3:
        x = shape.mode
        a = UInt8(size) | (shape.is64 ? 0 : 4)
        return rare(.ldrsIndexed)
      default: return .reference
      }
    case .store:
      switch shape.mode {
      case 0: return [.strb, .strh, .strw, .strx][size]
      case 1, 3:
        x = shape.mode
        return [.strbIndexed, .strhIndexed, .strwIndexed, .strxIndexed][size]
      default: return .reference
      }
    case .loadRegister, .storeRegister:
      // The extension's kind; `a` is the shift.
      x = UInt8(imm)
      if i.operation == .storeRegister { return [.strbRegister, .strhRegister, .strwRegister, .strxRegister][size] }
      if shape.isSigned {
        guard size < 2 else { return .ldrswRegister }
        // The shift is above.
        a = UInt8(size) | (shape.is64 ? 0 : 4) | i.a << 4
        return rare(.ldrsRegister)
      }
      return [.ldrbRegister, .ldrhRegister, .ldrwRegister, .ldrxRegister][size]
    case .loadPair, .storePair:
      let isLoad = i.operation == .loadPair
      guard !shape.isSigned else { return shape.mode == 0 ? rare(.ldpsw) : .reference }
      switch (size, shape.mode) {
      case (3, 0): return isLoad ? .ldpx : .stpx
      case (2, 0): return isLoad ? .ldpw : .stpw
      case (3, 1), (3, 3):
        x = shape.mode
        return isLoad ? .ldpxIndexed : .stpxIndexed
      default: return .reference
      }
    default: return .reference
    }
  }
}
