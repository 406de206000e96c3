import ArgumentParser
import Engine
import FoundationEssentials

struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measures the machine's speed.",
    discussion: """
      Operations per second of CPU time, best of several rounds, with the trace off and on, beside what TF-RMM v0.6.0 built \
      natively with -O2 does on a machine of the development machine's class. Use a release build.
      """)

  @Flag(help: "Prints JSON instead of a table.")
  var json = false

  @Option(help: "Rounds of each measurement; the best counts.")
  var rounds: Int = 5

  @Option(help: "Measures only operations whose name contains this.")
  var only: String = ""

  func run() throws {
    guard rounds > 0, rounds <= 1000 else { throw ValidationError("--rounds must be 1 to 1000") }
    let rows = RMMBench(rounds: rounds, only: only).rows()
    let guests = only.isEmpty ? GuestBench(rounds: rounds).rows() : []
    let other =
      only.isEmpty
      ? GuestBench(rounds: rounds).measures() + TokenBench(rounds: rounds).rows() + SystemBench(rounds: rounds).rows()
        + ViewBench(rounds: rounds).rows() : []
    var out = Output()
    defer { out.flush() }
    if json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
      out.lines(
        String(decoding: try encoder.encode(BenchReport(operations: rows, guests: guests ?? [], other: other)), as: UTF8.self))
      return
    }
    out.line("operation                                  ops/s CPU   traced   ratio  TF-RMM     ours/TF-RMM")
    for row in rows {
      let reference = row.reference.map { "\(BenchRow.short($0).padding(11))\(BenchRow.fixed(row.rate / $0))" } ?? "-"
      out.line(
        row.name.padding(43) + BenchRow.short(row.rate).padding(12) + BenchRow.short(row.traced).padding(9)
          + BenchRow.fixed(row.rate / row.traced).padding(7) + reference)
    }
    out.line("")
    if let guests { Self.show(guests, &out) } else { out.line("guest programs: no Benchmarks/guests here") }
    for row in other { out.line(row.name.padding(56) + BenchRow.fixed(row.value) + " " + row.unit) }
  }
}

extension BenchCommand {
  private static func show(_ guests: [GuestBench.Row], _ out: inout Output) {
    guard !guests.isEmpty else { return }
    out.line("A64 in a Realm                             instr/s    reference ratio  qemu-user  ours/qemu")
    func line(_ name: String, _ fast: Double, _ reference: Double, _ qemu: Double?) {
      let other = qemu.map { "\(BenchRow.short($0).padding(11))\(BenchRow.fixed(fast / $0))" } ?? "-"
      out.line(
        name.padding(43) + BenchRow.short(fast).padding(11) + BenchRow.short(reference).padding(10)
          + BenchRow.fixed(fast / reference).padding(7) + other)
    }
    for row in guests { line("\(row.name), \(row.instructions) instructions", row.fast, row.reference, row.qemu) }
    let qemu = guests.compactMap(\.qemu)
    line(
      "geometric mean", GuestBench.mean(guests.map(\.fast)), GuestBench.mean(guests.map(\.reference)),
      qemu.count == guests.count ? GuestBench.mean(qemu) : nil)
    out.line("")
  }
}

struct BenchReport: Encodable {
  var operations: [BenchRow]
  var guests: [GuestBench.Row]
  var other: [MeasureRow]
}

/// One figure that is not a rate.
struct MeasureRow: Encodable {
  var name: String
  var value: Double
  var unit: String
}

/// One operation's rate.
struct BenchRow: Encodable {
  var name: String
  /// Operations per second of CPU, trace off.
  var rate: Double
  /// The same with the trace on.
  var traced: Double
  /// TF-RMM v0.6.0.
  var reference: Double?

  static func short(_ value: Double) -> String {
    value >= 1e6 ? fixed(value / 1e6) + " M" : value >= 1e3 ? fixed(value / 1e3) + " k" : fixed(value)
  }
  static func fixed(_ value: Double) -> String {
    let scaled = (value * 100).rounded() / 100
    return "\(scaled)"
  }
}
