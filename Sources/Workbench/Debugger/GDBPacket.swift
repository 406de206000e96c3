/// The frames of GDB's remote serial protocol: `$`, the body, `#`, and the sum of the body's bytes as two hexadecimal digits.
enum GDBPacket {
  /// Most bytes between `$` and `#`, either way.
  static let limit = 16384

  static let acknowledgement: [UInt8] = [UInt8(ascii: "+")]
  static let refusal: [UInt8] = [UInt8(ascii: "-")]

  fileprivate static let start = UInt8(ascii: "$")
  fileprivate static let end = UInt8(ascii: "#")
  fileprivate static let escape = UInt8(ascii: "}")
  private static let special: [UInt8] = [start, end, escape, UInt8(ascii: "*")]

  /// A body ready to be sent.
  static func framed(_ body: [UInt8]) -> [UInt8] {
    var out = [start]
    var sum: UInt8 = 0
    for byte in body {
      let written = special.contains(byte) ? [escape, byte ^ 0x20] : [byte]
      sum = written.reduce(sum, &+)
      out += written
    }
    out.append(end)
    return out + GDBHex.text([sum])
  }

  /// A body as it was before its special bytes were escaped; nil if it ends in the middle of an escape.
  static func unescaped(_ body: [UInt8]) -> [UInt8]? {
    var out: [UInt8] = []
    out.reserveCapacity(body.count)
    var isEscaped = false
    for byte in body {
      if isEscaped {
        out.append(byte ^ 0x20)
        isEscaped = false
      } else if byte == escape {
        isEscaped = true
      } else {
        out.append(byte)
      }
    }
    return isEscaped ? nil : out
  }
}

/// Takes a client's bytes one by one, as they arrive, and says what they come to. It never holds more than one packet.
struct GDBParser {
  enum Event: Equatable {
    case packet([UInt8])
    /// Too long, a wrong sum, or an escape without its byte.
    case malformed
    case acknowledged
    case refused
    /// The byte 3 between packets.
    case interrupt
  }

  private enum State {
    case outside
    case body
    case firstDigit
    case secondDigit(UInt8?)
  }

  private var state = State.outside
  private var body: [UInt8] = []
  private var sum: UInt8 = 0
  private var isTooLong = false

  mutating func take(_ byte: UInt8) -> Event? {
    switch state {
    case .outside:
      switch byte {
      case GDBPacket.start: begin()
      case GDBPacket.acknowledgement[0]: return .acknowledged
      case GDBPacket.refusal[0]: return .refused
      case 3: return .interrupt
      default: break
      }
    case .body:
      switch byte {
      case GDBPacket.start: begin()
      case GDBPacket.end: state = .firstDigit
      default:
        sum &+= byte
        if body.count < GDBPacket.limit { body.append(byte) } else { isTooLong = true }
      }
    case .firstDigit:
      state = .secondDigit(GDBHex.digit(byte))
    case .secondDigit(let first):
      state = .outside
      guard let first, let second = GDBHex.digit(byte), first << 4 | second == sum, !isTooLong,
        let packet = GDBPacket.unescaped(body)
      else { return .malformed }
      return .packet(packet)
    }
    return nil
  }

  private mutating func begin() {
    state = .body
    body.removeAll(keepingCapacity: true)
    sum = 0
    isTooLong = false
  }
}

/// Bytes and numbers as hexadecimal digits.
enum GDBHex {
  private static let digits = Array("0123456789abcdef".utf8)

  static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }

  static func text(_ bytes: some Sequence<UInt8>) -> [UInt8] {
    bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 0xF)]] }
  }

  /// Nil if there is anything but pairs of digits.
  static func bytes(_ text: ArraySlice<UInt8>) -> [UInt8]? {
    guard text.count % 2 == 0 else { return nil }
    var out: [UInt8] = []
    out.reserveCapacity(text.count / 2)
    for index in stride(from: text.startIndex, to: text.endIndex, by: 2) {
      guard let high = digit(text[index]), let low = digit(text[index + 1]) else { return nil }
      out.append(high << 4 | low)
    }
    return out
  }

  /// The low `count` bytes of a value, as the guest has them in memory.
  static func littleEndian(_ value: UInt64, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }

  static func value(littleEndian bytes: [UInt8]) -> UInt64 { bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) } }
}

/// Reads a packet from the left.
struct GDBReader {
  private(set) var rest: ArraySlice<UInt8>

  init(_ packet: [UInt8]) { rest = packet[...] }

  var isAtEnd: Bool { rest.isEmpty }

  /// Whether the packet goes on with a text; then it is behind.
  mutating func skip(_ text: String) -> Bool {
    guard rest.starts(with: text.utf8) else { return false }
    rest = rest.dropFirst(text.utf8.count)
    return true
  }

  mutating func byte() -> UInt8? { rest.popFirst() }

  /// A hexadecimal number; nil if there is none, or one that 64 bits cannot hold.
  mutating func number() -> UInt64? {
    var value: UInt64 = 0
    var count = 0
    while let byte = rest.first, let digit = GDBHex.digit(byte) {
      guard value >> 60 == 0 else { return nil }
      value = value << 4 | UInt64(digit)
      count += 1
      rest = rest.dropFirst()
    }
    return count > 0 ? value : nil
  }

  /// A number that is the last of the packet.
  mutating func lastNumber() -> UInt64? { number().flatMap { isAtEnd ? $0 : nil } }

  /// Two numbers with a comma between them.
  mutating func pair() -> (UInt64, UInt64)? {
    guard let first = number(), skip(","), let second = number() else { return nil }
    return (first, second)
  }

  /// What comes before `end`, or all that is left.
  mutating func word(before end: Character) -> String {
    let word = rest.prefix { $0 != end.asciiValue }
    rest = rest.dropFirst(word.count)
    return String(decoding: word, as: UTF8.self)
  }
}
