import Engine
import Testing

@testable import Session

/// What became of a granule, as the map's cursor tells it.
struct GranuleHistoryTests {
  private static let (granule, other): (UInt64, UInt64) = (0x8000_1000, 0x8000_2000)

  private func delegate(_ address: UInt64) -> String { "RMI_GRANULE_DELEGATE \(hex(address))" }
  private func undelegate(_ address: UInt64) -> String { "RMI_GRANULE_UNDELEGATE \(hex(address))" }

  private func steps(of address: UInt64, in session: Session) -> [Int] {
    var steps: [Int] = []
    for (step, text) in session.story(address).history {
      #expect(text.contains(hex(address & ~0xFFF)))
      if steps.last != step { steps.append(step) }
    }
    return steps
  }

  @Test func itFollowsWhereTheSessionGoesAndWhatTakesThePlaceOfWhat() throws {
    let script = Script()
    let session = script.session
    try script.run([delegate(Self.granule), delegate(Self.other), undelegate(Self.granule)].joined(separator: "\n"))
    #expect(steps(of: Self.granule, in: session) == [3, 1])
    #expect(steps(of: Self.granule + 8, in: session) == [3, 1], "any address of it")
    #expect(steps(of: Self.other, in: session) == [2])
    session.seek(2)
    #expect(steps(of: Self.granule, in: session) == [1])
    session.seek(3)
    #expect(steps(of: Self.granule, in: session) == [3, 1])
    session.seek(1)
    try script.run(undelegate(Self.granule))
    #expect(steps(of: Self.granule, in: session) == [2, 1])
    #expect(steps(of: Self.other, in: session) == [], "that step is no more")
  }

  @Test func onlyItsLastStepsAreTold() throws {
    let script = Script()
    for _ in 0..<20 { try script.run(delegate(Self.granule) + "\n" + undelegate(Self.granule)) }
    #expect(steps(of: Self.granule, in: script.session) == Array((25...40).reversed()))
  }

  /// A refusal changes nothing.
  @Test func aCallThatIsRefusedIsNotOfIt() throws {
    let script = Script()
    try script.run(delegate(Self.granule) + "\n" + delegate(Self.granule))
    #expect(steps(of: Self.granule, in: script.session) == [1])
  }

  /// While many steps are made, those before are looked at, so that whoever asks then finds few that are new; and the same as ever.
  @Test func itKeepsUpWithManySteps() throws {
    func script(keepsUp: Bool) throws -> (session: Session, mostUnseen: Int) {
      let script = Script()
      let session = script.session
      var mostUnseen = 0
      session.isInterrupted = { [unowned session] in
        if keepsUp { session.keepUp() }
        mostUnseen = max(mostUnseen, session.steps.count - session.granuleHistory.count)
        return false
      }
      script.runner.load = { name, _ throws(ScriptError) in
        (name, (0..<1500).flatMap { [delegate(Self.granule), undelegate($0 % 3 == 0 ? Self.other : Self.granule)] })
      }
      try script.run("include lines")
      #expect(session.steps.count == 3000)
      // Others take the place of most.
      session.seek(1200)
      try script.run("include lines\n" + delegate(Self.other))
      return (session, mostUnseen)
    }
    let (one, other) = (try script(keepsUp: true), try script(keepsUp: false))
    #expect(one.mostUnseen < 1100 && other.mostUnseen > 2900, "\(one.mostUnseen), \(other.mostUnseen)")
    for place in [4201, 4200, 3000, 1201, 1200, 7, 0] {
      one.session.seek(place)
      other.session.seek(place)
      for granule in [Self.granule, Self.other] {
        #expect(steps(of: granule, in: one.session) == steps(of: granule, in: other.session), "at \(place)")
      }
    }
    #expect(one.session.stepsThatChanged(granule: Self.granule) == other.session.stepsThatChanged(granule: Self.granule))
    #expect(one.session.stepsThatChanged(granule: Self.other).first == 4201)
  }
}
