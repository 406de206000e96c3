/// A UART on the bus, and who hears what it sends.
final class SerialPort: Device {
  enum Kind {
    case pl011
    /// An 8250 and its like: a byte a register.
    case ns16550
  }

  let range: Range<UInt64>
  let kind: Kind
  var uart = PL011()
  /// LCR of an ns16550. With bit 7, the first two registers are the divisor.
  var lineControl: UInt8 = 0
  var onByte: (UInt8) -> Void = { _ in }

  init(at range: Range<UInt64>, _ kind: Kind = .pl011) {
    self.range = range
    self.kind = kind
  }

  func read(_ offset: UInt64, size: UInt64) -> UInt64 {
    guard kind == .ns16550 else { return uart.read(offset) }
    switch offset {
    // IIR: no interrupt. LSR: nothing waits, and there is room. MSR: carrier, data set ready, clear to send.
    case 2: return 0x01
    case 3: return UInt64(lineControl)
    case 5: return 0x60
    case 6: return 0xB0
    default: return 0
    }
  }

  func write(_ offset: UInt64, size: UInt64, _ value: UInt64) {
    if kind == .ns16550 {
      if offset == 3 { lineControl = UInt8(truncatingIfNeeded: value) }
      guard lineControl & 0x80 == 0 else { return }
    }
    if let byte = uart.write(offset, value) { onByte(byte) }
  }
}
