import Engine
import Testing

struct GranuleProtectionTests {
  /// The fast path of the check against the table walk, for every world's space, over granules in every kind of entry.
  @Test func fastPathNeverDisagreesWithTheWalk() {
    var configuration = MachineConfiguration()
    configuration.dramSize = (1 << 30) + (5 << 20) + 0x7000
    configuration.dramBase = 0x8000_0000
    var machine = Machine(configuration)
    var numbers = SeededNumbers(seed: 7)
    for round in 0..<400 {
      let address = configuration.dramBase + (numbers.next() % (configuration.dramSize >> 12)) << 12
      let wanted: GPI = [.nonSecure, .secure, .root, .any][Int(numbers.next() % 4)]
      _ = machine.perform(.assignGranule(address, wanted))
      for probe in 0..<40 {
        let near = probe % 2 == 0 ? address &+ (numbers.next() % 64) << 12 : numbers.next() % (configuration.dramTop + (1 << 30))
        for pas in PAS.allCases {
          let fast = machine.granuleProtectionCheck(near, pas)
          #expect(fast == machine.granuleProtectionCheckByWalk(near, pas), "round \(round), \(hex(near)), \(pas)")
        }
      }
    }
  }

  @Test func blocksAreSplitForAGranuleAndJoinedAgain() throws {
    var machine = Machine(MachineConfiguration())
    let before = machine.gptWalk(0x8000_1000)
    #expect(before.l1Entry.map { $0 & 0xF } == 1, "DRAM begins as contiguous descriptors")
    _ = machine.perform(.assignGranule(0x8000_1000, .secure))
    let split = machine.gptWalk(0x8000_1000)
    #expect(split.l1Entry == 0x9999_9999_9999_9989)
    #expect(machine.gptWalk(0x8000_2000).gpi == .nonSecure)
    _ = machine.perform(.assignGranule(0x8000_1000, .nonSecure))
    let joined = try #require(machine.gptWalk(0x8000_1000).l1Entry)
    #expect(joined == 0x191, "NS, contiguous 2 MiB")
  }

  /// What each world may read of memory in each space.
  @Test func accessesOfEveryWorldGoThroughTheCheck() throws {
    let script = Script()
    try script.run(
      """
      smc RMI_GRANULE_DELEGATE 0x80001000
      gpt.set 0x80002000 secure
      gpt.set 0x80003000 root
      ns.read64 0x80000000
      expect ok
      ns.read64 0x80001000
      expect gpf
      ns.read64 0x80002000
      expect gpf
      ns.write64 0x80003000 1
      expect gpf
      secure.read64 0x80002000
      expect ok
      secure.read64 0x80001000
      expect gpf
      realm.read64 0x80001000
      expect ok
      realm.read64 0x80002000
      expect gpf
      root.read64 0x80003000
      expect ok
      ns.fill 0x80000ff0 0x20 1
      expect gpf
      peek64 0x80000ff0
      expect ok x0=0
      """)
    #expect(script.runner.failures == [])
  }

  @Test func aFaultNamesItsSyndrome() {
    var machine = Machine(MachineConfiguration())
    _ = machine.perform(.assignGranule(0x8000_0000, .root))
    let outcome = machine.perform(.access(MemoryAccess(world: .normal, address: 0x8000_0008, kind: .read64)))
    guard case .access(.fault(let fault)) = outcome else {
      Issue.record("expected a fault")
      return
    }
    #expect(fault.gpcsc == 0x0D)
    #expect(fault.address == 0x8000_0008)
    #expect(fault.syndrome(write: false) >> 26 == 0x1E)
  }
}
