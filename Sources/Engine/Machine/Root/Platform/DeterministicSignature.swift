import Crypto

/// ECDSA on P-384 with a nonce that follows from key and message (RFC 6979), so that the same machine signs the same token with the same
/// bytes. The library takes a new random nonce each time; it does the curve's arithmetic here, and what is left is arithmetic modulo the
/// curve's order. The keys follow from public numbers, so nothing is kept from who could measure how long it takes.
package enum DeterministicSignature {
  /// r, then s, each 48 bytes.
  ///
  /// - Parameters:
  ///   - scalar: the private key, 48 bytes.
  ///   - digest: SHA-384 of the message.
  package static func make(scalar: [UInt8], digest: [UInt8]) -> [UInt8] {
    let key = P384Scalar(scalar)
    let message = P384Scalar(digest)
    var nonces = Nonces(scalar: scalar, digest: message.bytes)
    while true {
      let nonce = nonces.next()
      // The nonce's public key is the point the signature needs.
      guard let point = try? P384.Signing.PrivateKey(rawRepresentation: nonce) else { continue }
      let r = P384Scalar(Array(point.publicKey.x963Representation)[1..<49])
      let s = P384Scalar(nonce).inverse * (message + r * key)
      if !r.isZero, !s.isZero { return r.bytes + s.bytes }
    }
  }

  /// The candidates for the nonce, in the order of RFC 6979 3.2.
  private struct Nonces {
    private var k = [UInt8](repeating: 0, count: 48)
    private var v = [UInt8](repeating: 1, count: 48)

    init(scalar: [UInt8], digest: [UInt8]) {
      for byte in [0, 1] as [UInt8] {
        k = mac(v + [byte] + scalar + digest)
        v = mac(v)
      }
    }

    /// Not every one is a number below the order, so that it is one.
    mutating func next() -> [UInt8] {
      defer {
        k = mac(v + [0])
        v = mac(v)
      }
      v = mac(v)
      return v
    }

    private func mac(_ bytes: [UInt8]) -> [UInt8] {
      Array(HMAC<SHA384>.authenticationCode(for: bytes, using: SymmetricKey(data: k)))
    }
  }
}

/// A number modulo the order of P-384, in six words, the lowest first.
struct P384Scalar: Equatable {
  private typealias Words = InlineArray<6, UInt64>
  private var words: Words

  /// The order (SEC 2, 2.5.1).
  private static let order: Words = [
    0xECEC_196A_CCC5_2973, 0x581A_0DB2_48B0_A77A, 0xC763_4D81_F437_2DDF, .max, .max, .max,
  ]
  private static let one: Words = [1, 0, 0, 0, 0, 0]

  private init(words: Words) { self.words = words }

  /// - Parameter bytes: 48, big-endian; what is not below the order is taken modulo it.
  init(_ bytes: some Sequence<UInt8>) {
    words = Words(repeating: 0)
    for (n, byte) in Array(bytes).reversed().enumerated() { words[n / 8] |= UInt64(byte) << UInt64(n % 8 * 8) }
    words = Self.reduced(words, 0)
  }

  var isZero: Bool { self == Self(words: Words(repeating: 0)) }

  var bytes: [UInt8] {
    words.indices.reversed().flatMap { n in (0..<8).reversed().map { UInt8(truncatingIfNeeded: words[n] >> ($0 * 8)) } }
  }

  static func == (a: Self, b: Self) -> Bool { a.words.indices.allSatisfy { a.words[$0] == b.words[$0] } }

  /// The rest of a number below twice the order.
  private static func reduced(_ words: Words, _ carry: UInt64) -> Words {
    var difference = words
    let borrow: UInt64 = subtract(order, from: &difference) ? 1 : 0
    return carry >= borrow ? difference : words
  }

  static func + (a: Self, b: Self) -> Self {
    var sum = a.words
    let carry = add(b.words, to: &sum)
    return Self(words: reduced(sum, carry))
  }

  static func * (a: Self, b: Self) -> Self {
    Self(words: montgomery(montgomery(a.words, b.words), square))
  }

