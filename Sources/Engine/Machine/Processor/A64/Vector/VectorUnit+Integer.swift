/// Integer arithmetic on elements.
extension VectorUnit {
  static func arithmetic(_ i: VectorInstruction, _ v: Words) {
    let size = Int(i.size)
    let bits = 8 << size
    switch i.operation {
    case .mul: each2(i, v) { $0 &* $1 }
    case .mla: accumulate(i, v) { $0 &+ $1 &* $2 }
    case .mls: accumulate(i, v) { $0 &- $1 &* $2 }
    case .pmul: each2(i, v) { polynomial($0, $1) }
    case .abs:
      each(i, v) {
        let value = signed($0, size)
        return UInt64(bitPattern: value < 0 ? 0 &- value : value)
      }
    case .cls:
      each(i, v) {
        let value = signed($0, size)
        return UInt64((value ^ (value >> 63)).leadingZeroBitCount - (64 - bits) - 1)
      }
    case .clz: each(i, v) { UInt64($0.leadingZeroBitCount - (64 - bits)) }
    case .cnt: each(i, v) { UInt64($0.nonzeroBitCount) }
    case .rbit: each(i, v) { reversedByte($0) }
    case .rev16: reverse(i, v, group: 2)
    case .rev32: reverse(i, v, group: 4)
    case .rev64: reverse(i, v, group: 8)
    case .shadd: each2(signed: i, v) { halved($0, $1, 0) }
    case .srhadd: each2(signed: i, v) { halved($0, $1, 1) }
    case .uhadd: each2(i, v) { ($0 &+ $1) >> 1 }
    case .urhadd: each2(i, v) { ($0 &+ $1 &+ 1) >> 1 }
    case .shsub: each2(signed: i, v) { ($0 &- $1) >> 1 }
    case .uhsub: each2(i, v) { UInt64(bitPattern: Int64(bitPattern: $0 &- $1) >> 1) }
    case .sabd: each2(signed: i, v) { Swift.abs($0 &- $1) }
    case .uabd: each2(i, v) { max($0, $1) &- min($0, $1) }
    case .saba: accumulate(i, v) { $0 &+ signed($1, size).distance(signed($2, size)) }
    default: accumulate(i, v) { $0 &+ max($1, $2) &- min($1, $2) }
    }
  }

  @inline(__always) private static func halved(_ a: Int64, _ b: Int64, _ rounding: Int64) -> Int64 { (a &+ b &+ rounding) >> 1 }

  /// Three operands, of which the first is the destination's own.
  @inline(__always) static func accumulate(_ i: VectorInstruction, _ v: Words, _ f: (UInt64, UInt64, UInt64) -> UInt64) {
    let size = Int(i.size)
    write(v, i.d, size, Int(i.lanes)) { f(element(v, i.d, $0, size), element(v, i.n, $0, size), second(i, v, $0)) }
  }

  /// A product of polynomials over {0, 1}.
  static func polynomial(_ a: UInt64, _ b: UInt64) -> UInt64 {
    (0..<8).reduce(0) { a >> UInt64($1) & 1 == 1 ? $0 ^ b << UInt64($1) : $0 }
  }

  private static func reversedByte(_ value: UInt64) -> UInt64 {
    var value = value
    value = (value & 0x55) << 1 | value >> 1 & 0x55
    value = (value & 0x33) << 2 | value >> 2 & 0x33
    return (value & 0x0F) << 4 | value >> 4
  }

  /// Elements in reverse order within groups of bytes.
  private static func reverse(_ i: VectorInstruction, _ v: Words, group: Int) {
    let last = group >> Int(i.size) - 1
    write(v, i.d, Int(i.size), Int(i.lanes)) { element(v, i.n, $0 ^ last, Int(i.size)) }
  }

