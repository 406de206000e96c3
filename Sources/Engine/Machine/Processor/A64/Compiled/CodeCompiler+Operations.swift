/// What becomes of each operation: what it does is said in ``FastContext``.
extension CodeCompiler {
  mutating func compile(_ operation: FastOperation, _ i: FastInstruction) {
    if operation == .rare { return compileRare(i) }
    if compileAccess(operation, i) || compileBranch(operation, i) { return }
    switch operation {
    case .nop: break
    case .adr: relative(i, place * 4 + Int(i.imm))
    case .adrp: relative(i, Int(i.imm))
    case .constant:
      let value = fresh()
      code.constant(value, UInt64(bitPattern: i.imm))
      define(i.d, value)
    case .movk64, .movk32: keepAndMove(i, wide: operation == .movk64)
    case .addImm64, .addImm32:
      let base = use(i.n)
      let sum = fresh()
      code.address(sum, Operand(base, Int(i.imm)), wide: operation == .addImm64)
      define(i.d, sum)
    case .addsImm64: addImmediate(i, .added, wide: true)
    case .addsImm32: addImmediate(i, .added, wide: false)
    case .subsImm64: addImmediate(i, .subtracted, wide: true)
    case .subsImm32: addImmediate(i, .subtracted, wide: false)
    case .cmpImm64: addImmediate(i, .subtracted, wide: true, keeps: false)
    case .cmpImm32: addImmediate(i, .subtracted, wide: false, keeps: false)
    case .andImm64: define(i.d, logicImmediate(.and, i, wide: true))
    case .orrImm64: define(i.d, logicImmediate(.or, i, wide: true))
    case .eorImm64: define(i.d, logicImmediate(.xor, i, wide: true))
    case .logicImm32: define(i.d, logicImmediate(i.x == 0 ? .and : i.x == 1 ? .or : .xor, i, wide: false))
    case .andsImm:
      let value = logicImmediate(.and, i, wide: i.is64)
      storeLogicFlags(value, wide: i.is64)
      define(i.d, value)
    case .lsl64: shift(i, .shl, wide: true)
    case .lsl32: shift(i, .shl, wide: false)
    case .lsr64: shift(i, .shr, wide: true)
    case .lsr32: shift(i, .shr, wide: false)
    case .asr64: shift(i, .sar, wide: true)
    case .asr32: shift(i, .sar, wide: false)
    case .ubfx:
      let value = copy(i.n)
      if i.x != 0 { code.shift(.shr, value, i.x) }
      mask(value, i.imm)
      define(i.d, value)
    case .ubfiz:
      let value = copy(i.n)
      mask(value, i.imm)
      code.shift(.shl, value, i.x)
      define(i.d, value)
    case .sbfx64, .sbfx32:
      let value = copy(i.n)
      let wide = operation == .sbfx64
      code.shift(.shl, value, i.x, wide: wide)
      code.shift(.sar, value, i.a, wide: wide)
      define(i.d, value)
    case .extr64, .extr32:
      let upper = use(i.n)
      let value = copy(i.m, wide: operation == .extr64)
      if i.imm != 0 { code.shiftRight(value, from: upper, UInt8(i.imm), wide: operation == .extr64) }
      define(i.d, value)
    default: compileRegisters(operation, i)
    }
  }

  private mutating func relative(_ i: FastInstruction, _ distance: Int) {
    let value = fresh()
    if let near = Int32(exactly: distance) {
      code.address(value, Operand(MachineCode.Fixed.page, Int(near)))
    } else {
      code.constant(value, UInt64(bitPattern: Int64(distance)))
      code.address(value, Operand(MachineCode.Fixed.page, value))
    }
    define(i.d, value)
  }

  private mutating func keepAndMove(_ i: FastInstruction, wide: Bool) {
    let value = copy(i.d, wide: wide)
    let shift = UInt64(i.a)
    apply(.and, value, ~(0xFFFF << shift), wide: wide)
    apply(.or, value, UInt64(bitPattern: i.imm) << shift, wide: wide)
    define(i.d, value)
  }