  /// What times the number is 1, by Euclid with halves instead of quotients; 0 of 0.
  var inverse: Self {
    guard !isZero else { return self }
    // Each of the first two is its factor times the number, modulo the order. Odd ones are subtracted from each other, even ones halved.
    var (a, b) = (words, Self.order)
    var (factorA, factorB) = (Self.one, Words(repeating: 0))
    while true {
      while a[0] & 1 == 0 {
        Self.halve(&a, carry: 0)
        Self.halveModulo(&factorA)
      }
      if Self.isOne(a) { return Self(words: factorA) }
      if Self.isBelow(a, b) {
        swap(&a, &b)
        swap(&factorA, &factorB)
      }
      _ = Self.subtract(b, from: &a)
      if Self.subtract(factorB, from: &factorA) { _ = Self.add(Self.order, to: &factorA) }
    }
  }

  @inline(__always) private static func isOne(_ a: Words) -> Bool { a[0] == 1 && a[1] | a[2] | a[3] | a[4] | a[5] == 0 }

  @inline(__always) private static func isBelow(_ a: Words, _ b: Words) -> Bool {
    for n in (0..<6).reversed() where a[n] != b[n] { return a[n] < b[n] }
    return false
  }

  /// - Returns: whether the difference is negative; it is then too large by 2^384.
  @inline(__always) private static func subtract(_ b: Words, from a: inout Words) -> Bool {
    var borrow: UInt64 = 0
    for n in 0..<6 {
      let (first, one) = a[n].subtractingReportingOverflow(b[n])
      let (second, two) = first.subtractingReportingOverflow(borrow)
      a[n] = second
      borrow = one || two ? 1 : 0
    }
    return borrow != 0
  }

  /// - Returns: the carry.
  @inline(__always) private static func add(_ b: Words, to a: inout Words) -> UInt64 {
    var carry: UInt64 = 0
    for n in 0..<6 {
      let (first, one) = a[n].addingReportingOverflow(b[n])
      let (second, two) = first.addingReportingOverflow(carry)
      a[n] = second
      carry = one || two ? 1 : 0
    }
    return carry
  }

  @inline(__always) private static func halve(_ a: inout Words, carry: UInt64) {
    for n in 0..<5 { a[n] = a[n] >> 1 | a[n + 1] << 63 }
    a[5] = a[5] >> 1 | carry << 63
  }

  @inline(__always) private static func halveModulo(_ a: inout Words) {
    let carry = a[0] & 1 == 0 ? 0 : add(order, to: &a)
    halve(&a, carry: carry)
  }

  // MARK: Montgomery's product

  /// -1 / order, modulo 2^64.
  private static let factor: UInt64 = {
    var inverse: UInt64 = 1
    // Each turn doubles the bits that are right.
    for _ in 0..<6 { inverse &*= 2 &- order[0] &* inverse }
    return 0 &- inverse
  }()

  /// 2^768 modulo the order.
  private static let square: Words = {
    var power = Self(words: one)
    for _ in 0..<768 { power = power + power }
    return power.words
  }()

  /// a * b / 2^384, modulo the order.
  private static func montgomery(_ a: Words, _ b: Words) -> Words {
    let order = order
    let factor = factor
    // The product so far; its seventh word is never more than 1.
    var sum = Words(repeating: 0)
    var top: UInt64 = 0
    for n in 0..<6 {
      let first = add(a, times: b[n], to: &sum)
      let (high, overflow) = top.addingReportingOverflow(first)
      // What makes the lowest word 0, so that the others move down by one.
      let multiple = sum[0] &* factor
      let second = add(order, times: multiple, to: &sum)
      for n in 0..<5 { sum[n] = sum[n + 1] }
      let (last, carry) = high.addingReportingOverflow(second)
      sum[5] = last
      top = (overflow ? 1 : 0) &+ (carry ? 1 : 0)
    }
    return reduced(sum, top)
  }

  /// Adds a product to six words and returns the seventh.
  @inline(__always) private static func add(_ a: Words, times factor: UInt64, to sum: inout Words) -> UInt64 {
    var carry: UInt64 = 0
    for n in 0..<6 {
      let term = UInt128(a[n]) &* UInt128(factor) &+ UInt128(sum[n]) &+ UInt128(carry)
      sum[n] = UInt64(truncatingIfNeeded: term)
      carry = UInt64(truncatingIfNeeded: term >> 64)
    }
    return carry
  }
}
