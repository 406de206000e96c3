import Crypto

/// The NIST curves of COSE (RFC 9053 7.1).
package enum EllipticCurve: Int64, Sendable, CaseIterable {
  case p256 = 1
  case p384 = 2
  case p521 = 3

  package var name: String {
    switch self {
    case .p256: "P-256"
    case .p384: "P-384"
    case .p521: "P-521"
    }
  }

  package var coordinateLength: Int {
    switch self {
    case .p256: 32
    case .p384: 48
    case .p521: 66
    }
  }
}

/// A public key that verifies signatures: a point of one of three curves.
public struct PublicKey: Sendable, Equatable {
  private enum Key: Sendable {
    case p256(P256.Signing.PublicKey)
    case p384(P384.Signing.PublicKey)
    case p521(P521.Signing.PublicKey)
  }
  private let key: Key

  public static func == (a: PublicKey, b: PublicKey) -> Bool { a.point == b.point }

  package var curve: EllipticCurve {
    switch key {
    case .p256: .p256
    case .p384: .p384
    case .p521: .p521
    }
  }

  /// 0x04, x, y (SEC 1, 2.3.3).
  public var point: [UInt8] {
    switch key {
    case .p256(let key): Array(key.x963Representation)
    case .p384(let key): Array(key.x963Representation)
    case .p521(let key): Array(key.x963Representation)
    }
  }

  /// SubjectPublicKeyInfo, in PEM.
  public var pem: String {
    switch key {
    case .p256(let key): key.pemRepresentation
    case .p384(let key): key.pemRepresentation
    case .p521(let key): key.pemRepresentation
    }
  }

  /// SubjectPublicKeyInfo, in DER.
  package var der: [UInt8] {
    switch key {
    case .p256(let key): Array(key.derRepresentation)
    case .p384(let key): Array(key.derRepresentation)
    case .p521(let key): Array(key.derRepresentation)
    }
  }

  /// A point on a curve; nil if it is none.
  ///
  /// - Parameter point: 0x04, x, y; its length tells the curve.
  public init?(point: some Collection<UInt8>) {
    let bytes = Array(point)
    switch bytes.count {
    case 65: self.init(try? P256.Signing.PublicKey(x963Representation: bytes)) { .p256($0) }
    case 97: self.init(try? P384.Signing.PublicKey(x963Representation: bytes)) { .p384($0) }
    case 133: self.init(try? P521.Signing.PublicKey(x963Representation: bytes)) { .p521($0) }
    default: return nil
    }
  }

  /// A public key in PEM (SubjectPublicKeyInfo), or nil.
  public init?(pem: String) {
    if let key = try? P384.Signing.PublicKey(pemRepresentation: pem) {
      self.key = .p384(key)
    } else if let key = try? P256.Signing.PublicKey(pemRepresentation: pem) {
      self.key = .p256(key)
    } else if let key = try? P521.Signing.PublicKey(pemRepresentation: pem) {
      self.key = .p521(key)
    } else {
      return nil
    }
  }

  private init?<K>(_ key: K?, _ wrap: (K) -> Key) {
    guard let key else { return nil }
    self.key = wrap(key)
  }

  /// Whether r and s, fixed width and big-endian, are a signature of the message, hashed with the curve's own hash.
  public func verifies(_ signature: some Collection<UInt8>, of message: [UInt8]) -> Bool {
    let bytes = Array(signature)
    switch key {
    case .p256(let key):
      guard let signature = try? P256.Signing.ECDSASignature(rawRepresentation: bytes) else { return false }
      return key.isValidSignature(signature, for: SHA256.hash(data: message))
    case .p384(let key):
      guard let signature = try? P384.Signing.ECDSASignature(rawRepresentation: bytes) else { return false }
      return key.isValidSignature(signature, for: SHA384.hash(data: message))
    case .p521(let key):
      guard let signature = try? P521.Signing.ECDSASignature(rawRepresentation: bytes) else { return false }
      return key.isValidSignature(signature, for: SHA512.hash(data: message))
    }
  }
}
