/// Why a text is no XML, as libxml2 words it and virsh shows it.
package struct XMLFault: Error, Equatable, Sendable {
  /// libxml2's words.
  package let words: String
  /// The line libxml2 counts to.
  package let line: Int
  /// Where it stopped reading.
  package let place: XMLPlace
  /// The source line, nil where there is none left.
  package let sourceLine: String?
  /// Dashes under the source line, up to the place.
  package let pointer: String

  /// The three lines of libvirt's message (virxml.c, catchXMLError); `(null)` is what it prints for a line that is not there.
  package var message: String {
    "(domain_definition):\(line): \(words)\n\(sourceLine ?? "(null)")\n\(pointer)"
  }
}

extension XMLFault {
  /// - Parameters:
  ///   - offset: where in `bytes` the parser stands.
  ///   - line: the line it has counted to, if that is another than the place's.
  init(_ words: String, _ bytes: [UInt8], at offset: Int, line: Int? = nil) {
    let newline = UInt8(ascii: "\n")
    let isEnd = { (byte: UInt8) in byte == newline || byte == UInt8(ascii: "\r") }
    var anchor = min(offset, bytes.count)
    // The end of a line belongs to it.
    while anchor > 0, anchor < bytes.count, isEnd(bytes[anchor]) { anchor -= 1 }
    var start = anchor
    while start > 0, !isEnd(bytes[start - 1]) { start -= 1 }
    var end = start
    while end < bytes.count, !isEnd(bytes[end]) { end += 1 }
    let text = bytes[start..<end]
    let dashes = bytes[start..<min(max(offset, start), end)].map { $0 == UInt8(ascii: "\t") ? "\t" : "-" }
    let number = 1 + bytes[..<min(offset, bytes.count)].count { $0 == newline }
    self.init(
      words: words, line: line ?? number,
      place: XMLPlace(
        line: number,
        column: 1 + String(decoding: bytes[start..<min(max(offset, start), end)], as: UTF8.self).unicodeScalars.count),
      sourceLine: text.isEmpty ? nil : String(decoding: text, as: UTF8.self), pointer: dashes.joined() + "^")
  }
}
