/// Reads JSON as QEMU does: errors in its words, and texts in single quotes as well.
package struct JSONParser {
  package struct Malformed: Error, Equatable {
    /// Such as `JSON parse error, premature EOI`.
    package let message: String
    /// Bytes from the beginning to where it was noticed.
    package let offset: Int

    package init(message: String, offset: Int) {
      self.message = message
      self.offset = offset
    }
  }

  /// Most lists and objects within each other, as in QEMU.
  private static let deepest = 1024

  private let bytes: [UInt8]
  private var at = 0
  private var depth = 0

  private init(_ text: some StringProtocol) { bytes = Array(text.utf8) }

  /// The one value a text is.
  package static func value(of text: some StringProtocol) throws(Malformed) -> JSONValue {
    var parser = JSONParser(text)
    let value = try parser.value()
    parser.skipSpace()
    guard parser.at == parser.bytes.count else {
      throw Malformed(message: "Expecting at most one JSON value", offset: parser.at)
    }
    return value
  }

  private func malformed(_ what: String) -> Malformed { Malformed(message: "JSON parse error, \(what)", offset: at) }

  private mutating func skipSpace() { while let byte = peek, [0x20, 9, 10, 13].contains(byte) { at += 1 } }

  private var peek: UInt8? { at < bytes.count ? bytes[at] : nil }

  private mutating func value() throws(Malformed) -> JSONValue {
    skipSpace()
    guard let first = peek else { throw malformed("premature EOI") }
    switch first {
    case UInt8(ascii: "{"): return try nested { (parser) throws(Malformed) in try parser.object() }
    case UInt8(ascii: "["): return try nested { (parser) throws(Malformed) in try parser.array() }
    case UInt8(ascii: "\""), UInt8(ascii: "'"): return .string(try string())
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
    case UInt8(ascii: "a")...UInt8(ascii: "z"): return try keyword()
    default: throw malformed("expecting value")
    }
  }

  private mutating func nested(
    _ read: (inout JSONParser) throws(Malformed) -> JSONValue
  ) throws(Malformed) -> JSONValue {
    depth += 1
    guard depth <= Self.deepest else { throw Malformed(message: "JSON nesting depth limit exceeded", offset: at) }
    at += 1
    let value = try read(&self)
    depth -= 1
    return value
  }

  private mutating func object() throws(Malformed) -> JSONValue {
    var members: [JSONValue.Member] = []
    skipSpace()
    if take("}") { return .object(members) }
    while true {
      skipSpace()
      guard let byte = peek else { throw malformed("premature EOI") }
      guard byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") else {
        // Something else that could be a value is no key; where nothing could be, a value was wanted.
        let isValue = "{[-0123456789abcdefghijklmnopqrstuvwxyz".utf8.contains(byte)
        throw malformed(isValue ? "key is not a string in object" : "expecting value")
      }
      let key = try string()
      skipSpace()
      guard take(":") else { throw malformed(peek == nil ? "premature EOI" : "missing : in object pair") }
      let value = try value()
      guard !members.contains(where: { $0.key == key }) else { throw malformed("duplicate key") }
      members.append(JSONValue.Member(key: key, value: value))
      skipSpace()
      if take("}") { return .object(members) }
      guard take(",") else { throw malformed(peek == nil ? "premature EOI" : "expected separator in dict") }
    }
  }

  private mutating func array() throws(Malformed) -> JSONValue {
    var values: [JSONValue] = []
    skipSpace()
    if take("]") { return .array(values) }
    while true {
      values.append(try value())
      skipSpace()
      if take("]") { return .array(values) }
      guard take(",") else { throw malformed(peek == nil ? "premature EOI" : "expected separator in list") }
    }
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard peek == UInt8(ascii: character) else { return false }
    at += 1
    return true
  }

  private mutating func keyword() throws(Malformed) -> JSONValue {
    let start = at
    while let byte = peek, (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) { at += 1 }
    let word = String(decoding: bytes[start..<at], as: UTF8.self)
    switch word {
    case "true": return .bool(true)
    case "false": return .bool(false)
    case "null": return .null
    default: throw malformed("invalid keyword '\(word)'")
    }
  }

  private mutating func number() throws(Malformed) -> JSONValue {
    let start = at
    while let byte = peek, "+-.eE0123456789".utf8.contains(byte) { at += 1 }
    let text = String(decoding: bytes[start..<at], as: UTF8.self)
    let digits = text.utf8.drop { $0 == UInt8(ascii: "-") }
    guard digits.count == 1 || digits.first != UInt8(ascii: "0") || text.contains(".") || text.contains("e") else {
      throw malformed("expecting value")
    }
    if let integer = Int64(text) { return .integer(integer) }
    if let unsigned = UInt64(text) { return .unsigned(unsigned) }
    guard let value = Double(text), value.isFinite else { throw malformed("expecting value") }
    return .number(value)
  }

  private mutating func string() throws(Malformed) -> String {
    let quote = bytes[at]
    at += 1
    var units: [UInt8] = []
    while let byte = peek {
      at += 1
      if byte == quote {
        guard let text = String(validating: units, as: UTF8.self) else { throw malformed("invalid UTF-8 sequence in string") }
        return text
      }
      guard byte >= 0x20 else { throw malformed("stray control character in string") }
      guard byte == UInt8(ascii: "\\") else {
        units.append(byte)
        continue
      }
      units += try escape()
    }
    throw malformed("premature EOI")
  }

  /// What stands behind a backslash.
  private mutating func escape() throws(Malformed) -> [UInt8] {
    guard let byte = peek else { throw malformed("premature EOI") }
    at += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
    case UInt8(ascii: "b"): return [8]
    case UInt8(ascii: "f"): return [12]
    case UInt8(ascii: "n"): return [10]
    case UInt8(ascii: "r"): return [13]
    case UInt8(ascii: "t"): return [9]
    case UInt8(ascii: "u"):
      var units = [try unit()]
      if UTF16.isLeadSurrogate(units[0]), at + 1 < bytes.count, bytes[at] == UInt8(ascii: "\\"),
        bytes[at + 1] == UInt8(ascii: "u")
      {
        at += 2
        units.append(try unit())
      }
      guard let text = String(validating: units, as: UTF16.self), text != "\0" else {
        throw malformed("invalid Unicode escape in string")
      }
      return Array(text.utf8)
    default: throw malformed("invalid escape sequence in string")
    }
  }

  private mutating func unit() throws(Malformed) -> UInt16 {
    guard at + 4 <= bytes.count, let value = [UInt8](hex: String(decoding: bytes[at..<at + 4], as: UTF8.self)) else {
      throw malformed("invalid Unicode escape in string")
    }
    at += 4
    return UInt16(value[0]) << 8 | UInt16(value[1])
  }
}
