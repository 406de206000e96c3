/// Sums, products, quotients, comparisons.
extension SoftFloat {
  /// Whether a result of the host is a normal number, and not next to the ones that are none.
  @inline(__always) private func isNormal(_ value: Double) -> Bool { (value.bitPattern >> 52 & 0x7FF) &- 2 <= 0x7FC }
  @inline(__always) private func isNormal(_ value: Float) -> Bool { (value.bitPattern >> 23 & 0xFF) &- 2 <= 0xFC }

  @inline(__always) private func hosted(
    _ a: UInt64, _ b: UInt64, _ size: UInt8, _ double: (Double, Double) -> Double, _ single: (Float, Float) -> Float
  ) -> UInt64? {
    guard isHosted, size != 1 else { return nil }
    if size == 3 {
      let result = double(Double(bitPattern: a), Double(bitPattern: b))
      return isNormal(result) ? result.bitPattern : nil
    }
    let result = single(
      Float(bitPattern: UInt32(truncatingIfNeeded: a)), Float(bitPattern: UInt32(truncatingIfNeeded: b)))
    return isNormal(result) ? UInt64(result.bitPattern) : nil
  }

  @inline(__always) mutating func add(_ a: UInt64, _ b: UInt64, _ size: UInt8) -> UInt64 {
    hosted(a, b, size, +, +) ?? softAdd(a, b, size, 0)
  }
  @inline(__always) mutating func subtract(_ a: UInt64, _ b: UInt64, _ size: UInt8) -> UInt64 {
    hosted(a, b, size, -, -) ?? softAdd(a, b, size, 1)
  }
  @inline(__always) mutating func multiply(_ a: UInt64, _ b: UInt64, _ size: UInt8) -> UInt64 {
    hosted(a, b, size, *, *) ?? softMultiply(a, b, size)
  }
  @inline(__always) mutating func divide(_ a: UInt64, _ b: UInt64, _ size: UInt8) -> UInt64 {
    hosted(a, b, size, /, /) ?? softDivide(a, b, size)
  }

  /// FPAdd, and FPSub with `flip` 1.
  private mutating func softAdd(_ x: UInt64, _ y: UInt64, _ size: UInt8, _ flip: UInt64) -> UInt64 {
    let f = FloatFormat(size)
    let a = unpack(x, f)
    var b = unpack(y, f)
    if let nan = nan(a, b, f) { return nan }
    b.sign ^= flip
    if a.isInfinity || b.isInfinity {
      if a.isInfinity, b.isInfinity, a.sign != b.sign { return invalidResult(f) }
      return (a.isInfinity ? a.sign : b.sign) << (f.width - 1) | f.infinity
    }
    if a.isZero, b.isZero { return a.sign == b.sign ? a.sign << (f.width - 1) : zero(f) }
    if b.isZero { return round(a.sign, a.exponent, a.significand, f) }
    if a.isZero { return round(b.sign, b.exponent, b.significand, f) }
    return sum(
      a.sign, a.exponent, UInt128(a.significand) << 62, b.sign, b.exponent, UInt128(b.significand) << 62, f)
  }

  /// The rounded sum of two numbers, each as a fraction of 2^125 with room for a carry.
  private mutating func sum(
    _ signA: UInt64, _ exponentA: Int, _ a: UInt128, _ signB: UInt64, _ exponentB: Int, _ b: UInt128, _ f: FloatFormat,
    halved: Bool = false
  ) -> UInt64 {
    let exponent = max(exponentA, exponentB)
    let a = shiftedRight(a, exponent - exponentA)
    let b = shiftedRight(b, exponent - exponentB)
    let sign: UInt64
    let total: UInt128
    if signA == signB {
      (sign, total) = (signA, a + b)
    } else if a == b {
      return zero(f)
    } else {
      (sign, total) = a > b ? (signA, a - b) : (signB, b - a)
    }
    return round128(sign, exponent + 2 - (halved ? 1 : 0), total, f)
  }

  /// A shift to the right that keeps in bit 0 whether ones were lost.
  private func shiftedRight(_ value: UInt128, _ count: Int) -> UInt128 {
    if count == 0 { return value }
    if count >= 128 { return value == 0 ? 0 : 1 }
    let shifted = value >> UInt128(count)
    return shifted << UInt128(count) == value ? shifted : shifted | 1
  }

