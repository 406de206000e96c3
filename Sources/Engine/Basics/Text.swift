/// Lower-case hexadecimal with `0x` and no leading zeros: how numbers are written everywhere.
public func hex(_ value: UInt64) -> String { "0x" + String(value, radix: 16) }

/// Two lower-case hexadecimal digits a byte, no prefix.
public func hexBytes(_ bytes: some Sequence<UInt8>) -> String {
  let digits: StaticString = "0123456789abcdef"
  let bytes = Array(bytes)
  return String(unsafeUninitializedCapacity: 2 * bytes.count) { text in
    for (n, byte) in bytes.enumerated() {
      text[2 * n] = digits.utf8Start[Int(byte >> 4)]
      text[2 * n + 1] = digits.utf8Start[Int(byte & 15)]
    }
    return 2 * bytes.count
  }
}

extension String {
  /// Filled with spaces to a width.
  package func padding(_ width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }

  /// Whether the UTF-8 of another text is somewhere in that of this one. For long texts that are looked at again and again: no
  /// character is put together for it.
  package func hasBytes(of other: String) -> Bool {
    var (text, part) = (self, other)
    return text.withUTF8 { all in
      part.withUTF8 { sought in
        guard let first = sought.first else { return true }
        guard all.count >= sought.count else { return false }
        for start in 0...(all.count - sought.count) where all[start] == first {
          if all[start..<(start + sought.count)].elementsEqual(sought) { return true }
        }
        return false
      }
    }
  }
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

extension Unicode.Scalar {
  /// Whether it acts on a terminal, turns the text around it or hides in it, instead of being seen: controls (C0, DEL, C1),
  /// format characters (bidirectional controls, joiners, tags) and the separators of lines and paragraphs.
  package var isUnseen: Bool {
    if value < 0xA0 { return value < 0x20 || value >= 0x7F }
    return switch properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: true
    default: false
    }
  }
}

/// Text of a stranger's file made safe to show: what is not seen is escaped, and it is cut to a sensible length.
package func shown(_ text: some StringProtocol, limit: Int = 40) -> String { shown(String(text), limit: limit) }

package func shown(_ text: String, limit: Int = 40) -> String {
  // Most texts are short, and all of them is seen.
  if text.utf8.count <= limit, text.utf8.allSatisfy({ 0x20 <= $0 && $0 < 0x7F }) { return text }
  var result = ""
  for (count, scalar) in text.unicodeScalars.enumerated() {
    if count == limit { return result + "…" }
    if scalar.isUnseen {
      result += "\\u{" + String(scalar.value, radix: 16) + "}"
    } else {
      result.unicodeScalars.append(scalar)
    }
  }
  return result
}

/// A JSON text in which everything that is not seen is escaped as JSON does it; line feeds between its parts stay.
package func shownJSON(_ text: String) -> String {
  guard text.unicodeScalars.contains(where: { $0.isUnseen && $0 != "\n" }) else { return text }
  var result = ""
  for scalar in text.unicodeScalars {
    guard scalar.isUnseen, scalar != "\n" else {
      result.unicodeScalars.append(scalar)
      continue
    }
    for unit in UTF16.encode(scalar) ?? .init() {
      let digits = String(unit, radix: 16)
      result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    }
  }
  return result
}
