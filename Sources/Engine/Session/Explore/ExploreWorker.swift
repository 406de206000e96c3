import Basics
import Machine

/// Conditions of the RMM's commands, numbered from 0 in the order of the registry.
package struct ConditionList: Sendable {
  package let names: [String]
  /// Each by itself switched off.
  let switches: [SwitchSet]
  private let numbers: [String: Int]

  package init(_ configuration: MachineConfiguration) {
    let machine = Machine(configuration)
    names = Commands.all.flatMap { entry in entry.list(machine).map { "\(entry.name).\($0.id)" } }
    switches = names.map { name in
      do throws(SwitchSet.Unknown) { return try SwitchSet(named: name) } catch { return SwitchSet() }
    }
    numbers = Dictionary(names.enumerated().map { ($1, $0) }) { first, _ in first }
  }

  package func number(_ name: String) -> Int? { numbers[name] }

  /// Those of some switches.
  package func numbers(_ switches: SwitchSet) -> [Int] { names.indices.filter { switches.contains(names[$0]) } }
}

/// What a part of a level came to: states that were not known when it began, and what was seen on the way.
struct ExpandedPart {
  /// Of each new state its print, the state it comes from, the number of the move, and which condition is off.
  var prints: [UInt64] = []
  var origins: [UInt32] = []
  var moves: [UInt32] = []
  var labels: [UInt16] = []
  /// And its print without the label.
  var bare: [UInt64] = []
  /// The states themselves, one after the other.
  var states: [UInt64] = []
  /// Rules that do not hold: which of the new states breaks them; or none, where a move does. And how many new states there were before.
  var broken: [(state: Int?, before: Int, origin: UInt32, move: UInt32, label: UInt16, rule: String, detail: String)] = []
  /// Moves that were made, by condition that decided; the last is all of them.
  var transitions = 0
  var decided: [Int]
  /// How often a protection that is off would have acted.
  var spared = 0
  /// Of each condition that was off: how often it held, and what a call came to then.
  var lab: [Int: ConditionLab] = [:]
}

/// What came of the calls that a condition would have refused, had it not been off.
package struct ConditionLab: Sendable, Equatable {
  package var calls = 0
  /// Calls that no other condition refused.
  package var passed = 0
  /// The conditions that refused the others.
  package var refusedBy: Set<Int> = []

  package init() {}

  mutating func add(_ other: ConditionLab) {
    calls += other.calls
    passed += other.passed
    refusedBy.formUnion(other.refusedBy)
  }
}

/// Expands states: one of these on each thread, and never two threads on one.
final class ExploreWorker: @unchecked Sendable {
  private let alphabet: Alphabet
  private let world: ExploredWorld
  private let controls: ControlStore
  private let store: PageStore
  private let conditions: ConditionList
  private let pages: ExploredMachine.HostPages
  private let target: ExploredMachine
  private var printer: StatePrinter
  private var moves: MoveList
  private var local = StateSet()
  private var part: ExpandedPart
  private var origin: UInt32 = 0
  private var rule: String?
  private var parentPrint: UInt64 = 0
  /// By function identifier and place of the name in the program.
  private var known: [UInt64: Int] = [:]

  init(
    _ alphabet: Alphabet, isSymmetric: Bool, _ controls: ControlStore, _ store: PageStore, _ conditions: ConditionList
  ) {
    self.alphabet = alphabet
    world = alphabet.world
    self.controls = controls
    self.store = store
    self.conditions = conditions
    pages = ExploredMachine.HostPages(alphabet)
    target = ExploredMachine(world, pages)
    printer = StatePrinter(base: world.base, count: world.granules, isSymmetric: isSymmetric)
    moves = MoveList(alphabet)
    part = ExpandedPart(decided: Array(repeating: 0, count: conditions.names.count))
  }

  /// What the search asks for while it expands.
  struct Aim: Sendable {
    /// Prints of all states that are known, which nobody changes meanwhile.
    var visited: StateSet
    /// Conditions that are switched off one at a time; empty: none.
    var open: Set<Int> = []
    /// Whether values that do not fit are tried in every state.
    var hasMisfits = false
    /// The one rule that counts; nil: all.
    var rule: String?
  }

  /// The state after the boot, as a state and its print.
  func root() -> (state: [UInt64], print: UInt64) {
    printer.lookAtAll(target.machine)
    let print = printer.fingerprint(target.machine)
    var state: [UInt64] = []
    target.append(to: &state, label: 0, controls, store)
    return (state, print)
  }

  /// Makes every move from some states.
  ///
  /// - Parameter states: one after the other, each with its number behind it.
  func expand(_ states: UnsafePointer<UInt64>, count: Int, _ aim: Aim) -> ExpandedPart {
    part = ExpandedPart(decided: Array(repeating: 0, count: conditions.names.count))
    local.removeAll()
    rule = aim.rule
    let stride = ExploredMachine.stride(world)
    for n in 0..<count {
      let state = states + n * (stride + 1)
      expand(state, number: Int(state[stride]), aim)
    }
    return part
  }

  private func expand(_ state: UnsafePointer<UInt64>, number: Int, _ aim: Aim) {
    origin = UInt32(truncatingIfNeeded: number)
    let label = Int(state[0] >> 32)
    guard label == 0 || aim.open.contains(label - 1) else { return }
    target.enter(state, controls)
    printer.lookAtAll(target.machine)
    parentPrint = printer.fingerprint(target.machine)
    moves.look(target.machine, printer, hasMisfits: aim.hasMisfits || world.triesMisfits(parentPrint))
    moves.forEach { move, number in
      self.step(move, UInt32(truncatingIfNeeded: number), label, aim)
      return true
    }
  }

