/// How a result is rounded; the first four are FPCR.RMode.
enum FloatRounding: UInt64 {
  case nearest, up, down, zero
  /// To nearest, ties away from zero.
  case away
  /// To the neighbour with an odd fraction (FCVTXN).
  case odd
}

/// An IEEE 754 interchange format.
struct FloatFormat {
  let width: UInt64
  let fraction: UInt64

  /// - Parameter size: log2 of its bytes.
  @inline(__always) init(_ size: UInt8) {
    switch size {
    case 1: (width, fraction) = (16, 10)
    case 2: (width, fraction) = (32, 23)
    default: (width, fraction) = (64, 52)
    }
  }

  var signBit: UInt64 { 1 << (width - 1) }
  var exponentMask: UInt64 { 1 << (width - 1 - fraction) - 1 }
  var fractionMask: UInt64 { 1 << fraction - 1 }
  var quietBit: UInt64 { 1 << (fraction - 1) }
  var bias: Int { Int(exponentMask >> 1) }
  var infinity: UInt64 { exponentMask << fraction }
  var defaultNaN: UInt64 { infinity | quietBit }
}

/// A number taken apart: if finite, `significand` / 2^63 * 2^`exponent` with the highest bit of `significand` set.
struct FloatParts {
  enum Kind { case zero, finite, infinity, quiet, signaling }
  var kind: Kind
  var sign: UInt64
  var exponent = 0
  var significand: UInt64 = 0
  let bits: UInt64

  var isNaN: Bool { kind == .quiet || kind == .signaling }
  var isZero: Bool { kind == .zero }
  var isInfinity: Bool { kind == .infinity }
}

/// Arithmetic on bit patterns as FPCR asks for it (Arm ARM, shared/functions/float). Exceptions accumulate in `status`, as in FPSR.
struct SoftFloat {
  let control: UInt64
  var status: UInt64

  static let invalid: UInt64 = 1
  static let divideByZero: UInt64 = 2
  static let overflow: UInt64 = 4
  static let underflow: UInt64 = 8
  static let inexact: UInt64 = 16
  static let inputDenormal: UInt64 = 128
  static let saturation: UInt64 = 1 << 27

  /// Bits of FPCR that can be written: AHP, DN, FZ, RMode; of FPSR: QC and the cumulative flags.
  static let controlMask: UInt64 = 0x07C0_0000
  /// FPCR.FZ16 (FEAT_FP16).
  static let flushesHalves: UInt64 = 1 << 19
  static let statusMask: UInt64 = 0x0800_009F

  var rounding: FloatRounding { FloatRounding(rawValue: control >> 22 & 3) ?? .nearest }
  var isFlushing: Bool { control >> 24 & 1 == 1 }
  var usesDefaultNaN: Bool { control >> 25 & 1 == 1 }
  /// FPCR.AHP: half precision without infinities and NaNs.
  var isAlternative: Bool { control >> 26 & 1 == 1 }
  /// Rounding to nearest without flushing, and nothing to note when a result is inexact: normal results can be the host's.
  @inline(__always) var isHosted: Bool { control & 0x1C0_0000 == 0 && status & SoftFloat.inexact != 0 }

  /// Whether numbers of a format are flushed to zero: FZ, and FZ16 for halves, which a conversion does not flush.
  func flushes(_ f: FloatFormat, isConversion: Bool = false) -> Bool {
    f.width == 16 ? !isConversion && control & SoftFloat.flushesHalves != 0 : isFlushing
  }

  /// FPUnpack; FPUnpackCV for a conversion between formats, in which alone FPCR.AHP counts.
  mutating func unpack(_ bits: UInt64, _ f: FloatFormat, isConversion: Bool = false) -> FloatParts {
    let sign = bits >> (f.width - 1) & 1
    let exponent = bits >> f.fraction & f.exponentMask
    let fraction = bits & f.fractionMask
    if exponent == 0 {
      if fraction == 0 { return FloatParts(kind: .zero, sign: sign, bits: bits) }
      if flushes(f, isConversion: isConversion) {
        if f.width != 16 { status |= SoftFloat.inputDenormal }
        return FloatParts(kind: .zero, sign: sign, bits: sign << (f.width - 1))
      }
      let zeros = UInt64(fraction.leadingZeroBitCount)
      let exponent = 1 - f.bias - Int(zeros - (63 - f.fraction))
      return FloatParts(kind: .finite, sign: sign, exponent: exponent, significand: fraction << zeros, bits: bits)
    }
    if exponent == f.exponentMask, !(isConversion && f.width == 16 && isAlternative) {
      let kind: FloatParts.Kind = fraction == 0 ? .infinity : fraction & f.quietBit != 0 ? .quiet : .signaling
      return FloatParts(kind: kind, sign: sign, bits: bits)
    }
    return FloatParts(
      kind: .finite, sign: sign, exponent: Int(exponent) - f.bias, significand: 1 << 63 | fraction << (63 - f.fraction),
      bits: bits)
  }

