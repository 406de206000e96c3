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
    switches = names.map { SwitchSet(exactly: $0) ?? SwitchSet() }
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
  /// Moves that were made, and how many calls each condition decided.
  var transitions = 0
  var decided: [Int] = []
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

/// Expands states: one of these on each thread, and never two threads on one. So nobody else is in the middle of using what it uses.
final class ExploreWorker: @unchecked Sendable {
  private let world: ExploredWorld
  private let controls: ControlStore
  private let store: PageStore
  private let conditions: ConditionList
  private let target: ExploredMachine
  @exclusivity(unchecked) private var printer: StatePrinter
  @exclusivity(unchecked) private var moves: MoveList
  private let numbers: ConditionNumbers
  /// What is new of the states since the last results were put together.
  private let local = StateSet()
  @exclusivity(unchecked) private var part: ExpandedPart
  /// Of the part: how many calls each condition decided.
  private let decided: UnsafeMutablePointer<Int>
  private let stride: Int
  @exclusivity(unchecked) private var origin: UInt32 = 0
  @exclusivity(unchecked) private var state: UnsafePointer<UInt64>?
  @exclusivity(unchecked) private var label = 0
  @exclusivity(unchecked) private var parentPrint: UInt64 = 0
  // What the search asks for.
  @exclusivity(unchecked) private var visited = StateSet()
  @exclusivity(unchecked) private var open: Set<Int> = []
  @exclusivity(unchecked) private var isSwitching = false
  @exclusivity(unchecked) private var rule: String?

  init(
    _ alphabet: Alphabet, isSymmetric: Bool, _ controls: ControlStore, _ store: PageStore, _ conditions: ConditionList
  ) {
    world = alphabet.world
    self.controls = controls
    self.store = store
    self.conditions = conditions
    target = ExploredMachine(world, ExploredMachine.HostPages(alphabet))
    printer = StatePrinter(base: world.base, count: world.granules, isSymmetric: isSymmetric)
    moves = MoveList(alphabet)
    numbers = ConditionNumbers(conditions)
    part = ExpandedPart()
    decided = .allocate(capacity: max(1, conditions.names.count))
    decided.initialize(repeating: 0, count: max(1, conditions.names.count))
    stride = ExploredMachine.stride(world)
  }

  deinit { decided.deallocate() }

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

  /// From here on parts are expanded whose results will be put together in their order. A worker's are in that order, too, so what it has
  /// found in one is not new in a later one.
  func begin(_ aim: Aim) {
    visited = aim.visited
    open = aim.open
    isSwitching = !aim.open.isEmpty
    rule = aim.rule
    local.removeAll()
  }

  /// Makes every move from some states.
  ///
  /// - Parameter states: one after the other, each with its number behind it.
  func expand(_ states: UnsafePointer<UInt64>, count: Int, hasMisfits: Bool) -> ExpandedPart {
    part = ExpandedPart()
    decided.update(repeating: 0, count: conditions.names.count)
    for n in 0..<count {
      let state = states + n * (stride + 1)
      origin = UInt32(truncatingIfNeeded: state[stride])
      expand(state, hasMisfits)
    }
    part.decided = Array(UnsafeBufferPointer(start: decided, count: conditions.names.count))
    return part
  }

  private func expand(_ state: UnsafePointer<UInt64>, _ hasMisfits: Bool) {
    label = Int(state[0] >> 32)
    guard label == 0 || open.contains(label - 1) else { return }
    self.state = state
    target.enter(state, controls)
    printer.lookAtAll(target.machine)
    parentPrint = printer.fingerprint(target.machine)
    moves.look(target.machine, printer, hasMisfits: hasMisfits || world.triesMisfits(parentPrint))
    moves.begin()
    while moves.next() { step() }
  }

  /// One move from the state that was looked at.
  @inline(__always) private func step() {
    let number = UInt32(truncatingIfNeeded: moves.number)
    make(number, label)
    var held: [Int] = []
    let count = target.machine.observation.decisions.count
    if count != 0 {
      for n in 0..<count where target.machine.observation.decisions[n].hasDecided {
        let condition = numbers.number(
          target.machine.observation.decisions[n].place, target.machine.observation.decisions[n].fid)
        guard condition >= 0 else { continue }
        decided[condition] &+= 1
        if isSwitching, label == 0, open.contains(condition) { held.append(condition) }
      }
    }
    conclude(number, label)
    if isSwitching { for condition in held { stepInLab(number, condition) } }
  }

