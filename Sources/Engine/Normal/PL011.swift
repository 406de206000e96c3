/// A PL011 UART as a VMM models it: what is sent is collected, nothing is received.
public struct PL011: Sendable {
  /// Where it is in the guest's Unprotected half: the place kvmtool gives a UART, with the shared bit of a 33-bit IPA space.
  public static let base: UInt64 = 0x1_0100_0000

  public private(set) var output: [UInt8] = []

  /// What of it is shown as text: printable ASCII, tabs and line feeds, ? for the rest; a guest's other bytes reach nobody.
  public static func printable(_ bytes: some Sequence<UInt8>) -> [UInt8] {
    bytes.compactMap { $0 == 13 ? nil : $0 == 10 || $0 == 9 || (0x20..<0x7F).contains($0) ? $0 : 0x3F }
  }

  /// A store of the guest to one of its registers (UARTDR 0x00).
  mutating func write(_ offset: UInt64, _ value: UInt64) {
    if offset == 0 { output.append(UInt8(truncatingIfNeeded: value)) }
  }

  /// A load: UARTFR 0x18 says that nothing waits and there is room; the identification registers say PL011.
  func read(_ offset: UInt64) -> UInt64 {
    switch offset {
    case 0x18: 0x90
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
