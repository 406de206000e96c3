import Engine
import Testing

struct PL011Tests {
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
