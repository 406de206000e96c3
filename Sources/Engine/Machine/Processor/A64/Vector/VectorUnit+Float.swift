/// Floating point on elements.
extension VectorUnit {
  /// The unit as FPCR and FPSR are; what it noted goes back to FPSR.
  @inline(__always) private static func with(_ v: Words, _ body: (inout SoftFloat) -> Void) {
    var unit = SoftFloat(control: v[controlWord], status: v[statusWord])
    body(&unit)
    v[statusWord] = unit.status
  }

  @inline(__always) private static func float2(
    _ i: VectorInstruction, _ v: Words, _ f: (inout SoftFloat, UInt64, UInt64) -> UInt64
  ) {
    with(v) { unit in each2(i, v) { f(&unit, $0, $1) } }
  }

  static func float2(_ i: VectorInstruction, _ v: Words) {
    let size = i.size
    switch i.operation {
    case .fadd: float2(i, v) { $0.add($1, $2, size) }
    case .fsub: float2(i, v) { $0.subtract($1, $2, size) }
    case .fmul: float2(i, v) { $0.multiply($1, $2, size) }
    case .fdiv: float2(i, v) { $0.divide($1, $2, size) }
    case .fnmul: float2(i, v) { $0.multiply($1, $2, size) ^ FloatFormat(size).signBit }
    case .fmulx: float2(i, v) { $0.multiplyExtended($1, $2, size) }
    case .fabd: float2(i, v) { $0.subtract($1, $2, size) & ~FloatFormat(size).signBit }
    case .frecps: float2(i, v) { $0.step($1, $2, size, isRoot: false) }
    case .frsqrts: float2(i, v) { $0.step($1, $2, size, isRoot: true) }
    default: float2(i, v) { extreme(i.operation, &$0, $1, $2, size) }
    }
  }

  @inline(__always) private static func extreme(
    _ operation: VectorOperation, _ unit: inout SoftFloat, _ a: UInt64, _ b: UInt64, _ size: UInt8
  ) -> UInt64 {
    switch operation {
    case .fmax, .fmaxp, .fmaxv: unit.extreme(a, b, size, isMin: false, isNumber: false)
    case .fmin, .fminp, .fminv: unit.extreme(a, b, size, isMin: true, isNumber: false)
    case .fmaxnm, .fmaxnmp, .fmaxnmv: unit.extreme(a, b, size, isMin: false, isNumber: true)
    case .fminnm, .fminnmp, .fminnmv: unit.extreme(a, b, size, isMin: true, isNumber: true)
    default: unit.add(a, b, size)
    }
  }

  static func float3(_ i: VectorInstruction, _ v: Words) {
    let size = i.size
    with(v) { unit in
      switch i.operation {
      case .fmla: accumulate(i, v) { unit.multiplyAdd($0, $1, $2, size) }
      case .fmls: accumulate(i, v) { unit.multiplyAdd($0, $1, $2, size, negateProduct: true) }
      default:
        let (a, n, m) = (element(v, i.a, 0, Int(size)), element(v, i.n, 0, Int(size)), element(v, i.m, 0, Int(size)))
        let negatesAddend = i.operation == .fnmadd || i.operation == .fnmsub
        let negatesProduct = i.operation == .fmsub || i.operation == .fnmadd
        set(v, i.d, unit.multiplyAdd(a, n, m, size, negateAddend: negatesAddend, negateProduct: negatesProduct), 0)
      }
    }
  }

  static func floatPairs(_ i: VectorInstruction, _ v: Words) {
    let size = Int(i.size)
    let lanes = Int(i.lanes)
    with(v) { unit in
      switch i.operation {
      case .faddv, .fmaxv, .fminv, .fmaxnmv, .fminnmv:
        // Reduce: halves, and halves of those.
        @inline(__always) func pair(_ e: Int) -> UInt64 {
          extreme(i.operation, &unit, element(v, i.n, e, size), element(v, i.n, e + 1, size), i.size)
        }
        @inline(__always) func four(_ e: Int) -> UInt64 {
          let low = pair(e)
          return extreme(i.operation, &unit, low, pair(e + 2), i.size)
        }
        switch lanes {
        case 2: set(v, i.d, pair(0), 0)
        case 4: set(v, i.d, four(0), 0)
        default:
          let low = four(0)
          set(v, i.d, extreme(i.operation, &unit, low, four(4), i.size), 0)
        }
      default:
        write(v, i.d, size, lanes) { e in
          let register = 2 * e < lanes ? i.n : i.m
          let first = 2 * e & (lanes - 1)
          return extreme(
            i.operation, &unit, element(v, register, first, size), element(v, register, first + 1, size), i.size)
        }
      }
    }
  }

  static func float1(_ i: VectorInstruction, _ v: Words) {
    let size = i.size
    with(v) { unit in
      switch i.operation {
      case .fsqrt: each(i, v) { unit.squareRoot($0, size) }
      case .frecpe: each(i, v) { unit.reciprocalEstimate($0, size) }
      case .frsqrte: each(i, v) { unit.reciprocalRootEstimate($0, size) }
      case .frecpx: each(i, v) { unit.reciprocalExponent($0, size) }
      default:
        let rounding = rounding(i.operation) ?? unit.rounding
        each(i, v) { unit.roundInteger($0, size, rounding, isExact: i.operation == .frintx) }
      }
    }
  }

