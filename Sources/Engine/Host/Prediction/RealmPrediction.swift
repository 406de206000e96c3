import Basics
import Machine

/// What the RIM of a VMM's guest will be, from the words of its command line alone.
package struct RealmPrediction: Sendable {
  package let plan: RealmPlan
  /// What the VMM would die of, a line each; the RIM is that of the Realm that was meant.
  package let problems: [String]
  /// Options that were there and have no meaning for the RIM, each once.
  package let withoutMeaning: [String]

  package struct Failure: Error, Equatable {
    package let message: String
  }

  /// - Parameters:
  ///   - words: `qemu ARGUMENT…` or `lkvm run ARGUMENT…`.
  ///   - host: what the host has.
  ///   - tree: the device tree; nil: the one the command line names, or the VMM's own.
  package init(_ words: [String], _ host: HostCapabilities, tree: [UInt8]? = nil, _ files: GuestFiles) throws(Failure) {
    do throws(VMMRefusal) {
      switch (words.first, words.dropFirst().first) {
      case ("qemu", _):
        let commandLine = try QEMUCommandLine(Array(words.dropFirst()))
        plan = try QEMULoad(commandLine, host, files).plan(tree: tree)
        (problems, withoutMeaning) = (commandLine.problems.map(\.sentence), commandLine.withoutMeaning.once)
      case ("lkvm", "run"):
        let commandLine = try KvmtoolCommandLine(Array(words.dropFirst(2)))
        plan = try KvmtoolLoad(commandLine, host, files).plan(tree: tree)
        (problems, withoutMeaning) = (commandLine.problems.map(\.sentence), commandLine.withoutMeaning.once)
      default: throw VMMRefusal(.kvmtool, "expected qemu ARGUMENT… or lkvm run ARGUMENT…")
      }
    } catch {
      throw Failure(message: error.sentence)
    }
    guard plan.stepCount <= RealmPlan.mostSteps else {
      throw Failure(message: "the RIM has \(plan.stepCount) steps; this program's limit is \(RealmPlan.mostSteps)")
    }
  }

  package var steps: [MeasurementStep] {
    var steps: [MeasurementStep] = []
    steps.reserveCapacity(plan.stepCount)
    plan.measure { steps.append($0) }
    return steps
  }
}

extension [String] {
  /// Each once, in their order.
  fileprivate var once: [String] { reduce(into: []) { all, text in if !all.contains(text) { all.append(text) } } }
}
