import Benchmark
import Engine
import Foundation

/// How fast code runs in a Realm: the programs of Benchmarks/guests, and the same ones under qemu-aarch64 user mode.
///
/// Instructions per second of CPU. The Realm's have stage 1, stage 2 and the granule protection check active; building the Realm is
/// outside the clock. Starting and translating are inside qemu's.
struct GuestRows {
  private static let programs = ["crc32", "sieve", "copy", "sha256", "branchy"]
  private static let folder = "Benchmarks/guests"

  var suite: BenchmarkSuite {
    let suite = BenchmarkSuite(name: "")
    let means = Means()
    for name in Self.programs {
      guard let file = FileManager.default.contents(atPath: "\(Self.folder)/\(name).elf"),
        let image = try? BootImage([UInt8](file), base: RealmVM.ramBase)
      else {
        FileHandle.standardError.write(Data("bench: no \(Self.folder)/\(name).elf here\n".utf8))
        continue
      }
      suite.benchmark(name) { state in
        measure(image, name, &state)
        means.note(state.counters, of: name)
      }
    }
    suite.benchmark("geometric mean", settings: Iterations(1)) { state in
      for figure in ["compiled", "fast", "reference", "qemu"] { state.counters[figure] = means.mean(figure) }
    }
    return suite
  }

  private func measure(_ image: BootImage, _ name: String, _ state: inout BenchmarkState) {
    // Compiled as it is in a session: once it is worth it.
    for (engine, figure) in [(CodeEngine.adaptive, "compiled"), (.fast, "fast"), (.reference, "reference")] {
      // The reference engine takes its time; two rounds are enough of it.
      let rounds = state.counters["rounds of \(figure)"] ?? 0
      guard engine != .reference || rounds < 2 else { continue }
      state.counters["rounds of \(figure)"] = rounds + 1
      let session = Session(.executesCode, keepsHistory: false)
      session.codeEngine = engine
      let vm = RealmVM(session, RealmVM.Options())
      guard (try? vm.build(image)) != nil else { preconditionFailure("no Realm for \(name)") }
      var ending: RealmVM.Ending?
      let used = CPUClock.seconds { ending = vm.run(entries: .max) }
      precondition(ending == .poweredOff, "\(name) does not come to its end")
      state.counters["instructions"] = Double(session.now)
      state.most(Double(session.now) / max(used, 1e-9), figure)
    }
    if let instructions = state.counters["instructions"], let run = Child.run(["qemu-aarch64", "\(Self.folder)/\(name).linux"]) {
      state.most(instructions / max(run.cpu, 1e-9), "qemu")
    }
  }
}

/// The geometric means of the columns.
private final class Means {
  private var figures: [String: [String: Double]] = [:]

  func note(_ counters: [String: Double], of program: String) { figures[program] = counters }

  /// Nil if there is a program without the figure.
  func mean(_ figure: String) -> Double? {
    let values = figures.values.compactMap { $0[figure] }
    guard !values.isEmpty, values.count == figures.count else { return nil }
    return exp(values.map { log($0) }.reduce(0, +) / Double(values.count))
  }
}

extension MachineConfiguration {
  /// A machine whose vCPUs execute code.
  fileprivate static var executesCode: MachineConfiguration {
    var configuration = MachineConfiguration()
    configuration.vcpu = .code
    return configuration
  }
}

/// What an entry costs, and a whole boot.
struct EntryRows {
  /// The program that boots.
  let workbench: String

  var suite: BenchmarkSuite {
    let suite = BenchmarkSuite(name: "")
    suite.measure("REC entry, one instruction, exit by IRQ, hypervisor", in: "ns") { state in
      // B to itself.
      guard let image = try? BootImage([0x00, 0x00, 0x00, 0x14], base: RealmVM.ramBase) else { return }
      let count = 20_000
      let session = Session(.executesCode, keepsHistory: false)
      session.setGuestBudget(1)
      let vm = RealmVM(session, RealmVM.Options())
      guard (try? vm.build(image)) != nil else { preconditionFailure("no Realm for one instruction") }
      state.least(CPUClock.seconds { _ = vm.run(entries: count) } / Double(count) * 1e9)
    }
    suite.measure("workbench boot tour, from start to end of the process", in: "ms") { state in
      guard let run = Child.run([workbench, "boot", "tour"]), run.code == 0 else { return }
      state.least(run.wall * 1e3)
    }
    return suite
  }
}
