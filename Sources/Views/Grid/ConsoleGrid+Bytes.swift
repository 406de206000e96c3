/// Bytes of a console: UTF-8, control characters, and escape sequences (ECMA-48, as VT100 and its followers have them).
extension ConsoleGrid {
  struct Parser: Sendable {
    enum State: Sendable {
      case text, escape, escapeIntermediate, sequence, string, stringEscape
    }
    var state = State.text
    /// Numbers of a CSI; as many as count, each no larger than ``greatest``.
    var numbers: [Int] = []
    /// Whether a CSI is one of ECMA-48, with nothing between its numbers; or one of DEC's own, behind a question mark.
    var isPlain = true
    var isPrivate = false
    /// The byte between ESC and a final one.
    var intermediate: UInt8 = 0
    /// Bytes of a string so far. One that is longer than ``longest`` was none.
    var length = 0
    /// A UTF-8 sequence: bytes that are missing, what there is, and what the next may be.
    var missing = 0
    var value: UInt32 = 0
    var next: ClosedRange<UInt8> = 0x80...0xBF

    static let greatest = 9999
    static let mostNumbers = 16
    static let longest = 4096
  }

  mutating func take(_ byte: UInt8) {
    if parser.missing > 0 {
      if parser.next.contains(byte) {
        parser.value = parser.value << 6 | UInt32(byte & 0x3F)
        parser.next = 0x80...0xBF
        parser.missing -= 1
        if parser.missing == 0 { put(Unicode.Scalar(parser.value) ?? "\u{FFFD}") }
        return
      }
      parser.missing = 0
      put("\u{FFFD}")
    }
    switch parser.state {
    case .text:
      if byte >= 0x20, byte < 0x7F { put(cursor.set.scalar(byte)) } else if byte >= 0x80 { lead(byte) } else { control(byte) }
    case .string: takeInString(byte)
    case .stringEscape:
      parser.state = .escape
      if byte == 0x5C { parser.state = .text } else { take(byte) }
    default:
      switch byte {
      case 0..<0x20: control(byte)
      case 0x20..<0x7F: takeInSequence(byte)
      case 0x7F: break
      default:
        // It cannot be in a sequence, so it ends one and is text.
        parser.state = .text
        lead(byte)
      }
    }
  }

  /// The first byte of a UTF-8 sequence (Unicode, table 3-7).
  private mutating func lead(_ byte: UInt8) {
    parser.next = 0x80...0xBF
    switch byte {
    case 0xC2...0xDF: (parser.missing, parser.value) = (1, UInt32(byte & 0x1F))
    case 0xE0...0xEF:
      (parser.missing, parser.value) = (2, UInt32(byte & 0xF))
      if byte == 0xE0 { parser.next = 0xA0...0xBF } else if byte == 0xED { parser.next = 0x80...0x9F }
    case 0xF0...0xF4:
      (parser.missing, parser.value) = (3, UInt32(byte & 7))
      if byte == 0xF0 { parser.next = 0x90...0xBF } else if byte == 0xF4 { parser.next = 0x80...0x8F }
    default: put("\u{FFFD}")
    }
  }

  private mutating func control(_ byte: UInt8) {
    switch byte {
    case 0x08: move(cursor.row, cursor.column - 1)
    case 0x09: move(cursor.row, (cursor.column / 8 + 1) * 8)
    case 0x0A, 0x0B, 0x0C:
      if newlineReturns { cursor.column = 0 }
      lineFeed()
    case 0x0D: move(cursor.row, 0)
    case 0x0E, 0x0F: cursor.isShifted = byte == 0x0E
    case 0x18, 0x1A: parser.state = .text
    case 0x1B: parser.state = .escape
    default: break
    }
  }

  /// Commands to an operating system, devices and programs: passed over to their end.
  private mutating func takeInString(_ byte: UInt8) {
    parser.length += 1
    switch byte {
    case 0x07, 0x18, 0x1A: parser.state = .text
    case 0x1B: parser.state = .stringEscape
    default: if parser.length >= Parser.longest { parser.state = .text }
    }
  }

