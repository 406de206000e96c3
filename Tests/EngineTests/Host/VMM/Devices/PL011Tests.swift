import Engine
import Testing

@testable import Host

/// The UART of a guest, by its registers (ARM DDI 0183).
struct PL011Tests {
  private static let dataRegister: UInt64 = 0x0

  @Test func itSaysThatItIsAPL011() {
    let uart = PL011()
    // UARTPeriphID0 to 3, UARTPCellID0 to 3.
    let identification = [0xFE0, 0xFE4, 0xFE8, 0xFEC, 0xFF0, 0xFF4, 0xFF8, 0xFFC].map { uart.read($0) }
    #expect(identification == [0x11, 0x10, 0x34, 0x00, 0x0D, 0xF0, 0x05, 0xB1])
  }

  @Test func whatIsStoredToTheDataRegisterIsSentAndNothingElse() {
    var uart = PL011()
    #expect(uart.write(Self.dataRegister, 0x1_2348) == 0x48)
    #expect(uart.write(Self.dataRegister, 0x69) == 0x69)
    // UARTCR, UARTLCR_H, UARTDMACR: they take what they get.
    for offset in [0x30, 0x2C, 0x48] as [UInt64] { #expect(uart.write(offset, 0x301) == nil) }
    #expect(uart.output == Array("Hi".utf8) && uart.count == 2)
  }

  @Test func whatIsShownIsText() {
    #expect(PL011.printable(Array("a\tb\r\n\u{1B}[2J\u{7F}é".utf8)) == Array("a\tb\n?[2J???".utf8))
  }

  /// What a guest floods it with is kept up to a limit; places in it stay what they are.
  @Test func theEndOfALongConsoleIsKept() {
    var uart = PL011()
    let count = 2 * PL011.limit + 10
    for n in 0..<count { uart.write(0, UInt64(n & 0x3F)) }
    #expect(uart.count == count)
    #expect(uart.output.count == PL011.limit + 10)
    #expect(uart.forgotten == PL011.limit)
    #expect(Array(uart.bytes(from: count - 3)) == (count - 3..<count).map { UInt8($0 & 0x3F) })
    #expect(uart.bytes(from: 0).count == uart.output.count)
    uart.truncate(to: count - 8)
    #expect(uart.count == count - 8)
    #expect(uart.output.last == UInt8((count - 9) & 0x3F))
    uart.truncate(to: 5)
    #expect(uart.count == 5 && uart.output == [])
  }
}
