import Crypto

/// A hash of some bytes, by its IANA name.
struct Digest {
  let bytes: [UInt8]

  /// Nil for a name that is none of sha-256, sha-384, sha-512.
  init?(_ name: String, _ data: ArraySlice<UInt8>) {
    switch NamedHash(name: name) {
    case .sha256: bytes = Array(SHA256.hash(data: data))
    case .sha384: bytes = Array(SHA384.hash(data: data))
    case .sha512: bytes = Array(SHA512.hash(data: data))
    default: return nil
    }
  }
}
