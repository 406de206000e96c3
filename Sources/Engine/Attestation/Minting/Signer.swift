import Crypto

/// A P-384 key that signs tokens.
package struct Signer: Sendable {
  private let key: P384.Signing.PrivateKey
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
    publicKey = Array(key.publicKey.x963Representation)
    coseKey = COSE.key(x: publicKey[1..<49], y: publicKey[49..<97])
  }

  /// ECDSA with SHA-384 over `message`, r then s. The library takes a new random number each time, so the signature comes
  /// through the entropy door; one that was recorded is used again if it is valid for this message.
  func sign(_ message: [UInt8], _ door: inout EntropyDoor) -> [UInt8] {
    while let recorded = door.supply.first, !verifies(recorded, message) { door.supply.removeFirst() }
    return door.draw {
      guard let signature = try? key.signature(for: message) else { preconditionFailure("ECDSA failed") }
      return Array(signature.rawRepresentation)
    }
  }

  /// Whether `signature`, r then s, is valid for `message`.
  package func verifies(_ signature: [UInt8], _ message: [UInt8]) -> Bool {
    guard let parsed = try? P384.Signing.ECDSASignature(rawRepresentation: signature) else { return false }
    return key.publicKey.isValidSignature(parsed, for: message)
  }

  /// The platform's attestation key: the test key of TrustedFirmware-M (`tfm_initial_attestation_key`), published and no secret.
  package static let platform = Signer(scalar: [
    0x8a, 0xc0, 0x90, 0xc9, 0x95, 0x86, 0x9f, 0x61, 0xac, 0x13, 0x58, 0xf0, 0x2b, 0x02, 0x1a, 0x26,
    0xab, 0x6e, 0xb3, 0x86, 0x20, 0x3a, 0xc7, 0x35, 0xd7, 0xce, 0x98, 0x55, 0x53, 0x8b, 0x91, 0xf7,
    0x4c, 0x44, 0xb0, 0xd5, 0x80, 0x24, 0x3e, 0xfb, 0x79, 0x9a, 0x29, 0x3d, 0xcb, 0xaa, 0x08, 0x99,
  ])

  /// The Realm attestation key: the sample EL3 firmware of TF-A hands out for its FVP platform, published and no secret.
  package static let realm = Signer(scalar: [
    0x20, 0x11, 0xc7, 0xf0, 0x3c, 0xee, 0x43, 0x25, 0x17, 0x6e, 0x52, 0x4f, 0x03, 0x3c, 0x0c, 0xe1,
    0xe2, 0x1a, 0x76, 0xe6, 0xc1, 0xa4, 0xf0, 0xb8, 0x39, 0xaa, 0x1d, 0xf6, 0x1e, 0x0e, 0x8a, 0x5c,
    0x8a, 0x05, 0x74, 0x0f, 0x9b, 0x69, 0xef, 0xa7, 0xeb, 0x1a, 0x41, 0x85, 0xbd, 0x11, 0x7f, 0x68,
  ])
}
