import Attestation
import Crypto

/// A P-384 key that signs tokens.
package struct Signer: Sendable {
  private let key: P384.Signing.PrivateKey
  private let scalar: [UInt8]
  /// The public key: 0x04, x, y; 97 bytes.
  package let publicKey: [UInt8]
  /// The public key as a COSE_Key; 107 bytes.
  package let coseKey: [UInt8]

  /// - Parameter scalar: 48 bytes, big-endian, a valid private key.
  init(scalar: [UInt8]) {
    guard let key = try? P384.Signing.PrivateKey(rawRepresentation: scalar) else {
      preconditionFailure("not a P-384 private key")
    }
    self.key = key
    self.scalar = scalar
    publicKey = Array(key.publicKey.x963Representation)
    coseKey = COSE.key(x: publicKey[1..<49], y: publicKey[49..<97])
  }

  /// A key that follows from a name and some bytes.
  init(deriving name: String, _ parts: [[UInt8]]) {
    var hash = SHA384()
    hash.update(data: Array(name.utf8))
    for part in parts { hash.update(data: part) }
    var scalar = Array(hash.finalize())
    // The order of P-384 begins with ff: without its highest bit every number but 0 is a key.
    scalar[0] &= 0x7F
    self.init(scalar: scalar)
  }

  /// The public key as a Realm token of this form carries it.
  func claim(_ form: TokenProfile) -> [UInt8] { form == .legacy ? publicKey : coseKey }

  /// ECDSA with SHA-384 over `message`, r then s. The nonce follows from key and message. The signature comes through the entropy door all
  /// the same: one that was recorded with another nonce is used again if it is valid for this message.
  func sign(_ message: [UInt8], _ door: inout EntropyDoor) -> [UInt8] {
    while let recorded = door.next, !verifies(recorded, message) { door.skip() }
    return door.draw { DeterministicSignature.make(scalar: scalar, digest: Array(SHA384.hash(data: message))) }
  }

  /// Whether `signature`, r then s, is valid for `message`.
  package func verifies(_ signature: [UInt8], _ message: [UInt8]) -> Bool {
    guard let parsed = try? P384.Signing.ECDSASignature(rawRepresentation: signature) else { return false }
    return key.publicKey.isValidSignature(parsed, for: message)
  }
}
