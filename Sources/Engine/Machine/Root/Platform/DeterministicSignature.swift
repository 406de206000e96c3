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
  private var words: [UInt64]

  /// The order (SEC 2, 2.5.1).
  private static let order: [UInt64] = [
    0xECEC_196A_CCC5_2973, 0x581A_0DB2_48B0_A77A, 0xC763_4D81_F437_2DDF, .max, .max, .max,
  ]

  private init(words: [UInt64]) { self.words = words }

  /// - Parameter bytes: 48, big-endian; what is not below the order is taken modulo it.
  init(_ bytes: some Sequence<UInt8>) {
    words = Array(repeating: 0, count: 6)
    for (n, byte) in Array(bytes).reversed().enumerated() { words[n / 8] |= UInt64(byte) << UInt64(n % 8 * 8) }
    words = Self.reduced(words, 0)
  }

  var isZero: Bool { words.allSatisfy { $0 == 0 } }

  var bytes: [UInt8] {
    words.reversed().flatMap { word in (0..<8).reversed().map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) } }
  }

  /// The rest of a number below twice the order.
  private static func reduced(_ words: [UInt64], _ carry: UInt64) -> [UInt64] {
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

  /// By Fermat: to the power of the order less 2.
  var inverse: Self {
    var exponent = Self.order
    exponent[0] -= 2
    let base = Self.montgomery(words, Self.square)
    var power = Self.montgomery([1, 0, 0, 0, 0, 0], Self.square)
    for bit in (0..<384).reversed() {
      power = Self.montgomery(power, power)
      if exponent[bit / 64] >> UInt64(bit % 64) & 1 == 1 { power = Self.montgomery(power, base) }
    }
    return Self(words: Self.montgomery(power, [1, 0, 0, 0, 0, 0]))
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
  private static let square: [UInt64] = {
    var power = Self(words: [1, 0, 0, 0, 0, 0])
    for _ in 0..<768 { power = power + power }
    return power.words
  }()

  /// a * b / 2^384, modulo the order.
  private static func montgomery(_ a: [UInt64], _ b: [UInt64]) -> [UInt64] {
    var sum = [UInt64](repeating: 0, count: 8)
    for n in 0..<6 {
      add(a, times: b[n], to: &sum)
      add(order, times: sum[0] &* factor, to: &sum)
      // The lowest word is 0 now.
      sum.removeFirst()
      sum.append(0)
    }
    return reduced(Array(sum[..<6]), sum[6])
  }

  private static func add(_ a: [UInt64], times factor: UInt64, to sum: inout [UInt64]) {
    var carry: UInt64 = 0
    for n in 0..<6 {
      let product = a[n].multipliedFullWidth(by: factor)
      let (first, one) = sum[n].addingReportingOverflow(product.low)
      let (second, two) = first.addingReportingOverflow(carry)
      sum[n] = second
      carry = product.high &+ (one ? 1 : 0) &+ (two ? 1 : 0)
    }
    for n in 6..<8 {
      let (word, overflow) = sum[n].addingReportingOverflow(carry)
      sum[n] = word
      carry = overflow ? 1 : 0
    }
  }
}
