import Engine
import Testing

struct CheckpointTests {
  @Test func restoringGivesTheSameDigest() {
    let configuration = RandomDriver.configuration(.spec)
    var machine = Machine(configuration)
    var driver = RandomDriver(seed: 11, configuration)
    var marks: [(id: Int, digest: UInt64)] = []
    for n in 0..<1500 {
      if n % 100 == 0 { marks.append((machine.checkpoint(), machine.digest())) }
      _ = machine.perform(driver.next(machine))
    }
    for mark in marks.reversed() {
      machine.restore(to: mark.id)
      #expect(machine.digest() == mark.digest)
    }
    #expect(machine.invariantViolations() == [])
  }

  /// Going back the short way leaves what going back leaves, whatever has changed: queues, tables, and which checks are off.
  @Test func theShortWayBackLeadsToTheSameState() throws {
    let configuration = RandomDriver.configuration(.spec)
    var machine = Machine(configuration)
    var driver = RandomDriver(seed: 12, configuration)
    let off = try SwitchSet(named: "RMI_GRANULE_UNDELEGATE.*")
    for round in 0..<60 {
      let mark = machine.checkpoint()
      let digest = machine.digest()
      for tries in 0..<3 {
        for _ in 0..<(5 + round % 7) { _ = machine.perform(driver.next(machine)) }
        if tries == 1 { _ = machine.perform(.switches(off, isOff: true)) }
        _ = machine.perform(.guest(GuestAction(.wfi)))
        #expect(machine.digest() != digest)
        machine.goBack()
        #expect(machine.digest() == digest)
        #expect(machine.memory.hasChanged == false && machine.memory.checkpoints.present == mark)
      }
      for _ in 0..<20 { _ = machine.perform(driver.next(machine)) }
    }
    let pages = machine.memory.pageCount
    let digest = machine.digest()
    machine.restore(to: machine.checkpoint())
    #expect(machine.memory.pageCount == pages && machine.digest() == digest)
    #expect(machine.invariantViolations() == [])
  }

  @Test func equalActionsGiveEqualDigests() {
    func digest(_ seed: UInt64) -> UInt64 {
      let configuration = RandomDriver.configuration(.tfRMM)
      var machine = Machine(configuration)
      var driver = RandomDriver(seed: seed, configuration)
      for _ in 0..<800 { _ = machine.perform(driver.next(machine)) }
      return machine.digest()
    }
    #expect(digest(3) == digest(3))
    #expect(digest(3) != digest(4))
  }

  @Test func undoAndRedoWalkThroughTheSameStates() throws {
    let script = Script()
    try script.run(Script.activeRealm + "\ncase another\nsmc RMI_GRANULE_DELEGATE 0x80001000\nns.write64 0x80000000 7")
    let session = script.session
    let end = session.steps.count
    var digests: [UInt64] = []
    for step in 0...end {
      session.seek(step)
      digests.append(session.digest())
    }
    while session.undo() { #expect(session.digest() == digests[session.position]) }
    while session.redo() { #expect(session.digest() == digests[session.position]) }
    for step in [end, 3, end / 2, 0, end - 1, 1] {
      session.seek(step)
      #expect(session.digest() == digests[step], "step \(step)")
    }
  }

  @Test func anIdleMachineOfATerabyteCostsNothing() {
    var configuration = MachineConfiguration()
    configuration.dramSize = 1 << 40
    var machine = Machine(configuration)
    let idle = machine.pagesInUse
    _ = machine.perform(.access(MemoryAccess(world: .normal, address: configuration.dramTop - 8, kind: .write64(1))))
    #expect(machine.pagesInUse == idle + 1)
    #expect(idle < 200)
  }
}
