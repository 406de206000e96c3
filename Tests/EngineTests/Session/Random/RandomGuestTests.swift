import Engine
import Testing

/// Random code in Realms: no rule breaks, nothing of the Host's changes, and no entry lasts for ever.
struct RandomGuestTests {
  @Test(arguments: [Policy.spec, .tfRMM])
  func randomCodeStaysInItsRealm(_ policy: Policy) {
    let run = RandomGuest.perform(instructions: 300_000, seed: 3, policy: policy)
    #expect(run.problem == nil)
    #expect(run.guests > 3)
  }

  /// All engines come to the same state, wherever random code leads them.
  @Test func allEnginesEndInTheSameState() {
    let reference = RandomGuest.perform(instructions: 300_000, seed: 11, engine: .reference)
    for engine in [CodeEngine.fast, .compiled] {
      let run = RandomGuest.perform(instructions: 300_000, seed: 11, engine: engine)
      #expect(run.digest == reference.digest, "\(engine)")
      #expect(run.instructions == reference.instructions, "\(engine)")
    }
  }

  /// Calls the RMM answers itself are part of the entry's budget: a guest that makes nothing else still gives the PE back.
  @Test func aGuestThatOnlyCallsIsInterrupted() throws {
    // MOVZ X0, #0x190; MOVK X0, #0xc400, LSL #16; SMC #0; B to the beginning: RSI_VERSION for ever.
    let code: [UInt32] = [0xD280_3200, 0xF2B8_8000, 0xD400_0003, 0x17FF_FFFD]
    var configuration = MachineConfiguration()
    configuration.vcpu = .code
    configuration.recAuxCount = 0
    let session = Session(configuration, keepsHistory: false)
    let vm = RealmVM(session, RealmVM.Options())
    let bytes = code.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32(8 * $0)) } }
    try vm.build(try BootImage(bytes, base: RealmVM.ramBase))
    session.setGuestBudget(1000)
    #expect(vm.run(entries: 2) == nil)
    #expect(vm.exits == [.irq: 2])
    #expect(session.read { $0.control.guestInstructions } == 2000)
  }
}
