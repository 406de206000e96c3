import Machine

/// Where a session has checkpoints: densely before where it stands, and the less densely the longer ago, within ``historyLimit``.
extension Session {
  /// A checkpoint of the machine, whose number is its place in the list.
  package struct Checkpoint {
    package var position: Int
    /// What it takes to come here from the one before, in instructions.
    var cost: UInt64
  }

  /// Steps between checkpoints.
  static let checkpointInterval = 128
  /// Instructions of guests after which there is a checkpoint before that, so that going back by a step does not do much again.
  static let checkpointCost: UInt64 = 1 << 22
  /// What a step counts for beside the instructions of guests in it.
  private static let stepCost = checkpointCost / UInt64(checkpointInterval)
  /// Most checkpoints, however little they keep.
  static let mostCheckpoints = 4096
  /// ``historyLimit`` unless somebody chooses another.
  package static let usualHistory = 256 << 20

  /// The first checkpoint of a machine: where the session stands.
  func markFirst() {
    checkpoints = []
    mark()
  }

  /// A checkpoint where the session stands, if it is time for one.
  func noteCheckpoint() {
    if steps[position - 1].isReset { return markFirst() }
    let since = position - (checkpoints.last?.position ?? 0)
    if since >= Session.checkpointInterval || costSinceCheckpoint >= Session.checkpointCost { mark() }
  }

  /// A checkpoint where the session stands: coming back here will take next to nothing.
  func mark() {
    let since = position - (checkpoints.last?.position ?? position)
    guard since > 0 || checkpoints.isEmpty else { return }
    let number = machine.checkpoint()
    precondition(number == checkpoints.count, "a checkpoint of the machine that the session does not know")
    checkpoints.append(Checkpoint(position: position, cost: costSinceCheckpoint &+ UInt64(since) &* Session.stepCost))
    costSinceCheckpoint = 0
    thinOut()
  }

  /// Gives up checkpoints until the rest fits: first those whose neighbours are close together compared with how long ago they are. The
  /// first and the last stay.
  private func thinOut() {
    let limit = historyLimit / Int(Granule.size)
    while machine.memory.savedPages > limit || checkpoints.count > Session.mostCheckpoints, let number = leastWanted() {
      checkpoints[number + 1].cost &+= checkpoints[number].cost
      checkpoints.remove(at: number)
      machine.forget(checkpoint: number)
    }
  }

  private func leastWanted() -> Int? {
    var found: (number: Int, ratio: Double)?
    var age = 1.0
    for number in checkpoints.indices.dropFirst().dropLast().reversed() {
      age += Double(checkpoints[number + 1].cost)
      let ratio = Double(checkpoints[number].cost &+ checkpoints[number + 1].cost) / (age + Double(checkpoints[number].cost))
      if ratio < found?.ratio ?? .infinity { found = (number, ratio) }
    }
    return found?.number
  }
}
