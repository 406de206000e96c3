/// A JSON value, with an object's members in the order they were written in.
package indirect enum JSONValue: Equatable, Sendable {
  package struct Member: Equatable, Sendable {
    package let key: String
    package let value: JSONValue

    package init(key: String, value: JSONValue) {
      self.key = key
      self.value = value
    }
  }

  case null
  case bool(Bool)
  case integer(Int64)
  /// Above what a signed number can be.
  case unsigned(UInt64)
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object([Member])

  package static func object(_ members: KeyValuePairs<String, JSONValue>) -> JSONValue {
    .object(members.map { Member(key: $0.key, value: $0.value) })
  }

  /// The last member of a name, of an object.
  package subscript(_ key: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members.last { $0.key == key }?.value
  }

  package var text: String? { if case .string(let text) = self { text } else { nil } }
}

extension JSONValue: CustomStringConvertible {
  /// How a program writes JSON on a line.
  package struct Style: Sendable {
    let comma: String
    let colon: String
    /// Whether a character of a text is not escaped.
    let isPlain: @Sendable (Unicode.Scalar) -> Bool

    /// ASCII, with blanks between.
    package static let qemu = Style(comma: ", ", colon: ": ") { (" "..."~").contains($0) }
    /// No blanks, and all but control characters as they are.
    package static let libvirt = Style(comma: ",", colon: ":") { $0.value >= 0x20 && $0.value != 0x7F }
  }

  package var description: String { text(.qemu) }

  package func text(_ style: Style) -> String {
    switch self {
    case .null: "null"
    case .bool(let value): value ? "true" : "false"
    case .integer(let value): "\(value)"
    case .unsigned(let value): "\(value)"
    case .number(let value): "\(value)"
    case .string(let value): Self.quoted(value, style)
    case .array(let values): "[" + values.map { $0.text(style) }.joined(separator: style.comma) + "]"
    case .object(let members):
      "{" + members.map { Self.quoted($0.key, style) + style.colon + $0.value.text(style) }.joined(separator: style.comma) + "}"
    }
  }

  /// A text in quotes.
  package static func quoted(_ text: String, _ style: Style) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\u{8}": result += "\\b"
      case "\u{C}": result += "\\f"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case _ where style.isPlain(scalar): result.unicodeScalars.append(scalar)
      default: for unit in UTF16.encode(scalar) ?? .init() { result += "\\u" + fourDigits(unit) }
      }
    }
    return result + "\""
  }

  private static func fourDigits(_ unit: UInt16) -> String {
    let digits = String(unit, radix: 16, uppercase: true)
    return String(repeating: "0", count: 4 - digits.count) + digits
  }
}
