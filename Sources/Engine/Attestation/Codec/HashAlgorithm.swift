/// RmiHashAlgorithm.
public enum HashAlgorithm: UInt8, Sendable {
  case sha256 = 0
  case sha512 = 1

  /// Bytes of a hash.
  public var length: Int { self == .sha256 ? 32 : 64 }
  /// IANA name, as tokens carry it.
  public var name: String { self == .sha256 ? "sha-256" : "sha-512" }

  /// A hash by the name tokens give it; nil for one a Realm cannot have.
  package init?(iana name: String) {
    switch name {
    case "sha-256": self = .sha256
    case "sha-512": self = .sha512
    default: return nil
    }
  }
}
