import Basics
import Machine

/// What the Host's kernel prints (`dmesg`): the last lines of it.
package struct KernelLog: Equatable, Sendable {
  /// Lines that are kept.
  package static let limit = 512
  /// Ticks of the counter in a second, as the kernel takes them.
  private static let frequency = Machine.counterFrequency

  package private(set) var lines: [LogLine] = []
  /// How many were printed before those.
  package private(set) var forgotten = 0

  /// A line, with the time it is printed at.
  mutating func add(_ text: String, at ticks: UInt64, isProblem: Bool = false) {
    let seconds = String(ticks / Self.frequency)
    let microseconds = String(ticks % Self.frequency / 1000)
    let stamp =
      String(repeating: " ", count: max(0, 5 - seconds.count)) + seconds + "."
      + String(repeating: "0", count: 6 - microseconds.count) + microseconds
    lines.append(LogLine("[\(stamp)] \(text)", isProblem: isProblem))
    guard lines.count > Self.limit else { return }
    lines.removeFirst()
    forgotten += 1
  }

  /// A WARN_ON of KVM's code for Realms.
  mutating func warn(_ what: String, at ticks: UInt64) {
    add("------------[ cut here ]------------", at: ticks)
    add("WARNING: arch/arm64/kvm/rme.c: \(what)", at: ticks, isProblem: true)
    add("---[ end trace 0000000000000000 ]---", at: ticks)
  }
}
