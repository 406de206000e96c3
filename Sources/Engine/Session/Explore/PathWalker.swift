import Basics
import Machine

/// Goes the way to a state again, from the boot: states are kept by how one comes to them.
final class PathWalker {
  private let explorer: Explorer
  private let controls: ControlStore
  private let store: PageStore
  private let machine: ExploredMachine
  private var printer: StatePrinter
  private var moves: MoveList
  /// The way it has gone: each state with its number.
  private var way: [(number: Int, state: [UInt64])] = []

  init(_ explorer: Explorer) {
    self.explorer = explorer
    controls = explorer.controls
    store = explorer.store
    let world = explorer.world
    machine = ExploredMachine(world, ExploredMachine.HostPages(explorer.alphabet))
    printer = StatePrinter(base: world.base, count: world.granules, isSymmetric: explorer.options.isSymmetric)
    moves = MoveList(explorer.alphabet)
    var root: [UInt64] = []
    machine.append(to: &root, label: 0, controls, store)
    way = [(0, root)]
  }

  /// A move that was made, and what it came to.
  struct Step {
    var move: Move
    /// The condition that is off, plus one.
    var label: Int
    /// Whether what it left in the guests' queue has to go.
    var leavesQueue: Bool
    var decisions: [Decision]
  }

  /// The state of a number; nil if the way there does not exist on this machine.
  func state(_ number: Int) -> [UInt64]? {
    var numbers: [Int] = []
    var next = number
    while next != 0 {
      numbers.append(next)
      next = Int(explorer.origins[next])
    }
    numbers.append(0)
    numbers.reverse()
    var common = 0
    while common < way.count, common < numbers.count, way[common].number == numbers[common] { common += 1 }
    way.removeLast(way.count - common)
    for number in numbers[common...] {
      guard let (state, print, _) = step(way[way.count - 1].state, Int(explorer.moves[number]), Int(explorer.labels[number])),
        ExploredState.key(print, label: Int(explorer.labels[number])) == explorer.prints[number]
      else { return nil }
      way.append((number, state))
    }
    return way[way.count - 1].state
  }

  /// A state as it waits to be expanded.
  func waiting(_ number: Int) throws(Explorer.Malformed) -> [UInt64] {
    guard let state = state(number) else {
      throw Explorer.Malformed(message: "the way to state \(number) leads elsewhere on this version's machine")
    }
    return state + [UInt64(number)]
  }

  /// The moves that lead to a state, and one more from there; fewer if the way does not exist on this machine.
  func steps(to number: Int, then last: (move: Int, label: Int)) -> [Step] {
    var steps: [Step] = []
    var state = way[0].state
    for move in explorer.path(to: number) + [last] {
      guard let (next, _, step) = step(state, move.move, move.label) else { break }
      steps.append(step)
      state = next
    }
    return steps
  }

  /// The print that another printer makes of a state.
  func symmetricPrint(_ number: Int, by printer: inout StatePrinter) -> UInt64? {
    guard let state = state(number) else { return nil }
    state.withUnsafeBufferPointer { if let base = $0.baseAddress { machine.enter(base, controls) } }
    printer.lookAtAll(machine.machine)
    return printer.fingerprint(machine.machine)
  }

  /// Makes the move of a number from a state.
  private func step(_ state: [UInt64], _ number: Int, _ label: Int) -> (state: [UInt64], print: UInt64, step: Step)? {
    state.withUnsafeBufferPointer { if let base = $0.baseAddress { machine.enter(base, controls) } }
    printer.lookAtAll(machine.machine)
    let print = printer.fingerprint(machine.machine)
    moves.look(machine.machine, printer, hasMisfits: explorer.hasMisfits || explorer.world.triesMisfits(print))
    moves.begin()
    repeat { guard moves.next() else { return nil } } while moves.number != number
    if label != Int(state[0] >> 32) {
      _ = machine.machine.perform(.switches(explorer.conditions.switches[label - 1], isOff: true))
    }
    _ = machine.make(moves)
    var next: [UInt64] = []
    machine.append(to: &next, label: label, controls, store)
    _ = printer.lookAtChanges(machine.machine, apartFrom: machine.hostPages)
    let print2 = printer.fingerprint(machine.machine)
    let step = Step(move: moves.move, label: label, leavesQueue: machine.hasLeftQueue, decisions: machine.machine.decisions)
    machine.goBack()
    return (next, print2, step)
  }
}

extension Explorer {
  /// The numbers of the moves that lead to a state, each with the condition that is off, plus one.
  func path(to state: Int) -> [(move: Int, label: Int)] {
    var path: [(move: Int, label: Int)] = []
    var state = state
    while state != 0 {
      path.append((Int(moves[state]), Int(labels[state])))
      state = Int(origins[state])
    }
    return path.reversed()
  }

  /// The moves that lead to where a rule does not hold, as a script that can be opened and run.
  package func script(_ broken: Broken) -> String {
    let steps = PathWalker(self).steps(to: broken.origin, then: (broken.move, broken.condition.map { $0 + 1 } ?? 0))
    return ExploredScript(self, broken, steps).text
  }
}

extension Explorer {
  /// What each state is known by, in the order in which they were found.
  package var states: [UInt64] { prints }

  /// The prints the states have where equal granules count as one another: of a search in which they do not.
  package func symmetricPrints() -> Set<UInt64> {
    let walker = PathWalker(self)
    var printer = StatePrinter(base: world.base, count: world.granules, isSymmetric: true)
    return Set(prints.indices.compactMap { walker.symmetricPrint($0, by: &printer) })
  }
}
