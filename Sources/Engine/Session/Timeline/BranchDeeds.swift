extension Session {
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
  var canDiscard: Bool {
    (branch.parent == nil || branch.fork < position) && !tree.children(of: tree.active).contains { $0.fork > position }
  }

  func discard() {
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
