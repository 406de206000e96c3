import Machine

/// A line of steps that leaves another one: what was done where something else had been undone.
package struct Branch: Sendable, Equatable {
  /// Which it is of all that ever were; the first is 0.
  package let id: Int
  package internal(set) var name: String
  /// The branch it leaves; nil for the first.
  package let parent: Int?
  /// How many steps it has from that one.
  package let fork: Int
  /// Where the session stood when it left this branch.
  package internal(set) var left: Int

  /// Most letters of a name, and most branches a session keeps; one more takes the place of what was undone.
  package static let longest = 32
  package static let limit = 1024
}

/// A step of a branch, by how many steps had been done on it.
package struct BranchPlace: Sendable, Hashable {
  package let branch: Int
  package internal(set) var step: Int

  package init(branch: Int, step: Int) {
    self.branch = branch
    self.step = step
  }
}

/// Steps that are not on the line the session stands on, with all that is known of them.
struct Future: Sendable {
  /// How many steps are before them.
  let first: Int
  let steps: StepList
  let captions: [Caption]
  let start: Int?
  let groups: [StepGroup]
  let tokens: [SessionToken]
  let printed: PrintedBytes
  let rootLog: RootLog
  let partitionLog: RootLog
  let stackLog: StackLog

  var end: Int { first + steps.count }
}

/// The branches of a session. One is active: its steps, from the first of all on, are the steps of the session.
struct BranchTree: Sendable {
  private(set) var all = [Branch(id: 0, name: "main", parent: nil, fork: 0, left: 0)]
  fileprivate(set) var active = 0
  /// Steps of a branch from where the active one leaves it; of one that is not on its way, all its own.
  fileprivate var futures: [Int: Future] = [:]
  private var count = 1
  /// The name of a branch that what is done next begins.
  fileprivate var pending: String?
  /// Changes when other steps come on the line the session stands on.
  fileprivate(set) var edition = 0
  /// Steps that were taken back for good, by branch: the first of them, counted from 0.
  fileprivate var discarded: [Int: Int] = [:]

  subscript(id: Int) -> Branch? { all.firstIndex { $0.id == id }.map { all[$0] } }

  func named(_ name: String) -> Branch? { all.first { $0.name == name } }

  /// Steps that are on other lines.
  var keptSteps: Int { futures.values.reduce(0) { $0 + $1.steps.count } }

  /// Bytes these take, about.
  var keptWeight: Int { futures.values.reduce(0) { $0 + $1.steps.weight } }

  /// A branch and those it comes from, from the first on.
  func chain(of id: Int) -> [Branch] {
    var chain: [Branch] = []
    var next: Int? = id
    while let id = next, let branch = self[id] {
      chain.append(branch)
      next = branch.parent
    }
    return chain.reversed()
  }

  func children(of id: Int) -> [Branch] { all.filter { $0.parent == id } }

  /// The branch on the way to one that has a step as its own.
  func owner(of step: Int, on id: Int) -> Branch {
    chain(of: id).last { $0.fork < step } ?? all[0]
  }

  /// How many steps two branches have in common; nil: one is the other.
  func common(_ a: Int, _ b: Int) -> Int? {
    guard a != b else { return nil }
    let (first, second) = (chain(of: a), chain(of: b))
    let shared = zip(first, second).prefix { $0.id == $1.id }.count
    return min(shared < first.count ? first[shared].fork : .max, shared < second.count ? second[shared].fork : .max)
  }

  /// How many steps there are on a branch, with those it has from others.
  func end(of id: Int, _ lineCount: Int) -> Int {
    if id == active { return lineCount }
    if let future = futures[id] { return future.end }
    let chain = chain(of: active)
    if let index = chain.firstIndex(where: { $0.id == id }), index + 1 < chain.count { return chain[index + 1].fork }
    return self[id]?.fork ?? 0
  }

  func future(of id: Int) -> Future? { futures[id] }

  fileprivate mutating func begin(_ name: String?, parent: Int, fork: Int) {
    var name = name
    var number = count
    while name == nil || named(name ?? "") != nil {
      name = "b\(number)"
      number += 1
    }
    all.append(Branch(id: count, name: name ?? "", parent: parent, fork: fork, left: fork))
    active = count
    count += 1
    edition += 1
  }