  /// With a number of any size.
  mutating func apply(_ operation: X64Assembler.Operation, _ value: Register, _ number: UInt64, wide: Bool) {
    if !wide || UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: number))) == number {
      code.apply(operation, value, constant: Int32(truncatingIfNeeded: number), wide: wide)
    } else {
      let other = fresh()
      code.constant(other, number)
      code.apply(operation, value, other)
    }
  }

  private mutating func mask(_ value: Register, _ bits: Int64) {
    switch bits {
    case 0xFF: code.extend(value, value, sizeLog2: 0, signed: false)
    case 0xFFFF: code.extend(value, value, sizeLog2: 1, signed: false)
    case 0xFFFF_FFFF: code.move(value, value, wide: false)
    default: apply(.and, value, UInt64(bitPattern: bits), wide: true)
    }
  }

  private mutating func addImmediate(_ i: FastInstruction, _ kind: X64Assembler.Flags, wide: Bool, keeps: Bool = true) {
    let value = copy(i.n, wide: wide)
    code.apply(kind == .added ? .add : .sub, value, constant: Int32(i.imm), wide: wide)
    storeFlags(value, kind, wide: wide)
    if keeps { define(i.d, value) }
  }

  private mutating func logicImmediate(_ operation: X64Assembler.Operation, _ i: FastInstruction, wide: Bool) -> Register {
    let value = copy(i.n, wide: wide)
    apply(operation, value, UInt64(bitPattern: i.imm), wide: wide)
    return value
  }

  private mutating func shift(_ i: FastInstruction, _ kind: X64Assembler.Shift, wide: Bool) {
    let value = copy(i.n, wide: wide)
    if i.imm != 0 { code.shift(kind, value, UInt8(i.imm), wide: wide) }
    define(i.d, value)
  }

  // Two and three registers.

  private mutating func compileRegisters(_ operation: FastOperation, _ i: FastInstruction) {
    switch operation {
    case .mov64: define(i.d, copy(i.m))
    case .mov32: define(i.d, copy(i.m, wide: false))
    case .and64: apply(i, .and, wide: true)
    case .and32: apply(i, .and, wide: false)
    case .orr64: apply(i, .or, wide: true)
    case .orr32: apply(i, .or, wide: false)
    case .eor64: apply(i, .xor, wide: true)
    case .eor32: apply(i, .xor, wide: false)
    case .bic64: logic(i, .and, inverted: true, wide: true)
    case .bic32: logic(i, .and, inverted: true, wide: false)
    case .logic64, .logic32:
      logic(i, i.a & 3 == 0 ? .and : i.a & 3 == 1 ? .or : .xor, inverted: i.a & 4 != 0, wide: operation == .logic64)
    case .ands64, .ands32:
      let wide = operation == .ands64
      let value = shifted(i, wide: wide)
      if i.a != 0 { code.unary(.not, value, wide: wide) }
      code.apply(.and, value, use(i.n), wide: wide)
      storeLogicFlags(value, wide: wide)
      define(i.d, value)
    case .add64, .add32:
      let (a, b) = (use(i.n), use(i.m))
      let sum = fresh()
      code.address(sum, Operand(a, b), wide: operation == .add64)
      define(i.d, sum)
    case .sub64: apply(i, .sub, wide: true)
    case .sub32: apply(i, .sub, wide: false)
    case .addShifted64, .addShifted32, .addLsl64, .addLsl32:
      addShifted(i, wide: operation == .addShifted64 || operation == .addLsl64)
    case .subShifted64, .subShifted32: subtract(i, shifted(i, wide: operation == .subShifted64), wide: operation == .subShifted64)
    case .eorRor32, .eorLsr64, .eorLsr32:
      let wide = operation == .eorLsr64
      let value = shifted(i, wide: wide)
      code.apply(.xor, value, use(i.n), wide: wide)
      define(i.d, value)
    case .adds64, .adds32: setFlags(i, .added, use(i.m), wide: operation == .adds64)
    case .subs64, .subs32: setFlags(i, .subtracted, use(i.m), wide: operation == .subs64)
    case .cmp64, .cmp32: setFlags(i, .subtracted, use(i.m), wide: operation == .cmp64)
    case .addsShifted: setFlags(i, .added, shifted(i, wide: i.is64), wide: i.is64)
    case .subsShifted: setFlags(i, .subtracted, shifted(i, wide: i.is64), wide: i.is64)
    case .addExtended:
      let other = extended(i)
      code.address(other, Operand(use(i.n), other), wide: i.is64)
      define(i.d, other)
    case .subExtended: subtract(i, extended(i), wide: i.is64)
    case .addsExtended: setFlags(i, .added, extended(i), wide: i.is64)
    case .subsExtended: setFlags(i, .subtracted, extended(i), wide: i.is64)
    case .ccmp: compareIf(i, .subtracted)
    case .ccmn: compareIf(i, .added)
    case .csel64, .csel32, .csinc, .csinv, .csneg: select(i, operation)
    default: compileArithmetic(operation, i)
    }
  }

  private mutating func apply(_ i: FastInstruction, _ operation: X64Assembler.Operation, wide: Bool) {
    let value = copy(i.n, wide: wide)
    code.apply(operation, value, use(i.m), wide: wide)
    define(i.d, value)
  }

  /// A copy of the second operand, shifted by a number.
  private mutating func shifted(_ i: FastInstruction, wide: Bool) -> Register {
    let value = copy(i.m, wide: wide)
    guard i.imm != 0 else { return value }
    let kinds: X64Assembler.Shift = i.x == 0 ? .shl : i.x == 1 ? .shr : i.x == 2 ? .sar : .ror
    code.shift(kinds, value, UInt8(i.imm), wide: wide)
    return value
  }

  private mutating func logic(_ i: FastInstruction, _ operation: X64Assembler.Operation, inverted: Bool, wide: Bool) {
    let value = shifted(i, wide: wide)
    if inverted { code.unary(.not, value, wide: wide) }
    code.apply(operation, value, use(i.n), wide: wide)
    define(i.d, value)
  }

  private mutating func addShifted(_ i: FastInstruction, wide: Bool) {
    if i.x == 0, i.imm <= 3 {
      let (a, b) = (use(i.n), use(i.m))
      let sum = fresh()
      code.address(sum, Operand(a, b, scale: UInt8(i.imm)), wide: wide)
      return define(i.d, sum)
    }
    let value = shifted(i, wide: wide)
    code.address(value, Operand(value, use(i.n)), wide: wide)
    define(i.d, value)
  }

  private mutating func subtract(_ i: FastInstruction, _ other: Register, wide: Bool) {
    let value = copy(i.n, wide: wide)
    code.apply(.sub, value, other, wide: wide)
    define(i.d, value)
  }

  private mutating func setFlags(_ i: FastInstruction, _ kind: X64Assembler.Flags, _ other: Register, wide: Bool) {
    let value = copy(i.n, wide: wide)
    code.apply(kind == .added ? .add : .sub, value, other, wide: wide)
    storeFlags(value, kind, wide: wide)
    define(i.d, value)
  }

  /// A copy of the second operand, extended and then shifted (ExtendReg).
  private mutating func extended(_ i: FastInstruction) -> Register {
    let value = copy(i.m)
    switch i.x {
    case 0, 1, 2: code.extend(value, value, sizeLog2: Int(i.x), signed: false)
    case 4, 5, 6: code.extend(value, value, sizeLog2: Int(i.x) - 4, signed: true)
    default: break
    }
    if i.imm != 0 { code.shift(.shl, value, UInt8(i.imm)) }
    return value
  }
}
