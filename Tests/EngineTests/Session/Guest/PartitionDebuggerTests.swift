import Engine
import Testing

@testable import Machine
@testable import Session

/// The TEE and its applications under the commands that guests are debugged with.
struct PartitionDebuggerTests {
  @Test func aScriptStopsStepsAndGoesBackInTheTEE() throws {
    let script = Script(keepsHistory: false)
    try script.run(
      """
      debug tee
      expect stands
      step
      expect stepped
      break tables
      continue
      expect breakpoint
      step 3
      expect stepped
      back 3
      expect stepped
      reverse
      expect beginning
      continue
      expect breakpoint
      delete
      continue
      expect event
      step
      expect failed
      """)
    #expect(script.runner.failures == [])
    #expect(script.session.read { $0.guestRegisters(Machine.partitionVCPU)?.exceptionLevel } == 1)
    #expect(script.session.read { $0.invariantViolations() } == [])
    try expectReplay(of: script.session)
  }

  /// A client's call stands in the middle: it has not returned, and its answer is read later.
  @Test func aCallIsHeldInAnApplication() throws {
    let script = Script()
    try script.run(
      """
      machine secure=tee
      tee open hello
      expect TEE_SUCCESS
      break 0x06300000
      tee invoke 1 0 value=42
      expect breakpoint
      """)
    let session = script.session
    func registers() -> GuestRegisters? { session.read { $0.guestRegisters(Machine.partitionVCPU) } }
    // The application's first instruction, at S-EL0.
    #expect(registers()?.pc == 0x0630_0000)
    #expect(registers()?.exceptionLevel == 0)
    let held = session.digest()
    try script.run(
      """
      FFA_ID_GET
      step 5
      expect stepped
      back 5
      expect stepped
      """)
    #expect(registers()?.pc == 0x0630_0000)
    #expect(session.digest() == held)
    try script.run(
      """
      tee answer
      expect breakpoint
      out
      expect event
      tee answer
      expect TEE_SUCCESS x1=43
      tee close 1
      expect breakpoint
      delete
      continue
      expect event
      tee answer
      expect TEE_SUCCESS
      """)
    #expect(script.runner.failures == [])
    try expectReplay(of: session)
  }

  /// What was done after a call is done again when the TEE goes on from the middle of it: the state is the same.
  @Test func goingOnDoesAgainWhatWasDone() throws {
    let script = Script()
    try script.run(
      """
      machine secure=tee
      tee open storage
      tee invoke 1 0 text=secret out=256
      expect TEE_SUCCESS
      ns.write64 0x82000000 7
      tee close 1
      """)
    let session = script.session
    let (digest, console) = (session.digest(), session.partitionConsole)
    let branches = session.branches.count
    try script.run(
      """
      break shared
      reverse
      expect breakpoint
      reverse
      expect breakpoint
      delete shared
      break smc
      reverse
      expect event
      """)
    #expect(session.read { $0.memory.load64(0x8200_0000) } == 0)
    // What somebody else did is still there.
    #expect(session.branches.count > branches)
    try script.run(
      """
      delete
      continue
      expect event
      """)
    #expect(script.runner.failures == [])
    #expect(session.digest() == digest)
    #expect(session.partitionConsole == console)
    try expectReplay(of: session)
  }

  @Test func whatIsForGuestsIsRefused() throws {
    for line in ["type \"x\"", "until text:x", "break exit", "break nowhere", "delete tables", "break 0x06200002"] {
      let script = Script()
      try script.run("debug tee")
      #expect(throws: ScriptError.self, "\(line)") { try script.run(line) }
    }
  }

  /// A Realm beside it keeps its own commands while the TEE waits.
  @Test func aGuestBesideItIsMeantWhileTheTEEWaits() throws {
    let script = Script(keepsHistory: false)
    try script.run(
      """
      machine secure=tee
      debug tour 1
      expect stands
      tee open hello
      expect TEE_SUCCESS
      step 2
      expect stepped
      """)
    #expect(script.runner.failures == [])
    #expect(script.runner.guestControl.subject?.vcpu != Machine.partitionVCPU)
    try script.run("break 0x80000000")
    #expect(script.session.partitionStops.isEmpty)
  }
}
