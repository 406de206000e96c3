import Basics
import Machine

/// What random actions on machines of the lab came to. On each machine other checks are off, from one to all of them, and now and then
/// one is switched on again.
///
/// Rules may be broken there. What must hold all the same: no action ends the program, and the same actions come to the same state.
package struct LabRun: Sendable {
  package private(set) var actions = 0
  package private(set) var machines = 0
  package private(set) var panics = 0
  /// Checks that were off and would have acted, with how often.
  package private(set) var overruled: [String: Int] = [:]
  /// Rules that were broken, with on how many machines.
  package private(set) var broken: [String: Int] = [:]
  package private(set) var digest: UInt64 = 0
  /// What must not be.
  package private(set) var problem: String?

  private static let actionsPerMachine = 500

  /// - Parameter checkEvery: how often the rules are evaluated; a machine's are at its end, too.
  package static func perform(
    actions: Int, seed: UInt64, policy: Policy, checkEvery: Int = 50, onProgress: (Int) -> Void = { _ in }
  ) -> LabRun {
    var run = LabRun()
    var machineSeed = seed
    while run.actions < actions, run.problem == nil {
      onProgress(run.actions)
      run.perform(min(Self.actionsPerMachine, actions - run.actions), seed: machineSeed, policy, checkEvery: max(1, checkEvery))
      machineSeed = mix(machineSeed)
    }
    return run
  }

  private mutating func perform(_ count: Int, seed: UInt64, _ policy: Policy, checkEvery: Int) {
    var numbers = SeededNumbers(seed: seed ^ 0x5357_4954_4348)
    var configuration = RandomDriver.configuration(policy)
    configuration.without = Self.switches(&numbers)
    if numbers.chance(20) { configuration.bugs = [numbers.pick(MachineBug.allCases)] }
    var machine = Machine(configuration)
    machine.tracing = numbers.chance(20)
    var driver = RandomDriver(seed: seed, configuration)
    var violated: Set<String> = []
    for n in 1...count {
      let action: Action =
        numbers.below(200) == 0 ? .switches(Self.switches(&numbers), isOff: numbers.chance(50)) : driver.next(machine)
      if case .smc(.normal, let x) = action, numbers.below(8) == 0, let entry = Commands.withFID(x[0]), entry.interface == .rmi {
        _ = machine.explain(entry, x)
      }
      _ = machine.perform(action)
      actions += 1
      violated.formUnion(machine.decisions.compactMap(\.violation).map(\.rule))
      for name in machine.decisions.compactMap(\.overruledName) { overruled[name, default: 0] += 1 }
      if n % checkEvery == 0 || n == count { violated.formUnion(machine.invariantViolations().map(\.rule)) }
    }
    machines += 1
    if machine.control.panic != nil { panics += 1 }
    for rule in violated {
      broken[rule, default: 0] += 1
      if ModelRule.named(rule) == nil { problem = "the rule \(rule) is in no list" }
    }
    digest = mix(digest ^ machine.digest())
    readAgain(&machine)
  }

  /// From one check to all of them.
  private static func switches(_ numbers: inout SeededNumbers) -> SwitchSet {
    let all = Switch.all
    let count = numbers.chance(40) ? 1 : numbers.chance(10) ? all.count : 1 + numbers.below(all.count)
    var names: Set<String> = []
    while names.count < count { names.insert(count == all.count ? all[names.count].name : numbers.pick(all).name) }
    return (try? SwitchSet(named: names.sorted().joined(separator: "+"))) ?? SwitchSet()
  }

  /// A state that is written is read as the same state, whatever the RMM's data have come to.
  private mutating func readAgain(_ machine: inout Machine) {
    let configuration = machine.configuration
    do throws(SavedState.Malformed) {
      var copy = try SavedState.machine(SavedState.bytes(&machine)) { _ throws(SavedState.Malformed) in configuration }
      if copy.digest() != machine.digest() { problem = "machine \(machines): the state that was read again is another" }
    } catch {
      problem = "machine \(machines): its state cannot be read again: \(error.message)"
    }
  }
}
