extension [UInt8] {
  /// Bytes written in base64 (RFC 4648, chapter 4), with its padding and nothing between. Nil for anything else.
  package init?(base64 text: some StringProtocol) {
    let characters = Array(text.utf8)
    guard characters.count.isMultiple(of: 4) else { return nil }
    let padding = characters.suffix(2).reversed().prefix { $0 == UInt8(ascii: "=") }.count
    self = []
    reserveCapacity(characters.count / 4 * 3)
    var bits: UInt32 = 0
    for (n, character) in characters.dropLast(padding).enumerated() {
      guard let value = Self.base64Value(character) else { return nil }
      bits = bits << 6 | UInt32(value)
      if n % 4 == 3 {
        append(contentsOf: [
          UInt8(truncatingIfNeeded: bits >> 16), UInt8(truncatingIfNeeded: bits >> 8), UInt8(truncatingIfNeeded: bits),
        ])
      }
    }
    switch padding {
    case 1: append(contentsOf: [UInt8(truncatingIfNeeded: bits >> 10), UInt8(truncatingIfNeeded: bits >> 2)])
    case 2: append(UInt8(truncatingIfNeeded: bits >> 4))
    default: break
    }
  }

  private static func base64Value(_ character: UInt8) -> UInt8? {
    switch character {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): character - UInt8(ascii: "A")
    case UInt8(ascii: "a")...UInt8(ascii: "z"): character - UInt8(ascii: "a") + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0") + 52
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    default: nil
    }
  }
}
