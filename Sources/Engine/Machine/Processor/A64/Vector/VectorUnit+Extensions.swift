/// Arithmetic that came after Armv8.0: rounding doubling sums, dot products, complex numbers, FJCVTZS, long polynomials.
extension VectorUnit {
  /// SQRDMLAH, SQRDMLSH: the rounded upper half of twice a product, and of the destination above it, added or subtracted.
  static func doublingHigh(_ i: VectorInstruction, _ v: Words) {
    let size = Int(i.size)
    let bits = Int64(8 << size)
    let (low, high): (Int64, Int64) = (-(1 << (bits - 1)), 1 << (bits - 1) - 1)
    accumulate(i, v) { d, n, m in
      // At most 2^31 << 32 + 2^63: in 128 bits.
      let product = 2 * Int128(signed(n, size)) * Int128(signed(m, size))
      let sum = Int128(signed(d, size)) << Int128(bits) + (i.operation == .sqrdmlah ? product : -product) + 1 << Int128(bits - 1)
      let result = sum >> Int128(bits)
      if result < Int128(low) || result > Int128(high) { v[statusWord] |= SoftFloat.saturation }
      return UInt64(truncatingIfNeeded: max(Int128(low), min(Int128(high), result)))
    }
  }

  /// SDOT, UDOT: sums of four products of bytes.
  static func dot(_ i: VectorInstruction, _ v: Words) {
    let isSigned = i.operation == .sdot
    @inline(__always) func byte(_ register: UInt8, _ n: Int) -> UInt64 {
      let value = element(v, register, n, 0)
      return isSigned ? UInt64(bitPattern: signed(value, 0)) : value
    }
    write(v, i.d, 2, Int(i.lanes)) { e in
      let other = i.a == 0 ? e : Int(i.a) - 1
      return (0..<4).reduce(element(v, i.d, e, 2)) { $0 &+ byte(i.n, 4 * e + $1) &* byte(i.m, 4 * other + $1) }
    }
  }

  /// FCADD and FCMLA: pairs of elements are real and imaginary parts; one operand is turned by quarters.
  static func complex(_ i: VectorInstruction, _ v: Words) {
    let size = Int(i.size)
    let sign = FloatFormat(i.size).signBit
    var unit = SoftFloat(control: v[controlWord], status: v[statusWord])
    // Destinations may be operands, too.
    let (d, n, m) = (pair(v, i.d), pair(v, i.n), pair(v, i.m))
    var results = InlineArray<8, UInt64>(repeating: 0)
    for e in stride(from: 0, to: Int(i.lanes), by: 2) {
      let (real, imaginary) = (element(n, e, size), element(n, e + 1, size))
      if i.operation == .fcadd {
        let (a, b) = (element(m, e, size), element(m, e + 1, size))
        results[e] = unit.add(real, i.imm == 1 ? b ^ sign : b, i.size)
        results[e + 1] = unit.add(imaginary, i.imm == 1 ? a : a ^ sign, i.size)
      } else {
        let other = i.a == 0 ? e : 2 * (Int(i.a) - 1)
        let (a, b) = (element(m, other, size), element(m, other + 1, size))
        // By 0, 1, 2 and 3 quarter turns: which part of the first operand, and what of the second for each part.
        let factor = i.imm & 1 == 0 ? real : imaginary
        let (first, second) =
          switch i.imm {
          case 0: (a, b)
          case 1: (b ^ sign, a)
          case 2: (a ^ sign, b ^ sign)
          default: (b, a ^ sign)
          }
        results[e] = unit.multiplyAdd(element(d, e, size), factor, first, i.size)
        results[e + 1] = unit.multiplyAdd(element(d, e + 1, size), factor, second, i.size)
      }
    }
    v[statusWord] = unit.status
    write(v, i.d, size, Int(i.lanes)) { results[$0] }
  }

  private static func pair(_ v: Words, _ register: UInt8) -> (UInt64, UInt64) {
    (v[Int(register) * 2], v[Int(register) * 2 + 1])
  }
  private static func element(_ words: (UInt64, UInt64), _ number: Int, _ size: Int) -> UInt64 {
    let bit = number << (size + 3)
    return (bit < 64 ? words.0 : words.1) >> UInt64(bit & 63) & mask(size)
  }

  /// FJCVTZS: to an integer of 32 bits as JavaScript does it, modulo 2^32; Z says that nothing was lost (FPToFixedJS).
  static func javaScript(_ i: VectorInstruction, _ v: Words, _ x: Words, _ nzcv: UInt64) -> UInt64 {
    var unit = SoftFloat(control: v[controlWord], status: v[statusWord])
    let bits = element(v, i.n, 0, 3)
    let (value, isExact) = unit.toJavaScript(bits)
    v[statusWord] = unit.status
    x[Int(i.d)] = value
    return isExact ? 1 << 30 : 0
  }

  /// PMULL and PMULL2 of one element of 64 bits.
  static func polynomialLong(_ i: VectorInstruction, _ v: Words) {
    let half = i.imm == 0 ? 0 : 1
    let (a, b) = (v[Int(i.n) * 2 + half], v[Int(i.m) * 2 + half])
    var (low, high): (UInt64, UInt64) = (0, 0)
    for n in 0..<64 as Range<UInt64> where a >> n & 1 == 1 {
      low ^= b << n
      if n > 0 { high ^= b >> (64 - n) }
    }
    set(v, i.d, low, high)
  }
}

extension SoftFloat {
  /// FPToFixedJS of a number of 64 bits: the integer, and whether it is the number.
  mutating func toJavaScript(_ bits: UInt64) -> (value: UInt64, isExact: Bool) {
    let f = FloatFormat(3)
    let a = unpack(bits, f)
    switch a.kind {
    case .zero:
      // Minus zero is not 0 to JavaScript.
      return (0, a.sign == 0)
    case .finite where a.exponent < 0:
      status |= SoftFloat.inexact
      return (0, false)
    case .finite:
      let isNegative = a.sign == 1
      // Below 64 places of the integer part nothing of it is in 32 bits.
      let shift = 63 - a.exponent
      let integer = shift >= 0 ? a.significand >> UInt64(shift) : shift > -64 ? a.significand << UInt64(-shift) : 0
      let hasFraction = shift > 0 && a.significand & (1 << UInt64(shift) - 1) != 0
      let fits = shift >= 0 && integer <= (isNegative ? 1 << 31 : 1 << 31 - 1)
      if !fits { status |= SoftFloat.invalid } else if hasFraction { status |= SoftFloat.inexact }
      return ((isNegative ? 0 &- integer : integer) & 0xFFFF_FFFF, fits && !hasFraction)
    case .infinity, .quiet, .signaling:
      status |= SoftFloat.invalid
      return (0, false)
    }
  }
}
