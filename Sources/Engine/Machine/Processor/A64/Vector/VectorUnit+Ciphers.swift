/// AES, SHA-1, SHA-2 and SHA-3 (FEAT_AES, FEAT_SHA1, FEAT_SHA256, FEAT_SHA512, FEAT_SHA3; Arm ARM, shared/functions/crypto).
extension VectorUnit {
  /// A register as four words of 32 bits.
  private typealias Four = InlineArray<4, UInt32>

  private static func four(_ v: Words, _ register: UInt8) -> Four {
    let (low, high) = (v[Int(register) * 2], v[Int(register) * 2 + 1])
    return [
      UInt32(truncatingIfNeeded: low), UInt32(truncatingIfNeeded: low >> 32), UInt32(truncatingIfNeeded: high),
      UInt32(truncatingIfNeeded: high >> 32),
    ]
  }
  private static func set(_ v: Words, _ register: UInt8, _ words: Four) {
    set(v, register, UInt64(words[0]) | UInt64(words[1]) << 32, UInt64(words[2]) | UInt64(words[3]) << 32)
  }

  static func cipher(_ i: VectorInstruction, _ v: Words) {
    let (n, m) = (Int(i.n) * 2, Int(i.m) * 2)
    switch i.operation {
    case .aese, .aesd, .aesmc, .aesimc: aes(i, v)
    case .sha1c, .sha1p, .sha1m, .sha1su0, .sha1h, .sha1su1: sha1(i, v)
    case .sha256h, .sha256h2, .sha256su0, .sha256su1: sha256(i, v)
    case .sha512h, .sha512h2, .sha512su0, .sha512su1: sha512(i, v)
    case .rax1: words(i, v) { $0 ^ ($1 << 1 | $1 >> 63) }
    case .xar: words(i, v) { ($0 ^ $1).rotatedRight(i.imm) }
    case .eor3:
      let a = Int(i.a) * 2
      set(v, i.d, v[n] ^ v[m] ^ v[a], v[n + 1] ^ v[m + 1] ^ v[a + 1])
    default:
      let a = Int(i.a) * 2
      set(v, i.d, v[n] ^ (v[m] & ~v[a]), v[n + 1] ^ (v[m + 1] & ~v[a + 1]))
    }
  }

  // MARK: AES

  /// The S-box and its inverse: inverses in GF(2^8) modulo x^8 + x^4 + x^3 + x + 1, then an affine map (FIPS 197, 5.1.1).
  private static let boxes: (forward: [UInt8], inverse: [UInt8]) = {
    var (forward, inverse) = ([UInt8](repeating: 0x63, count: 256), [UInt8](repeating: 0, count: 256))
    // 3 generates the field's numbers, and 0xF6 is its inverse.
    var (power, reciprocal): (UInt8, UInt8) = (1, 1)
    for _ in 0..<255 {
      let b = reciprocal
      func rotated(_ count: UInt8) -> UInt8 { b << count | b >> (8 - count) }
      forward[Int(power)] = b ^ rotated(1) ^ rotated(2) ^ rotated(3) ^ rotated(4) ^ 0x63
      power = product(power, 3)
      reciprocal = product(reciprocal, 0xF6)
    }
    for n in 0..<256 { inverse[Int(forward[n])] = UInt8(n) }
    return (forward, inverse)
  }()

  /// A product in GF(2^8).
  private static func product(_ a: UInt8, _ b: UInt8) -> UInt8 {
    var (a, b, result) = (a, b, UInt8(0))
    while b != 0 {
      if b & 1 == 1 { result ^= a }
      a = a << 1 ^ (a & 0x80 != 0 ? 0x1B : 0)
      b >>= 1
    }
    return result
  }

  private static func aes(_ i: VectorInstruction, _ v: Words) {
    let (d, n) = (Int(i.d) * 2, Int(i.n) * 2)
    switch i.operation {
    case .aese, .aesd:
      let isEncryption = i.operation == .aese
      let box = isEncryption ? boxes.forward : boxes.inverse
      let state = (v[d] ^ v[n], v[d + 1] ^ v[n + 1])
      // Row r is moved by r columns.
      write(v, i.d, 0, 16) { place in
        let row = place & 3
        let column = (place >> 2 + (isEncryption ? row : 4 - row)) & 3
        return UInt64(box[Int(byte(state, row + 4 * column))])
      }
    default:
      let factors: [UInt8] = i.operation == .aesmc ? [2, 3, 1, 1] : [14, 11, 13, 9]
      let state = (v[n], v[n + 1])
      write(v, i.d, 0, 16) { place in
        let column = place & ~3
        return (0..<4).reduce(UInt64(0)) { sum, k in
          sum ^ UInt64(product(UInt8(truncatingIfNeeded: byte(state, column + (place + k) & 3)), factors[k]))
        }
      }
    }
  }

  private static func byte(_ state: (UInt64, UInt64), _ n: Int) -> UInt64 {
    (n < 8 ? state.0 : state.1) >> UInt64(8 * (n & 7)) & 0xFF
  }

  // MARK: Hashes

  private static func choose(_ x: UInt32, _ y: UInt32, _ z: UInt32) -> UInt32 { (y ^ z) & x ^ z }
  private static func majority(_ x: UInt32, _ y: UInt32, _ z: UInt32) -> UInt32 { (x & y) | ((x | y) & z) }

