import Basics

/// One decoded CBOR data item (RFC 8949) that remembers where it stood: every range counts bytes of the outermost input, so that
/// an item of a token inside a byte string inside a token still points at its own bytes.
package struct CBORItem: Sendable {
  package enum Value: Sendable {
    case unsigned(UInt64)
    /// -1 - n.
    case negative(UInt64)
    case bytes(ArraySlice<UInt8>)
    case text(String)
    case array
    /// Children are key, value, key, value…
    case map
    /// The one child carries the tag.
    case tag(UInt64)
    /// false 20, true 21, null 22, undefined 23, or an unassigned number.
    case simple(UInt8)
    case float(Double)
  }

  package let value: Value
  /// Head and content.
  package let range: Range<Int>
  /// The initial byte and what extends it.
  package let head: Range<Int>
  package let children: [CBORItem]

  /// The integer, if it is one and fits.
  package var int: Int64? {
    switch value {
    case .unsigned(let n): Int64(exactly: n)
    case .negative(let n): Int64(exactly: n).map { -1 - $0 }
    default: nil
    }
  }
  package var bytes: ArraySlice<UInt8>? { if case .bytes(let bytes) = value { bytes } else { nil } }
  package var text: String? { if case .text(let text) = value { text } else { nil } }
  var isInteger: Bool {
    switch value {
    case .unsigned, .negative: true
    default: false
    }
  }
  var isArray: Bool { value == .array }
  var isMap: Bool { value == .map }
  /// The bytes after the head.
  package var content: Range<Int> { head.upperBound..<range.upperBound }

  /// Whether this is a byte string that stands in the input as it is, and not in chunks.
  var isInOnePiece: Bool {
    guard let bytes else { return false }
    return bytes.isEmpty || bytes.startIndex >= content.lowerBound && bytes.endIndex == content.upperBound
  }

  /// Keys and values of a map, in the order they stand.
  package var pairs: [(key: CBORItem, value: CBORItem)] {
    guard isMap else { return [] }
    return stride(from: 0, to: children.count - 1, by: 2).map { (children[$0], children[$0 + 1]) }
  }

  /// The value of the first entry of a map with this integer key.
  package func entry(_ key: Int64) -> CBORItem? {
    guard isMap else { return nil }
    var index = 0
    while index + 1 < children.count {
      if children[index].int == key { return children[index + 1] }
      index += 2
    }
    return nil
  }

  /// What kind of item it is, for messages.
  var kindName: String {
    switch value {
    case .unsigned, .negative: "an integer"
    case .bytes(let bytes): "a byte string of \(bytes.count) bytes"
    case .text: "a text"
    case .array: "an array of \(children.count)"
    case .map: "a map of \(children.count / 2)"
    case .tag(let number): "a tag \(number)"
    case .simple(20...23): diagnostic
    case .simple: "a simple value"
    case .float: "a float"
    }
  }

  /// Diagnostic notation (RFC 8949 section 8), in one line.
  package var diagnostic: String {
    switch value {
    case .unsigned(let n): return "\(n)"
    case .negative(let n): return n == .max ? "-18446744073709551616" : "-\(n + 1)"
    case .bytes(let bytes): return "h'\(hexBytes(bytes))'"
    case .text(let text): return "\"\(text.unicodeScalars.map(Self.escaped).joined())\""
    case .array: return "[\(children.map(\.diagnostic).joined(separator: ", "))]"
    case .map:
      return "{\(pairs.map { "\($0.key.diagnostic): \($0.value.diagnostic)" }.joined(separator: ", "))}"
    case .tag(let number): return "\(number)(\(children.first?.diagnostic ?? ""))"
    case .simple(20): return "false"
    case .simple(21): return "true"
    case .simple(22): return "null"
    case .simple(23): return "undefined"
    case .simple(let n): return "simple(\(n))"
    case .float(let number):
      return number.isNaN ? "NaN" : number.isInfinite ? (number < 0 ? "-Infinity" : "Infinity") : "\(number)"
    }
  }

  /// Control characters never reach whoever reads the text.
  private static func escaped(_ scalar: Unicode.Scalar) -> String {
    switch scalar {
    case "\"", "\\": "\\\(scalar)"
    case "\n": "\\n"
    default:
      scalar.properties.generalCategory == .control || scalar.properties.generalCategory == .format
        ? "\\u{\(String(scalar.value, radix: 16))}" : String(scalar)
    }
  }
}
