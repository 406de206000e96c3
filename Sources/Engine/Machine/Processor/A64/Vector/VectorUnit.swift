/// Executes FP and AdvSIMD instructions (Arm ARM C7.2) that do not access memory.
///
/// The state is 66 words: Vn in words 2n and 2n + 1, lower half first, then FPCR and FPSR. General registers are slots of
/// ``A64Registers``.
enum VectorUnit {
  typealias Words = UnsafeMutablePointer<UInt64>
  static let controlWord = 64
  static let statusWord = 65
  static let wordCount = 66

  /// - Returns: N, Z, C and V afterwards, in bits 31:28.
  static func execute(_ i: VectorInstruction, v: Words, x: Words, nzcv: UInt64) -> UInt64 {
    switch i.operation {
    case .and: words(i, v) { $0 & $1 }
    case .bic: words(i, v) { $0 & ~$1 }
    case .orr: words(i, v) { $0 | $1 }
    case .orn: words(i, v) { $0 | ~$1 }
    case .eor: words(i, v) { $0 ^ $1 }
    case .not: words(i, v) { a, _ in ~a }
    case .bsl: words3(i, v) { d, n, m in (d & n) | (~d & m) }
    case .bit: words3(i, v) { d, n, m in (m & n) | (~m & d) }
    case .bif: words3(i, v) { d, n, m in (~m & n) | (m & d) }
    case .movi: set(v, i.d, i.imm, i.lanes == 16 ? i.imm : 0)
    case .orrImmediate: words3(i, v) { d, _, _ in d | i.imm }
    case .bicImmediate: words3(i, v) { d, _, _ in d & i.imm }
    case .add:
      let high = highBits(i)
      words(i, v) { a, b in ((a & ~high) &+ (b & ~high)) ^ ((a ^ b) & high) }
    case .sub:
      let high = highBits(i)
      words(i, v) { a, b in subtract(a, b, high) }
    case .neg:
      let high = highBits(i)
      words(i, v) { a, _ in subtract(0, a, high) }
    case .cmeq, .cmtst, .cmge, .cmgt, .cmhs, .cmhi, .cmeqZero, .cmgeZero, .cmgtZero, .cmleZero, .cmltZero, .smax, .smin,
      .umax, .umin:
      compare(i, v)
    case .mul, .mla, .mls, .pmul, .abs, .cls, .clz, .cnt, .rbit, .rev16, .rev32, .rev64, .shadd, .uhadd, .srhadd, .urhadd,
      .shsub, .uhsub, .sabd, .uabd, .saba, .uaba:
      arithmetic(i, v)
    case .addp, .smaxp, .sminp, .umaxp, .uminp, .saddlp, .uaddlp, .sadalp, .uadalp: pairwise(i, v)
    case .addv, .saddlv, .uaddlv, .smaxv, .sminv, .umaxv, .uminv: across(i, v)
    case .saddl, .uaddl, .saddw, .uaddw, .ssubl, .usubl, .ssubw, .usubw, .sabal, .uabal, .sabdl, .uabdl, .smlal, .umlal,
      .smlsl, .umlsl, .smull, .umull, .pmull, .shll, .sshll, .ushll:
      lengthen(i, v)
    case .sqdmlal, .sqdmlsl, .sqdmull: doublingLong(i, v)
    case .addhn, .raddhn, .subhn, .rsubhn, .xtn, .shrn, .rshrn: narrow(i, v)
    case .sqxtn, .uqxtn, .sqxtun, .sqshrn, .uqshrn, .sqrshrn, .uqrshrn, .sqshrun, .sqrshrun: saturatingNarrow(i, v)
    case .sqadd, .uqadd, .sqsub, .uqsub, .suqadd, .usqadd, .sqabs, .sqneg, .sqdmulh, .sqrdmulh: saturating(i, v)
    case .sshl, .ushl, .srshl, .urshl, .sqshl, .uqshl, .sqrshl, .uqrshl, .sqshlImmediate, .uqshlImmediate, .sqshlu:
      shift(i, v)
    case .sshr, .ushr, .ssra, .usra, .srshr, .urshr, .srsra, .ursra, .sri, .sli, .shl: shiftImmediate(i, v)
    case .dup, .ins, .uzp1, .trn1, .zip1, .uzp2, .trn2, .zip2, .ext, .tbl, .tbx: permute(i, v)
    case .dupGeneral:
      let value = (x[Int(i.n)] & mask(Int(i.size))) &* ones(Int(i.size))
      set(v, i.d, value, i.lanes << i.size == 16 ? value : 0)
    case .insGeneral: setElement(v, i.d, Int(i.imm), Int(i.size), x[Int(i.n)])
    case .umov: x[Int(i.d)] = element(v, i.n, Int(i.imm), Int(i.size))
    case .smov:
      let value = UInt64(bitPattern: signed(element(v, i.n, Int(i.imm), Int(i.size)), Int(i.size)))
      x[Int(i.d)] = i.a == 1 ? value : value & 0xFFFF_FFFF
    case .fmov: set(v, i.d, element(v, i.n, 0, Int(i.size)), 0)
    case .fmovToGeneral: x[Int(i.d)] = element(v, i.n, Int(i.imm), Int(i.size))
    case .fmovGeneral:
      if i.imm == 1 {
        v[Int(i.d) * 2 + 1] = x[Int(i.n)]
      } else {
        set(v, i.d, x[Int(i.n)] & mask(Int(i.size)), 0)
      }
    case .fabs: each(i, v) { $0 & ~FloatFormat(i.size).signBit }
    case .fneg: each(i, v) { $0 ^ FloatFormat(i.size).signBit }
    case .fcsel: set(v, i.d, element(v, A64Core.holds(i.a, nzcv) ? i.n : i.m, 0, Int(i.size)), 0)
    case .fcmp, .fcmpe, .fccmp, .fccmpe: return floatFlags(i, v, nzcv)
    case .fadd, .fsub, .fmul, .fdiv, .fmax, .fmin, .fmaxnm, .fminnm, .fnmul, .fmulx, .fabd, .frecps, .frsqrts: float2(i, v)
    case .fmla, .fmls, .fmadd, .fmsub, .fnmadd, .fnmsub: float3(i, v)
    case .faddp, .fmaxp, .fminp, .fmaxnmp, .fminnmp, .faddv, .fmaxv, .fminv, .fmaxnmv, .fminnmv: floatPairs(i, v)
    case .fcmeq, .fcmge, .fcmgt, .facge, .facgt, .fcmeqZero, .fcmgeZero, .fcmgtZero, .fcmleZero, .fcmltZero: floatCompare(i, v)
    case .fsqrt, .frintn, .frintp, .frintm, .frintz, .frinta, .frintx, .frinti, .frecpe, .frsqrte, .frecpx: float1(i, v)
    case .urecpe: each(i, v) { $0 >> 31 == 0 ? 0xFFFF_FFFF : SoftFloat.reciprocal($0 >> 23) << 23 }
    case .ursqrte: each(i, v) { $0 >> 30 == 0 ? 0xFFFF_FFFF : SoftFloat.reciprocalRoot($0 >> 23) << 23 }
    case .fcvt, .fcvtn, .fcvtl, .fcvtxn: floatFormat(i, v)
    case .fcvtns, .fcvtnu, .fcvtps, .fcvtpu, .fcvtms, .fcvtmu, .fcvtzs, .fcvtzu, .fcvtas, .fcvtau: toInteger(i, v, x)
    case .scvtf, .ucvtf: fromInteger(i, v, x)
    case .sqrdmlah, .sqrdmlsh: doublingHigh(i, v)
    case .sdot, .udot: dot(i, v)
    case .fcadd, .fcmla: complex(i, v)
    case .fjcvtzs: return javaScript(i, v, x, nzcv)
    case .pmullLong: polynomialLong(i, v)
    case .aese, .aesd, .aesmc, .aesimc, .sha1c, .sha1p, .sha1m, .sha1su0, .sha256h, .sha256h2, .sha256su1, .sha1h, .sha1su1,
      .sha256su0, .sha512h, .sha512h2, .sha512su1, .sha512su0, .rax1, .eor3, .bcax, .xar:
      cipher(i, v)
    case .mvni, .ldr, .ldp, .ld1, .ld2, .ld3, .ld4, .ld1r, .ld2r, .ld3r, .ld4r:
      preconditionFailure("MVNI is decoded as MOVI, loads and stores elsewhere")
    }
    return nzcv
  }

