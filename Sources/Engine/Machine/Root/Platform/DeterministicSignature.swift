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
    let order = order
    var difference = words
    var borrow: UInt64 = 0
    for n in 0..<6 {
      let (first, one) = words[n].subtractingReportingOverflow(order[n])
      let (second, two) = first.subtractingReportingOverflow(borrow)
      difference[n] = second
      borrow = one || two ? 1 : 0
    }
    return carry >= borrow ? difference : words
  }

  static func + (a: Self, b: Self) -> Self {
    var sum = a.words
    var carry: UInt64 = 0
    for n in 0..<6 {
      let (first, one) = a.words[n].addingReportingOverflow(b.words[n])
      let (second, two) = first.addingReportingOverflow(carry)
      sum[n] = second
      carry = one || two ? 1 : 0
    }
    return Self(words: reduced(sum, carry))
  }

  static func * (a: Self, b: Self) -> Self {
    Self(words: montgomery(montgomery(a.words, b.words), square))
  }

  /// By Fermat: to the power of the order less 2, four bits of it at a time.
  var inverse: Self {
    var exponent = Self.order
    exponent[0] -= 2
    var powers = [Self.montgomery(Self.one, Self.square), Self.montgomery(words, Self.square)]
    while powers.count < 16 { powers.append(Self.montgomery(powers[powers.count - 1], powers[1])) }
    var power = powers[0]
    for digit in (0..<96).reversed() {
      for _ in 0..<4 { power = Self.montgomery(power, power) }
      power = Self.montgomery(power, powers[Int(exponent[digit / 16] >> UInt64(digit % 16 * 4) & 15)])
    }
    return Self(words: Self.montgomery(power, Self.one))
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
