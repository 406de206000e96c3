import Basics
import Machine
import Synchronization

/// Goes through the states of an ``ExploredWorld``, breadth first: every state that so many moves lead to from the boot, then those one more
/// leads to. The states, their order and their numbers are the same with any number of workers.
///
/// States are known by their prints (``StatePrinter``), of 64 bits. That two of n different states have the same, and one is taken for the
/// other, has a probability of about n² / 2^65: ``Progress/collisionProbability``.
package final class Explorer {
  package struct Options: Sendable, Equatable {
    /// Most moves from the boot; nil: until there are no new states.
    package var depth: Int?
    /// Equal granules and Realms count as one another.
    package var isSymmetric = true
    /// Most bytes for states and what is known of them.
    package var memory: UInt64 = 4 << 30
    /// Each failure condition is switched off, one at a time.
    package var eachCondition = false
    /// With ``eachCondition``: those that are; empty: all.
    package var conditions: Set<Int> = []
    /// The one rule that counts: the search goes on where another is broken, as long as the RMM stands. Nil: every rule counts.
    package var rule: String?
    /// Of the states of one level only some are followed, or of the conditions only some switched off.
    package var shard: Shard?

    package init() {}
  }

  /// A rule that does not hold, and the moves that lead to it.
  package struct Broken: Sendable, Equatable {
    package var rule: String
    package var detail: String
    /// The condition that was switched off for it, if one was.
    package var condition: Int?
    /// The state before the last move, and the number of that.
    package var origin: Int
    package var move: Int
    /// Moves from the boot.
    package var depth: Int
  }

  package enum End: String, Sendable {
    /// No move leads to a state that is not known.
    case complete
    case depth
    /// A rule does not hold.
    case broken
    case memory
    case interrupted
  }

  package struct Progress: Sendable {
    /// Moves made, that is, states generated.
    package var transitions = 0
    /// Different states.
    package var states = 0
    /// States that wait to be expanded: of this level, and of the next so far.
    package var waiting = 0
    /// States that are likely to be expanded yet: of this level, and where a depth was asked for of those up to it.
    package var ahead = 0
    package var depth = 0
    package var bytes: UInt64 = 0

    /// That two different states have been taken for one.
    package var collisionProbability: Double { Explorer.collisionProbability(states) }
  }

  /// That two of so many different states have the same print.
  static func collisionProbability(_ states: Int) -> Double { Double(states) * Double(states) / 36_893_488_147_419_103_232 }

  /// The first level that has so many states for each shard is dealt to them.
  static let statesAShard = 8
  /// States that a worker expands at a time, and how often it does before the results are put together.
  static let partSize = 128
  static let partsAWorker = 8

  package let world: ExploredWorld
  package let options: Options
  package let conditions: ConditionList
  let alphabet: Alphabet
  let controls = ControlStore()
  let store = PageStore()
  private let workers: [ExploreWorker]
  private let stride: Int

  private let visited = StateSet()
  /// Of each state the one it comes from, the number of the move, and the condition that is off, plus one.
  private(set) var origins: [UInt32] = []
  private(set) var moves: [UInt32] = []
  private(set) var labels: [UInt16] = []
  /// What each is known by.
  private(set) var prints: [UInt64] = []
  /// The states of this level that are not expanded yet, and those of the next.
  private var level: [UInt64] = []
  private var next: [UInt64] = []
  /// How many of this level are expanded.
  private var expanded = 0
  /// States that were new after so many moves.
  package internal(set) var levels: [Int] = []
  package internal(set) var transitions = 0
  /// How many calls each condition decided.
  package internal(set) var decided: [Int]
  /// How often a protection that is off would have acted.
  package private(set) var spared = 0
  package internal(set) var lab: [Int: ConditionLab] = [:]
  package internal(set) var broken: [Broken] = []
  /// The conditions that are switched off one at a time, and those for which no broken rule is known yet.
  package private(set) var searchedConditions: [Int] = []
  var open: Set<Int> = []
  private var isBegun = false
  /// Whether the states of a level have been dealt to the shards.
  var isDealt = false

  /// - Parameter workers: as many threads `run` may use at most.
  package init(_ world: ExploredWorld, _ options: Options, workers count: Int) {
    self.world = world
    self.options = options
    conditions = ConditionList(world.configuration)
    alphabet = Alphabet(world)
    stride = ExploredMachine.stride(world) + 1
    decided = Array(repeating: 0, count: conditions.names.count)
    let (controls, store, conditions, alphabet) = (controls, store, conditions, alphabet)
    workers = (0..<max(1, count)).map { _ in
      ExploreWorker(alphabet, isSymmetric: options.isSymmetric, controls, store, conditions)
    }
    if options.eachCondition {
      searchedConditions = options.conditions.isEmpty ? Array(conditions.names.indices) : options.conditions.sorted()
      if let shard = options.shard { searchedConditions = searchedConditions.filter { $0 % shard.count == shard.index } }
      open = Set(searchedConditions)
    }
  }

  package var progress: Progress {
    Progress(
      transitions: transitions, states: origins.count, waiting: levelCount - expanded + next.count / stride, ahead: ahead,
      depth: levels.count - 1, bytes: UInt64(bytes))
  }

  /// Most states that are said to lie ahead.
  private static let farthest = 1e15

  /// The levels behind this one grow as it has grown; the next one is so large as what is known of it says.
  private var ahead: Int {
    let (rest, count) = (levelCount - expanded, Double(levelCount))
    guard let depth = options.depth, levels.count > 1 else { return rest }
    let growth = Double(levels[levels.count - 1]) / Double(max(1, levels[levels.count - 2]))
    var size = expanded > 0 ? Double(next.count / stride) * count / Double(expanded) : count * growth
    var sum = Double(rest)
    var levelsLeft = depth - levels.count
    while levelsLeft > 0, size >= 1, sum < Self.farthest {
      sum += size
      size *= growth
      levelsLeft -= 1
    }
    return Int(min(sum, Self.farthest))
  }

  /// Whether values that do not fit are tried in every state.
  var hasMisfits: Bool { options.eachCondition || !world.configuration.without.isEmpty }

  private var levelCount: Int { level.count / stride }
  private var bytes: Int {
    visited.bytes + origins.capacity * 4 + moves.capacity * 4 + labels.capacity * 2 + prints.capacity * 8
      + (level.capacity + next.capacity) * 8 + store.bytes
  }

  // MARK: Search

  /// Goes on until there is an end.
  ///
  /// - Parameters:
  ///   - parallel: calls what it is given with each number below the first, at the same time if it can.
  ///   - shouldStop: asked between two parts of a level.
  package func run(
    parallel: (Int, @Sendable (Int) -> Void) -> Void, shouldStop: () -> Bool = { false },
    onProgress: (Progress) -> Void = { _ in }
  ) -> End {
    begin()
    while true {
      if !broken.isEmpty, !options.eachCondition { return .broken }
      if levelCount == 0 || options.eachCondition && open.isEmpty { return .complete }
      if let depth = options.depth, levels.count - 1 >= depth { return .depth }
      while expanded < levelCount {
        if shouldStop() { return .interrupted }
        if UInt64(bytes) > options.memory { return .memory }
        expandSome(parallel)
        onProgress(progress)
        if !broken.isEmpty, !options.eachCondition { return .broken }
      }
      level = next
      next = []
      expanded = 0
      if levelCount > 0 { levels.append(levelCount) }
      dealToShards()
    }
  }

  private func begin() {
    guard !isBegun else { return }
    isBegun = true
    let root = workers[0].root()
    _ = visited.insert(root.print)
    add(root.print, origin: 0, move: 0, label: 0)
    level = root.state + [0]
    levels = [1]
  }

  private func add(_ print: UInt64, origin: UInt32, move: UInt32, label: UInt16) {
    prints.append(print)
    origins.append(origin)
    moves.append(move)
    labels.append(label)
  }

  // MARK: As it waits

  /// Numbers of the states that wait: of this level, and of the next.
  var waiting: (level: [Int], next: [Int]) {
    func numbers(_ states: [UInt64], from first: Int) -> [Int] {
      Swift.stride(from: first, to: states.count, by: stride).map { Int(states[$0 + stride - 1]) }
    }
    return (numbers(level, from: expanded * stride), numbers(next, from: 0))
  }

  /// Adds a state that is known already. False if it was added before.
  func know(_ print: UInt64, _ origin: UInt32, _ move: UInt32, _ label: UInt16) -> Bool {
    guard visited.insert(print) else { return false }
    add(print, origin: origin, move: move, label: label)
    return true
  }

  /// Has states wait, each made again by going the way to it.
  func wait(level numbers: [Int], next others: [Int]) throws(Malformed) {
    isBegun = true
    let walker = PathWalker(self)
    for number in numbers { level += try walker.waiting(number) }
    for number in others { next += try walker.waiting(number) }
  }

  /// Expands the next states of the level on all workers, and puts together what they come to, in order.
  private func expandSome(_ parallel: (Int, @Sendable (Int) -> Void) -> Void) {
    let parts = min(
      (levelCount - expanded + Self.partSize - 1) / Self.partSize, workers.count * Self.partsAWorker)
    let results = Results(parts)
    let taken = Counter()
    let (done, total, stride) = (expanded, levelCount, stride)
    let aim = ExploreWorker.Aim(visited: visited, open: open, hasMisfits: hasMisfits, rule: options.rule)
    let hasMisfits = aim.hasMisfits
    level.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      // Only read while the workers are at it.
      nonisolated(unsafe) let states = base
      parallel(min(workers.count, parts)) { [workers] worker in
        workers[worker].begin(aim)
        while let part = taken.next(below: parts) {
          let begin = done + part * Self.partSize
          let count = min(Self.partSize, total - begin)
          results[part] = workers[worker].expand(states + begin * stride, count: count, hasMisfits: hasMisfits)
        }
      }
    }
    for part in 0..<parts {
      guard let result = results[part] else { continue }
      merge(result)
      if !broken.isEmpty, !options.eachCondition { return }
    }
    expanded = min(levelCount, expanded + parts * Self.partSize)
  }

  private func merge(_ part: ExpandedPart) {
    transitions += part.transitions
    for (index, count) in part.decided.enumerated() where count != 0 { decided[index] += count }
    spared += part.spared
    for (condition, seen) in part.lab { lab[condition, default: ConditionLab()].add(seen) }
    var wrong = part.broken[...]
    func take(_ entry: (state: Int?, before: Int, origin: UInt32, move: UInt32, label: UInt16, rule: String, detail: String)) {
      let condition = entry.label == 0 ? nil : Int(entry.label) - 1
      if let condition, !open.contains(condition) { return }
      guard condition != nil || !broken.contains(where: { $0.condition == nil }) else { return }
      broken.append(
        Broken(
          rule: entry.rule, detail: entry.detail, condition: condition, origin: Int(entry.origin), move: Int(entry.move),
          depth: levels.count))
      if let condition { open.remove(condition) }
    }
    for n in part.prints.indices {
      while let entry = wrong.first, entry.state == nil ? entry.before <= n : (entry.state ?? 0) < n {
        if entry.state == nil { take(entry) }
        wrong.removeFirst()
      }
      let print = part.prints[n]
      let label = part.labels[n]
      // What is a state without a label anyway is not followed.
      if label != 0, !open.contains(Int(label) - 1) || visited.contains(part.bare[n]) { continue }
      guard visited.insert(print) else { continue }
      if let entry = wrong.first, entry.state == n {
        take(entry)
        if label == 0 { return }
        continue
      }
      add(print, origin: part.origins[n], move: part.moves[n], label: label)
      next.append(contentsOf: part.states[n * (stride - 1)..<(n + 1) * (stride - 1)])
      next.append(UInt64(origins.count - 1))
    }
    for entry in wrong where entry.state == nil { take(entry) }
  }

  /// Every shard goes through the first levels, and from one of them on each follows its states alone. What a state leads to may be found
  /// by several: together they find what one search finds.
  private func dealToShards() {
    guard let shard = options.shard, !isDealt, !options.eachCondition, levelCount >= Self.statesAShard * shard.count else {
      return
    }
    isDealt = true
    var mine: [UInt64] = []
    for n in 0..<levelCount {
      let state = level[n * stride..<(n + 1) * stride]
      if prints[Int(state[state.endIndex - 1])] % UInt64(shard.count) == UInt64(shard.index) { mine += state }
    }
    level = mine
  }
}

/// What workers have come to, each its own parts.
private final class Results: @unchecked Sendable {
  private let parts: UnsafeMutablePointer<ExpandedPart?>
  private let count: Int

  init(_ count: Int) {
    self.count = count
    parts = .allocate(capacity: max(1, count))
    parts.initialize(repeating: nil, count: count)
  }

  deinit {
    parts.deinitialize(count: count)
    parts.deallocate()
  }

  subscript(_ part: Int) -> ExpandedPart? {
    get { parts[part] }
    set { parts[part] = newValue }
  }
}

/// Deals numbers to threads.
private final class Counter: Sendable {
  private let value = Atomic(0)

  func next(below limit: Int) -> Int? {
    let number = value.wrappingAdd(1, ordering: .relaxed).oldValue
    return number < limit ? number : nil
  }
}