  fileprivate mutating func change(_ id: Int, _ body: (inout Branch) -> Void) {
    if let index = all.firstIndex(where: { $0.id == id }) { body(&all[index]) }
  }

  fileprivate mutating func remove(_ id: Int) {
    all.removeAll { $0.id == id }
    futures[id] = nil
    discarded[id] = nil
  }
}

extension Session {
  /// All branches, in the order in which they began: each after the one it leaves.
  package var branches: [Branch] { tree.all }

  /// The branch the session stands on.
  package var branch: Branch { tree[tree.active] ?? tree.all[0] }

  /// Changes when other steps come on the line the session stands on.
  package var branchEdition: Int { tree.edition }

  package func branch(named name: String) -> Branch? { tree.named(name) }

  /// How many steps there are on a branch, with those it has from others.
  package func end(of branch: Int) -> Int { tree.end(of: branch, steps.count) }

  /// How many steps there are on all branches.
  package var allSteps: Int { steps.count + tree.keptSteps }

  /// How many steps a branch has in common with the one the session stands on; nil for that one.
  package func common(with branch: Int) -> Int? { tree.common(tree.active, branch) }

  /// After how many steps of the line the session stands on another branch goes its own way.
  package var forks: [Int] {
    let line = tree.chain(of: tree.active)
    var found: Set<Int> = []
    for (n, branch) in line.enumerated() {
      let end = n + 1 < line.count ? line[n + 1].fork : steps.count
      if n + 1 < line.count, tree.future(of: branch.id) != nil { found.insert(end) }
      for child in tree.children(of: branch.id) where child.fork <= end && !line.contains(where: { $0.id == child.id }) {
        found.insert(child.fork)
      }
    }
    return found.sorted()
  }

  /// Where the session stands: on the branch that has the step as its own.
  package var place: BranchPlace { place(at: position) }

  /// The place of a step on the line the session stands on.
  package func place(at step: Int) -> BranchPlace {
    BranchPlace(branch: tree.owner(of: step, on: tree.active).id, step: step)
  }

  /// Whether a place is on the line the session stands on.
  package func isOnLine(_ place: BranchPlace) -> Bool {
    guard let common = common(with: place.branch) else { return place.step <= steps.count }
    return place.step <= min(common, steps.count)
  }

  /// Whether what is done on a line after so many steps begins a branch of another one.
  func leaves(_ parent: Int, at step: Int, on line: Int) -> Bool {
    tree[line] != nil && step <= end(of: line) && tree.owner(of: step, on: line).id == parent
  }

  /// Whether there is such a place.
  package func exists(_ place: BranchPlace) -> Bool {
    tree[place.branch] != nil && (0...end(of: place.branch)).contains(place.step)
  }

  /// A step of a branch's own, counted from 0.
  func step(of branch: Int, at index: Int) -> Step? {
    if let future = tree.future(of: branch), index >= future.first {
      return index < future.end ? future.steps[index - future.first] : nil
    }
    let isOnLine = index < steps.count && tree.chain(of: tree.active).contains { $0.id == branch }
    return isOnLine ? steps[index] : nil
  }

  /// The same, with what was said of it and the statements that begin with it.
  func record(of branch: Int, at index: Int) -> (step: Step, words: [Caption], groups: [StepGroup])? {
    guard let step = step(of: branch, at: index) else { return nil }
    if let future = tree.future(of: branch), index >= future.first {
      return (step, future.captions.filter { $0.step == index + 1 }, future.groups.filter { $0.first == index })
    }
    return (step, Array(captions.of(index + 1)), wholeGroups(beginningAt: index))
  }

  /// The groups that begin with a step, as long as they are where nothing has cut them short.
  private func wholeGroups(beginningAt index: Int) -> [StepGroup] {
    groups(beginningAt: index).map { group in
      let whole = tree.chain(of: tree.active).lazy.compactMap { self.tree.future(of: $0.id) }.flatMap(\.groups).first {
        $0.first == group.first && $0.depth == group.depth && $0.text == group.text
      }
      return whole ?? group
    }
  }

  // MARK: Going from one to another

