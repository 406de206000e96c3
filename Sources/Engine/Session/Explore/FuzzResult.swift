import Basics

/// What random runs came to, each with its seed.
package struct FuzzResult: Sendable, Equatable {
  package struct Run: Sendable, Equatable, Comparable {
    /// What was done: `calls`, `hostile` and so on.
    package var what: String
    package var seed: UInt64
    package var shard: Int
    package var actions: Int
    /// What went wrong; nothing if it is empty.
    package var problem: String

    package init(what: String, seed: UInt64, shard: Int, actions: Int, problem: String) {
      (self.what, self.seed, self.shard, self.actions, self.problem) = (what, seed, shard, actions, problem)
    }

    package static func < (a: Run, b: Run) -> Bool {
      (a.what, a.shard, a.seed, a.actions, a.problem) < (b.what, b.shard, b.seed, b.actions, b.problem)
    }
  }

  package private(set) var count: Int
  /// Sorted, each once.
  package private(set) var runs: [Run]

  package init(_ run: Run, of count: Int) {
    self.count = count
    runs = [run]
  }

  package var missing: [Int] {
    let known = Set(runs.map(\.shard))
    return (0..<count).filter { !known.contains($0) }
  }

  package var lines: [String] {
    var lines = [
      "\(grouped(runs.reduce(0) { $0 &+ $1.actions })) actions of \(runs.count) runs, \(Set(runs.map(\.shard)).count) of \(count) shards"
    ]
    for run in runs where !run.problem.isEmpty { lines.append("\(run.what), seed \(run.seed): \(run.problem)") }
    if runs.allSatisfy(\.problem.isEmpty) { lines.append("every rule held") }
    return lines
  }

  package var jsonLines: [String] {
    let head = JSONValue.object(["kind": .string("fuzz"), "shards": .integer(Int64(count))]).text(.libvirt)
    return [head]
      + runs.map { run in
        JSONValue.object([
          "kind": .string("run"), "what": .string(run.what), "shard": .integer(Int64(run.shard)), "seed": .unsigned(run.seed),
          "actions": .integer(Int64(run.actions)), "problem": .string(run.problem),
        ]).text(.libvirt)
      }
  }

  package mutating func add(_ other: FuzzResult) throws(ShardResult.Malformed) {
    guard count == other.count else { throw ShardResult.Malformed(message: "results of different numbers of shards") }
    for run in other.runs where !runs.contains(run) { runs.append(run) }
    runs.sort()
  }

  /// Reads ``jsonLines``, the first line of which is this.
  init(head: JSONValue, _ rest: ArraySlice<JSONValue>) throws(ShardResult.Malformed) {
    guard let count = head["shards"]?.count, (1...Shard.most).contains(count) else {
      throw ShardResult.Malformed(message: "random runs have shards")
    }
    self.count = count
    runs = []
    for value in rest {
      guard value["kind"]?.text == "run", let what = value["what"]?.text, let shard = value["shard"]?.count, shard < count,
        let seed = value["seed"]?.unsigned, let actions = value["actions"]?.count, let problem = value["problem"]?.text
      else { throw ShardResult.Malformed(message: "a run has what, shard, seed, actions and problem") }
      runs.append(Run(what: what, seed: seed, shard: shard, actions: actions, problem: problem))
    }
    runs.sort()
  }
}
