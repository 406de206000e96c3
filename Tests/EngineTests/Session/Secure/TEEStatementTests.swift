import Engine
import Testing

@testable import Machine
@testable import Session

/// What a client of the TEE is in the language of sessions, step by step.
struct TEEStatementTests {
  @Test func eachStatementIsTheStepsItMakes() throws {
    let script = Script()
    try script.check(
      """
      machine secure=tee
      tee open hello
      expect TEE_SUCCESS x1=1
      tee invoke 1 0 value=42
      expect TEE_SUCCESS x1=43
      """)
    let session = script.session
    let steps = session.steps.map(\.text)
    #expect(steps.contains { $0.hasPrefix("secure.write ") })
    #expect(steps.contains { $0.hasPrefix("smc FFA_RXTX_MAP ") })
    #expect(steps.count { $0.hasPrefix("smc FFA_MEM_SHARE ") } == 1)
    #expect(steps.count { $0.hasPrefix("smc FFA_MSG_SEND_DIRECT_REQ ") } == 2)
    // What stands for others is a group, and all of it is in a recording.
    let request = try #require(steps.lastIndex { $0.hasPrefix("smc FFA_MSG_SEND_DIRECT_REQ ") })
    #expect(session.groups(around: request).map(\.text) == ["tee invoke 1 0 value=42"])
    #expect(session.steps.allSatisfy { !$0.hasFailed })
    #expect(session.partitionConsole.contains("Got value: 42 from NW"))
    // Going back takes back what was printed.
    session.seek(1)
    #expect(session.partitionConsole == [])
  }

  @Test func aMachineWithoutATEEHasNone() throws {
    for machine in ["machine", "machine secure=spmc"] {
      let script = Script()
      try script.run(machine)
      #expect(throws: ScriptError.self) { try script.run("tee open hello") }
    }
    let script = Script()
    #expect(throws: ScriptError.self) { try script.run("tee open nobody") }
    #expect(throws: ScriptError.self) { try script.run("ffa lend 0x82000000 to=nobody") }
    #expect(throws: ScriptError.self) { try script.run("ffa lend 0x82000000 to=tee sandwich=1") }
    #expect(throws: ScriptError.self) { try script.run("ffa lend 0x82000000 to=tee") }
  }

  /// The Host has an interrupt again and again: the client enters the TEE as often.
  @Test func aClientGoesOnAfterInterrupts() throws {
    let script = Script()
    try script.run("machine secure=tee\ntee open storage")
    script.session.machine.guestBudget = 5000
    try script.check("tee invoke 1 0 text=secret out=256\nexpect TEE_SUCCESS x2=54")
    #expect(script.session.steps.count { $0.text.hasPrefix("smc FFA_RUN ") } > 2)
  }

  /// Every page of a dialogue is told why it is denied: the conditions of the call, with the operands they had.
  @Test func aDenialIsExplainedOnEitherSide() throws {
    let script = Script()
    try script.check(
      """
      machine secure=spmc
      ffa lend 0x82000000 to=tee
      ffa lend 0x82000000 to=keys
      expect FFA_DENIED by=exclusive
      """)
    let session = script.session
    let explanation = try #require(session.explanation(ofStep: session.steps.count))
    #expect(explanation.decidedBy == "exclusive")
    #expect(explanation.rows.first { $0.verdict == .failed }?.now.contains("0x82000000 is lent") == true)
    try script.check("ffa retrieve 1 by=keys\nexpect FFA_INVALID_PARAMETERS by=caller_receives")
    let call = try #require(session.steps.lastIndex { $0.text.hasPrefix("secure.smc FFA_MEM_RETRIEVE_REQ") })
    #expect(session.explanation(ofStep: call + 1)?.decidedBy == "caller_receives")
    #expect(session.steps[call].hasFailed)
  }
}
