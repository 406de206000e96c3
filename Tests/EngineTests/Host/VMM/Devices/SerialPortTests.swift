import Testing

@testable import Host

/// What is typed into a guest's UART comes out of it, byte by byte, and is lost where nobody reads.
struct SerialPortTests {
  private final class Line { var isHigh = false }

  private static func port() -> (SerialPort, Line) {
    let (port, line) = (SerialPort(at: 0x900_0000..<0x900_1000), Line())
    port.onInterrupt = { line.isHigh = $0 }
    return (port, line)
  }

  /// Without UARTLCR_H.FEN it has one byte: RXFF with it, RXFE without.
  @Test func aPL011ReceivesWhatIsTyped() {
    let (port, line) = Self.port()
    #expect(port.read(0x18, size: 4) == 0x90 && port.read(0, size: 4) == 0)
    port.deliver(Array("ab".utf8))
    #expect(port.read(0x18, size: 4) == 0xC0 && port.read(0x3C, size: 4) == 0x50 && !line.isHigh)
    port.write(0x38, size: 4, 0x10)
    #expect(line.isHigh && port.read(0x40, size: 4) == 0x10)
    #expect(port.read(0, size: 4) == 0x61 && line.isHigh && port.read(0, size: 4) == 0x62)
    #expect(!line.isHigh && port.read(0x18, size: 4) == 0x90)
  }

  /// UARTIFLS.RXIFLSEL: 1/8, 1/4, 1/2, 3/4, 7/8 of 32 bytes; fewer wait for the receive timeout.
  @Test(arguments: [(0, 4), (1, 8), (2, 16), (3, 24), (4, 28)] as [(UInt64, Int)])
  func theReceiveInterruptComesAtItsLevel(_ level: (select: UInt64, count: Int)) {
    let (port, _) = Self.port()
    port.write(0x2C, size: 4, 0x10)
    port.write(0x34, size: 4, level.select << 3 | 2)
    port.deliver([UInt8](repeating: 0x41, count: level.count - 1))
    #expect(port.read(0x3C, size: 4) == 0x40)
    port.deliver([0x42])
    #expect(port.read(0x3C, size: 4) == 0x50)
    #expect(port.read(0, size: 4) == 0x41 && port.read(0x3C, size: 4) == 0x40)
  }

  /// UARTICR takes them back until a byte arrives; UARTTXINTR is there once something was sent.
  @Test func interruptsAreClearedUntilMoreComes() {
    let (port, line) = Self.port()
    port.write(0x2C, size: 4, 0x10)
    port.write(0x38, size: 4, 0x70)
    port.deliver([0x41])
    #expect(port.read(0x40, size: 4) == 0x40 && line.isHigh)
    port.write(0x44, size: 4, 0x7FF)
    #expect(port.read(0x3C, size: 4) == 0 && !line.isHigh && port.read(0x18, size: 4) == 0x80, "the byte still waits")
    port.deliver([0x42])
    #expect(line.isHigh)
    port.write(0x44, size: 4, 0x50)
    port.write(0, size: 4, 0x43)
    #expect(port.read(0x40, size: 4) == 0x20 && line.isHigh && port.uart.output == [0x43])
    port.write(0x44, size: 4, 0x20)
    #expect(!line.isHigh)
  }

  @Test func registersHoldWhatIsWritten() {
    let (port, _) = Self.port()
    #expect(port.read(0x30, size: 4) == 0x300 && port.read(0x34, size: 4) == 0x12)
    for (offset, value, kept) in [
      (0x20, 0x5A, 0x5A), (0x24, 0x1_2345, 0x2345), (0x28, 0xFF, 0x3F), (0x2C, 0x70, 0x70), (0x30, 0x301, 0x301),
      (0x34, 0xFF, 0x3F),
      (0x38, 0xFFFF, 0x7FF), (0x48, 0xFF, 7),
    ] as [(UInt64, UInt64, UInt64)] {
      port.write(offset, size: 4, value)
      #expect(port.read(offset, size: 4) == kept)
    }
    #expect(SerialInput(port.input.bytes) == port.input && port.input.bytes.count == SerialInput.size)
  }

