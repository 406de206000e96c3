import Engine
import Foundation
import Testing

/// Software of the Realm and Root world, or a guest it helps, that writes where it should not: what comes of it is defined.
struct HostileTests {
  /// Random hostile actions: every machine stands. A quarter of what WORKBENCH_FUZZ says, and at least enough to meet some that are written to.
  @Test func everyMachineStands() {
    let actions = (ProcessInfo.processInfo.environment["WORKBENCH_FUZZ"].flatMap { Int($0) }.map { max(8_000, $0 / 4) }) ?? 8_000
    for seed in [1, 2] as [UInt64] {
      let run = HostileRun.perform(actions: actions / 2, seed: seed)
      #expect(run.problem == nil)
      #expect(run.scribbled > 0 && run.panics > 0, "the driver reaches what it is for")
    }
  }

  @Test func theSameSeedGivesTheSameMachines() {
    #expect(HostileRun.perform(actions: 2000, seed: 9).digest == HostileRun.perform(actions: 2000, seed: 9).digest)
  }

  /// The RTT base of an RD leads beyond the physical address space: the RMM follows it once, and stops.
  @Test func anRDThatLeadsNowhereStopsTheRMM() throws {
    let script = Script()
    try script.run(Script.activeRealm)
    try script.run(
      """
      realm.write64 rd+8 0xffffffffffff0000
      RMI_RTT_READ_ENTRY rd 0 3
      expect -1
      RMI_VERSION 0x10000
      expect -1
      ns.read64 0x80000000
      expect ok
      """)
    script.runner.finish(file: "test")
    #expect(script.runner.failures == [])
    #expect(script.session.read { $0.control.panic }?.text.contains("RMM panic") == true)
    #expect(script.session.steps.contains { $0.events.contains { $0.kind == .panic } })
    #expect(script.session.read { $0.invariantViolations() } == [])
  }

  /// The RTT base of an RD is the last word there can be: the entry that is traced lies beyond it.
  @Test func aTableAtTheEndOfTheAddressSpaceIsTraced() throws {
    let script = Script()
    try script.run(Script.activeRealm)
    try script.run(
      """
      RMI_GRANULE_DELEGATE 0x80300000
      realm.write64 rd+8 0xfffffffffffffff8
      RMI_RTT_CREATE rd 0x80300000 0x40000000 2
      """)
    #expect(script.session.read { $0.control.panic } != nil)
    #expect(script.session.read { $0.invariantViolations() } == [])
  }

  /// The owner of a REC leads nowhere.
  @Test func aRECWithoutAnOwnerStopsTheRMM() throws {
    let script = Script()
    try script.run(Script.activeRealm)
    try script.run(
      """
      realm.write64 rec+0x10 0xfffffffffffff000
      RMI_REC_ENTER rec run
      expect -1
      """)
    script.runner.finish(file: "test")
    #expect(script.runner.failures == [])
    #expect(script.session.read { $0.control.panic }?.address == 0xFFFF_FFFF_FFFF_F000)
  }

  /// The PSTATE of a REC says EL2 or EL3: its guest is at EL1 all the same.
  @Test(arguments: [0x8, 0xC, 0x3C9, 0xFFFF_FFFF_FFFF_FFFF] as [UInt64])
  func aRECAboveEL1StaysBelow(_ pstate: UInt64) throws {
    let script = Script()
    try script.run("machine vcpu=code")
    try script.run(Script.activeRealm)
    try script.run(
      """
      realm.write64 rec+0x28 \(hex(pstate))
      RMI_REC_ENTER rec run
      """)
    let rec = try #require(script.session.read { $0.control.recs.first })
    #expect(script.session.read { $0.guestRegisters(rec) }?.exceptionLevel == 1)
    #expect(script.session.read { $0.invariantViolations() } == [])
  }

  /// EL3 follows no GPT descriptor it has not made.
  @Test func aGPTThatLeadsNowhereIsNotFollowed() throws {
    let script = Script()
    try script.run(
      """
      root.write64 0x40000010 0x000ffffffffff003
      RMI_GRANULE_DELEGATE 0x80001000
      expect RMI_ERROR_INPUT
      gpt.set 0x80002000 secure
      """)
    #expect(script.takeRaw().last == "-> fail")
    script.runner.finish(file: "test")
    #expect(script.runner.failures == [])
    #expect(script.session.read { $0.control.panic } == nil)
  }

  /// A descriptor of Root software counts at once: the Host is stopped by what stands in the table.
  @Test func theTableDecidesNotTheMirror() throws {
    let script = Script()
    try script.run(
      """
      ns.read64 0x80000000
      expect ok
      root.write64 0x40000010 0x1
      ns.read64 0x80000000
      expect gpf
      """)
    script.runner.finish(file: "test")
    #expect(script.runner.failures == [])
  }

  /// Code in a Realm that shares an address beyond the physical address space reads zeroes there, and what it writes vanishes.
  @Test(arguments: CodeEngine.allCases)
  func aGuestMayBeLedBeyondThePhysicalAddressSpace(_ engine: CodeEngine) throws {
    var configuration = MachineConfiguration()
    configuration.vcpu = .code
    let script = Script(configuration)
    script.session.codeEngine = engine
    // MOV X1, #1 << 39; STR X1, [X1]; LDR X2, [X1]; MOV X0, PSCI_SYSTEM_OFF; SMC #0
    try script.run("ns.write 0x83f10000 0110c0d2210000f9220040f90080b0d2000180f2030000d4")
    try script.run(Script.activeRealm)
    try script.run(
      """
      smc RMI_GRANULE_DELEGATE 0x80115000
      smc RMI_RTT_CREATE rd 0x80115000 0x8000000000 1
      smc RMI_GRANULE_DELEGATE 0x80113000
      smc RMI_RTT_CREATE rd 0x80113000 0x8000000000 2
      smc RMI_GRANULE_DELEGATE 0x80114000
      smc RMI_RTT_CREATE rd 0x80114000 0x8000000000 3
      smc RMI_RTT_MAP_UNPROTECTED rd 0x8000000000 3 0x1000000000d8
      expect RMI_SUCCESS
      smc RMI_REC_ENTER rec run
      expect RMI_SUCCESS
      """)
    script.runner.finish(file: "test")
    #expect(script.runner.failures == [])
    #expect(script.session.lastStep?.result.exit?.reason == .psci)
    #expect(script.session.lastStep?.guest?.x[1] == 1 << 39)
    #expect(script.session.lastStep?.guest?.x[2] == 0)
    try expectReplay(of: script.session)
  }
}