  // MARK: Elements

  /// Ones where an element of 2^`size` bytes has bits.
  @inline(__always) static func mask(_ size: Int) -> UInt64 { ~0 &>> UInt64(64 &- (8 &<< size)) }
  /// One in each element of a word.
  @inline(__always) static func ones(_ size: Int) -> UInt64 { ~0 / mask(size) }
  /// The highest bit of each element of a word.
  @inline(__always) static func highBits(_ i: VectorInstruction) -> UInt64 {
    ones(Int(i.size)) &<< UInt64((8 &<< Int(i.size)) &- 1)
  }

  @inline(__always) static func element(_ v: Words, _ register: UInt8, _ number: Int, _ size: Int) -> UInt64 {
    let bit = number &<< (size &+ 3)
    return v[Int(register) &* 2 &+ bit &>> 6] &>> UInt64(bit & 63) & mask(size)
  }

  @inline(__always) static func setElement(_ v: Words, _ register: UInt8, _ number: Int, _ size: Int, _ value: UInt64) {
    let bit = number &<< (size &+ 3)
    let word = Int(register) &* 2 &+ bit &>> 6
    let mask = mask(size)
    v[word] = v[word] & ~(mask &<< UInt64(bit & 63)) | (value & mask) &<< UInt64(bit & 63)
  }

