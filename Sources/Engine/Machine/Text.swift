/// Lower-case hexadecimal with `0x` and no leading zeros: how numbers are written everywhere.
public func hex(_ value: UInt64) -> String { "0x" + String(value, radix: 16) }

/// Two lower-case hexadecimal digits a byte, no prefix.
public func hexBytes(_ bytes: some Sequence<UInt8>) -> String {
  var text = ""
  for byte in bytes {
    if byte < 16 { text.append("0") }
    text.append(String(byte, radix: 16))
  }
  return text
}

extension String {
  /// Filled with spaces to a width.
  public func padding(_ width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}

extension [UInt8] {
  /// Bytes written in hexadecimal, two digits each, without a prefix. Nil for anything else.
  public init?(hex: some StringProtocol) {
    let digits = hex.utf8
    self = []
    reserveCapacity(digits.count / 2)
    var high: UInt8?
    for digit in digits {
      let value: UInt8
      switch digit {
      case 0x30...0x39: value = digit - 0x30
      case 0x41...0x46: value = digit - 0x41 + 10
      case 0x61...0x66: value = digit - 0x61 + 10
      default: return nil
      }
      if let first = high {
        append(first << 4 | value)
        high = nil
      } else {
        high = value
      }
    }
    if high != nil { return nil }
  }
}

/// Text of a stranger's file made safe to show: control characters escaped, cut to a sensible length.
public func shown(_ text: some StringProtocol, limit: Int = 40) -> String {
  var result = ""
  for (count, scalar) in text.unicodeScalars.enumerated() {
    if count == limit { return result + "…" }
    switch scalar.value {
    case 0..<0x20, 0x7F..<0xA0, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069:
      result += "\\u{" + String(scalar.value, radix: 16) + "}"
    default:
      result.unicodeScalars.append(scalar)
    }
  }
  return result
}