  /// A significand without its lowest `shift` bits, rounded; `sticky` stands for bits below it.
  func drop(
    _ significand: UInt64, _ shift: Int, sticky: Bool, negative: Bool, _ rounding: FloatRounding
  ) -> (value: UInt64, isInexact: Bool) {
    if shift == 0, !sticky { return (significand, false) }
    let kept = shift < 64 ? significand >> UInt64(shift) : 0
    let rest = shift < 64 ? significand & (1 << UInt64(shift) - 1) : shift == 64 ? significand : 1
    let half: UInt64 = shift == 0 ? 1 : shift <= 64 ? 1 << UInt64(shift - 1) : 2
    let isInexact = rest != 0 || sticky
    let isUp: Bool =
      switch rounding {
      case .nearest: rest > half || (rest == half && (sticky || kept & 1 == 1))
      case .away: rest >= half
      case .up: isInexact && !negative
      case .down: isInexact && negative
      case .zero: false
      case .odd: isInexact && kept & 1 == 0
      }
    return (isUp ? kept + 1 : kept, isInexact)
  }

  /// FPRound: the number in a format, with what exceptions come of it.
  mutating func round(
    _ sign: UInt64, _ exponent: Int, _ significand: UInt64, sticky: Bool = false, _ f: FloatFormat,
    _ rounding: FloatRounding? = nil, isConversion: Bool = false
  ) -> UInt64 {
    let rounding = rounding ?? self.rounding
    let signBits = sign << (f.width - 1)
    var biased = exponent + f.bias
    var shift = 63 - Int(f.fraction)
    if biased <= 0 {
      if flushes(f, isConversion: isConversion) {
        status |= SoftFloat.underflow
        return signBits
      }
      shift += 1 - biased
      biased = 0
    }
    let alternative = isConversion && f.width == 16 && isAlternative
    let limit = Int(f.exponentMask) + (alternative ? 1 : 0)
    let (kept, isInexact) = drop(significand, shift, sticky: sticky, negative: sign == 1, rounding)
    // A carry out of the fraction goes to the exponent; a normal number has its leading bit there already.
    let result = biased > limit ? ~0 : biased == 0 ? kept : UInt64(biased - 1) << f.fraction + kept
    guard result >> f.fraction < UInt64(limit) else {
      if alternative {
        status |= SoftFloat.invalid
        return signBits | 0x7FFF
      }
      status |= SoftFloat.overflow | SoftFloat.inexact
      return signBits | (isInfinite(sign, rounding) ? f.infinity : f.infinity - 1)
    }
    if isInexact { status |= biased == 0 ? SoftFloat.underflow | SoftFloat.inexact : SoftFloat.inexact }
    return signBits | result
  }

  /// Whether an overflow rounds to infinity.
  func isInfinite(_ sign: UInt64, _ rounding: FloatRounding) -> Bool {
    switch rounding {
    case .nearest, .away: true
    case .up: sign == 0
    case .down: sign == 1
    case .zero, .odd: false
    }
  }

  // MARK: NaNs

  mutating func invalidResult(_ f: FloatFormat) -> UInt64 {
    status |= SoftFloat.invalid
    return f.defaultNaN
  }

  /// FPProcessNaN.
  mutating func nan(_ a: FloatParts, _ f: FloatFormat) -> UInt64 {
    if a.kind == .signaling { status |= SoftFloat.invalid }
    return usesDefaultNaN ? f.defaultNaN : a.bits | f.quietBit
  }