  @inline(__always) static func signed(_ value: UInt64, _ size: Int) -> Int64 {
    let unused = UInt64(64 &- (8 &<< size))
    return Int64(bitPattern: value &<< unused) &>> Int64(unused)
  }

  @inline(__always) static func set(_ v: Words, _ register: UInt8, _ low: UInt64, _ high: UInt64) {
    v[Int(register) &* 2] = low
    v[Int(register) &* 2 &+ 1] = high
  }

  /// A register of `lanes` elements; what is above them is zero.
  @inline(__always) static func write(_ v: Words, _ register: UInt8, _ size: Int, _ lanes: Int, _ value: (Int) -> UInt64) {
    let perWord = 8 &>> size
    let mask = mask(size)
    var low: UInt64 = 0
    var high: UInt64 = 0
    for e in 0..<min(lanes, perWord) { low |= (value(e) & mask) &<< UInt64(e &<< (size &+ 3)) }
    if lanes > perWord {
      for e in 0..<perWord { high |= (value(e &+ perWord) & mask) &<< UInt64(e &<< (size &+ 3)) }
    }
    set(v, register, low, high)
  }

  /// One 64-bit half of a register; the lower one clears the upper.
  @inline(__always) static func writeHalf(_ v: Words, _ register: UInt8, upper: Bool, _ value: UInt64) {
    if upper {
      v[Int(register) &* 2 &+ 1] = value
    } else {
      set(v, register, value, 0)
    }
  }

  @inline(__always) static func each(_ i: VectorInstruction, _ v: Words, _ f: (UInt64) -> UInt64) {
    write(v, i.d, Int(i.size), Int(i.lanes)) { f(element(v, i.n, $0, Int(i.size))) }
  }

  /// Elements of both operands; the second may be one element for all (by element).
  @inline(__always) static func each2(_ i: VectorInstruction, _ v: Words, _ f: (UInt64, UInt64) -> UInt64) {
    let size = Int(i.size)
    write(v, i.d, size, Int(i.lanes)) { f(element(v, i.n, $0, size), second(i, v, $0)) }
  }

