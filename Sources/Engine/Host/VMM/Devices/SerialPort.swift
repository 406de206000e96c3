/// A UART on the bus, and who hears what it sends.
final class SerialPort: Device {
  let range: Range<UInt64>
  var uart = PL011()
  var onByte: (UInt8) -> Void = { _ in }

  init(at range: Range<UInt64>) { self.range = range }

  func read(_ offset: UInt64, size: UInt64) -> UInt64 { uart.read(offset) }

  func write(_ offset: UInt64, size: UInt64, _ value: UInt64) {
    if let byte = uart.write(offset, value) { onByte(byte) }
  }
}
