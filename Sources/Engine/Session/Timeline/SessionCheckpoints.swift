import Basics
import Machine

/// Where a session's checkpoints are, all of the machine that is there. They stay when one goes back, so that the way forth is as short.
///
/// Near the present they are close together, and farther away farther apart, within limits: so a step back does little again, a way to
/// anywhere not much, and they keep no more pages the longer a session is.
struct CheckpointPlaces {
  struct Place {
    /// How many steps had been done.
    var position: Int
    /// What it takes to come here from the one before: see ``perStep``.
    var effort: UInt64 = 0
  }

  private(set) var all: [Place] = []
  /// The one in force.
  private(set) var present = 0
  /// What guests have executed since it.
  var cost: UInt64 = 0
  /// Pages and checkpoints from which on some are forgotten.
  fileprivate var limits = (pages: Self.pages, count: Self.count)

  /// Steps between checkpoints.
  static let interval = 128
  /// Instructions of guests after which there is a checkpoint before that, so that going back by a step does not do much again.
  static let costInterval: UInt64 = 1 << 19
  /// Pages all of them together may keep, and how many there are, before some are forgotten.
  static let pages = 1 << 12
  static let count = 1 << 10
  /// Pages beyond which ways may be long; for a script that may not have so much memory, a third of what it may have.
  static let mostPages = 1 << 15
  /// Instructions that a step takes as long as.
  static let perStep: UInt64 = 1 << 6
  /// Instructions between checkpoints that are always kept: some hundredths of a second. A longer session is cut into ``pieces``.
  static let widest: UInt64 = 1 << 21
  static let pieces: UInt64 = 256
  /// Fewest instructions that checkpoints are apart when some are forgotten.
  static let narrowest: UInt64 = 1 << 14

  fileprivate mutating func begin(at position: Int) { self = CheckpointPlaces(all: [Place(position: position)]) }

  init() {}
  private init(all: [Place]) { self.all = all }

  fileprivate func since(_ position: Int) -> Int { position - all[present].position }

  /// The checkpoint to go to another step from; nil if that is where one is. On the way forth at least a step is done: somebody may
  /// want to see what comes of it.
  func place(from position: Int, to target: Int) -> Int? {
    guard target != position else { return nil }
    if target < position { return all.partitionPoint { $0.position > target } - 1 }
    let place = all.partitionPoint { $0.position >= target } - 1
    return all[place].position > position ? place : nil
  }

  /// Whether the next is where one is.
  fileprivate func isNext(at position: Int) -> Bool { present + 1 < all.count && all[present + 1].position == position }

  /// A checkpoint is in force.
  ///
  /// - Returns: how many steps have been done there.
  mutating func arrive(at place: Int) -> Int {
    present = place
    cost = 0
    return all[place].position
  }

  /// One after that in force.
  fileprivate mutating func insert(at position: Int) {
    let effort = UInt64(since(position)) * Self.perStep + cost
    if present + 1 < all.count { all[present + 1].effort -= min(effort, all[present + 1].effort) }
    all.insert(Place(position: position, effort: effort), at: present + 1)
    _ = arrive(at: present + 1)
  }

  /// A step was put before the last.
  mutating func move(from position: Int) {
    for index in all.indices where all[index].position == position { all[index].position += 1 }
  }

  fileprivate mutating func remove(_ place: Int) {
    if place + 1 < all.count { all[place + 1].effort += all[place].effort }
    all.remove(at: place)
    if place < present { present -= 1 }
  }

  fileprivate mutating func keep(_ count: Int) { all.removeLast(all.count - count) }