  static func pairwise(_ i: VectorInstruction, _ v: Words) {
    let size = Int(i.size)
    let lanes = Int(i.lanes)
    /// Element e of the two operands one after the other.
    @inline(__always) func pairs(_ f: (UInt64, UInt64) -> UInt64) {
      write(v, i.d, size, lanes) { e in
        let register = 2 &* e < lanes ? i.n : i.m
        let first = 2 &* e & (lanes &- 1)
        return f(element(v, register, first, size), element(v, register, first &+ 1, size))
      }
    }
    @inline(__always) func long(_ accumulates: Bool, _ f: (UInt64) -> UInt64) {
      write(v, i.d, size + 1, lanes) { e in
        let sum = f(element(v, i.n, 2 &* e, size)) &+ f(element(v, i.n, 2 &* e &+ 1, size))
        return accumulates ? sum &+ element(v, i.d, e, size + 1) : sum
      }
    }
    switch i.operation {
    case .addp: pairs { $0 &+ $1 }
    case .smaxp: pairs { signed($0, size) > signed($1, size) ? $0 : $1 }
    case .sminp: pairs { signed($0, size) < signed($1, size) ? $0 : $1 }
    case .umaxp: pairs { max($0, $1) }
    case .uminp: pairs { min($0, $1) }
    case .saddlp, .sadalp: long(i.operation == .sadalp) { UInt64(bitPattern: signed($0, size)) }
    default: long(i.operation == .uadalp) { $0 }
    }
  }

  static func across(_ i: VectorInstruction, _ v: Words) {
    let size = Int(i.size)
    @inline(__always) func reduce(_ width: Int, _ f: (UInt64, UInt64) -> UInt64, _ extend: (UInt64) -> UInt64) {
      var result = extend(element(v, i.n, 0, size))
      for e in 1..<Int(i.lanes) { result = f(result, extend(element(v, i.n, e, size))) }
      set(v, i.d, result & mask(width), 0)
    }
    @inline(__always) func extended(_ value: UInt64) -> UInt64 { UInt64(bitPattern: signed(value, size)) }
    switch i.operation {
    case .addv: reduce(size, &+) { $0 }
    case .saddlv: reduce(size + 1, &+, extended)
    case .uaddlv: reduce(size + 1, &+) { $0 }
    case .smaxv: reduce(size, { Int64(bitPattern: $0) > Int64(bitPattern: $1) ? $0 : $1 }, extended)
    case .sminv: reduce(size, { Int64(bitPattern: $0) < Int64(bitPattern: $1) ? $0 : $1 }, extended)
    case .umaxv: reduce(size, max) { $0 }
    default: reduce(size, min) { $0 }
    }
  }

  /// Results twice as wide as the second operand, and mostly as the first.
  static func lengthen(_ i: VectorInstruction, _ v: Words) {
    let size = Int(i.size)
    /// The number of the first narrow element; shifts have it elsewhere.
    let start = Int(i.operation == .sshll || i.operation == .ushll ? UInt64(i.a) : i.imm)
    @inline(__always) func narrow(_ register: UInt8, _ e: Int, _ isSigned: Bool) -> UInt64 {
      let value = element(v, register, start &+ e, size)
      return isSigned ? UInt64(bitPattern: signed(value, size)) : value
    }
    @inline(__always) func long(_ isSigned: Bool, _ f: (UInt64, UInt64) -> UInt64) {
      write(v, i.d, size + 1, Int(i.lanes)) { f(narrow(i.n, $0, isSigned), other($0, isSigned)) }
    }
    @inline(__always) func other(_ e: Int, _ isSigned: Bool) -> UInt64 {
      guard i.a != 0 else { return narrow(i.m, e, isSigned) }
      let value = element(v, i.m, Int(i.a) &- 1, size)
      return isSigned ? UInt64(bitPattern: signed(value, size)) : value
    }
    @inline(__always) func wide(_ isSigned: Bool, _ f: (UInt64, UInt64) -> UInt64) {
      write(v, i.d, size + 1, Int(i.lanes)) { f(element(v, i.n, $0, size + 1), narrow(i.m, $0, isSigned)) }
    }
    @inline(__always) func accumulating(_ isSigned: Bool, _ f: (UInt64, UInt64, UInt64) -> UInt64) {
      write(v, i.d, size + 1, Int(i.lanes)) {
        f(element(v, i.d, $0, size + 1), narrow(i.n, $0, isSigned), other($0, isSigned))
      }
    }
    @inline(__always) func distance(_ a: UInt64, _ b: UInt64) -> UInt64 { Int64(bitPattern: a).distance(Int64(bitPattern: b)) }
    switch i.operation {
    case .saddl: long(true) { $0 &+ $1 }
    case .uaddl: long(false) { $0 &+ $1 }
    case .ssubl: long(true) { $0 &- $1 }
    case .usubl: long(false) { $0 &- $1 }
    case .sabdl: long(true, distance)
    case .uabdl: long(false, distance)
    case .smull: long(true) { $0 &* $1 }
    case .umull: long(false) { $0 &* $1 }
    case .pmull: long(false, polynomial)
    case .saddw: wide(true) { $0 &+ $1 }
    case .uaddw: wide(false) { $0 &+ $1 }
    case .ssubw: wide(true) { $0 &- $1 }
    case .usubw: wide(false) { $0 &- $1 }
    case .sabal: accumulating(true) { $0 &+ distance($1, $2) }
    case .uabal: accumulating(false) { $0 &+ distance($1, $2) }
    case .smlal: accumulating(true) { $0 &+ $1 &* $2 }
    case .umlal: accumulating(false) { $0 &+ $1 &* $2 }
    case .smlsl: accumulating(true) { $0 &- $1 &* $2 }
    case .umlsl: accumulating(false) { $0 &- $1 &* $2 }
    case .shll: write(v, i.d, size + 1, Int(i.lanes)) { narrow(i.n, $0, false) << UInt64(8 << size) }
    case .sshll: write(v, i.d, size + 1, Int(i.lanes)) { narrow(i.n, $0, true) << i.imm }
    default: write(v, i.d, size + 1, Int(i.lanes)) { narrow(i.n, $0, false) << i.imm }
    }
  }