  @inline(__always) static func second(_ i: VectorInstruction, _ v: Words, _ e: Int) -> UInt64 {
    element(v, i.m, i.a == 0 ? e : Int(i.a) &- 1, Int(i.size))
  }

  @inline(__always) static func each2(signed i: VectorInstruction, _ v: Words, _ f: (Int64, Int64) -> Int64) {
    let size = Int(i.size)
    each2(i, v) { UInt64(bitPattern: f(signed($0, size), signed($1, size))) }
  }

  // MARK: Whole words

  @inline(__always) static func words(_ i: VectorInstruction, _ v: Words, _ f: (UInt64, UInt64) -> UInt64) {
    let (n, m) = (Int(i.n) &* 2, Int(i.m) &* 2)
    let high = i.lanes &<< i.size == 16 ? f(v[n &+ 1], v[m &+ 1]) : 0
    set(v, i.d, f(v[n], v[m]), high)
  }

  @inline(__always) static func words3(_ i: VectorInstruction, _ v: Words, _ f: (UInt64, UInt64, UInt64) -> UInt64) {
    let (d, n, m) = (Int(i.d) &* 2, Int(i.n) &* 2, Int(i.m) &* 2)
    let high = i.lanes &<< i.size == 16 ? f(v[d &+ 1], v[n &+ 1], v[m &+ 1]) : 0
    set(v, i.d, f(v[d], v[n], v[m]), high)
  }

  /// Differences of elements: what would be borrowed over a boundary is put right in the highest bits.
  @inline(__always) static func subtract(_ a: UInt64, _ b: UInt64, _ high: UInt64) -> UInt64 {
    ((a | high) &- (b & ~high)) ^ ((a ^ ~b) & high)
  }

  /// Ones in each element of which the highest bit is set.
  @inline(__always) private static func spread(_ bits: UInt64, _ size: Int) -> UInt64 {
    (bits &>> UInt64((8 &<< size) &- 1)) &* mask(size)
  }

  /// Comparisons and extremes of integers.
  private static func compare(_ i: VectorInstruction, _ v: Words) {
    let size = Int(i.size)
    let high = highBits(i)
    @inline(__always) func isZero(_ a: UInt64) -> UInt64 { spread(~(((a & ~high) &+ ~high) | a) & high, size) }
    /// Unsigned; signed with the highest bits inverted.
    @inline(__always) func isAtLeast(_ a: UInt64, _ b: UInt64) -> UInt64 {
      let lower = (a | high) &- (b & ~high)
      return spread(((a & ~b) | (~(a ^ b) & lower)) & high, size)
    }
    switch i.operation {
    case .cmeq: words(i, v) { isZero($0 ^ $1) }
    case .cmtst: words(i, v) { ~isZero($0 & $1) }
    case .cmhs: words(i, v) { isAtLeast($0, $1) }
    case .cmhi: words(i, v) { ~isAtLeast($1, $0) }
    case .cmge: words(i, v) { isAtLeast($0 ^ high, $1 ^ high) }
    case .cmgt: words(i, v) { ~isAtLeast($1 ^ high, $0 ^ high) }
    case .cmeqZero: words(i, v) { a, _ in isZero(a) }
    case .cmgeZero: words(i, v) { a, _ in ~spread(a & high, size) }
    case .cmgtZero: words(i, v) { a, _ in ~(spread(a & high, size) | isZero(a)) }
    case .cmleZero: words(i, v) { a, _ in spread(a & high, size) | isZero(a) }
    case .cmltZero: words(i, v) { a, _ in spread(a & high, size) }
    case .umax, .umin:
      words(i, v) { a, b in
        let first = isAtLeast(a, b)
        return i.operation == .umax ? (a & first) | (b & ~first) : (b & first) | (a & ~first)
      }
    default:
      words(i, v) { a, b in
        let first = isAtLeast(a ^ high, b ^ high)
        return i.operation == .smax ? (a & first) | (b & ~first) : (b & first) | (a & ~first)
      }
    }
  }
}