  /// FPProcessNaNs: signalling ones first.
  mutating func nan(_ a: FloatParts, _ b: FloatParts, _ f: FloatFormat) -> UInt64? {
    guard a.isNaN || b.isNaN else { return nil }
    return nan(a.kind == .signaling || (a.kind == .quiet && b.kind != .signaling) ? a : b, f)
  }

  /// FPProcessNaNs3.
  mutating func nan(_ a: FloatParts, _ b: FloatParts, _ c: FloatParts, _ f: FloatFormat) -> UInt64? {
    if a.kind == .signaling { return nan(a, f) }
    if b.kind == .signaling || c.kind == .signaling { return nan(b, c, f) }
    return a.isNaN ? nan(a, f) : nan(b, c, f)
  }

  func zero(_ f: FloatFormat) -> UInt64 { rounding == .down ? f.signBit : 0 }

  // MARK: Conversions

  /// FPConvert.
  mutating func convert(_ bits: UInt64, _ from: UInt8, _ to: UInt8, _ rounding: FloatRounding? = nil) -> UInt64 {
    let (source, target) = (FloatFormat(from), FloatFormat(to))
    let a = unpack(bits, source, isConversion: true)
    let alternative = to == 1 && isAlternative
    let sign = a.sign << (target.width - 1)
    switch a.kind {
    case .zero: return sign
    case .finite: return round(a.sign, a.exponent, a.significand, target, rounding, isConversion: true)
    case .infinity:
      guard alternative else { return sign | target.infinity }
      status |= SoftFloat.invalid
      return sign | 0x7FFF
    case .quiet, .signaling:
      if a.kind == .signaling || alternative { status |= SoftFloat.invalid }
      if alternative { return sign }
      if usesDefaultNaN { return target.defaultNaN }
      return sign | target.defaultNaN | (bits << (64 - source.fraction)) >> (64 - target.fraction)
    }
  }

  /// FixedToFP.
  mutating func fromInteger(_ value: UInt64, isSigned: Bool, fractionBits: Int, _ size: UInt8) -> UInt64 {
    guard value != 0 else { return 0 }
    let sign = isSigned ? value >> 63 : 0
    let magnitude = sign == 1 ? 0 &- value : value
    let zeros = magnitude.leadingZeroBitCount
    return round(sign, 63 - zeros - fractionBits, magnitude << UInt64(zeros), FloatFormat(size))
  }

  /// FPToFixed, saturated to `width` bits.
  mutating func toInteger(
    _ bits: UInt64, _ size: UInt8, isSigned: Bool, fractionBits: Int, width: UInt64, _ rounding: FloatRounding
  ) -> UInt64 {
    let a = unpack(bits, FloatFormat(size))
    guard !a.isNaN else {
      status |= SoftFloat.invalid
      return 0
    }
    guard !a.isZero else { return 0 }
    let mask: UInt64 = ~0 >> (64 - width)
    let isNegative = a.sign == 1
    let limit: UInt64 = isSigned ? (isNegative ? 1 << (width - 1) : mask >> 1) : isNegative ? 0 : mask
    let exponent = a.exponent + fractionBits
    if a.kind == .finite, exponent < 64 {
      let (value, isInexact) = drop(a.significand, 63 - exponent, sticky: false, negative: isNegative, rounding)
      if value <= limit {
        if isInexact { status |= SoftFloat.inexact }
        return isNegative ? (0 &- value) & mask : value
      }
    }
    status |= SoftFloat.invalid
    return isNegative ? (0 &- limit) & mask : limit
  }

  /// FPRoundInt.
  mutating func roundInteger(_ bits: UInt64, _ size: UInt8, _ rounding: FloatRounding, isExact: Bool) -> UInt64 {
    let f = FloatFormat(size)
    let a = unpack(bits, f)
    guard !a.isNaN else { return nan(a, f) }
    guard a.kind == .finite, a.exponent < Int(f.fraction) else { return a.bits }
    let (value, isInexact) = drop(a.significand, 63 - a.exponent, sticky: false, negative: a.sign == 1, rounding)
    if isInexact, isExact { status |= SoftFloat.inexact }
    guard value != 0 else { return a.sign << (f.width - 1) }
    let zeros = value.leadingZeroBitCount
    return round(a.sign, 63 - zeros, value << UInt64(zeros), f)
  }
}
