/// Finds where everything stands in an XML text, and what is wrong with one that is not well-formed, in libxml2's words.
///
/// The elements themselves are the library's (`XMLReader`): it says neither where attributes stand nor, in words, what is wrong.
struct XMLScanner {
  /// A start tag: where its parts are, in bytes.
  struct Tag {
    var name: String
    var start: Int
    /// Behind its `>`.
    var end: Int
    var attributes: [(name: String, start: Int, value: Int)] = []
    var isEmpty = false
    /// Behind the `>` of its end tag.
    var close = 0
  }

  let bytes: [UInt8]
  private(set) var offset = 0
  /// Start tags in the order of the text.
  private(set) var tags: [Tag] = []
  /// Places in `tags` of the elements that are open.
  private var open: [Int] = []
  private(set) var hasDoctype = false

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// Reads the text to its end.
  mutating func scan() throws(XMLFault) {
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { offset = 3 }
    guard offset < bytes.count else { throw fault("Document is empty") }
    try checkEncoding()
    if looks("<?xml"), bytes.count > offset + 5, isBlank(bytes[offset + 5]) { try instruction() }
    try prolog()
    guard peek == UInt8(ascii: "<") else { throw fault("Start tag expected, '<' not found") }
    try startTag()
    while let last = open.last {
      guard let byte = peek else {
        throw fault("Premature end of data in tag \(local(tags[last].name)) line \(line(of: tags[last].start))")
      }
      if byte == UInt8(ascii: "<") { try markup() } else { try text() }
    }
    try miscellaneous()
    guard peek == nil else { throw fault("Extra content at the end of the document") }
  }

  // MARK: Around the root

  private mutating func prolog() throws(XMLFault) {
    try miscellaneous()
    guard looks("<!DOCTYPE") else { return }
    hasDoctype = true
    var depth = 0
    while let byte = peek {
      offset += 1
      if byte == UInt8(ascii: "[") { depth += 1 }
      if byte == UInt8(ascii: "]") { depth -= 1 }
      if byte == UInt8(ascii: ">"), depth == 0 { break }
    }
    try miscellaneous()
  }

  private mutating func miscellaneous() throws(XMLFault) {
    while true {
      skipBlanks()
      if looks("<!--") { try comment() } else if looks("<?") { try instruction() } else { return }
    }
  }

  // MARK: In an element

  private mutating func markup() throws(XMLFault) {
    if looks("</") { return try endTag() }
    if looks("<!--") { return try comment() }
    if looks("<![CDATA[") { return try section() }
    if looks("<?") { return try instruction() }
    try startTag()
  }

  private mutating func startTag() throws(XMLFault) {
    var tag = Tag(name: "", start: offset, end: 0)
    offset += 1
    guard let name = name() else { throw fault("StartTag: invalid element name") }
    tag.name = name
    while true {
      let before = offset
      skipBlanks()
      guard let byte = peek else { throw fault("Couldn't find end of Start Tag \(local(name)) line \(line(of: tag.start))") }
      if byte == UInt8(ascii: ">") { break }
      if byte == UInt8(ascii: "/"), peek(1) == UInt8(ascii: ">") { break }
      guard before < offset || tag.attributes.isEmpty else { throw fault("attributes construct error") }
      let start = offset
      guard let attribute = self.name() else { throw fault("error parsing attribute name") }
      skipBlanks()
      guard peek == UInt8(ascii: "=") else { throw fault("Specification mandates value for attribute \(local(attribute))") }
      offset += 1
      skipBlanks()
      tag.attributes.append((attribute, start, offset + 1))
      try value()
    }
    var names: Set<String> = []
    for attribute in tag.attributes where !names.insert(attribute.name).inserted {
      throw fault("Attribute \(attribute.name) redefined")
    }
    tag.isEmpty = peek == UInt8(ascii: "/")
    offset += tag.isEmpty ? 2 : 1
    (tag.end, tag.close) = (offset, offset)
    if !tag.isEmpty { open.append(tags.count) }
    tags.append(tag)
  }

  private mutating func value() throws(XMLFault) {
    guard let quote = peek, quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else {
      throw fault("AttValue: \" or ' expected")
    }
    offset += 1
    while let byte = peek, byte != quote {
      switch byte {
      case UInt8(ascii: "<"): throw fault("Unescaped '<' not allowed in attributes values")
      case UInt8(ascii: "&"): try reference()
      case 0..<9, 11, 12, 14..<32: throw fault("invalid character in attribute value")
      default: offset += 1
      }
    }
    guard peek != nil else { throw fault("AttValue: ' expected") }
    offset += 1
  }

  private mutating func endTag() throws(XMLFault) {
    offset += 2
    let last = open.removeLast()
    let found = name()
    skipBlanks()
    guard peek == UInt8(ascii: ">") else { throw fault("expected '>'") }
    offset += 1
    guard found == tags[last].name else {
      // Of an element with a prefix the end's is passed over; of another it is told.
      let hasPrefix = tags[last].name.dropFirst().contains(":")
      let names = (local(tags[last].name), found.map { hasPrefix ? local($0) : $0 } ?? "unparsable")
      throw fault("Opening and ending tag mismatch: \(names.0) line \(line(of: tags[last].start)) and \(names.1)")
    }
    tags[last].close = offset
  }