  /// Results half as wide as the operands, in the half of the destination that the encoding says.
  static func narrow(_ i: VectorInstruction, _ v: Words) {
    let size = Int(i.size)
    let bits = UInt64(8 << size)
    let half: UInt64 = 1 << (bits - 1)
    @inline(__always) func collect(_ upper: Bool, _ f: (UInt64, UInt64) -> UInt64) {
      var result: UInt64 = 0
      for e in 0..<Int(i.lanes) {
        let value = f(element(v, i.n, e, size + 1), element(v, i.m, e, size + 1))
        result |= (value & mask(size)) << (UInt64(e) * bits)
      }
      writeHalf(v, i.d, upper: upper, result)
    }
    switch i.operation {
    case .addhn: collect(i.imm != 0) { ($0 &+ $1) >> bits }
    case .raddhn: collect(i.imm != 0) { ($0 &+ $1 &+ half) >> bits }
    case .subhn: collect(i.imm != 0) { ($0 &- $1) >> bits }
    case .rsubhn: collect(i.imm != 0) { ($0 &- $1 &+ half) >> bits }
    case .xtn: collect(i.imm != 0) { a, _ in a }
    case .shrn: collect(i.a != 0) { a, _ in a >> i.imm }
    default: collect(i.a != 0) { a, _ in a >> i.imm &+ a >> (i.imm - 1) & 1 }
    }
  }

  static func permute(_ i: VectorInstruction, _ v: Words) {
    let size = Int(i.size)
    let lanes = Int(i.lanes)
    @inline(__always) func from(_ source: (Int) -> (UInt8, Int)) {
      write(v, i.d, size, lanes) { e in
        let (register, number) = source(e)
        return element(v, register, number, size)
      }
    }
    switch i.operation {
    case .dup:
      let value = element(v, i.n, Int(i.imm), size)
      write(v, i.d, size, lanes) { _ in value }
    case .ins: setElement(v, i.d, Int(i.imm), size, element(v, i.n, Int(i.a), size))
    case .uzp1, .uzp2:
      let odd = i.operation == .uzp2 ? 1 : 0
      from { (2 * $0 < lanes ? i.n : i.m, (2 * $0 & (lanes - 1)) + odd) }
    case .trn1, .trn2:
      let odd = i.operation == .trn2 ? 1 : 0
      from { ($0 & 1 == 0 ? i.n : i.m, $0 & ~1 | odd) }
    case .zip1, .zip2:
      let start = i.operation == .zip2 ? lanes / 2 : 0
      from { ($0 & 1 == 0 ? i.n : i.m, start + $0 / 2) }
    case .ext: from { ($0 + Int(i.imm) < lanes ? i.n : i.m, ($0 + Int(i.imm)) & (lanes - 1)) }
    default:
      let count = UInt64(16) * i.imm
      write(v, i.d, 0, lanes) { e in
        let index = element(v, i.m, e, 0)
        guard index < count else { return i.operation == .tbx ? element(v, i.d, e, 0) : 0 }
        return element(v, (i.n + UInt8(index >> 4)) & 31, Int(index & 15), 0)
      }
    }
  }
}

extension Int64 {
  /// The absolute difference.
  @inline(__always) fileprivate func distance(_ other: Int64) -> UInt64 {
    UInt64(bitPattern: Swift.max(self, other) &- Swift.min(self, other))
  }
}
