import Testing

@testable import Host

/// The GPIO of QEMU's virt machine, as its driver sees it.
struct PL061Tests {
  private final class Line { var isHigh = false }

  private static func device() -> (PL061, Line) {
    let (device, line) = (PL061(at: 0x903_0000..<0x903_1000), Line())
    device.onInterrupt = { line.isHigh = $0 }
    return (device, line)
  }

  @Test func dataIsMaskedByTheAddress() {
    let (gpio, _) = Self.device()
    gpio.setInput(3, true)
    #expect(gpio.read(0x3FC, size: 4) == 8 && gpio.read(8 << 2, size: 4) == 8 && gpio.read(4 << 2, size: 4) == 0)
    gpio.write(0x400, size: 4, 0b11)
    gpio.write(0b01 << 2, size: 4, 0xFF)
    #expect(gpio.read(0x3FC, size: 4) == 0b1001, "line 1 was not chosen, and line 3 is an input")
  }

  /// Rising edge at the button's line: raw, masked, and taken back by GPIOIC.
  @Test func anEdgeIsAnInterruptUntilItIsCleared() {
    let (gpio, line) = Self.device()
    gpio.write(0x40C, size: 4, 8)
    gpio.setInput(3, true)
    #expect(gpio.read(0x414, size: 4) == 8 && gpio.read(0x418, size: 4) == 0 && !line.isHigh)
    gpio.write(0x410, size: 4, 8)
    #expect(gpio.read(0x418, size: 4) == 8 && line.isHigh)
    gpio.write(0x41C, size: 4, 8)
    #expect(gpio.read(0x414, size: 4) == 0 && !line.isHigh)
    gpio.setInput(3, false)
    #expect(!line.isHigh, "a falling edge is none that was asked for")
    gpio.write(0x408, size: 4, 8)
    gpio.setInput(3, true)
    gpio.write(0x41C, size: 4, 8)
    gpio.setInput(3, false)
    #expect(line.isHigh, "both edges")
  }

  @Test func aLevelIsAnInterruptAsLongAsItIsThere() {
    let (gpio, line) = Self.device()
    for (offset, value) in [(0x404, 8), (0x40C, 8), (0x410, 8)] as [(UInt64, UInt64)] { gpio.write(offset, size: 4, value) }
    gpio.setInput(3, true)
    gpio.write(0x41C, size: 4, 8)
    #expect(line.isHigh)
    gpio.setInput(3, false)
    #expect(!line.isHigh)
  }

  @Test func itSaysWhatItIsAndCanBeKnownAgain() {
    let (gpio, _) = Self.device()
    #expect(gpio.read(0xFE0, size: 4) == 0x61 && gpio.read(0xFFC, size: 4) == 0xB1)
    for (n, offset) in ([0x400, 0x404, 0x408, 0x40C, 0x410, 0x420] as [UInt64]).enumerated() {
      gpio.write(offset, size: 4, UInt64(n + 1))
    }
    #expect(PL061.State(gpio.state.bytes) == gpio.state)
    gpio.setInput(0, true)
    gpio.reset()
    #expect(gpio.state.inputs == 1 && gpio.state.direction == 0)
  }
}
