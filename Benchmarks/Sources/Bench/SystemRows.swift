import Benchmark
import Engine

/// Figures of the machine as a whole: checkpoints, seeking, memory.
struct SystemRows {
  var suite: BenchmarkSuite {
    let suite = BenchmarkSuite(name: "")
    checkpoints(suite)
    seeking(suite)
    for (name, size) in [("64 MiB", 64 << 20), ("1 TiB", 1 << 40)] as [(String, UInt64)] { machines(suite, name, size) }
    return suite
  }

  private func checkpoints(_ suite: BenchmarkSuite) {
    suite.measure("checkpoint, nothing changed", in: "ns") { state in
      var machine = Machine(MachineConfiguration())
      machine.tracing = false
      let count = 100_000
      state.least(CPUClock.seconds { for _ in 0..<count { _ = machine.checkpoint() } } / Double(count) * 1e9)
    }
    suite.measure("checkpoint and a write to one granule", in: "ns") { state in
      var machine = Machine(MachineConfiguration())
      machine.tracing = false
      let count = 20_000
      let used = CPUClock.seconds {
        for n in 0..<count {
          _ = machine.checkpoint()
          _ = machine.perform(
            .access(MemoryAccess(world: .normal, address: 0x8000_0000 + UInt64(n & 4095) << 12, kind: .write64(UInt64(n)))))
        }
      }
      state.least(used / Double(count) * 1e9)
    }
  }

  private func seeking(_ suite: BenchmarkSuite) {
    let travel = Travel()
    suite.measure("session of 100,000 steps, per step", in: "us") { $0.least(travel.make() / Double(Travel.steps) * 1e6) }
    func row(_ name: String, _ from: Int, _ to: Int) {
      suite.measure(name, in: "ms") { $0.least(travel.seek(from: from, to: to) * 1e3) }
    }
    row("undo of the last of 100,000 steps", Travel.steps, Travel.steps - 1)
    row("seek from step 99,999 to 50,000", Travel.steps - 1, Travel.steps / 2)
    row("seek from step 50,000 to 0", Travel.steps / 2, 0)
    row("seek from step 0 to 100,000", 0, Travel.steps)
  }

  /// Memory is that of one of many, all there at once, and measured once: what they have given back others find.
  private func machines(_ suite: BenchmarkSuite, _ name: String, _ size: UInt64) {
    var configuration = MachineConfiguration()
    configuration.dramSize = size
    suite.measure("memory of an idle machine of \(name)", in: "KiB", Iterations(1)) { [configuration] state in
      let before = ResidentMemory.bytes
      let count = 64
      let kept = (0..<count).map { _ in Kept(configuration) }
      state.least(Double(ResidentMemory.bytes - before) / 1024 / Double(count))
      withExtendedLifetime(kept) {}
    }
    suite.measure("building and booting a machine of \(name)", in: "ms") { [configuration] state in
      let start = CPUClock.now
      let machine = Machine(configuration)
      state.least((CPUClock.now - start) * 1e3)
      _ = consume machine
    }
  }
}

/// A machine that is kept.
private final class Kept {
  private let machine: Machine

  init(_ configuration: MachineConfiguration) { machine = Machine(configuration) }
}

/// A long session to go to and fro in.
private final class Travel {
  static let steps = 100_000
  private var session: Session?

  /// Makes the session anew: the seconds of CPU that takes.
  func make() -> Double {
    let session = Session(MachineConfiguration())
    self.session = session
    return CPUClock.seconds {
      for n in 0..<Self.steps {
        var x = InlineArray<18, UInt64>(repeating: 0)
        x[0] = UInt64(n & 1 == 0 ? RMI.granuleDelegate : RMI.granuleUndelegate)
        x[1] = 0x8000_0000 + UInt64(n >> 1 & 8191) << 12
        session.perform(.action(.smc(.normal, x)))
      }
    }
  }

  /// The seconds of CPU it takes to come from one step to another.
  func seek(from start: Int, to target: Int) -> Double {
    if session == nil { _ = make() }
    guard let session else { return 0 }
    if session.position != start { session.seek(start) }
    return CPUClock.seconds { session.seek(target) }
  }
}