  /// Rounds `value` / 2^127 * 2^`exponent`.
  private mutating func round128(_ sign: UInt64, _ exponent: Int, _ value: UInt128, _ f: FloatFormat) -> UInt64 {
    let zeros = value.leadingZeroBitCount
    let normal = value << UInt128(zeros)
    return round(
      sign, exponent - zeros, UInt64(truncatingIfNeeded: normal >> 64), sticky: UInt64(truncatingIfNeeded: normal) != 0, f)
  }

  private func product(_ a: FloatParts, _ b: FloatParts) -> UInt128 {
    UInt128(a.significand) * UInt128(b.significand)
  }

  private mutating func softMultiply(_ x: UInt64, _ y: UInt64, _ size: UInt8, extended: Bool = false) -> UInt64 {
    let f = FloatFormat(size)
    let a = unpack(x, f)
    let b = unpack(y, f)
    if let nan = nan(a, b, f) { return nan }
    let sign = a.sign ^ b.sign
    if a.isInfinity || b.isInfinity {
      if a.isZero || b.isZero {
        if extended { return sign << (f.width - 1) | UInt64(f.bias + 1) << f.fraction }
        return invalidResult(f)
      }
      return sign << (f.width - 1) | f.infinity
    }
    if a.isZero || b.isZero { return sign << (f.width - 1) }
    return round128(sign, a.exponent + b.exponent + 1, product(a, b), f)
  }

  /// FPMulX: infinity times zero is two.
  mutating func multiplyExtended(_ a: UInt64, _ b: UInt64, _ size: UInt8) -> UInt64 {
    softMultiply(a, b, size, extended: true)
  }

  private mutating func softDivide(_ x: UInt64, _ y: UInt64, _ size: UInt8) -> UInt64 {
    let f = FloatFormat(size)
    let a = unpack(x, f)
    let b = unpack(y, f)
    if let nan = nan(a, b, f) { return nan }
    let sign = a.sign ^ b.sign
    if (a.isInfinity && b.isInfinity) || (a.isZero && b.isZero) { return invalidResult(f) }
    if a.isInfinity || b.isZero {
      if !a.isInfinity { status |= SoftFloat.divideByZero }
      return sign << (f.width - 1) | f.infinity
    }
    if a.isZero || b.isInfinity { return sign << (f.width - 1) }
    let (quotient, remainder) = b.significand.dividingFullWidth((a.significand >> 1, 0))
    let zeros = quotient.leadingZeroBitCount
    return round(
      sign, a.exponent - b.exponent - zeros, quotient << UInt64(zeros), sticky: remainder != 0, f)
  }

  /// FPSqrt.
  mutating func squareRoot(_ x: UInt64, _ size: UInt8) -> UInt64 {
    let f = FloatFormat(size)
    let a = unpack(x, f)
    if a.isNaN { return nan(a, f) }
    if a.isZero { return a.bits }
    if a.sign == 1 { return invalidResult(f) }
    if a.isInfinity { return a.bits }
    if let result = hosted(x, x, size, { first, _ in first.squareRoot() }, { first, _ in first.squareRoot() }) { return result }
    let isOdd = a.exponent & 1 == 1
    let radicand = UInt128(a.significand) << (isOdd ? 64 : 63)
    var root: UInt64 = 0
    var bit: UInt64 = 1 << 63
    while bit != 0 {
      let trial = root | bit
      if UInt128(trial) * UInt128(trial) <= radicand { root = trial }
      bit >>= 1
    }
    return round(0, a.exponent >> 1, root, sticky: UInt128(root) * UInt128(root) != radicand, f)
  }

