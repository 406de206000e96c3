/// Shifts, and arithmetic that saturates and says so in FPSR.QC.
extension VectorUnit {
  @inline(__always) private static func saturated(_ v: Words) { v[statusWord] |= SoftFloat.saturation }

  /// The nearest number of 8 << `size` bits, signed or not.
  @inline(__always) private static func saturate(_ value: Int128, _ size: Int, isSigned: Bool, _ v: Words) -> UInt64 {
    let bits = Int128(8 << size)
    let low: Int128 = isSigned ? -(1 << (bits - 1)) : 0
    let high: Int128 = isSigned ? 1 << (bits - 1) - 1 : 1 << bits - 1
    if value < low || value > high { saturated(v) }
    return UInt64(truncatingIfNeeded: max(low, min(high, value)))
  }

  @inline(__always) private static func wide(_ value: UInt64, _ size: Int, isSigned: Bool) -> Int128 {
    isSigned ? Int128(signed(value, size)) : Int128(value)
  }

  static func saturating(_ i: VectorInstruction, _ v: Words) {
    let size = Int(i.size)
    @inline(__always) func both(_ isSigned: Bool, _ f: (Int128, Int128) -> Int128) {
      each2(i, v) { a, b in
        saturate(f(wide(a, size, isSigned: isSigned), wide(b, size, isSigned: isSigned)), size, isSigned: isSigned, v)
      }
    }
    @inline(__always) func one(_ f: (Int128) -> Int128) {
      each(i, v) { saturate(f(wide($0, size, isSigned: true)), size, isSigned: true, v) }
    }
    let bits = Int128(8 << size)
    switch i.operation {
    case .sqadd: both(true) { $0 + $1 }
    case .uqadd: both(false) { $0 + $1 }
    case .sqsub: both(true) { $0 - $1 }
    case .uqsub: both(false) { $0 - $1 }
    case .sqdmulh: both(true) { (2 * $0 * $1) >> bits }
    case .sqrdmulh: both(true) { (2 * $0 * $1 + 1 << (bits - 1)) >> bits }
    case .sqabs: one { Swift.abs($0) }
    case .sqneg: one { -$0 }
    default:
      // SUQADD adds an unsigned number to a signed one, USQADD a signed one to an unsigned one.
      let isSigned = i.operation == .suqadd
      write(v, i.d, size, Int(i.lanes)) { e in
        let sum =
          wide(element(v, i.n, e, size), size, isSigned: !isSigned) + wide(element(v, i.d, e, size), size, isSigned: isSigned)
        return saturate(sum, size, isSigned: isSigned, v)
      }
    }
  }

  /// SQDMULL, SQDMLAL, SQDMLSL: the product saturates, and so does the sum.
  static func doublingLong(_ i: VectorInstruction, _ v: Words) {
    let size = Int(i.size)
    write(v, i.d, size + 1, Int(i.lanes)) { e in
      let a = signed(element(v, i.n, Int(i.imm) + e, size), size)
      let b = signed(element(v, i.m, i.a == 0 ? Int(i.imm) + e : Int(i.a) - 1, size), size)
      let product = saturate(2 * Int128(a) * Int128(b), size + 1, isSigned: true, v)
      guard i.operation != .sqdmull else { return product }
      let term = Int128(signed(product, size + 1))
      let old = Int128(signed(element(v, i.d, e, size + 1), size + 1))
      return saturate(i.operation == .sqdmlal ? old + term : old - term, size + 1, isSigned: true, v)
    }
  }

  static func saturatingNarrow(_ i: VectorInstruction, _ v: Words) {
    let size = Int(i.size)
    let isExtract = i.operation == .sqxtn || i.operation == .uqxtn || i.operation == .sqxtun
    let shift = isExtract ? 0 : Int128(i.imm)
    let isRounded = i.operation == .sqrshrn || i.operation == .uqrshrn || i.operation == .sqrshrun
    let fromSigned = i.operation != .uqxtn && i.operation != .uqshrn && i.operation != .uqrshrn
    let toSigned = i.operation == .sqxtn || i.operation == .sqshrn || i.operation == .sqrshrn
    var result: UInt64 = 0
    for e in 0..<Int(i.lanes) {
      var value = wide(element(v, i.n, e, size + 1), size + 1, isSigned: fromSigned)
      if isRounded { value += 1 << (shift - 1) }
      let narrow = saturate(value >> shift, size, isSigned: toSigned, v)
      result |= (narrow & mask(size)) << UInt64(e * (8 << size))
    }
    writeHalf(v, i.d, upper: isExtract ? i.imm != 0 : i.a != 0, result)
  }