  private static func sha1(_ i: VectorInstruction, _ v: Words) {
    let (d, n, m) = (four(v, i.d), four(v, i.n), four(v, i.m))
    switch i.operation {
    case .sha1h: set(v, i.d, UInt64(n[0].rotatedRight(2)), 0)
    case .sha1su0: set(v, i.d, [d[2] ^ d[0] ^ m[0], d[3] ^ d[1] ^ m[1], n[0] ^ d[2] ^ m[2], n[1] ^ d[3] ^ m[3]])
    case .sha1su1:
      let first = d[0] ^ n[1]
      set(
        v, i.d,
        [
          first.rotatedRight(31), (d[1] ^ n[2]).rotatedRight(31), (d[2] ^ n[3]).rotatedRight(31),
          d[3].rotatedRight(31) ^ first.rotatedRight(30),
        ])
    default:
      var (x, y) = (d, n[0])
      for e in 0..<4 {
        let t =
          switch i.operation {
          case .sha1c: choose(x[1], x[2], x[3])
          case .sha1m: majority(x[1], x[2], x[3])
          default: x[1] ^ x[2] ^ x[3]
          }
        let sum = y &+ x[0].rotatedRight(27) &+ t &+ m[e]
        y = x[3]
        x = [sum, x[0], x[1].rotatedRight(2), x[2]]
      }
      set(v, i.d, x)
    }
  }

  private static func sha256(_ i: VectorInstruction, _ v: Words) {
    let (d, n, m) = (four(v, i.d), four(v, i.n), four(v, i.m))
    func sigma0(_ x: UInt32) -> UInt32 { x.rotatedRight(7) ^ x.rotatedRight(18) ^ x >> 3 }
    func sigma1(_ x: UInt32) -> UInt32 { x.rotatedRight(17) ^ x.rotatedRight(19) ^ x >> 10 }
    switch i.operation {
    case .sha256su0:
      set(v, i.d, [sigma0(d[1]) &+ d[0], sigma0(d[2]) &+ d[1], sigma0(d[3]) &+ d[2], sigma0(n[0]) &+ d[3]])
    case .sha256su1:
      let low = sigma1(m[2]) &+ d[0] &+ n[1]
      let next = sigma1(m[3]) &+ d[1] &+ n[2]
      set(v, i.d, [low, next, sigma1(low) &+ d[2] &+ n[3], sigma1(next) &+ d[3] &+ m[0]])
    default:
      let isFirst = i.operation == .sha256h
      var (x, y) = isFirst ? (d, n) : (n, d)
      for e in 0..<4 {
        let s1 = y[0].rotatedRight(6) ^ y[0].rotatedRight(11) ^ y[0].rotatedRight(25)
        let s0 = x[0].rotatedRight(2) ^ x[0].rotatedRight(13) ^ x[0].rotatedRight(22)
        let t = y[3] &+ s1 &+ choose(y[0], y[1], y[2]) &+ m[e]
        let top = t &+ s0 &+ majority(x[0], x[1], x[2])
        (x, y) = ([top, x[0], x[1], x[2]], [t &+ x[3], y[0], y[1], y[2]])
      }
      set(v, i.d, isFirst ? x : y)
    }
  }

  private static func sha512(_ i: VectorInstruction, _ v: Words) {
    let (w0, w1) = (v[Int(i.d) * 2], v[Int(i.d) * 2 + 1])
    let (x0, x1) = (v[Int(i.n) * 2], v[Int(i.n) * 2 + 1])
    let (y0, y1) = (v[Int(i.m) * 2], v[Int(i.m) * 2 + 1])
    func rotations(_ x: UInt64, _ a: UInt64, _ b: UInt64, _ c: UInt64) -> UInt64 {
      x.rotatedRight(a) ^ x.rotatedRight(b) ^ x.rotatedRight(c)
    }
    func sigma0(_ x: UInt64) -> UInt64 { x.rotatedRight(1) ^ x.rotatedRight(8) ^ x >> 7 }
    func sigma1(_ x: UInt64) -> UInt64 { x.rotatedRight(19) ^ x.rotatedRight(61) ^ x >> 6 }
    switch i.operation {
    case .sha512su0: set(v, i.d, w0 &+ sigma0(w1), w1 &+ sigma0(x0))
    case .sha512su1: set(v, i.d, w0 &+ sigma1(x0) &+ y0, w1 &+ sigma1(x1) &+ y1)
    case .sha512h:
      let high = (y1 & x0 ^ ~y1 & x1) &+ rotations(y1, 14, 18, 41) &+ w1
      let next = high &+ y0
      set(v, i.d, (next & y1 ^ ~next & x0) &+ rotations(next, 14, 18, 41) &+ w0, high)
    default:
      let high = (x0 & y1 ^ x0 & y0 ^ y1 & y0) &+ rotations(y0, 28, 34, 39) &+ w1
      set(v, i.d, (high & y0 ^ high & y1 ^ y1 & y0) &+ rotations(high, 28, 34, 39) &+ w0, high)
    }
  }
}

extension FixedWidthInteger where Self: UnsignedInteger {
  /// ROR by less than the width.
  @inline(__always) fileprivate func rotatedRight(_ count: Self) -> Self {
    self &>> count | self &<< (Self(Self.bitWidth) &- count)
  }
}
