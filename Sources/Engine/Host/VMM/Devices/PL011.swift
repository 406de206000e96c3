/// What a PL011 UART has sent, as a VMM collects it.
package struct PL011: Sendable {
  /// Bytes of ``output`` that are kept in any case.
  package static let limit = 4 << 20

  package init() {}

  /// One that has sent so many bytes before; they are forgotten if `bytes` are not as many.
  init(sent count: Int, _ bytes: [UInt8]) {
    output = bytes.count == count ? bytes : []
    forgotten = count - output.count
  }

  /// What was sent, without ``forgotten``.
  package private(set) var output: [UInt8] = []
  /// How many bytes that were sent first are no longer kept.
  package private(set) var forgotten = 0
  /// How many bytes were sent.
  package var count: Int { forgotten + output.count }

  /// What was sent behind the first so many bytes, as far as it is kept.
  package func bytes(from start: Int) -> ArraySlice<UInt8> { output[max(0, min(start - forgotten, output.count))...] }

  /// Takes back all behind the first so many bytes.
  package mutating func truncate(to count: Int) {
    guard count > forgotten else {
      output = []
      forgotten = count
      return
    }
    output.removeLast(max(0, self.count - count))
  }

  /// What of it is shown as text: printable ASCII, tabs and line feeds, ? for the rest; a guest's other bytes reach nobody.
  package static func printable(_ bytes: some Sequence<UInt8>) -> [UInt8] {
    bytes.compactMap { $0 == 13 ? nil : $0 == 10 || $0 == 9 || (0x20..<0x7F).contains($0) ? $0 : 0x3F }
  }

  /// A store of the guest to one of its registers (UARTDR 0x00).
  ///
  /// - Returns: the byte it sends.
  @discardableResult
  package mutating func write(_ offset: UInt64, _ value: UInt64) -> UInt8? {
    guard offset == 0 else { return nil }
    let byte = UInt8(truncatingIfNeeded: value)
    output.append(byte)
    guard output.count >= 2 * Self.limit else { return byte }
    forgotten += output.count - Self.limit
    output.removeFirst(output.count - Self.limit)
    return byte
  }

  /// A load of an identification register: it is a PL011, r1p5.
  func read(_ offset: UInt64) -> UInt64 {
    switch offset {
    case 0xFE0: 0x11
    case 0xFE4: 0x10
    case 0xFE8: 0x34
    case 0xFF0: 0x0D
    case 0xFF4: 0xF0
    case 0xFF8: 0x05
    case 0xFFC: 0xB1
    default: 0
    }
  }
}