  /// FPMulAdd, with the signs of the addend and of the first factor changed before if asked.
  mutating func multiplyAdd(
    _ addend: UInt64, _ x: UInt64, _ y: UInt64, _ size: UInt8, negateAddend: Bool = false, negateProduct: Bool = false
  ) -> UInt64 {
    let f = FloatFormat(size)
    let addend = negateAddend ? addend ^ f.signBit : addend
    let x = negateProduct ? x ^ f.signBit : x
    if isHosted, size != 1 {
      if size == 3 {
        let result = Double(bitPattern: addend).addingProduct(Double(bitPattern: x), Double(bitPattern: y))
        if isNormal(result) { return result.bitPattern }
      } else {
        let (c, a, b) = (UInt32(truncatingIfNeeded: addend), UInt32(truncatingIfNeeded: x), UInt32(truncatingIfNeeded: y))
        let result = Float(bitPattern: c).addingProduct(Float(bitPattern: a), Float(bitPattern: b))
        if isNormal(result) { return UInt64(result.bitPattern) }
      }
    }
    let c = unpack(addend, f)
    let a = unpack(x, f)
    let b = unpack(y, f)
    let isInvalid = (a.isInfinity && b.isZero) || (a.isZero && b.isInfinity)
    if c.kind == .quiet, isInvalid { return invalidResult(f) }
    if let nan = nan(c, a, b, f) { return nan }
    if isInvalid { return invalidResult(f) }
    return fused(c, a, b, f)
  }

  /// c + a * b, none of them a NaN and the product not invalid.
  private mutating func fused(
    _ c: FloatParts, _ a: FloatParts, _ b: FloatParts, _ f: FloatFormat, halved: Bool = false
  ) -> UInt64 {
    let sign = a.sign ^ b.sign
    let isInfinite = a.isInfinity || b.isInfinity
    if c.isInfinity || isInfinite {
      if c.isInfinity, isInfinite, c.sign != sign { return invalidResult(f) }
      return (c.isInfinity ? c.sign : sign) << (f.width - 1) | f.infinity
    }
    if a.isZero || b.isZero {
      if c.isZero { return c.sign == sign ? sign << (f.width - 1) : zero(f) }
      return round(c.sign, c.exponent - (halved ? 1 : 0), c.significand, f)
    }
    if c.isZero { return round128(sign, a.exponent + b.exponent + 1 - (halved ? 1 : 0), product(a, b), f) }
    // Significands of 53 bits leave the lowest bits of both zero: the shift by 1 loses nothing.
    return sum(
      c.sign, c.exponent, UInt128(c.significand) << 62, sign, a.exponent + b.exponent, product(a, b) >> 1, f, halved: halved)
  }

  /// FPRecipStepFused (2 - x * y), and with `isRoot` FPRSqrtStepFused ((3 - x * y) / 2).
  mutating func step(_ x: UInt64, _ y: UInt64, _ size: UInt8, isRoot: Bool) -> UInt64 {
    let f = FloatFormat(size)
    let a = unpack(x ^ f.signBit, f)
    let b = unpack(y, f)
    if let nan = nan(a, b, f) { return nan }
    if (a.isInfinity && b.isZero) || (a.isZero && b.isInfinity) {
      return isRoot ? UInt64(f.bias) << f.fraction | f.quietBit : UInt64(f.bias + 1) << f.fraction
    }
    let constant = FloatParts(
      kind: .finite, sign: 0, exponent: 1, significand: isRoot ? 3 << 62 : 1 << 63, bits: 0)
    return fused(constant, a, b, f, halved: isRoot)
  }

  // MARK: Comparisons

  /// Numbers that compare as their values do; both zeros are 0.
  private func order(_ a: FloatParts, _ f: FloatFormat) -> Int64 {
    let magnitude = Int64(a.bits & (f.signBit - 1))
    return a.sign == 1 ? -magnitude : magnitude
  }

  /// FPMax, FPMin, FPMaxNum, FPMinNum.
  mutating func extreme(_ x: UInt64, _ y: UInt64, _ size: UInt8, isMin: Bool, isNumber: Bool) -> UInt64 {
    let f = FloatFormat(size)
    let a = unpack(x, f)
    let b = unpack(y, f)
    if isNumber {
      // A quiet NaN yields to a number.
      if a.kind == .quiet, !b.isNaN { return b.bits }
      if b.kind == .quiet, !a.isNaN { return a.bits }
    }
    if let nan = nan(a, b, f) { return nan }
    if a.isZero, b.isZero { return (isMin ? a.sign | b.sign : a.sign & b.sign) << (f.width - 1) }
    return (isMin ? order(a, f) < order(b, f) : order(a, f) > order(b, f)) ? a.bits : b.bits
  }

