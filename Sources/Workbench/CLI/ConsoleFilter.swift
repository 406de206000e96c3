/// What of a guest's bytes goes to the terminal somebody sits at: text, and what moves, colours and erases it. Strings that set titles,
/// clipboards and the like, windows and C1 controls stay away.
struct ConsoleFilter {
  private enum State {
    case text
    case escape([UInt8])
    case sequence([UInt8])
    /// A string of OSC, DCS, SOS, PM or APC, to its end.
    case string(isEscaped: Bool)
    /// 0xC2, which begins the C1 controls of UTF-8.
    case lead
  }

  private static let escape: UInt8 = 0x1B
  /// Most bytes of a sequence.
  private static let longest = 64

  private var state = State.text

  /// The bytes that may be shown.
  mutating func passed(_ bytes: some Sequence<UInt8>) -> [UInt8] {
    var result: [UInt8] = []
    for byte in bytes { take(byte, &result) }
    return result
  }

  private mutating func take(_ byte: UInt8, _ result: inout [UInt8]) {
    switch state {
    case .text: text(byte, &result)
    case .lead:
      state = .text
      guard !(0x80..<0xA0).contains(byte) else { return }
      result.append(0xC2)
      text(byte, &result)
    case .string(let isEscaped):
      if byte == 0x07 || byte == 0x18 || byte == 0x1A || isEscaped && byte == 0x5C {
        state = .text
      } else {
        state = .string(isEscaped: byte == Self.escape)
      }
    case .escape(let before):
      switch byte {
      case 0x5B where before.isEmpty: state = .sequence([])
      case 0x5D, 0x50, 0x58, 0x5E, 0x5F: state = before.isEmpty ? .string(isEscaped: false) : .text
      case 0x20..<0x30 where before.count < 2: state = .escape(before + [byte])
      case 0x30..<0x7F:
        state = .text
        result += [Self.escape] + before + [byte]
      default: state = .text
      }
    case .sequence(let before):
      switch byte {
      case 0x20..<0x40:
        state = before.count < Self.longest ? .sequence(before + [byte]) : .text
      case 0x40..<0x7F:
        state = .text
        // XTWINOPS moves windows, and reports their titles.
        if byte != 0x74 { result += [Self.escape, 0x5B] + before + [byte] }
      default: state = .text
      }
    }
  }

  private mutating func text(_ byte: UInt8, _ result: inout [UInt8]) {
    switch byte {
    case Self.escape: state = .escape([])
    case 0xC2: state = .lead
    case 0x07...0x0F, 0x20..<0x7F, 0x80...0xFF: result.append(byte)
    default: break
    }
  }

  /// What puts a terminal right after a guest that may have left it otherwise: no attributes, the cursor, the usual screen.
  static let end = Array("\u{1B}[0m\u{1B}[?25h\u{1B}[?1049l\u{1B}[?2004l\u{1B}[?1l\u{1B}>".utf8)
}
