/// When two values are the same: by what they stand for (RFC 8949 section 2), however they were encoded.
///
/// A text is its bytes. Swift's own `==` takes canonically equivalent texts for the same: é in one scalar and in two, K and the
/// Kelvin sign. Floats are their bits, so that 0.0 and -0.0 differ and a NaN is itself.
extension CBORItem.Value: Hashable {
  package static func == (a: Self, b: Self) -> Bool {
    switch (a, b) {
    case (.unsigned(let x), .unsigned(let y)): x == y
    case (.negative(let x), .negative(let y)): x == y
    case (.bytes(let x), .bytes(let y)): x == y
    case (.text(let x), .text(let y)): x.hasSameBytes(as: y)
    case (.array, .array), (.map, .map): true
    case (.tag(let x), .tag(let y)): x == y
    case (.simple(let x), .simple(let y)): x == y
    case (.float(let x), .float(let y)): x.bitPattern == y.bitPattern
    default: false
    }
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(kind)
    switch self {
    case .unsigned(let n), .negative(let n), .tag(let n): hasher.combine(n)
    case .bytes(let bytes): hasher.combine(bytes)
    case .text(let text): for byte in text.utf8 { hasher.combine(byte) }
    case .array, .map: break
    case .simple(let n): hasher.combine(n)
    case .float(let number): hasher.combine(number.bitPattern)
    }
  }

  /// The major type; 8 for a float, which shares one with simple values.
  fileprivate var kind: UInt8 {
    switch self {
    case .unsigned: 0
    case .negative: 1
    case .bytes: 2
    case .text: 3
    case .array: 4
    case .map: 5
    case .tag: 6
    case .simple: 7
    case .float: 8
    }
  }
}

extension CBORItem {
  /// Bytes that two items share exactly if they stand for the same: one encoding for each value, whatever theirs are, and the
  /// entries of a map in one order.
  var identity: [UInt8] {
    var bytes: [UInt8] = []
    appendIdentity(to: &bytes)
    return bytes
  }

  private func appendIdentity(to bytes: inout [UInt8]) {
    func head(_ number: UInt64) {
      bytes.append(value.kind)
      for shift in stride(from: UInt64(56), through: 0, by: -8) { bytes.append(UInt8(truncatingIfNeeded: number >> shift)) }
    }
    switch value {
    case .unsigned(let n), .negative(let n), .tag(let n): head(n)
    case .simple(let n): head(UInt64(n))
    case .float(let number): head(number.bitPattern)
    case .bytes(let content):
      head(UInt64(content.count))
      bytes.append(contentsOf: content)
    case .text(let text):
      head(UInt64(text.utf8.count))
      bytes.append(contentsOf: text.utf8)
    case .array: head(UInt64(children.count))
    case .map:
      head(UInt64(children.count / 2))
      let entries = pairs.map { $0.key.identity + $0.value.identity }
      for entry in entries.sorted(by: { $0.lexicographicallyPrecedes($1) }) { bytes.append(contentsOf: entry) }
      return
    }
    for child in children { child.appendIdentity(to: &bytes) }
  }
}

extension String {
  /// Whether the two are the same bytes in UTF-8: what decides about texts of tokens, not `==`, which compares what they look like.
  package func hasSameBytes(as other: String) -> Bool {
    // Most that differ do so in their length.
    guard utf8.count == other.utf8.count else { return false }
    var (one, two) = (self, other)
    return one.withUTF8 { bytes in two.withUTF8 { bytes.elementsEqual($0) } }
  }
}
