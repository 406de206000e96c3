import Benchmark

/// Everything that was measured, as JSON has it.
struct Report: Encodable {
  var operations: [Operation]
  var guests: [Guest]
  var other: [Other]

  /// Operations per second of CPU: trace off, trace on, and TF-RMM's.
  struct Operation: Encodable {
    var name: String
    var rate: Double
    var traced: Double
    var reference: Double?
  }

  /// Instructions per second of CPU of both engines, and of qemu-aarch64 where it is installed.
  struct Guest: Encodable {
    var name: String
    var instructions: UInt64
    var compiled: Double
    var fast: Double
    var reference: Double
    var qemu: Double?
  }

  /// A figure that is neither.
  struct Other: Encodable {
    var name: String
    var value: Double
    var unit: String
  }

  init(operations: [BenchmarkResult], guests: [BenchmarkResult], other: [BenchmarkResult]) {
    self.operations = operations.compactMap { result in
      guard let rate = result.counters["rate"], let traced = result.counters["traced"] else { return nil }
      return Operation(
        name: result.benchmarkName, rate: rate, traced: traced, reference: result.settings[Reference.self]?.rate)
    }
    self.guests = guests.compactMap { result in
      let figures = result.counters
      guard let instructions = figures["instructions"], let compiled = figures["compiled"], let fast = figures["fast"],
        let reference = figures["reference"]
      else { return nil }
      return Guest(
        name: result.benchmarkName, instructions: UInt64(instructions), compiled: compiled, fast: fast, reference: reference,
        qemu: figures["qemu"])
    }
    self.other = other.compactMap { result in
      guard let value = result.counters["value"], let unit = result.settings[Measured.self]?.unit else { return nil }
      return Other(name: result.benchmarkName, value: value, unit: unit)
    }
  }
}