  /// Those that need not be there: what lies between the ones beside them is at most `level`, and little beside the way there.
  ///
  /// - Parameter isNearKept: false if that does not count.
  fileprivate func superfluous(_ level: UInt64, isNearKept: Bool) -> [Int] {
    var found: [Int] = []
    /// - Parameters:
    ///   - near: what lies between one and that beside it which is closer to the present.
    ///   - far: what lies between it and the other.
    func look(_ places: some Sequence<Int>, _ near: (Int) -> UInt64, _ far: (Int) -> UInt64) {
      var distance: UInt64 = 0
      // Since the last that stays.
      var gap: UInt64 = 0
      for place in places where place > 0 && place + 1 < all.count {
        distance += near(place)
        gap += near(place)
        if gap + far(place) <= (isNearKept ? min(level, distance / 4) : level) {
          found.append(place)
        } else {
          gap = 0
        }
      }
    }
    look(stride(from: present - 1, to: 0, by: -1), { all[$0 + 1].effort }, { all[$0].effort })
    look((present + 1)..<max(present + 1, all.count), { all[$0].effort }, { all[$0 + 1].effort })
    return found.sorted(by: >)
  }
}

extension Session {
  func beginCheckpoints(at position: Int) {
    checkpoints.begin(at: position)
    _ = machine.checkpoint()
  }

  /// After each step: a checkpoint, where one is due.
  ///
  /// - Parameter target: where one is on the way to; there are more of them close to it.
  func noteCheckpoint(at position: Int, towards target: Int? = nil) {
    if checkpoints.isNext(at: position) {
      machine.arriveAtCheckpoint()
      _ = checkpoints.arrive(at: checkpoints.present + 1)
      return
    }
    let since = checkpoints.since(position)
    guard since >= CheckpointPlaces.interval || checkpoints.cost >= CheckpointPlaces.costInterval else { return }
    if let target, since * 8 < target - position { return }
    insertCheckpoint(at: position)
  }

  /// A checkpoint where the session stands: coming back here takes next to nothing.
  func markPlace() {
    guard !checkpoints.isNext(at: position), checkpoints.since(position) > 0 else { return }
    insertCheckpoint(at: position)
  }

  private func insertCheckpoint(at position: Int) {
    if checkpoints.present + 1 < checkpoints.all.count {
      machine.checkpointOnTheWay()
    } else {
      _ = machine.checkpoint()
    }
    checkpoints.insert(at: position)
    thinCheckpoints()
  }

  /// Forgets some checkpoints, if there are too many, or if they keep too much.
  private func thinCheckpoints() {
    func isTooMuch(_ part: Int, _ of: Int) -> Bool {
      machine.memory.savedPages > checkpoints.limits.pages / of * part
        || checkpoints.all.count > checkpoints.limits.count / of * part
    }
    guard isTooMuch(1, 1) else { return }
    let allowed = Int(clamping: limits.memory / 3 / Granule.size)
    let most = historyLimit.map { $0 / Int(Granule.size) } ?? min(CheckpointPlaces.mostPages, allowed)
    let usual = historyLimit == nil ? CheckpointPlaces.pages : most / 4
    checkpoints.limits = (usual, CheckpointPlaces.count)
    let total = checkpoints.all.reduce(0) { $0 + $1.effort }
    let widest = max(CheckpointPlaces.widest, total / CheckpointPlaces.pieces)
    func forget(upTo widest: UInt64, isNearKept: Bool, while isTooMuch: () -> Bool) {
      var level = CheckpointPlaces.narrowest
      while isTooMuch(), level <= widest {
        for place in checkpoints.superfluous(level, isNearKept: isNearKept) {
          machine.forget(checkpoint: place)
          checkpoints.remove(place)
        }
        level *= 2
      }
    }
    forget(upTo: widest, isNearKept: true) { isTooMuch(3, 4) }
    forget(upTo: total * 2, isNearKept: false) { machine.memory.savedPages > most }
    // What has to stay is not looked at again before there is much more.
    checkpoints.limits = (
      max(usual, machine.memory.savedPages / 4 * 5), max(CheckpointPlaces.count, checkpoints.all.count / 4 * 5)
    )
  }

  /// Other steps come behind a place, where the session stands or before which it does.
  func forgetCheckpoints(after place: Int) {
    let count = checkpoints.all.partitionPoint { $0.position > place }
    guard count < checkpoints.all.count else { return }
    machine.forgetCheckpoints(after: count - 1)
    checkpoints.keep(count)
  }
}
