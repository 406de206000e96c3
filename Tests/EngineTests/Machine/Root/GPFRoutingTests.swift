import Basics
import Engine
import Testing

@testable import Machine
@testable import Session

/// SCR_EL3.GPF: whether a granule protection fault is the world's own matter, or EL3's.
struct GPFRoutingTests {
  @Test func theWorldThatCausedItGoesOn() throws {
    let script = Script()
    try script.check(
      """
      RMI_GRANULE_DELEGATE 0x80001000
      ns.read64 0x80001000
      expect gpf
      RMI_VERSION
      expect RMI_SUCCESS|RMI_ERROR_INPUT
      el3 says Unhandled Exception
      expect no
      sysreg scr_el3
      expect ok x0=1
      """)
  }

  @Test func aPEWhoseFaultEL3TakesStops() throws {
    let script = Script()
    try script.check(
      """
      machine gpf=el3
      sysreg scr_el3
      expect ok x0=0x1000000000001
      RMI_GRANULE_DELEGATE 0x80001000
      expect RMI_SUCCESS
      ns.write64 0x80001000 1
      expect gpf
      el3 says Unhandled Exception in EL3.
      expect yes
      el3 says esr_el3        = 0x000000007a0
      expect yes
      el3 says far_el3        = 0x0000000080001000
      expect yes
      RMI_VERSION
      """)
    #expect(script.takeRaw().last?.contains("PE 0 has stopped at EL3") == true)
    try script.check(
      """
      pe 1
      RMI_GRANULE_UNDELEGATE 0x80001000
      expect RMI_SUCCESS
      resume 0
      """)
    #expect(script.session.read { $0.control.pes[0].hasStopped && !$0.control.pes[1].hasStopped })
    #expect(script.session.read { $0.invariantViolations() } == [])
    try expectReplay(of: script.session)
    var restored = try SavedState.machine(script.session.savedState())
    #expect(restored.digest() == script.session.digest())
  }

  /// A Realm that reads what its Host has taken away: the fault is EL3's, and the RMM never hears of it.
  @Test func aRealmsFaultTakesItsPEAlong() throws {
    let script = Script()
    try script.check("machine gpf=el3\n" + Script.activeRealm)
    try script.check(
      """
      smc RMI_GRANULE_DELEGATE 0x80300000
      smc RMI_RTT_CREATE rd 0x80300000 0x8000000000 1
      smc RMI_GRANULE_DELEGATE 0x80301000
      smc RMI_RTT_CREATE rd 0x80301000 0x8000000000 2
      smc RMI_GRANULE_DELEGATE 0x80302000
      smc RMI_RTT_CREATE rd 0x80302000 0x8000000000 3
      smc RMI_RTT_MAP_UNPROTECTED rd 0x8000000000 3 0x804000d8
      expect RMI_SUCCESS
      gpt.set 0x80400000 secure
      guest read64 0x8000000000
      smc RMI_REC_ENTER rec run
      """)
    #expect(script.takeRaw().last?.contains("PE 0 has stopped at EL3") == true)
    #expect(script.session.read { $0.control.pes[0].hasStopped && $0.control.pes[0].runningREC != 0 })
    #expect(script.session.read { $0.invariantViolations() } == [])
    // Another PE finds the REC in use.
    try script.check("pe 1\nsmc RMI_REC_ENTER rec run\nexpect RMI_ERROR_REC by=rec_state")
    try expectReplay(of: script.session)
    var restored = try SavedState.machine(script.session.savedState())
    #expect(restored.digest() == script.session.digest())
  }

  /// No machine of the usual kind can be in that state.
  @Test func aStateCannotClaimAStoppedPE() throws {
    let script = Script()
    try script.check("machine gpf=el3\nRMI_GRANULE_DELEGATE 0x80001000\nns.read64 0x80001000")
    var text = script.session.savedState()
    let word = Array(" gpf=el3".utf8)
    let at = try #require(text.indices.first { Array(text[$0...].prefix(word.count)) == word })
    text.removeSubrange(at..<at + word.count)
    let error = #expect(throws: SavedState.Malformed.self) { _ = try SavedState.machine(text) }
    #expect(error?.message.contains("PE 0 has stopped at EL3") == true)
  }

  /// Random actions of all worlds, until every PE has stopped: all rules hold after each, and the state is one a file keeps.
  @Test(arguments: MemoryMapKind.allCases)
  func randomActionsEndWithEveryPEAtEL3(_ map: MemoryMapKind) throws {
    var configuration = RandomDriver.configuration(.spec)
    let size = configuration.dramSize
    configuration.take(map)
    configuration.dramSize = size
    configuration.peCount = 4
    configuration.gpf = .el3
    var machine = Machine(configuration)
    var driver = RandomDriver(seed: 7, configuration)
    var numbers = SeededNumbers(seed: 7)
    var stopped = 0
    for n in 0..<4000 {
      _ = machine.perform(driver.next(machine))
      if n % 250 == 249 {
        let address = configuration.dramBase + UInt64(numbers.below(64)) << 12
        _ = machine.perform(.access(MemoryAccess(world: .normal, address: address, kind: .read64)))
        _ = machine.perform(.selectPE(numbers.below(4)))
      }
      let now = machine.control.pes.count(where: \.hasStopped)
      #expect(now >= stopped)
      stopped = now
      if n % 50 == 0 { #expect(machine.invariantViolations() == [], "action \(n)") }
    }
    #expect(stopped > 0)
    let digest = machine.digest()
    var restored = try SavedState.machine(SavedState.bytes(&machine))
    #expect(restored.digest() == digest)
  }
}
