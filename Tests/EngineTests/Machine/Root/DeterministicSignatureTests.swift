import Crypto
import Testing

@testable import Machine

/// Signatures whose nonce follows from key and message.
struct DeterministicSignatureTests {
  private static func bytes(_ hex: String) -> [UInt8] {
    stride(from: 0, to: hex.count, by: 2).map { n in
      let start = hex.index(hex.startIndex, offsetBy: n)
      return UInt8(hex[start..<hex.index(start, offsetBy: 2)], radix: 16) ?? 0
    }
  }

  private static let key = bytes(
    "6b9d3dad2e1b8c1c05b19875b6659f4de23c3b667bf297ba9aa47740787137d896d5724e4c70a825f872c9ea60d2edf5")

  /// RFC 6979, A.2.6, with SHA-384.
  @Test(arguments: [
    (
      "sample",
      "94edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c81a648152e44acf96e36dd1e80fabe46"
        + "99ef4aeb15f178cea1fe40db2603138f130e740a19624526203b6351d0a3a94fa329c145786e679e7b82c71a38628ac8"
    ),
    (
      "test",
      "8203b63d3c853e8d77227fb377bcf7b7b772e97892a80f36ab775d509d7a5feb0542a7f0812998da8f1dd3ca3cf023db"
        + "ddd0760448d42d8a43af45af836fce4de8be06b485e9b61b827c2f13173923e06a739f040649a667bf3b828246baa5a5"
    ),
  ])
  func knownAnswers(_ message: String, _ signature: String) {
    let digest = Array(SHA384.hash(data: Array(message.utf8)))
    #expect(DeterministicSignature.make(scalar: Self.key, digest: digest) == Self.bytes(signature))
  }

  /// The library, which knows nothing of how they were made, accepts them.
  @Test func everySignatureVerifies() throws {
    let key = try P384.Signing.PrivateKey(rawRepresentation: Self.key)
    for n in 0..<20 {
      let message = [UInt8](repeating: UInt8(n), count: n)
      let made = DeterministicSignature.make(scalar: Self.key, digest: Array(SHA384.hash(data: message)))
      let parsed = try P384.Signing.ECDSASignature(rawRepresentation: made)
      #expect(key.publicKey.isValidSignature(parsed, for: message))
    }
  }

  /// A number times its inverse is one, at the edges, too.
  @Test func inverses() {
    let one = P384Scalar([1])
    for bytes in [[1], [2], [UInt8](repeating: 0xFF, count: 48), Array(0..<48), [0x80] + [UInt8](repeating: 0, count: 47)] {
      let number = P384Scalar(bytes)
      #expect(number * number.inverse == one)
      #expect(number + P384Scalar([0]) == number)
    }
  }
}
