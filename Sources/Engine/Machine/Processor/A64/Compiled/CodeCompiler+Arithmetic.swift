/// Multiplication, division, shifts by a register, and what decoded pages leave to the reference engine.
extension CodeCompiler {
  mutating func compileArithmetic(_ operation: FastOperation, _ i: FastInstruction) {
    switch operation {
    case .madd64, .madd32, .msub64, .msub32:
      let wide = operation == .madd64 || operation == .msub64
      let product = copy(i.n, wide: wide)
      code.multiply(product, use(i.m), wide: wide)
      accumulate(i, product, subtracts: operation == .msub64 || operation == .msub32, wide: wide)
    case .smaddl, .umaddl: multiplyWords(i, signed: operation == .smaddl, subtracts: false)
    case .smulh, .umulh:
      claim(.rax)
      claim(.rdx)
      code.move(.rax, use(i.n))
      code.unary(operation == .smulh ? .imul : .mul, use(i.m), wide: true)
      define(i.d, .rdx)
    case .udiv64, .udiv32, .sdiv64, .sdiv32:
      divide(i, signed: operation == .sdiv64 || operation == .sdiv32, wide: operation == .udiv64 || operation == .sdiv64)
    case .lslv64, .lslv32: shiftByRegister(i, .shl, wide: operation == .lslv64)
    case .lsrv64, .lsrv32: shiftByRegister(i, .shr, wide: operation == .lsrv64)
    case .asrv64, .asrv32: shiftByRegister(i, .sar, wide: operation == .asrv64)
    case .clz64, .clz32:
      let wide = operation == .clz64
      let source = use(i.n)
      let (value, none) = (fresh(), fresh())
      // Of nothing: the width, after the last step.
      code.constant(none, wide ? 127 : 63)
      code.scanReverse(value, source, wide: wide)
      code.move(value, none, if: .e, wide: wide)
      code.apply(.xor, value, constant: wide ? 63 : 31, wide: false)
      define(i.d, value)
    case .rev64, .rev32:
      let value = copy(i.n, wide: operation == .rev64)
      code.swapBytes(value, wide: operation == .rev64)
      define(i.d, value)
    default: leaveToReference()
    }
  }

  mutating func compileRare(_ i: FastInstruction) {
    let operation = i.rare
    if compileRareAccess(i) { return }
    switch operation {
    case .bfm64, .bfm32:
      let wide = operation == .bfm64
      let field = copy(i.n, wide: wide)
      if i.x != 0 { code.shift(.ror, field, i.x, wide: wide) }
      apply(.and, field, UInt64(bitPattern: i.imm), wide: wide)
      let value = copy(i.d, wide: wide)
      apply(.and, value, ~UInt64(bitPattern: i.imm), wide: wide)
      code.apply(.or, value, field, wide: wide)
      define(i.d, value)
    case .adc64, .sbc64, .adcs64, .sbcs64:
      let value = copy(i.n)
      let other = copy(i.m)
      if operation == .sbc64 || operation == .sbcs64 { code.unary(.not, other, wide: true) }
      let carry = fresh()
      code.load(carry, flagsCarry)
      code.test(carry, bit: 1)
      code.apply(.adc, value, other)
      if operation == .adcs64 || operation == .sbcs64 { storeFlags(value, .added, wide: true) }
      define(i.d, value)
    case .smsubl, .umsubl: multiplyWords(i, signed: operation == .smsubl, subtracts: true)
    case .rorv64, .rorv32: shiftByRegister(i, .ror, wide: operation == .rorv64)
    case .rbit64, .rbit32:
      let value = copy(i.n, wide: operation == .rbit64)
      code.swapBytes(value, wide: operation == .rbit64)
      for (mask, count) in [(0x0F0F_0F0F_0F0F_0F0F, 4), (0x3333_3333_3333_3333, 2), (0x5555_5555_5555_5555, 1)]
        as [(UInt64, UInt8)]
      {
        swapParts(value, mask, count, wide: operation == .rbit64)
      }
      define(i.d, value)
    case .rev16:
      let value = copy(i.n, wide: i.is64)
      swapParts(value, 0x00FF_00FF_00FF_00FF, 8, wide: i.is64)
      define(i.d, value)
    default: compileSystem(i)
    }
  }

  /// Parts of so many bits change places with their neighbours; the mask has every second one.
  private mutating func swapParts(_ value: Register, _ mask: UInt64, _ count: UInt8, wide: Bool) {
    let (upper, bits) = (fresh(), fresh())
    code.constant(bits, wide ? mask : mask & 0xFFFF_FFFF)
    code.move(upper, value)
    code.shift(.shr, upper, count, wide: wide)
    code.apply(.and, upper, bits, wide: wide)
    code.apply(.and, value, bits, wide: wide)
    code.shift(.shl, value, count, wide: wide)
    code.apply(.or, value, upper, wide: wide)
    release(upper)
    release(bits)
  }

  /// The product of two words, added to a third register or taken from it.
  private mutating func multiplyWords(_ i: FastInstruction, signed: Bool, subtracts: Bool) {
    let (product, other) = (fresh(), fresh())
    code.extend(product, use(i.n), sizeLog2: 2, signed: signed)
    code.extend(other, use(i.m), sizeLog2: 2, signed: signed)
    code.multiply(product, other, wide: true)
    accumulate(i, product, subtracts: subtracts, wide: true)
  }

  private mutating func accumulate(_ i: FastInstruction, _ product: Register, subtracts: Bool, wide: Bool) {
    if subtracts {
      let value = copy(i.a, wide: wide)
      code.apply(.sub, value, product, wide: wide)
      return define(i.d, value)
    }
    if i.a != A64Registers.zero { code.apply(.add, product, use(i.a), wide: wide) }
    define(i.d, product)
  }

  /// By zero it gives zero; the least number by -1 gives itself.
  private mutating func divide(_ i: FastInstruction, signed: Bool, wide: Bool) {
    claim(.rax)
    claim(.rdx)
    let (first, second) = (use(i.n), use(i.m))
    code.constant(.rax, 0)
    code.test(second, second, wide: wide)
    let byZero = code.jump(if: .e, short: true)
    code.move(.rax, first, wide: wide)
    if signed {
      code.apply(.cmp, second, constant: -1, wide: wide)
      let isOther = code.jump(if: .ne, short: true)
      code.unary(.neg, .rax, wide: wide)
      let end = code.jumpShort()
      code.land(isOther)
      code.extendSign(wide: wide)
      code.unary(.idiv, second, wide: wide)
      code.land(end)
    } else {
      code.constant(.rdx, 0)
      code.unary(.div, second, wide: wide)
    }
    code.land(byZero)
    define(i.d, .rax)
  }

  private mutating func shiftByRegister(_ i: FastInstruction, _ kind: X64Assembler.Shift, wide: Bool) {
    claim(.rcx)
    code.move(.rcx, use(i.m))
    let value = copy(i.n, wide: wide)
    code.shift(kind, value, wide: wide)
    define(i.d, value)
  }
}
