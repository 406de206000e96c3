/// Writes CBOR (RFC 8949) in the deterministic encoding: definite lengths, shortest heads.
package struct CBORWriter {
  package private(set) var bytes: [UInt8] = []

  package init(capacity: Int = 0) { bytes.reserveCapacity(capacity) }

  private mutating func head(_ major: UInt8, _ value: UInt64) {
    let type = major << 5
    switch value {
    case 0..<24:
      bytes.append(type | UInt8(value))
    case 24...0xFF:
      bytes.append(type | 24)
      big(value, 1)
    case 0x100...0xFFFF:
      bytes.append(type | 25)
      big(value, 2)
    case 0x1_0000...0xFFFF_FFFF:
      bytes.append(type | 26)
      big(value, 4)
    default:
      bytes.append(type | 27)
      big(value, 8)
    }
  }

  private mutating func big(_ value: UInt64, _ count: Int) {
    for i in (0..<count).reversed() { bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * i))) }
  }

  package mutating func int(_ value: Int64) {
    value >= 0 ? head(0, UInt64(value)) : head(1, UInt64(bitPattern: -1 - value))
  }
  package mutating func byteString(_ value: some Collection<UInt8>) {
    head(2, UInt64(value.count))
    bytes.append(contentsOf: value)
  }
  package mutating func text(_ value: String) {
    let utf8 = value.utf8
    head(3, UInt64(utf8.count))
    bytes.append(contentsOf: utf8)
  }
  /// Begins an array; its items follow.
  package mutating func array(_ count: Int) { head(4, UInt64(count)) }
  /// Begins a map; key, value, key, value… follow.
  package mutating func map(_ count: Int) { head(5, UInt64(count)) }
  /// The next item carries this tag.
  package mutating func tag(_ number: UInt64) { head(6, number) }
}
