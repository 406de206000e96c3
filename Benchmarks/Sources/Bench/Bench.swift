import ArgumentParser
import Benchmark
import Foundation

@main
struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measures the machine's speed.",
    discussion: """
      Operations per second of CPU time, best of several rounds, with the trace off and on, beside what TF-RMM v0.6.0 built \
      natively with -O2 does on a machine of the development machine's class. Use a release build. Run it in the project's folder.
      """)

  @Flag(help: "Prints JSON instead of tables.")
  var json = false

  @Option(help: "Rounds of each measurement; the best counts.")
  var rounds: Int = 5

  @Option(help: "Measures only rows whose name contains this.")
  var only: String = ""

  @Option(help: "The program whose start and boot are timed.")
  var workbench: String = ".build/release/workbench"

  func validate() throws {
    guard rounds > 0, rounds <= 1000 else { throw ValidationError("--rounds must be 1 to 1000") }
  }

  func run() throws {
    let tables = [
      Table(BenchmarkColumn.operations, RMMRows().suite),
      Table(BenchmarkColumn.guests, GuestRows().suite),
      Table(
        BenchmarkColumn.measures, EntryRows(workbench: workbench).suite, TokenRows().suite, SystemRows().suite, ViewRows().suite),
    ]
    let results = try tables.map { try $0.results(settings, only: only) }
    guard json else { return }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    let report = Report(operations: results[0], guests: results[1], other: results[2])
    print(String(decoding: try encoder.encode(report), as: UTF8.self))
  }

  /// What holds for every row.
  private var settings: [any BenchmarkSetting] {
    [Iterations(rounds), Quiet(true), Format(json ? .none : .console)]
  }
}

/// Rows with the same columns.
private struct Table {
  private let columns: [BenchmarkColumn]
  private let suites: [BenchmarkSuite]

  init(_ columns: [BenchmarkColumn], _ suites: BenchmarkSuite...) {
    self.columns = columns
    self.suites = suites
  }

  /// Measures the rows, and prints them if the settings say so.
  ///
  /// A row's own settings come before these: what is there once has one round.
  func results(_ settings: [any BenchmarkSetting], only: String) throws -> [BenchmarkResult] {
    for suite in suites { suite.benchmarks.removeAll { !only.isEmpty && !$0.name.contains(only) } }
    guard suites.contains(where: { !$0.benchmarks.isEmpty }) else { return [] }
    for column in columns { BenchmarkColumn.register(column) }
    let names = Columns(["name"] + columns.map(\.name))
    var runner = BenchmarkRunner(suites: suites, settings: [], customDefaults: settings + [names])
    try runner.run()
    return runner.results
  }
}