  private mutating func takeInSequence(_ byte: UInt8) {
    switch (parser.state, byte) {
    case (.escape, 0x20...0x2F):
      parser.state = .escapeIntermediate
      parser.intermediate = byte
    case (.escapeIntermediate, 0x20...0x2F): parser.intermediate = 0
    case (.escapeIntermediate, _):
      parser.state = .text
      designate(byte)
    case (.escape, 0x5B):
      parser.state = .sequence
      parser.numbers.removeAll(keepingCapacity: true)
      (parser.isPlain, parser.isPrivate) = (true, false)
    case (.escape, 0x50), (.escape, 0x58), (.escape, 0x5D), (.escape, 0x5E), (.escape, 0x5F):
      parser.state = .string
      parser.length = 0
    case (.escape, _):
      parser.state = .text
      escape(byte)
    case (.sequence, 0x30...0x39): digit(Int(byte) - 0x30)
    case (.sequence, 0x3B):
      if parser.numbers.isEmpty { parser.numbers.append(0) }
      // One more than count, so that what follows is not added to the last that does.
      if parser.numbers.count <= Parser.mostNumbers { parser.numbers.append(0) }
    case (.sequence, 0x3F) where parser.numbers.isEmpty: parser.isPrivate = true
    case (.sequence, 0x20...0x3F): parser.isPlain = false
    case (.sequence, _):
      parser.state = .text
      if parser.isPlain { parser.isPrivate ? privateSequence(byte) : sequence(byte) }
    default: parser.state = .text
    }
  }

  private mutating func digit(_ digit: Int) {
    if parser.numbers.isEmpty { parser.numbers.append(0) }
    let last = parser.numbers.count - 1
    parser.numbers[last] = min(parser.numbers[last] * 10 + digit, Parser.greatest)
  }

  /// G0 or G1 becomes a character set.
  private mutating func designate(_ final: UInt8) {
    let set = final == UInt8(ascii: "0") ? CharacterSet.graphics : .ascii
    switch parser.intermediate {
    case UInt8(ascii: "("): cursor.sets.0 = set
    case UInt8(ascii: ")"): cursor.sets.1 = set
    default: break
    }
  }

  private mutating func escape(_ final: UInt8) {
    switch final {
    case UInt8(ascii: "7"): saved = cursor
    case UInt8(ascii: "8"): cursor = saved
    case UInt8(ascii: "D"): lineFeed()
    case UInt8(ascii: "E"):
      cursor.column = 0
      lineFeed()
    case UInt8(ascii: "M"): reverseLineFeed()
    case UInt8(ascii: "c"): reset()
    default: break
    }
  }

  // MARK: Control sequences

  private mutating func sequence(_ final: UInt8) {
    func number(_ n: Int) -> Int { n < parser.numbers.count ? parser.numbers[n] : 0 }
    let count = max(number(0), 1)
    let (row, column) = (cursor.row, cursor.column)
    switch final {
    case UInt8(ascii: "A"): move(by: -count, column)
    case UInt8(ascii: "B"), UInt8(ascii: "e"): move(by: count, column)
    case UInt8(ascii: "C"), UInt8(ascii: "a"): move(row, column + count)
    case UInt8(ascii: "D"): move(row, column - count)
    case UInt8(ascii: "E"): move(by: count, 0)
    case UInt8(ascii: "F"): move(by: -count, 0)
    case UInt8(ascii: "G"), UInt8(ascii: "`"): move(row, count - 1)
    case UInt8(ascii: "d"): place(count - 1, column)
    case UInt8(ascii: "H"), UInt8(ascii: "f"): place(count - 1, max(number(1), 1) - 1)
    case UInt8(ascii: "J"): eraseInDisplay(number(0))
    case UInt8(ascii: "K"): eraseInLine(number(0))
    case UInt8(ascii: "@"): insertBlanks(count)
    case UInt8(ascii: "P"): deleteCharacters(count)
    case UInt8(ascii: "X"): erase(row, column..<min(column + count, columns))
    case UInt8(ascii: "L"): insertLines(count)
    case UInt8(ascii: "M"): deleteLines(count)
    case UInt8(ascii: "S"): scrollUp(count)
    case UInt8(ascii: "T"): scrollDown(count)
    case UInt8(ascii: "b"): repeatLast(count)
    case UInt8(ascii: "r"): setMargins(count - 1, number(1) == 0 ? height : number(1))
    case UInt8(ascii: "h"), UInt8(ascii: "l"):
      let isSet = final == UInt8(ascii: "h")
      for mode in parser.numbers { if mode == 20 { newlineReturns = isSet } else if mode == 4 { inserts = isSet } }
    case UInt8(ascii: "m"): select()
    case UInt8(ascii: "s"): saved = cursor
    case UInt8(ascii: "u"): cursor = saved
    default: break
    }
  }

