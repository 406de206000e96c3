import Testing

@testable import Host

/// What is typed into a guest's UART comes out of it, byte by byte, and is lost where nobody reads.
struct SerialPortTests {
  private final class Line { var isHigh = false }

  @Test func aPL011ReceivesWhatIsTyped() {
    let (port, line) = (SerialPort(at: 0x900_0000..<0x900_1000), Line())
    port.onInterrupt = { line.isHigh = $0 }
    #expect(port.read(0x18, size: 4) == 0x90 && port.read(0, size: 4) == 0)
    port.type(Array("ab".utf8))
    #expect(port.read(0x18, size: 4) == 0x80 && port.read(0x3C, size: 4) == 0x50 && !line.isHigh)
    port.write(0x38, size: 4, 0x10)
    #expect(line.isHigh && port.read(0x40, size: 4) == 0x10)
    #expect(port.read(0, size: 4) == 0x61 && line.isHigh && port.read(0, size: 4) == 0x62)
    #expect(!line.isHigh && port.read(0x18, size: 4) == 0x90)
  }

  @Test func aSixteen550DoesToo() {
    let port = SerialPort(at: 0..<8, .ns16550)
    #expect(port.read(5, size: 1) == 0x60)
    port.type([0x41])
    #expect(port.read(5, size: 1) == 0x61 && port.read(0, size: 1) == 0x41 && port.read(5, size: 1) == 0x60)
    port.type([0x42])
    port.write(3, size: 1, 0x80)
    #expect(port.read(0, size: 1) == 0, "the divisor")
  }

  /// Sixteen bytes are in the UART, so many wait outside, and the rest is lost.
  @Test func whatNobodyReadsIsLost() {
    let port = SerialPort(at: 0x900_0000..<0x900_1000)
    port.type((0..<5000).map { UInt8(truncatingIfNeeded: $0) })
    #expect(port.input.fifo.count == SerialPort.Input.room && !port.hasRoom(for: SerialPort.mostTyped))
    var count = 0
    while port.read(0x18, size: 4) & 0x10 == 0 {
      #expect(port.read(0, size: 4) == UInt64(count & 0xFF))
      count += 1
    }
    #expect(count == SerialPort.mostTyped)
    #expect(SerialPort.Input(port.input.bytes) == port.input)
    port.type([1, 2])
    #expect(SerialPort.Input(port.input.bytes) == port.input)
  }
}