  /// Shifts by a signed amount, to the left where it is positive.
  static func shift(_ i: VectorInstruction, _ v: Words) {
    let size = Int(i.size)
    @inline(__always) func shifted(_ isSigned: Bool, rounds: Bool, saturates: Bool) {
      each2(i, v) { shiftOne($0, Int64(Int8(truncatingIfNeeded: $1)), size, isSigned, rounds, saturates, v) }
    }
    switch i.operation {
    case .sshl: shifted(true, rounds: false, saturates: false)
    case .ushl: shifted(false, rounds: false, saturates: false)
    case .srshl: shifted(true, rounds: true, saturates: false)
    case .urshl: shifted(false, rounds: true, saturates: false)
    case .sqshl: shifted(true, rounds: false, saturates: true)
    case .uqshl: shifted(false, rounds: false, saturates: true)
    case .sqrshl: shifted(true, rounds: true, saturates: true)
    case .uqrshl: shifted(false, rounds: true, saturates: true)
    case .sqshlImmediate: each(i, v) { shiftOne($0, Int64(i.imm), size, true, false, true, v) }
    case .uqshlImmediate: each(i, v) { shiftOne($0, Int64(i.imm), size, false, false, true, v) }
    default: each(i, v) { saturate(wide($0, size, isSigned: true) << Int128(i.imm), size, isSigned: false, v) }
    }
  }

  private static func shiftOne(
    _ value: UInt64, _ amount: Int64, _ size: Int, _ isSigned: Bool, _ rounds: Bool, _ saturates: Bool, _ v: Words
  ) -> UInt64 {
    let value = wide(value, size, isSigned: isSigned)
    if amount >= 0 {
      // 64 places are as good as more: nothing but zeros is left, or it saturates.
      let shift = Int128(min(amount, 64))
      guard saturates else { return UInt64(truncatingIfNeeded: value << shift) }
      // A number of 64 bits does not fit in 128 after a shift by 64.
      if shift == 64, value != 0 { return saturate(value < 0 ? Int128.min : Int128.max, size, isSigned: isSigned, v) }
      return saturate(value << shift, size, isSigned: isSigned, v)
    }
    let shift = Int128(min(-amount, 66))
    let rounding: Int128 = rounds ? 1 << (shift - 1) : 0
    return UInt64(truncatingIfNeeded: (value + rounding) >> shift)
  }

  static func shiftImmediate(_ i: VectorInstruction, _ v: Words) {
    let size = Int(i.size)
    let shift = i.imm
    @inline(__always) func accumulated(_ f: (UInt64) -> UInt64) {
      write(v, i.d, size, Int(i.lanes)) { element(v, i.d, $0, size) &+ f(element(v, i.n, $0, size)) }
    }
    @inline(__always) func logical(_ value: UInt64) -> UInt64 { value >> shift }
    @inline(__always) func arithmetic(_ value: UInt64) -> UInt64 { UInt64(bitPattern: signed(value, size) >> Int64(shift)) }
    /// The last bit shifted out, added.
    @inline(__always) func rounded(_ value: UInt64) -> UInt64 { value >> shift &+ value >> (shift - 1) & 1 }
    @inline(__always) func roundedArithmetic(_ value: UInt64) -> UInt64 {
      let value = signed(value, size)
      return UInt64(bitPattern: value >> Int64(shift) &+ value >> Int64(shift - 1) & 1)
    }
    switch i.operation {
    case .sshr: each(i, v, arithmetic)
    case .ushr: each(i, v, logical)
    case .ssra: accumulated(arithmetic)
    case .usra: accumulated(logical)
    case .srshr: each(i, v, roundedArithmetic)
    case .urshr: each(i, v, rounded)
    case .srsra: accumulated(roundedArithmetic)
    case .ursra: accumulated(rounded)
    case .shl: each(i, v) { $0 << shift }
    case .sli: insert(i, v, mask(size) << shift) { $0 << shift }
    default: insert(i, v, mask(size) >> shift) { $0 >> shift }
    }
  }

  /// Shifted bits where `mask` has ones, the destination's own elsewhere.
  @inline(__always) private static func insert(_ i: VectorInstruction, _ v: Words, _ mask: UInt64, _ f: (UInt64) -> UInt64) {
    let size = Int(i.size)
    write(v, i.d, size, Int(i.lanes)) { f(element(v, i.n, $0, size)) & mask | element(v, i.d, $0, size) & ~mask }
  }
}