  /// The rows from a first to before a last one scroll from now on; fewer than two are no margins.
  private mutating func setMargins(_ first: Int, _ end: Int) {
    guard first + 1 < min(end, height) else { return }
    region = first..<min(end, height)
    move(0, 0)
  }

  /// DECSET and DECRST: modes that are DEC's or xterm's own.
  private mutating func privateSequence(_ final: UInt8) {
    guard final == UInt8(ascii: "h") || final == UInt8(ascii: "l") else { return }
    let isSet = final == UInt8(ascii: "h")
    for mode in parser.numbers {
      switch mode {
      case 7: wraps = isSet
      case 47, 1047: show(alternate: isSet)
      case 1048: if isSet { saved = cursor } else { cursor = saved }
      case 1049:
        if isSet { saved = cursor }
        show(alternate: isSet)
        if !isSet { cursor = saved }
      default: break
      }
    }
  }

  private mutating func eraseInDisplay(_ what: Int) {
    switch what {
    case 0:
      erase(cursor.row, cursor.column..<columns)
      erase(rows: cursor.row + 1..<height)
    case 1:
      erase(rows: 0..<cursor.row)
      erase(cursor.row, 0..<cursor.column + 1)
    case 2: erase(rows: 0..<height)
    case 3: forgetScrollback()
    default: break
    }
  }

  private mutating func eraseInLine(_ what: Int) {
    switch what {
    case 0: erase(cursor.row, cursor.column..<columns)
    case 1: erase(cursor.row, 0..<cursor.column + 1)
    case 2: erase(cursor.row, 0..<columns)
    default: break
    }
  }

  /// SGR: how the text that follows looks.
  private mutating func select() {
    let numbers = parser.numbers.isEmpty ? [0] : Array(parser.numbers.prefix(Parser.mostNumbers))
    var n = 0
    while n < numbers.count {
      let number = numbers[n]
      n += 1
      switch number {
      case 0: cursor.look = Look()
      case 1: cursor.look.bold = true
      case 2: cursor.look.dim = true
      case 4, 21: cursor.look.underline = true
      case 7: cursor.look.reverse = true
      case 8: cursor.look.hidden = true
      case 22: (cursor.look.bold, cursor.look.dim) = (false, false)
      case 24: cursor.look.underline = false
      case 27: cursor.look.reverse = false
      case 28: cursor.look.hidden = false
      case 30...37: cursor.look.colour = UInt8(number - 30)
      case 38: cursor.look.colour = Self.colour(numbers, &n) ?? cursor.look.colour
      case 39: cursor.look.colour = nil
      case 40...47: cursor.look.background = UInt8(number - 40)
      case 48: cursor.look.background = Self.colour(numbers, &n) ?? cursor.look.background
      case 49: cursor.look.background = nil
      case 90...97: cursor.look.colour = UInt8(number - 82)
      case 100...107: cursor.look.background = UInt8(number - 92)
      default: break
      }
    }
  }

  /// The nearest of 16 colours to one of a palette of 256 (5;N) or of all (2;R;G;B).
  private static func colour(_ numbers: [Int], _ n: inout Int) -> UInt8? {
    func level(_ value: Int) -> Int { min(value, 255) / 51 }
    guard n < numbers.count else { return nil }
    let kind = numbers[n]
    n += 1
    if kind == 5, n < numbers.count {
      let index = numbers[n]
      n += 1
      switch index {
      case 0..<16: return UInt8(index)
      case 16..<232: return nearest((index - 16) / 36, (index - 16) / 6 % 6, (index - 16) % 6)
      default: return index < 236 ? 0 : index < 246 ? 8 : index < 252 ? 7 : 15
      }
    }
    guard kind == 2, n + 2 < numbers.count else { return nil }
    defer { n += 3 }
    return nearest(level(numbers[n]), level(numbers[n + 1]), level(numbers[n + 2]))
  }

  /// - Parameters: levels of 0 to 5.
  private static func nearest(_ red: Int, _ green: Int, _ blue: Int) -> UInt8 {
    let most = max(red, green, blue)
    if most == min(red, green, blue) { return [0, 8, 8, 7, 7, 15][most] }
    let hue = [red, green, blue].enumerated().reduce(0) { $0 | ($1.element * 2 > most ? 1 << $1.offset : 0) }
    return UInt8(hue) + (most == 5 ? 8 : 0)
  }
}