  /// UARTCR.LBE: what is sent arrives, and nobody outside hears it.
  @Test func itLoopsBack() {
    let (port, _) = Self.port()
    port.write(0x30, size: 4, 0x381)
    port.write(0, size: 4, 0x41)
    #expect(port.read(0, size: 4) == 0x41 && port.uart.count == 0)
  }

  @Test func aSixteen550DoesToo() {
    let port = SerialPort(at: 0..<8, .ns16550)
    #expect(port.read(5, size: 1) == 0x60)
    port.deliver([0x41])
    #expect(port.read(5, size: 1) == 0x61 && port.read(0, size: 1) == 0x41 && port.read(5, size: 1) == 0x60)
    port.deliver([0x42])
    port.write(3, size: 1, 0x80)
    #expect(port.read(0, size: 1) == 0, "the divisor")
  }

  /// So many bytes are in the UART, so many wait outside, and the rest is lost.
  @Test func whatNobodyReadsIsLost() {
    let (port, _) = Self.port()
    port.write(0x2C, size: 4, 0x10)
    port.deliver((0..<5000).map { UInt8(truncatingIfNeeded: $0) })
    #expect(port.input.fifo.count == SerialInput.room && !port.hasRoom(for: SerialPort.mostTyped) && port.room == 0)
    #expect(SerialInput(port.input.bytes) == port.input)
    var count = 0
    while port.read(0x18, size: 4) & 0x10 == 0 {
      #expect(port.read(0, size: 4) == UInt64(count & 0xFF))
      count += 1
    }
    #expect(count == SerialPort.mostTyped && port.room == SerialInput.room)
  }

  /// A guest takes what is typed once it has unmasked the receive interrupts, or looks again and again.
  @Test func aGuestListens() {
    let (asked, _) = Self.port()
    #expect(!asked.isListening(isIdle: true))
    asked.write(0x38, size: 4, 0x40)
    #expect(asked.isListening(isIdle: false))
    let (polled, _) = Self.port()
    for _ in 0..<31 { _ = polled.read(0x18, size: 4) }
    #expect(!polled.isListening(isIdle: true))
    polled.write(0, size: 4, 0x41)
    for _ in 0..<32 { _ = polled.read(0x18, size: 4) }
    #expect(polled.isListening(isIdle: false))
  }

  /// A driver that sets its UART up throws away what arrived: what is typed before waits outside until the guest takes it, all of it.
  @Test func whatIsTypedEarlyArrivesWhenTheGuestListens() {
    let (port, _) = Self.port()
    let text = (0..<100).map { UInt8($0) }
    port.type(text)
    // As Linux does (pl011_hwinit, pl011_startup): it unmasks, sets it up, enables it, throws away what is there, and unmasks.
    for (offset, value) in [(0x24, 13), (0x2C, 0x70), (0x38, 0x50), (0x34, 0x12), (0x30, 0xF01), (0x44, 0x50)]
      as [(UInt64, UInt64)]
    {
      port.write(offset, size: 4, value)
      port.attend(isIdle: false)
      #expect(port.input.fifo.isEmpty)
      #expect(SerialInput(port.input.bytes) == port.input)
    }
    #expect(port.read(0x18, size: 4) & 0x10 != 0, "nothing to throw away")
    port.write(0x38, size: 4, 0x50)
    #expect(port.input.fifo.count == SerialInput.room)
    var found: [UInt8] = []
    while port.read(0x18, size: 4) & 0x10 == 0 { found.append(UInt8(port.read(0, size: 4))) }
    #expect(found == text)
  }

  /// As older recordings have it: up to 16 bytes, UARTIMSC, and a FIFO that is on.
  @Test func whatOlderRecordingsHaveIsUnderstood() {
    let input = SerialInput(former: [2, 0x50, 0, 0x41, 0x42] + [UInt8](repeating: 0, count: 14))
    #expect(input.fifo == [0x41, 0x42] && input.mask == 0x50 && input.depth == SerialInput.room && input.pending == 0x40)
  }
}
