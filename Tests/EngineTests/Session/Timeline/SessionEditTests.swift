import Engine
import Testing

@testable import Session

/// A step that is done otherwise, and predicates that end what runs.
struct SessionEditTests {
  @Test func whatComesBehindIsDoneAgain() throws {
    let script = Script()
    try script.run((1...4).map { "smc RMI_GRANULE_DELEGATE 0x8000\($0)000" }.joined(separator: "\n"))
    let session = script.session
    let rest = try #require(session.rest(after: 2))
    #expect(rest.count == 2 && rest.line == BranchPlace(branch: 0, step: 4))
    session.seek(1)
    try script.run("smc RMI_GRANULE_DELEGATE 0x80003000")
    #expect(session.perform(rest) == 2)
    #expect(session.branches.map(\.name) == ["main", "b1"])
    #expect(session.steps.map(\.hasFailed) == [false, false, true, false])
    let comparison = session.comparison(of: rest.line, with: session.place(at: 4))
    #expect(comparison.common == 1)
    #expect(comparison.state.items.map(\.key.address) == [0x8000_2000])
    #expect(session.rest(after: 0) == nil && session.rest(after: 5) == nil)
    // Somebody ends it.
    session.isInterrupted = { session.steps.count > 3 }
    session.seek(1)
    try script.run("smc RMI_GRANULE_DELEGATE 0x80005000")
    #expect(session.perform(rest) == 2 || session.steps.count == 4)
  }

  @Test func aWatchEndsWhatRuns() throws {
    let script = Script()
    try script.run("watch that granule(0x80002000).state == DELEGATED")
    // A line alone is nothing to stop.
    try script.run("smc RMI_GRANULE_DELEGATE 0x80002000\nsmc RMI_GRANULE_UNDELEGATE 0x80002000")
    let error = #expect(throws: ScriptError.self) { try script.run("delegate 4 from 0x80001000") }
    #expect(error?.message.contains("has become true") == true, "\(String(describing: error))")
    #expect(script.session.read { $0.granuleState(0x8000_2000) } == .delegated)
    #expect(script.session.read { $0.granuleState(0x8000_3000) } == .undelegated)
    // It holds, and stops nothing before it has become true again.
    try script.run("delegate 2 from 0x80003000\nwatch that\nsmc RMI_GRANULE_UNDELEGATE 0x80002000\ndelegate 1 from 0x80002000")
  }
}