  /// One move from the state that was looked at.
  private func step(_ move: borrowing Move, _ number: UInt32, _ label: Int, _ aim: Aim) {
    make(move, number, label)
    var held: [Int] = []
    for decision in target.machine.observation.decisions where decision.hasDecided {
      guard let condition = self.number(of: decision) else { continue }
      part.decided[condition] += 1
      if label == 0, aim.open.contains(condition) { held.append(condition) }
    }
    conclude(move, number, label, aim)
    for condition in held { stepInLab(move, number, condition, aim) }
  }

  /// The same move with the condition off that has just decided it.
  private func stepInLab(_ move: borrowing Move, _ number: UInt32, _ condition: Int, _ aim: Aim) {
    _ = target.machine.perform(.switches(conditions.switches[condition], isOff: true))
    make(move, number, condition + 1)
    var seen = ConditionLab()
    seen.calls = 1
    for decision in target.machine.observation.decisions where decision.hasDecided {
      if let other = self.number(of: decision) { seen.refusedBy.insert(other) }
    }
    seen.passed = seen.refusedBy.isEmpty ? 1 : 0
    part.lab[condition, default: ConditionLab()].add(seen)
    conclude(move, number, condition + 1, aim)
    // The machine has been one of the lab, though nothing else may have changed.
    target.goBack()
  }

  /// Makes a move, and notes the rules that it breaks by itself.
  private func make(_ move: borrowing Move, _ number: UInt32, _ label: Int) {
    let access = target.make(move, moves)
    part.transitions += 1
    for decision in target.machine.observation.decisions {
      if decision.isOverruled, decision.fid == 0 { part.spared += 1 }
      guard let broken = decision.broken else { continue }
      note(number, label, decision.id, broken.detail)
    }
    if let access { check(access, move, number, label) }
  }

  private func note(_ number: UInt32, _ label: Int, _ rule: String, _ detail: String) {
    guard self.rule == nil || self.rule == rule else { return }
    part.broken.append((nil, part.prints.count, origin, number, UInt16(label), rule, detail))
  }

  /// Looks at what a move has made of the state, keeps it if it is new, and goes back.
  private func conclude(_ move: borrowing Move, _ number: UInt32, _ label: Int, _ aim: Aim) {
    let form = moves.form(move.form)
    guard form.isBesideMemory || target.machine.memory.hasChanged || target.machine.control.panic != nil else { return }
    let stray = printer.lookAtChanges(target.machine, apartFrom: target.hostPages)
    let print = printer.fingerprint(target.machine)
    if let stray {
      note(number, label, ExploredRule.ownMemory, "\(hex(stray)) was written, which nobody has given")
    } else if print != parentPrint, !aim.visited.contains(print) {
      let key = ExploredState.key(print, label: label)
      if label == 0 || !aim.visited.contains(key), local.insert(key) { keep(key, print, number, label) }
    }
    printer.forgetChanges()
    target.goBack()
  }

  private func keep(_ key: UInt64, _ print: UInt64, _ number: UInt32, _ label: Int) {
    var broken: (String, String)?
    if let panic = target.machine.control.panic {
      // An RMM that has stopped breaks nothing more.
      guard rule == nil || rule == ExploredRule.noPanic else { return }
      broken = (ExploredRule.noPanic, panic.text)
    } else if let violation = target.machine.invariantViolations().first(where: { rule == nil || $0.rule == rule }) {
      broken = (violation.rule, violation.detail)
    }
    if let broken {
      part.broken.append((part.prints.count, part.prints.count, origin, number, UInt16(label), broken.0, broken.1))
    }
    part.prints.append(key)
    part.bare.append(print)
    part.origins.append(origin)
    part.moves.append(number)
    part.labels.append(UInt16(label))
    target.append(to: &part.states, label: label, controls, store)
  }

  /// Holds what an access came to to who may touch what: each world its own address space.
  private func check(
    _ outcome: AccessOutcome, _ move: borrowing Move, _ number: UInt32, _ label: Int
  ) {
    let form = moves.form(move.form)
    let address = move.values[0]
    let world = form.deed == .write ? World.normal : form.world
    guard let granule = printer.granule(address), address & 7 == 0 else { return }
    let gpi = printer.gpi(granule)
    let own: GPI =
      switch world {
      case .normal: .nonSecure
      case .secure: .secure
      case .realm: .realm
      case .root: .root
      }
    var passed = true
    if case .fault = outcome { passed = false }
    guard passed != (gpi == own.rawValue) else { return }
    let what = passed ? "may touch" : "may not touch"
    note(
      number, label, ExploredRule.accessTable,
      "the \(world.name) world \(what) \(hex(address)), which is \(GPI(rawValue: gpi)?.name ?? "nobody's")")
  }

  private func number(of decision: Decision) -> Int? {
    let key = UInt64(UInt(bitPattern: decision.place)) ^ UInt64(decision.fid) << 32
    if let number = known[key] { return number < 0 ? nil : number }
    let number = conditions.number("\(Commands.name(of: UInt64(decision.fid))).\(decision.id)")
    known[key] = number ?? -1
    return number
  }
}

/// Rules beside those of ``Machine/invariantViolations()``, which need more than one state to see.
package enum ExploredRule {
  /// A call writes to granules that were given to the RMM or are the Host's to hand over, and to what EL3 keeps of them.
  package static let ownMemory = "own_memory"
  /// The RMM does not stop.
  package static let noPanic = "no_panic"
  /// An access passes exactly when the granule is in the address space of the world that makes it.
  package static let accessTable = "access_table"

  package static let all = [ownMemory, noPanic, accessTable]
}

enum ExploredState {
  /// What a state with a condition off is known by.
  static func key(_ print: UInt64, label: Int) -> UInt64 { label == 0 ? print : max(1, mix(print ^ mix(UInt64(label)))) }
}
