import Basics

/// A part of a search, or of random runs, that several programs share: which one, and of how many.
package struct Shard: Sendable, Equatable {
  package let index: Int
  package let count: Int

  /// All of the work.
  package static let whole = Shard(0, 1)

  /// Most of them.
  package static let most = 4096

  package struct Malformed: Error, Equatable {
    package let message: String
  }

  private init(_ index: Int, _ count: Int) { (self.index, self.count) = (index, count) }

  /// Nil if there is no such part.
  package init?(_ index: Int, of count: Int) {
    guard (1...Self.most).contains(count), (0..<count).contains(index) else { return nil }
    (self.index, self.count) = (index, count)
  }

  /// `2/8`: the third of eight.
  package init(_ text: String) throws(Malformed) {
    let words = text.split(separator: "/", omittingEmptySubsequences: false)
    guard words.count == 2, let index = Int(words[0]), let count = Int(words[1]), let shard = Shard(index, of: count) else {
      throw Malformed(message: "\(shown(text)) is no shard; the third of eight is 2/8, of at most \(Self.most)")
    }
    self = shard
  }

  package var text: String { "\(index)/\(count)" }

  /// What a cluster says in the environment: an array job of Slurm how many there are, an Indexed Job of Kubernetes and GNU parallel only
  /// which one it is; how many is then in `WORKBENCH_SHARDS`, without which nothing is shared. Nil if there is nothing.
  ///
  /// - Parameter variable: the value of one that is set.
  package static func ofEnvironment(_ variable: (String) -> String?) throws(Malformed) -> Shard? {
    func number(_ name: String, or usual: Int? = nil) throws(Malformed) -> Int {
      guard let text = variable(name) else {
        guard let usual else { throw Malformed(message: "the environment has no \(name)") }
        return usual
      }
      guard let number = Int(text), (0...Int(Int32.max)).contains(number) else {
        throw Malformed(message: "\(name) is \(shown(text)) in the environment, which is no number of a task")
      }
      return number
    }
    let (index, count): (Int, Int)
    if variable("SLURM_ARRAY_TASK_ID") != nil, variable("SLURM_ARRAY_TASK_COUNT") != nil {
      let first = try number("SLURM_ARRAY_TASK_MIN", or: 0)
      index = (try number("SLURM_ARRAY_TASK_ID") - first) / max(1, try number("SLURM_ARRAY_TASK_STEP", or: 1))
      count = try number("SLURM_ARRAY_TASK_COUNT")
    } else if variable("WORKBENCH_SHARDS") == nil {
      return nil
    } else if variable("JOB_COMPLETION_INDEX") != nil {
      (index, count) = (try number("JOB_COMPLETION_INDEX"), try number("WORKBENCH_SHARDS"))
    } else if variable("PARALLEL_SEQ") != nil {
      (index, count) = (try number("PARALLEL_SEQ") - 1, try number("WORKBENCH_SHARDS"))
    } else {
      throw Malformed(
        message: "WORKBENCH_SHARDS is set, but neither JOB_COMPLETION_INDEX nor PARALLEL_SEQ says which one this is")
    }
    guard let shard = Shard(index, of: count) else {
      throw Malformed(message: "the environment says this is shard \(index) of \(count), counted from 0, of at most \(most)")
    }
    return shard
  }
}
