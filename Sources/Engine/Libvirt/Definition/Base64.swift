/// Base64 as RFC 4648 has it.
enum Base64 {
  /// How many bytes a text stands for; nil if it is no Base64 with its padding.
  static func count(_ text: String) -> Int? {
    let bytes = Array(text.utf8)
    guard bytes.count % 4 == 0 else { return nil }
    let padding = bytes.reversed().prefix(2).prefix { $0 == UInt8(ascii: "=") }.count
    let isDigit = { (byte: UInt8) in
      (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || byte == 0x2B || byte == 0x2F
    }
    guard bytes.dropLast(padding).allSatisfy(isDigit) else { return nil }
    return bytes.count / 4 * 3 - padding
  }
}