  enum Relation { case less, equal, greater, unordered }

  /// The relation of two numbers. A quiet NaN is invalid only if the comparison `signals`.
  mutating func compare(_ x: UInt64, _ y: UInt64, _ size: UInt8, signals: Bool) -> Relation {
    let f = FloatFormat(size)
    let a = unpack(x, f)
    let b = unpack(y, f)
    guard !a.isNaN, !b.isNaN else {
      if signals || a.kind == .signaling || b.kind == .signaling { status |= SoftFloat.invalid }
      return .unordered
    }
    let (first, second) = (order(a, f), order(b, f))
    return first < second ? .less : first > second ? .greater : .equal
  }

  // MARK: Estimates

  /// RecipEstimate: 256 to 511 in, 256 to 511 out.
  static func reciprocal(_ a: UInt64) -> UInt64 { (1 << 19 / (a * 2 + 1) + 1) / 2 }

  /// RecipSqrtEstimate: 128 to 511 in, 256 to 511 out.
  static func reciprocalRoot(_ a: UInt64) -> UInt64 {
    let scaled = (a < 256 ? a * 2 + 1 : (a | 1)) * (a < 256 ? 1 : 2)
    var b: UInt64 = 512
    while scaled * (b + 1) * (b + 1) < 1 << 28 { b += 1 }
    return (b + 1) / 2
  }

  /// FPRecipEstimate.
  mutating func reciprocalEstimate(_ x: UInt64, _ size: UInt8) -> UInt64 {
    let f = FloatFormat(size)
    let a = unpack(x, f)
    let sign = a.sign << (f.width - 1)
    if a.isNaN { return nan(a, f) }
    if a.isInfinity { return sign }
    if a.isZero {
      status |= SoftFloat.divideByZero
      return sign | f.infinity
    }
    if a.exponent < -f.bias - 1 {
      status |= SoftFloat.overflow | SoftFloat.inexact
      return sign | (isInfinite(a.sign, rounding) ? f.infinity : f.infinity - 1)
    }
    if flushes(f), a.exponent >= f.bias - 1 {
      status |= SoftFloat.underflow
      return sign
    }
    let estimate = SoftFloat.reciprocal(a.significand >> 55)
    // The estimate is its 8 lower bits after the point; below the smallest normal number they move to the right.
    let exponent = f.bias - 1 - a.exponent
    let fraction = (estimate & 0xFF) << (f.fraction - 8)
    if exponent > 0 { return sign | UInt64(exponent) << f.fraction | fraction }
    return sign | (1 << f.fraction | fraction) >> UInt64(1 - exponent)
  }

  /// FPRSqrtEstimate.
  mutating func reciprocalRootEstimate(_ x: UInt64, _ size: UInt8) -> UInt64 {
    let f = FloatFormat(size)
    let a = unpack(x, f)
    if a.isNaN { return nan(a, f) }
    if a.isZero {
      status |= SoftFloat.divideByZero
      return a.sign << (f.width - 1) | f.infinity
    }
    if a.sign == 1 { return invalidResult(f) }
    if a.isInfinity { return 0 }
    let biased = a.exponent + f.bias
    let estimate = SoftFloat.reciprocalRoot(biased & 1 == 0 ? a.significand >> 55 : a.significand >> 56)
    let exponent = (3 * f.bias - 1 - biased) >> 1
    return UInt64(exponent) << f.fraction | (estimate & 0xFF) << (f.fraction - 8)
  }

  /// FPRecpX.
  mutating func reciprocalExponent(_ x: UInt64, _ size: UInt8) -> UInt64 {
    let f = FloatFormat(size)
    let a = unpack(x, f)
    if a.isNaN { return nan(a, f) }
    let exponent = a.bits >> f.fraction & f.exponentMask
    return a.bits & f.signBit | (exponent == 0 ? f.exponentMask - 1 : exponent ^ f.exponentMask) << f.fraction
  }
}
