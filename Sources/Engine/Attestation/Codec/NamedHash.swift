/// Hashes by the names tokens give them. DEN0137 A7.2.3.1.6 and A7.2.3.2.9 recommend those of IANA's Named Information Hash
/// Algorithm Registry; these are the ones of it that make 32, 48 or 64 bytes, as measurements in tokens have.
package enum NamedHash: String, Sendable, CaseIterable {
  case sha256 = "sha-256"
  case sha384 = "sha-384"
  case sha512 = "sha-512"
  case sha3x256 = "sha3-256"
  case sha3x384 = "sha3-384"
  case sha3x512 = "sha3-512"
  case blake2s256 = "blake2s-256"
  case blake2b256 = "blake2b-256"
  case blake2b512 = "blake2b-512"
  case k12x256 = "k12-256"
  case k12x512 = "k12-512"

  /// Nil for a name that names no hash, or one of another length.
  package init?(name: String) {
    guard let hash = Self.allCases.first(where: { $0.rawValue.hasSameBytes(as: name) }) else { return nil }
    self = hash
  }

  /// The hash of the SHA-2 family that makes so many bytes; nil if none does.
  package init?(length: Int) {
    switch length {
    case 32: self = .sha256
    case 48: self = .sha384
    case 64: self = .sha512
    default: return nil
    }
  }

  /// Bytes of a value.
  package var length: Int {
    switch self {
    case .sha256, .sha3x256, .blake2s256, .blake2b256, .k12x256: 32
    case .sha384, .sha3x384: 48
    case .sha512, .sha3x512, .blake2b512, .k12x512: 64
    }
  }

  /// The registry's number; nil for those that have a name alone.
  package var number: Int64? {
    switch self {
    case .sha256: 1
    case .sha384: 7
    case .sha512: 8
    case .sha3x256: 10
    case .sha3x384: 11
    case .sha3x512: 12
    default: nil
    }
  }

  package static let names = allCases.map(\.rawValue).joined(separator: ", ")
}