  /// Text up to the next markup; libxml2 shows an error in it where the run of plain characters began.
  private mutating func text() throws(XMLFault) {
    let start = offset
    while let byte = peek, byte != UInt8(ascii: "<") {
      switch byte {
      case UInt8(ascii: "&"): return try reference()
      case 0..<9, 11, 12, 14..<32: throw fault("PCDATA invalid Char value \(byte)")
      default:
        if looks("]]>") { throw XMLFault("Sequence ']]>' not allowed in content", bytes, at: start, line: line(of: offset)) }
        offset += 1
      }
    }
  }

  private mutating func reference() throws(XMLFault) {
    offset += 1
    if peek == UInt8(ascii: "#") { return try characterReference() }
    guard let name = name() else { throw fault("xmlParseEntityRef: no name") }
    guard peek == UInt8(ascii: ";") else { throw fault("EntityRef: expecting ';'") }
    offset += 1
    guard ["lt", "gt", "amp", "apos", "quot"].contains(name) || hasDoctype else { throw fault("Entity '\(name)' not defined") }
  }

  private mutating func characterReference() throws(XMLFault) {
    offset += 1
    let isHexadecimal = peek == UInt8(ascii: "x")
    if isHexadecimal { offset += 1 }
    var number = 0
    while let byte = peek, byte != UInt8(ascii: ";") {
      guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue, isHexadecimal || digit < 10 else {
        throw fault("CharRef: invalid \(isHexadecimal ? "hexadecimal" : "decimal") value")
      }
      number = min(number * (isHexadecimal ? 16 : 10) + digit, 0x110000)
      offset += 1
    }
    guard peek != nil else { throw fault("CharRef: invalid \(isHexadecimal ? "hexadecimal" : "decimal") value") }
    offset += 1
    let isCharacter = number == 9 || number == 10 || number == 13 || (number >= 32 && Unicode.Scalar(UInt32(number)) != nil)
    guard isCharacter, number != 0xFFFE, number != 0xFFFF else { throw fault("xmlParseCharRef: invalid xmlChar value \(number)") }
  }

  private mutating func comment() throws(XMLFault) {
    let start = offset
    offset += 4
    while peek != nil {
      if looks("-->") { return offset += 3 }
      if looks("--") {
        let words = String(decoding: bytes[start..<offset].prefix(54), as: UTF8.self)
        throw fault("Double hyphen within comment: \(words)")
      }
      offset += 1
    }
    throw fault("Comment not terminated")
  }

  private mutating func section() throws(XMLFault) {
    let start = offset + 9
    offset = start
    while peek != nil {
      if looks("]]>") { return offset += 3 }
      offset += 1
    }
    // libxml2 looks two characters ahead of what it tells.
    let words = String(decoding: bytes[start...].dropLast(2).prefix(50), as: UTF8.self)
    throw fault("CData section not finished\n\(words)")
  }

  private mutating func instruction() throws(XMLFault) {
    let isFirst = offset == 0
    offset += 2
    let name = name() ?? ""
    guard isFirst || name.lowercased() != "xml" else {
      throw fault("XML declaration allowed only at the start of the document")
    }
    if let byte = peek, !looks("?>"), !isBlank(byte) { throw fault("ParsePI: PI \(name) space expected") }
    while peek != nil {
      if looks("?>") { return offset += 2 }
      offset += 1
    }
    throw fault("ParsePI: PI \(name) never end ...")
  }

  // MARK: Bytes

  /// A name without its prefix: libxml2 tells them so.
  private func local(_ name: String) -> String {
    guard let colon = name.firstIndex(of: ":"), colon != name.startIndex else { return name }
    let rest = name[name.index(after: colon)...]
    return rest.isEmpty ? name : String(rest)
  }

  private var peek: UInt8? { offset < bytes.count ? bytes[offset] : nil }
  private func peek(_ ahead: Int) -> UInt8? { offset + ahead < bytes.count ? bytes[offset + ahead] : nil }
  private func looks(_ words: StaticString) -> Bool {
    bytes[offset...].starts(with: UnsafeBufferPointer(start: words.utf8Start, count: words.utf8CodeUnitCount))
  }
  private func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 }
  private mutating func skipBlanks() { while let byte = peek, isBlank(byte) { offset += 1 } }
  private func fault(_ words: String) -> XMLFault { XMLFault(words, bytes, at: offset) }
  private func line(of offset: Int) -> Int { 1 + bytes[..<offset].count { $0 == UInt8(ascii: "\n") } }

  private mutating func name() -> String? {
    let start = offset
    while let byte = peek {
      let isLetter = (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || byte >= 0x80 || byte == 0x5F || byte == 0x3A
      guard isLetter || (offset > start && ((0x30...0x39).contains(byte) || byte == 0x2D || byte == 0x2E)) else { break }
      offset += 1
    }
    return start == offset ? nil : String(decoding: bytes[start..<offset], as: UTF8.self)
  }

  /// The first bytes that are no UTF-8.
  private func checkEncoding() throws(XMLFault) {
    var decoder = UTF8()
    var iterator = bytes.makeIterator()
    var place = 0
    while true {
      switch decoder.decode(&iterator) {
      case .scalarValue(let scalar): place += UTF8.width(scalar)
      case .emptyInput: return
      case .error:
        let shown = bytes[place...].prefix(4).map { "0x" + String($0 + 0, radix: 16, uppercase: true).leftPadded(2) }
        throw XMLFault("Input is not proper UTF-8, indicate encoding !\nBytes: \(shown.joined(separator: " "))", bytes, at: place)
      }
    }
  }
}

extension String {
  /// Filled with noughts on the left to a width.
  func leftPadded(_ width: Int) -> String { String(repeating: "0", count: max(0, width - count)) + self }
}