  /// The same move with the condition off that has just decided it.
  private func stepInLab(_ number: UInt32, _ condition: Int) {
    _ = target.machine.perform(.switches(conditions.switches[condition], isOff: true))
    make(number, condition + 1)
    var seen = ConditionLab()
    seen.calls = 1
    for decision in target.machine.observation.decisions where decision.hasDecided {
      let other = numbers.number(decision.place, decision.fid)
      if other >= 0 { seen.refusedBy.insert(other) }
    }
    seen.passed = seen.refusedBy.isEmpty ? 1 : 0
    part.lab[condition, default: ConditionLab()].add(seen)
    conclude(number, condition + 1)
    // The machine has been one of the lab, though nothing else may have changed.
    target.goBack()
  }

  /// Makes a move, and notes the rules that it breaks by itself.
  @inline(__always) private func make(_ number: UInt32, _ label: Int) {
    let access = target.make(moves)
    part.transitions &+= 1
    if target.machine.isLab { noteDecisions(number, label) }
    if let access { check(access, number, label) }
  }

  /// Only a machine of the lab breaks rules, or does without a protection.
  private func noteDecisions(_ number: UInt32, _ label: Int) {
    for decision in target.machine.observation.decisions {
      if decision.isOverruled, decision.fid == 0 { part.spared += 1 }
      guard let broken = decision.broken else { continue }
      note(number, label, decision.id, broken.detail)
    }
  }

  private func note(_ number: UInt32, _ label: Int, _ rule: String, _ detail: String) {
    guard self.rule == nil || self.rule == rule else { return }
    part.broken.append((nil, part.prints.count, origin, number, UInt16(label), rule, detail))
  }

  /// Looks at what a move has made of the state, keeps it if it is new, and goes back.
  @inline(__always) private func conclude(_ number: UInt32, _ label: Int) {
    guard
      target.machine.memory.hasChanged || moves.form(moves.move.form).isBesideMemory || target.machine.control.panic != nil
    else { return }
    let stray = printer.lookAtChanges(target.machine, apartFrom: target.hostPages)
    let print = printer.fingerprintOfChanges(target.machine)
    if let stray {
      note(number, label, ExploredRule.ownMemory, "\(hex(stray)) was written, which nobody has given")
    } else if print != parentPrint, !visited.contains(print) {
      let key = ExploredState.key(print, label: label)
      if label == 0 || !visited.contains(key), local.insert(key) { keep(key, print, number, label) }
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
    guard let state else { return }
    target.append(to: &part.states, from: state, written: printer.writtenGranules, label: label, controls, store)
  }

  /// Holds what an access came to to who may touch what: each world its own address space.
  private func check(_ outcome: AccessOutcome, _ number: UInt32, _ label: Int) {
    let form = moves.form(moves.move.form)
    let address = moves.move.values[0]
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
}

/// Numbers of conditions by where the program has their names, and the command's function identifier. Each is asked for millions of times.
private final class ConditionNumbers {
  private let conditions: ConditionList
  private let known: UnsafeMutablePointer<(key: UInt64, number: Int)>
  private static let size = 2048

  init(_ conditions: ConditionList) {
    precondition(conditions.names.count < Self.size / 2)
    self.conditions = conditions
    known = .allocate(capacity: Self.size)
    known.initialize(repeating: (0, 0), count: Self.size)
  }

  deinit { known.deallocate() }

  /// The number of a condition; -1 for what is none.
  @inline(__always) func number(_ name: UnsafePointer<UInt8>, _ fid: UInt32) -> Int {
    let key = UInt64(UInt(bitPattern: name)) ^ UInt64(fid) << 32
    let place = Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> 53)
    return known[place].key == key ? known[place].number : find(key, name, fid, place)
  }

  /// Looks further: there are a few hundred conditions.
  @inline(never) private func find(_ key: UInt64, _ name: UnsafePointer<UInt8>, _ fid: UInt32, _ first: Int) -> Int {
    var place = first
    while known[place].key != 0 {
      if known[place].key == key { return known[place].number }
      place = (place + 1) % Self.size
    }
    let number = conditions.number("\(Commands.name(of: UInt64(fid))).\(String(cString: name))") ?? -1
    known[place] = (key, number)
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
