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
  var active = 0
  /// Steps of a branch from where the active one leaves it; of one that is not on its way, all its own.
  var futures: [Int: Future] = [:]
  private var count = 1
  /// The name of a branch that what is done next begins.
  var pending: String?
  /// Changes when other steps come on the line the session stands on.
  var edition = 0
  /// Steps that were taken back for good, by branch: the first of them, counted from 0.
  var discarded: [Int: Int] = [:]

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

  mutating func begin(_ name: String?, parent: Int, fork: Int) {
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

  mutating func change(_ id: Int, _ body: (inout Branch) -> Void) {
    if let index = all.firstIndex(where: { $0.id == id }) { body(&all[index]) }
  }

  mutating func remove(_ id: Int) {
    all.removeAll { $0.id == id }
    futures[id] = nil
    discarded[id] = nil
  }
}
