import Benchmark
import Foundation

/// What TF-RMM v0.6.0 does, in operations per second of CPU.
struct Reference: BenchmarkSetting {
  var rate: Double
}

/// What the figure of a row is in, if that is no rate.
struct Measured: BenchmarkSetting {
  var unit: String
}

/// The library times a row by the wall; what counts here is CPU time, so a row notes its own figures.
extension BenchmarkState {
  /// Notes a figure of this round, of which the most counts.
  mutating func most(_ value: Double, _ name: String = "value") { counters[name] = max(counters[name] ?? value, value) }

  /// Notes a figure of this round, of which the least counts.
  mutating func least(_ value: Double, _ name: String = "value") { counters[name] = min(counters[name] ?? value, value) }
}

extension BenchmarkSuite {
  /// A row with one figure.
  func measure(
    _ name: String, in unit: String, _ settings: any BenchmarkSetting..., figure: @escaping (inout BenchmarkState) -> Void
  ) {
    benchmark(name, settings: settings + [Measured(unit: unit)], function: figure)
  }
}

/// The columns of each table, beside the row's name.
extension BenchmarkColumn {
  static var operations: [BenchmarkColumn] {
    [
      column("ops/s CPU", short) { $0.counters["rate"] },
      column("traced", short) { $0.counters["traced"] },
      column("ratio", fixed) { quotient($0.counters["rate"], $0.counters["traced"]) },
      column("TF-RMM", short) { $0.settings[Reference.self]?.rate },
      column("ours/TF-RMM", fixed) { quotient($0.counters["rate"], $0.settings[Reference.self]?.rate) },
    ]
  }

  static var guests: [BenchmarkColumn] {
    [
      column("instructions", { String(format: "%.0f", $0) }) { $0.counters["instructions"] },
      column("instr/s", short) { $0.counters["compiled"] },
      column("in place", short) { $0.counters["fast"] },
      column("reference", short) { $0.counters["reference"] },
      column("ratio", fixed) { quotient($0.counters["compiled"], $0.counters["reference"]) },
      column("qemu-user", short) { $0.counters["qemu"] },
      column("ours/qemu", fixed) { quotient($0.counters["compiled"], $0.counters["qemu"]) },
    ]
  }

  static var measures: [BenchmarkColumn] {
    [
      BenchmarkColumn(name: "value", value: { $0.counters["value"] ?? .nan }) { value, settings in
        value.isNaN ? "-" : "\(fixed(value)) \(settings[Measured.self]?.unit ?? "")"
      }
    ]
  }

  private static func column(
    _ name: String, _ text: @escaping (Double) -> String, _ value: @escaping (BenchmarkResult) -> Double?
  ) -> BenchmarkColumn {
    BenchmarkColumn(name: name, value: { value($0) ?? .nan }) { value, _ in value.isNaN ? "-" : text(value) }
  }

  private static func quotient(_ ours: Double?, _ theirs: Double?) -> Double? {
    guard let ours, let theirs else { return nil }
    return ours / theirs
  }

  private static func short(_ value: Double) -> String {
    value >= 1e6 ? fixed(value / 1e6) + " M" : value >= 1e3 ? fixed(value / 1e3) + " k" : fixed(value)
  }

  private static func fixed(_ value: Double) -> String { String(format: "%.2f", value) }
}
