import Basics

/// Cuts a stream of JSON into values: one may go over lines, and several may stand in one.
struct JSONReader: Sendable {
  /// Most bytes of one value.
  static let longest = 1 << 20

  private var buffer: [UInt8] = []

  mutating func feed(_ text: String) { buffer += Array(text.utf8) }

  /// The next value that is complete, or why it is none; nil if there is none yet.
  mutating func next() -> Result<JSONValue, JSONParser.Malformed>? {
    buffer.removeFirst(buffer.prefix { [0x20, 9, 10, 13].contains($0) }.count)
    guard !buffer.isEmpty else { return nil }
    guard let end = end() else {
      guard buffer.count > Self.longest else { return nil }
      buffer = []
      return .failure(JSONParser.Malformed(message: "JSON token size limit exceeded", offset: Self.longest))
    }
    let piece = String(decoding: buffer[..<end], as: UTF8.self)
    buffer.removeFirst(end)
    do throws(JSONParser.Malformed) {
      return .success(try JSONParser.value(of: piece))
    } catch {
      return .failure(error)
    }
  }

  /// Where the value at the beginning ends: at its last bracket, or, of a word, at the end of the word.
  private func end() -> Int? {
    var depth = 0
    var quote: UInt8?
    var isEscaped = false
    for (index, byte) in buffer.enumerated() {
      if let open = quote {
        // No text goes over the end of a line.
        if byte == 10 { return index + 1 }
        if isEscaped {
          isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
          isEscaped = true
        } else if byte == open {
          quote = nil
        }
        if quote == nil, depth == 0 { return index + 1 }
        continue
      }
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "'"):
        if depth == 0, index > 0 { return index }
        quote = byte
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        if depth == 0, index > 0 { return index }
        depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        depth -= 1
        if depth <= 0 { return index + 1 }
      case 0x20, 9, 10, 13: if depth == 0 { return index }
      default: break
      }
    }
    return nil
  }
}
