import Engine
import Testing

@testable import Session

/// Two sessions side by side.
struct SessionComparisonTests {
  private static func comparison(_ a: String, _ b: String) throws -> SessionComparison {
    let (first, second) = (Script(), Script())
    try first.run(a)
    try second.run(b)
    func comparable(_ session: Session) -> (steps: [Session.Step], state: StateReading) {
      session.comparable(at: BranchPlace(branch: 0, step: session.position))
    }
    return SessionComparison(comparable(first.session), comparable(second.session))
  }

  @Test func theSameIsTheSame() throws {
    let comparison = try Self.comparison("realm", "realm")
    #expect(comparison.isEqual)
    #expect(comparison.rows.isEmpty && comparison.state.items.isEmpty)
    #expect(comparison.lines().last == "the states are the same")
  }

  /// A page that was written with zeroes is one that nobody wrote.
  @Test func aPageOfZeroesIsNoContents() throws {
    let comparison = try Self.comparison("ns.write64 0x80001000 0", "echo nothing")
    #expect(comparison.state.isEqual)
    #expect(comparison.state.items.isEmpty)
  }

  @Test func granulesAndAnswers() throws {
    let comparison = try Self.comparison(
      "smc RMI_GRANULE_DELEGATE 0x80001000\nsmc RMI_GRANULE_DELEGATE 0x80002000\nsmc RMI_GRANULE_UNDELEGATE 0x80003000",
      "smc RMI_GRANULE_DELEGATE 0x80001000\nsmc RMI_GRANULE_DELEGATE 0x80003000\nsmc RMI_GRANULE_UNDELEGATE 0x80003000")
    #expect(!comparison.isEqual)
    #expect(comparison.common == 1)
    #expect(
      comparison.lines().filter { $0.hasPrefix("  A ") } == [
        "  A 2: smc RMI_GRANULE_DELEGATE 0x80002000 => RMI_SUCCESS",
        "  A 3, B 3: smc RMI_GRANULE_UNDELEGATE 0x80003000 => RMI_ERROR_INPUT in A, RMI_SUCCESS in B",
      ])
    #expect(comparison.state.items.map(\.text).contains("granule 0x80002000 is DELEGATED in A, UNDELEGATED, the Host's in B"))
  }

  /// By Realm, REC register, RTT entry, measurement.
  @Test func whatARealmHas() throws {
    let script = Script()
    try script.run("realm")
    let session = script.session
    let before = session.position
    try script.run("guest setreg 3 0x77\nRMI_REC_ENTER rec run")
    let comparison = session.comparison(
      of: BranchPlace(branch: 0, step: before), with: BranchPlace(branch: 0, step: session.position))
    let kinds = Set(comparison.state.items.map(\.key.kind))
    #expect(kinds.contains(.rec))
    #expect(comparison.common == before)
    #expect(session.position == session.steps.count)
    // Before the Realm was active.
    let activation = try #require(session.steps.firstIndex { $0.text.contains("RMI_REALM_ACTIVATE") })
    let lines = session.comparison(
      of: BranchPlace(branch: 0, step: activation), with: BranchPlace(branch: 0, step: activation + 1)
    ).lines()
    #expect(lines.contains { $0.contains("of Realm") && $0.contains("ACTIVE in B") }, "\(lines)")
    let creation = try #require(session.steps.firstIndex { $0.text.contains("RMI_DATA_CREATE") })
    let data = session.comparison(
      of: BranchPlace(branch: 0, step: creation), with: BranchPlace(branch: 0, step: creation + 1)
    ).lines()
    #expect(data.contains { $0.hasPrefix("  the page at IPA 0x0 of Realm") && $0.contains("ASSIGNED RAM") }, "\(data)")
    #expect(data.contains { $0.hasPrefix("  RIM of Realm") }, "\(data)")
  }
}
