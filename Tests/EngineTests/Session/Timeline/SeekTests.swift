import Engine
import Testing

@testable import Session

/// Ways through a session: whatever checkpoints there are, a step has one state.
struct SeekTests {
  /// A session of many steps with the digest after each; each so many steps there is a new machine, and pages are filled.
  private static func session(
    _ count: Int, filled: UInt64, resets: Int, seed: UInt64
  ) -> (session: Session, digests: [UInt64]) {
    var configuration = RandomDriver.configuration(.spec)
    configuration.dramSize = 64 << 20
    let session = Session(configuration)
    var driver = RandomDriver(seed: seed, session.configuration)
    var numbers = SeededNumbers(seed: seed)
    var digests = [session.digest()]
    for n in 1...count {
      // Where the driver delegates nothing.
      let place = configuration.dramBase + (32 << 20) + UInt64(numbers.below(256)) << 12
      if n % resets == 0 {
        session.perform(.reset(session.configuration, name: nil))
      } else if n % 64 == 0, filled > 0 {
        session.perform(
          .action(.access(MemoryAccess(world: .normal, address: place, kind: .fill(filled, UInt8(truncatingIfNeeded: n))))))
      } else {
        session.perform(.action(session.read { driver.next($0) }))
      }
      digests.append(session.digest())
    }
    return (session, digests)
  }

  private func walk(_ session: Session, _ digests: [UInt64], _ ways: Int, seed: UInt64) {
    var numbers = SeededNumbers(seed: seed)
    for _ in 0..<ways {
      let near = session.position + numbers.below(9) - 4
      let target = numbers.chance(60) ? numbers.below(digests.count) : min(max(near, 0), digests.count - 1)
      session.seek(target)
      #expect(session.digest() == digests[target], "step \(target)")
      let places = session.checkpoints.all
      #expect(places.map(\.position) == places.map(\.position).sorted())
      #expect(places[session.checkpoints.present].position <= target)
      #expect(session.read { $0.memory.checkpoints.count } == places.count)
      #expect(session.read { $0.memory.checkpoints.present } == session.checkpoints.present)
    }
  }

  @Test func everyStepHasOneState() {
    for seed in 1...2 as ClosedRange<UInt64> {
      let (session, digests) = Self.session(3000, filled: 0, resets: 1100, seed: seed)
      walk(session, digests, 150, seed: seed)
    }
  }

  /// Where they keep too much, some are forgotten; where one is then does not matter.
  @Test func everyStepHasOneStateAlthoughCheckpointsAreForgotten() {
    let (session, digests) = Self.session(8000, filled: 1 << 20, resets: 100_000, seed: 5)
    #expect(session.checkpoints.all.count < 8000 / CheckpointPlaces.interval)
    walk(session, digests, 60, seed: 9)
    #expect(session.read { $0.memory.savedPages } < 2 * CheckpointPlaces.mostPages)
  }

  /// Other steps in the place of some: what was after them is gone, and what was before is not.
  @Test func whatIsDoneOtherwiseHasItsOwnStates() {
    let pair = Self.session(2000, filled: 1 << 14, resets: 5000, seed: 8)
    let session = pair.session
    var digests = pair.digests
    var numbers = SeededNumbers(seed: 8)
    for _ in 0..<6 {
      let place = numbers.below(digests.count)
      session.seek(numbers.below(digests.count))
      session.seek(place)
      digests.removeLast(digests.count - place - 1)
      for n in 0..<300 {
        session.perform(
          .action(
            .access(MemoryAccess(world: .normal, address: session.configuration.dramBase, kind: .write64(UInt64(n + place))))))
        digests.append(session.digest())
      }
      walk(session, digests, 25, seed: UInt64(place))
    }
    #expect(session.branches.count > 3)
    // The way back to another branch and forth.
    let last = session.position
    let digest = session.digest()
    let name = session.branch.id
    session.go(to: 0)
    session.go(to: name, step: last)
    #expect(session.digest() == digest)
  }

  /// A way to anywhere in a long session does few steps again, however one has gone before.
  @Test func noWayIsLong() {
    let session = Session(RandomDriver.configuration(.spec))
    for n in 0..<40_000 {
      session.perform(
        .action(
          .access(
            MemoryAccess(
              world: .normal, address: session.configuration.dramBase + UInt64(n % 512) * 8, kind: .write64(UInt64(n))))))
    }
    var numbers = SeededNumbers(seed: 3)
    for _ in 0..<40 {
      let target = numbers.below(40_001)
      let before = session.usage.steps
      session.seek(target)
      #expect(session.usage.steps - before <= 1 << 15)
      #expect(session.checkpoints.all.count <= CheckpointPlaces.count)
    }
    // Back by a step, and again: near where one is checkpoints are close.
    for _ in 0..<20 {
      let before = session.usage.steps
      guard session.undo() else { break }
      #expect(session.usage.steps - before <= 1 << 15)
    }
    let before = session.usage.steps
    for _ in 0..<200 where session.undo() {}
    #expect(session.usage.steps - before <= 200 * 2 * CheckpointPlaces.interval)
  }
}