  /// Goes to a step of a branch: where the session stood when it left it, if nothing is said.
  ///
  /// - Returns: whether it is there; if not, somebody has ended it on the way.
  @discardableResult
  package func go(to branch: Int, step: Int? = nil, isInterruptible: Bool = false) -> Bool {
    precondition(keepsHistory)
    guard let target = tree[branch] else { return false }
    let step = min(step ?? target.left, end(of: branch))
    if let common = common(with: branch) {
      tree.change(tree.active) { $0.left = position }
      if position > common, !seek(common, isInterruptible: isInterruptible) { return false }
      rewire(to: branch)
      undoneEntropy = []
      hasHost = hasHostNote(at: position)
    }
    return seek(step, isInterruptible: isInterruptible)
  }

  /// Goes to a place: on the line the session stands on, if it is there.
  @discardableResult
  package func go(to place: BranchPlace, isInterruptible: Bool = false) -> Bool {
    isOnLine(place)
      ? seek(place.step, isInterruptible: isInterruptible)
      : go(to: place.branch, step: place.step, isInterruptible: isInterruptible)
  }

  /// Where one left branches, after somebody has only looked.
  func restoreLeft(_ left: [(id: Int, step: Int)]) { for (id, step) in left { tree.change(id) { $0.left = step } } }

  /// Puts the steps of a branch in place of those of the active one. The session stands where both have the same steps.
  private func rewire(to target: Int) {
    let way = tree.chain(of: target)
    while !way.contains(where: { $0.id == tree.active }), let parent = branch.parent {
      let own = cut(at: branch.fork)
      tree.futures[tree.active] = own
      tree.active = parent
      if let future = tree.futures.removeValue(forKey: parent) { append(future) }
    }
    for child in way.drop(while: { $0.id != tree.active }).dropFirst() {
      let rest = cut(at: child.fork)
      if !rest.steps.isEmpty { tree.futures[tree.active] = rest }
      tree.active = child.id
      if let future = tree.futures.removeValue(forKey: child.id) { append(future) }
    }
  }

  /// Takes the steps behind a place off the line. The session stands at or before it.
  private func cut(at place: Int) -> Future {
    precondition(position <= place && place <= steps.count)
    granuleHistory.forget(from: place, in: steps)
    let future = Future(
      first: place, steps: steps.cut(at: place), captions: captions.all.filter { $0.step > place },
      start: captions.start.flatMap { $0 > place ? $0 : nil }, groups: groups.all.filter { $0.range.upperBound > place },
      tokens: finished.filter { $0.step > place }, printed: printed.behind(step: place), rootLog: rootLog.behind(place),
      partitionLog: partitionLog.behind(place), stackLog: stackLog)
    forgetCheckpoints(after: place)
    while let last = resets.last, last >= place { resets.removeLast() }
    finished.removeAll { $0.step > place }
    rootLog.keep(upTo: place)
    partitionLog.keep(upTo: place)
    captions.keep(upTo: place)
    if future.printed.count > 0 {
      printed.keep(printed.count - future.printed.count)
      consoleEdition += 1
    }
    groups.keep(place)
    stackLog.keep(place)
    noted.position = min(noted.position, place)
    replaced = min(replaced ?? place, place)
    tree.edition += 1
    return future
  }

  /// Puts steps behind those of the line.
  private func append(_ future: Future) {
    precondition(future.first == steps.count)
    steps.append(future.steps)
    var next = future.first
    while let reset = steps.first(.reset, from: next) {
      resets.append(reset)
      next = reset + 1
    }
    finished += future.tokens
    rootLog.append(future.rootLog)
    partitionLog.append(future.partitionLog)
    captions.append(future.captions)
    if let start = future.start { captions.start = start }
    if future.printed.count > 0 {
      printed.append(future.printed)
      consoleEdition += 1
    }
    groups.putBack(future.groups)
    stackLog = future.stackLog
    tree.edition += 1
  }

  // MARK: Doing something else

