/// N, Z, C and V: they are stored as ``LazyFlags`` has them, and as long as the host's flags are still the ones they were made of, a
/// condition is asked of those.
extension CodeCompiler {
  /// Stores the flags of an addition or subtraction that has just been made.
  mutating func storeFlags(_ result: Register, _ kind: X64Assembler.Flags, wide: Bool) {
    let (carry, overflow) = (fresh(), fresh())
    code.set(carry, if: kind == .added ? .b : .ae)
    code.set(overflow, if: .o)
    code.extend(carry, carry, sizeLog2: 0, signed: false)
    code.extend(overflow, overflow, sizeLog2: 0, signed: false)
    code.address(carry, Operand(overflow, carry, scale: 1))
    code.store(flagsCarry, carry)
    storeResult(result, wide: wide)
    code.flags = kind
  }

  /// Stores the flags of a logical operation that has just been made.
  mutating func storeLogicFlags(_ result: Register, wide: Bool) {
    code.store(flagsCarry, constant: 0)
    storeResult(result, wide: wide)
    code.flags = .added
  }

  /// Results of 32 bits lie in the upper half.
  private mutating func storeResult(_ result: Register, wide: Bool) {
    guard !wide else { return code.store(flagsResult, result) }
    code.store(flagsResult, constant: 0, wide: false)
    var upper = flagsResult
    upper.distance += 4
    code.store(upper, result, sizeLog2: 2)
  }

  /// What the host's flags have to be if a condition holds (ConditionHolds); nil if it always does.
  mutating func condition(_ number: UInt8) -> Condition? {
    guard number < 14 else { return nil }
    if let known = known(number) { return known }
    let isOpposite = number & 1 == 1
    let condition: Condition
    switch number >> 1 {
    case 0:
      code.compare(flagsResult, constant: 0)
      condition = .e
    case 1:
      code.test(flagsCarry, bits: 2)
      condition = .ne
    case 2:
      // N of a result that is zero is bit 3.
      let sign = fresh()
      code.load(sign, flagsCarry)
      code.shift(.shl, sign, 60)
      code.apply(.or, sign, flagsResult)
      condition = .s
    case 3:
      code.test(flagsCarry, bits: 1)
      condition = .ne
    case 4:
      let (isSet, carry) = (fresh(), fresh())
      code.load(carry, flagsCarry)
      code.shift(.shr, carry, 1, wide: false)
      code.compare(flagsResult, constant: 0)
      code.set(isSet, if: .ne)
      code.apply(.and, isSet, carry, wide: false)
      code.apply(.and, isSet, constant: 1, wide: false)
      condition = .ne
    case 5:
      let less = lessThan()
      code.apply(.and, less, constant: 1, wide: false)
      condition = .e
    default:
      let less = lessThan()
      let isZero = fresh()
      code.compare(flagsResult, constant: 0)
      code.set(isZero, if: .e)
      code.apply(.or, less, isZero, wide: false)
      code.apply(.and, less, constant: 1, wide: false)
      condition = .e
    }
    return isOpposite ? condition.opposite : condition
  }

  /// Bit 0 is whether N and V differ.
  private mutating func lessThan() -> Register {
    let (less, carry) = (fresh(), fresh())
    code.load(less, flagsResult)
    code.shift(.shr, less, 63)
    code.load(carry, flagsCarry)
    code.apply(.xor, less, carry, wide: false)
    code.shift(.shr, carry, 3, wide: false)
    code.apply(.xor, less, carry, wide: false)
    return less
  }

  /// The condition in the host's flags, if they are still the guest's.
  private func known(_ number: UInt8) -> Condition? {
    guard code.flags != .unknown else { return nil }
    let isSubtracted = code.flags == .subtracted
    switch number {
    case 0: return .e
    case 1: return .ne
    case 2: return isSubtracted ? .ae : .b
    case 3: return isSubtracted ? .b : .ae
    case 4: return .s
    case 5: return .ns
    case 6: return .o
    case 7: return .no
    case 8: return isSubtracted ? .a : nil
    case 9: return isSubtracted ? .be : nil
    case 10: return .ge
    case 11: return .l
    case 12: return .g
    default: return .le
    }
  }

  /// A condition's number, for the branches that have one each.
  static func condition(of operation: FastOperation) -> UInt8? {
    switch operation {
    case .beq: 0
    case .bne: 1
    case .bhs: 2
    case .blo: 3
    case .bmi: 4
    case .bpl: 5
    case .bvs: 6
    case .bvc: 7
    case .bhi: 8
    case .bls: 9
    case .bge: 10
    case .blt: 11
    case .bgt: 12
    case .ble: 13
    default: nil
    }
  }

  /// CCMP and CCMN: the comparison is made if the condition holds; if not, the flags are a number.
  mutating func compareIf(_ i: FastInstruction, _ kind: X64Assembler.Flags) {
    let wide = i.is64
    // Loads change no flags; both ways need the same registers.
    let first = copy(i.n, wide: wide)
    let second: Register
    if i.x & 16 != 0 {
      second = fresh()
      code.constant(second, UInt64(i.m))
    } else {
      second = use(i.m)
    }
    let condition = condition(i.a)
    let otherwise = condition.map { code.jump(if: $0.opposite, short: true) }
    code.apply(kind == .added ? .add : .sub, first, second, wide: wide)
    storeFlags(first, kind, wide: wide)
    guard let otherwise else { return }
    let end = code.jumpShort()
    code.land(otherwise)
    let nzcv = UInt64(i.x & 15)
    let (n, z) = (nzcv >> 3, nzcv >> 2 & 1)
    // As `LazyFlags.nzcv` is set.
    let value = fresh()
    code.constant(value, z == 1 ? 0 : n << 63 | 1)
    code.store(flagsResult, value)
    code.store(flagsCarry, constant: Int32(nzcv & 3 | (n & z) << 3))
    code.land(end)
    code.flags = .unknown
  }

  /// CSEL, CSINC, CSINV and CSNEG.
  mutating func select(_ i: FastInstruction, _ operation: FastOperation) {
    let wide = operation == .csel64 || operation != .csel32 && i.is64
    let first = use(i.n)
    var other = copy(i.m, wide: wide)
    switch operation {
    case .csinc: code.address(other, Operand(other, 1), wide: wide)
    case .csinv: code.unary(.not, other, wide: wide)
    case .csneg:
      code.unary(.not, other, wide: wide)
      code.address(other, Operand(other, 1), wide: wide)
    default: break
    }
    if let condition = condition(i.a) {
      code.move(other, first, if: condition, wide: wide)
    } else {
      other = fresh()
      code.move(other, first, wide: wide)
    }
    define(i.d, other)
  }
}
