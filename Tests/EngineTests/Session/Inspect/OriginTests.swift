import Engine
import Testing

/// What the Why screen says of how a thing came to be what a condition refuses.
struct OriginTests {
  private static let granule: UInt64 = 0x8000_1000
  private static let delegate = "RMI_GRANULE_DELEGATE \(hex(granule))"

  private func origins(ofLastStepOf session: Session) throws -> [ConditionOrigin] {
    session.origins(of: try #require(session.explanation(ofStep: session.position)))
  }

  @Test func aCauseIsFoundHoweverLongAgo() throws {
    let script = Script()
    let session = script.session
    try script.run(Self.delegate)
    for _ in 0..<66_000 { session.perform(.action(.selectPE(0))) }
    try script.run(Self.delegate)
    #expect(try origins(ofLastStepOf: session).map(\.step) == [1])
    #expect(session.change(of: .granule(Self.granule), isNext: false)?.step == 1)
    session.seek(0)
    #expect(session.change(of: .granule(Self.granule), isNext: true)?.step == 1)
    #expect(session.change(of: .granule(Self.granule), isNext: false) == nil)
  }

  @Test func whatWasBeforeAnotherMachineIsNoCause() throws {
    let script = Script()
    try script.run([Self.delegate, "case b", "RMI_GRANULE_UNDELEGATE \(hex(Self.granule))"].joined(separator: "\n"))
    let origins = try origins(ofLastStepOf: script.session)
    #expect(origins.map(\.step) == [nil])
    #expect(origins.first?.text == "granule \(hex(Self.granule)) is as it was at boot")
  }

  /// A write to hundreds of granules is one of each.
  @Test func aFieldIsWrittenByAWriteToManyGranules() throws {
    let script = Script()
    try script.run(
      """
      \(Self.delegate)
      ns.fill 0x80100000 0x100000 0xff
      RMI_REALM_CREATE \(hex(Self.granule)) 0x80180000
      """)
    let origins = try origins(ofLastStepOf: script.session)
    #expect(!origins.isEmpty)
    #expect(origins.allSatisfy { $0.step == 2 })
  }
}
