import Engine
import Testing

@testable import Machine
@testable import Session

/// Each rule of the model can be broken, and is then said to be.
struct InvariantTests {
  /// A Realm of which every kind of granule is there, and a granule that is DELEGATED.
  private static func realm() throws -> Script {
    let script = Script()
    try script.run(Script.activeRealm)
    try script.run("smc RMI_GRANULE_DELEGATE 0x80300000\nexpect RMI_SUCCESS")
    #expect(script.session.read { $0.invariantViolations() } == [])
    return script
  }

  /// Breaks the machine in every way there is below, one after another, and collects which rules are broken.
  private static func broken(_ session: Session) -> Set<String> {
    var found: Set<String> = []
    func look() { found.formUnion(session.machine.invariantViolations().map(\.rule)) }
    func store(_ address: UInt64, _ value: UInt64) {
      let old = session.machine.memory.load64(address)
      session.machine.memory.store64(address, value)
      look()
      session.machine.memory.store64(address, old)
    }
    // Words of the RD and of the REC; the table of level 2 and two entries of that of level 3, ASSIGNED and UNASSIGNED.
    for base in [0x8010_0000, 0x8010_2000] as [UInt64] {
      for offset in stride(from: 0 as UInt64, to: 0x800, by: 8) {
        store(base + offset, session.machine.memory.load64(base + offset) ^ 1)
      }
    }
    store(0x8011_1000, session.machine.memory.load64(0x8011_1000) ^ 0x1000)
    for entry in [0x8011_2000, 0x8011_2008] as [UInt64] {
      for bit in 0..<64 as Range<UInt64> { store(entry, session.machine.memory.load64(entry) ^ 1 << bit) }
    }
    // A byte that was left in a clean granule.
    store(0x8030_0FF8, 1)
    // What granules are.
    for address in [0x8010_0000, 0x8011_0000, 0x8020_0000, 0x8030_0000, 0x8000_0000] as [UInt64] {
      let old = session.machine.memory.record(address)
      for state in GranuleState.allCases {
        for gpi in [GPI.nonSecure, .secure, .realm] {
          session.machine.memory.setRecord(address, GranuleRecord(state: state, gpi: gpi).raw)
          look()
        }
      }
      session.machine.memory.setRecord(address, old)
    }
    // What EL3 and the RMM keep elsewhere.
    let control = session.machine.control
    for change in [
      { $0.vmids[0] ^= 0xFF }, { $0.realms.append(0x8030_0000) }, { $0.recs = [] }, { $0.busyPEs = 1 },
      { $0.pes[0].runningREC = 0x8010_2000 },
    ] as [(inout ControlState) -> Void] {
      change(&session.machine.control)
      look()
      session.machine.control = control
    }
    #expect(session.machine.invariantViolations() == [])
    return found
  }

  @Test func eachRuleCanBeBroken() throws {
    // Those that a machine of the lab alone is held to are in LabStatementTests, those of the Secure world in SecureStateTests.
    let lab = Set(LabRule.allCases.map(\.name.description))
    let rules = Set(ModelRule.all.filter { !$0.isOfSecureWorld }.map(\.name)).subtracting(lab)
    #expect(rules.count > 10 && rules.contains("delegated_zero"))
    #expect(Self.broken(try Self.realm().session) == rules)
  }

  /// A granule that was given back and kept something, by name.
  @Test func whatIsLeftInADelegatedGranuleIsFound() throws {
    let session = try Self.realm().session
    session.machine.memory.store64(0x8030_0FF8, 1)
    #expect(
      session.machine.invariantViolations() == [InvariantViolation(rule: "delegated_zero", detail: "0x80300000 holds something")])
  }

  /// Where software of the Realm or the Root world has written to memory by hand, these rules are in force and no others.
  @Test func afterScribblingTheListsAndThePEsAreStillHeldTo() throws {
    let session = try Self.realm().session
    session.perform(.action(.access(MemoryAccess(world: .realm, address: 0x8030_0000, kind: .write64(1)))))
    #expect(session.machine.control.isScribbled)
    #expect(Self.broken(session) == ["lists", "running"])
  }
}