  /// Something is done where other steps have been undone, or where a branch was asked for: they stay as a branch, but what a debugger
  /// took back makes way for what it does now.
  func makeWay() {
    let name = tree.pending
    let isRewound = rewoundTo == position
    tree.pending = nil
    rewoundTo = nil
    // All steps are looked at only if it is not known from those that go.
    let decides =
      steps.first(.reset, from: position) != nil
      || steps.firstHost(from: position, before: steps.count, where: \.isHosts) != nil
    if name == nil, isRewound || tree.all.count >= Branch.limit, canDiscard {
      discard()
    } else {
      let owner = tree.owner(of: position, on: tree.active)
      tree.change(tree.active) { $0.left = steps.count }
      if owner.id != tree.active { rewire(to: owner.id) }
      if position < steps.count || name != nil {
        tree.change(tree.active) { $0.left = steps.count }
        let rest = cut(at: position)
        if !rest.steps.isEmpty { tree.futures[owner.id] = rest }
        tree.begin(name, parent: owner.id, fork: position)
      }
    }
    if decides { hasHost = hasHostNote(at: position) }
  }

  /// Whether something is to begin a branch although nothing was undone.
  var isBranchPending: Bool { tree.pending != nil }

  /// Nothing hangs on the undone steps, and they are not all that the branch has.
  private var canDiscard: Bool {
    (branch.parent == nil || branch.fork < position) && !tree.children(of: tree.active).contains { $0.fork > position }
  }

  private func discard() {
    tree.discarded[tree.active] = min(tree.discarded[tree.active] ?? position, position)
    forgetBookmarks { $0.branch == tree.active && $0.step > position }
    _ = cut(at: position)
  }

  /// Steps that were taken back for good since somebody asked, by branch: the first of them, counted from 0.
  func takeDiscarded() -> [Int: Int] {
    defer { tree.discarded = [:] }
    return tree.discarded
  }

  /// A step was put before another on the line, so that those from there on are not what they were.
  func noteInsertion(at index: Int) {
    tree.discarded[tree.active] = min(tree.discarded[tree.active] ?? index, index)
    tree.edition += 1
  }

  // MARK: Names, and an end

  /// What can be wrong with what somebody wants of branches.
  package enum BranchProblem: Error {
    case taken(String)
    case isHere(String)
    case isLeft(String, by: String)
    case hasNothing(String)
    case isFirst

    package var message: String {
      switch self {
      case .taken(let name): "there is a branch \(name) already"
      case .isHere(let name): "one is on the branch \(name); switch to another first"
      case .isLeft(let name, let other): "the branch \(other) begins on \(name); prune that first"
      case .hasNothing(let name): "the branch \(name) has no steps of its own that others do not have"
      case .isFirst: "nothing was undone here"
      }
    }
  }

  package func rename(_ branch: Int, _ name: String) throws(BranchProblem) {
    if let other = tree.named(name), other.id != branch { throw .taken(name) }
    tree.change(branch) { $0.name = name }
  }

  /// What is done next begins a branch.
  package func forkNext(_ name: String) throws(BranchProblem) {
    guard tree.named(name) == nil else { throw .taken(name) }
    tree.pending = name
  }

  func forgetPendingBranch() { tree.pending = nil }

  /// Forgets the steps of a branch that no other has.
  package func prune(_ id: Int) throws(BranchProblem) {
    guard let branch = tree[id] else { return }
    guard id != tree.active else { throw .isHere(branch.name) }
    let line = tree.chain(of: tree.active)
    if let index = line.firstIndex(where: { $0.id == id }) {
      let fork = line[index + 1].fork
      if let other = tree.children(of: id).first(where: { $0.fork > fork }) { throw .isLeft(branch.name, by: other.name) }
      guard tree.futures.removeValue(forKey: id) != nil else { throw .hasNothing(branch.name) }
      tree.discarded[id] = min(tree.discarded[id] ?? fork, fork)
      forgetBookmarks { $0.branch == id && $0.step > fork }
      tree.change(id) { $0.left = fork }
    } else {
      if let other = tree.children(of: id).first { throw .isLeft(branch.name, by: other.name) }
      forgetBookmarks { $0.branch == id }
      tree.remove(id)
    }
  }

  /// Forgets what was undone here.
  package func forgetFuture() throws(BranchProblem) {
    guard position < steps.count else { throw .isFirst }
    if let other = tree.children(of: tree.active).first(where: { $0.fork > position }) {
      throw .isLeft(branch.name, by: other.name)
    }
    guard canDiscard else { throw .isHere(branch.name) }
    discard()
    hasHost = hasHostNote(at: position)
  }
}