  /// The rounding an operation names; nil for FPCR's.
  private static func rounding(_ operation: VectorOperation) -> FloatRounding? {
    switch operation {
    case .frintn, .fcvtns, .fcvtnu: .nearest
    case .frintp, .fcvtps, .fcvtpu: .up
    case .frintm, .fcvtms, .fcvtmu: .down
    case .frintz, .fcvtzs, .fcvtzu: .zero
    case .frinta, .fcvtas, .fcvtau: .away
    default: nil
    }
  }

  static func floatCompare(_ i: VectorInstruction, _ v: Words) {
    let size = i.size
    let magnitude = ~FloatFormat(size).signBit
    with(v) { unit in
      each2(i, v) { a, b in
        let isTrue =
          switch i.operation {
          case .fcmeq: unit.compare(a, b, size, signals: false) == .equal
          case .fcmge: [.greater, .equal].contains(unit.compare(a, b, size, signals: true))
          case .fcmgt: unit.compare(a, b, size, signals: true) == .greater
          case .facge: [.greater, .equal].contains(unit.compare(a & magnitude, b & magnitude, size, signals: true))
          case .facgt: unit.compare(a & magnitude, b & magnitude, size, signals: true) == .greater
          case .fcmeqZero: unit.compare(a, 0, size, signals: false) == .equal
          case .fcmgeZero: [.greater, .equal].contains(unit.compare(a, 0, size, signals: true))
          case .fcmgtZero: unit.compare(a, 0, size, signals: true) == .greater
          case .fcmleZero: [.less, .equal].contains(unit.compare(a, 0, size, signals: true))
          default: unit.compare(a, 0, size, signals: true) == .less
          }
        return isTrue ? ~0 : 0
      }
    }
  }

  /// FCMP, FCMPE, FCCMP, FCCMPE.
  static func floatFlags(_ i: VectorInstruction, _ v: Words, _ nzcv: UInt64) -> UInt64 {
    let isConditional = i.operation == .fccmp || i.operation == .fccmpe
    if isConditional, !A64Core.holds(i.a, nzcv) { return i.imm << 28 }
    let size = Int(i.size)
    let b = !isConditional && i.a == 1 ? 0 : element(v, i.m, 0, size)
    var unit = SoftFloat(control: v[controlWord], status: v[statusWord])
    let relation = unit.compare(
      element(v, i.n, 0, size), b, i.size, signals: i.operation == .fcmpe || i.operation == .fccmpe)
    v[statusWord] = unit.status
    switch relation {
    case .less: return 0b1000 << 28
    case .equal: return 0b0110 << 28
    case .greater: return 0b0010 << 28
    case .unordered: return 0b0011 << 28
    }
  }

  /// Conversions from one format to another.
  static func floatFormat(_ i: VectorInstruction, _ v: Words) {
    let size = Int(i.size)
    with(v) { unit in
      switch i.operation {
      case .fcvt: set(v, i.d, unit.convert(element(v, i.n, 0, size), i.size, UInt8(i.imm)), 0)
      case .fcvtl:
        write(v, i.d, size + 1, Int(i.lanes)) { unit.convert(element(v, i.n, Int(i.imm) + $0, size), i.size, i.size + 1) }
      default:
        let rounding: FloatRounding? = i.operation == .fcvtxn ? .odd : nil
        var result: UInt64 = 0
        for e in 0..<Int(i.lanes) {
          let value = unit.convert(element(v, i.n, e, size + 1), i.size + 1, i.size, rounding)
          result |= value << UInt64(e * (8 << size))
        }
        writeHalf(v, i.d, upper: i.imm != 0, result)
      }
    }
  }

  static func toInteger(_ i: VectorInstruction, _ v: Words, _ x: Words) {
    let isSigned =
      switch i.operation {
      case .fcvtns, .fcvtps, .fcvtms, .fcvtzs, .fcvtas: true
      default: false
      }
    let rounding = rounding(i.operation) ?? .zero
    let fractionBits = Int(i.imm)
    with(v) { unit in
      if i.lanes == 0 {
        x[Int(i.d)] = unit.toInteger(
          element(v, i.n, 0, Int(i.size)), i.size, isSigned: isSigned, fractionBits: fractionBits,
          width: i.a == 1 ? 64 : 32, rounding)
      } else {
        each(i, v) {
          unit.toInteger(
            $0, i.size, isSigned: isSigned, fractionBits: fractionBits, width: UInt64(8) << UInt64(i.size), rounding)
        }
      }
    }
  }

  static func fromInteger(_ i: VectorInstruction, _ v: Words, _ x: Words) {
    let isSigned = i.operation == .scvtf
    let fractionBits = Int(i.imm)
    with(v) { unit in
      if i.lanes == 0 {
        let general = x[Int(i.n)]
        let value: UInt64 =
          i.a == 1 ? general : isSigned ? UInt64(bitPattern: signed(general, 2)) : general & 0xFFFF_FFFF
        set(v, i.d, unit.fromInteger(value, isSigned: isSigned, fractionBits: fractionBits, i.size), 0)
      } else {
        let size = Int(i.size)
        each(i, v) {
          let value = isSigned ? UInt64(bitPattern: signed($0, size)) : $0
          return unit.fromInteger(value, isSigned: isSigned, fractionBits: fractionBits, i.size)
        }
      }
    }
  }
}
