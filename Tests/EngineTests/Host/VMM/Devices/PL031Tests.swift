import Testing

@testable import Host

/// The clock of QEMU's virt machine, as its driver sees it.
struct PL031Tests {
  private final class Bench {
    var now: UInt64 = 0
    var isHigh = false
    let clock = PL031(at: 0x901_0000..<0x901_1000, frequency: 1000)

    init() {
      clock.counter = { [unowned self] in now }
      clock.onInterrupt = { [unowned self] in isHigh = $0 }
    }

    func pass(_ ticks: UInt64) {
      now += ticks
      clock.look()
    }
  }

  @Test func itCountsSecondsFromWhatItIsSetTo() {
    let bench = Bench()
    #expect(bench.clock.read(0, size: 4) == 0 && bench.clock.read(0x0C, size: 4) == 1 && bench.clock.read(0xFE0, size: 4) == 0x31)
    bench.pass(2500)
    #expect(bench.clock.read(0, size: 4) == 2)
    bench.clock.write(8, size: 4, 1_800_000_000)
    bench.pass(1500)
    #expect(bench.clock.read(0, size: 4) == 1_800_000_002 && bench.clock.read(8, size: 4) == 1_800_000_000)
    bench.clock.reset()
    #expect(bench.clock.read(0, size: 4) == 1_800_000_002)
  }

  @Test func itsAlarmIsAnInterruptUntilItIsCleared() {
    let bench = Bench()
    bench.clock.write(4, size: 4, 3)
    #expect(bench.clock.alarm == nil, "it is masked")
    bench.clock.write(0x10, size: 4, 1)
    #expect(bench.clock.alarm == 3000)
    bench.pass(2999)
    #expect(!bench.isHigh)
    bench.pass(1)
    #expect(
      bench.isHigh && bench.clock.read(0x14, size: 4) == 1 && bench.clock.read(0x18, size: 4) == 1 && bench.clock.alarm == nil)
    bench.clock.write(0x1C, size: 4, 1)
    #expect(!bench.isHigh && bench.clock.read(0x14, size: 4) == 0)
    #expect(bench.clock.alarm == (3 + 1 << 32) * 1000, "once around")
    // One that has passed by in one go, and one for the present second.
    bench.clock.write(4, size: 4, 5)
    bench.pass(10_000)
    #expect(bench.isHigh)
    bench.clock.write(0x1C, size: 4, 1)
    bench.clock.write(4, size: 4, 13)
    #expect(bench.isHigh)
  }

  @Test func itCanBeKnownAgain() {
    let bench = Bench()
    for (offset, value) in [(4, 77), (8, 5), (0x10, 1)] as [(UInt64, UInt64)] { bench.clock.write(offset, size: 4, value) }
    bench.pass(3000)
    #expect(PL031.State(bench.clock.state.bytes) == bench.clock.state)
    bench.now = .max
    bench.clock.write(4, size: 4, 1)
    #expect(bench.clock.alarm == nil, "later than the counter goes")
  }
}
