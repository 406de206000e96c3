import Engine
import Testing

/// Which step made a claim of a token what it is.
struct ClaimOriginTests {
  /// A Realm whose first REM was extended before a token was begun and after it, and whose third was not.
  private static func script() throws -> Script {
    let script = Script()
    try script.run(Script.activeRealm)
    try script.run(
      """
      guest smc RSI_MEASUREMENT_EXTEND 1 32 1 2 3 4
      smc RMI_REC_ENTER rec run
      guest smc RSI_MEASUREMENT_EXTEND 2 32 5 6 7 8
      guest smc RSI_ATTESTATION_TOKEN_INIT 9
      guest smc RSI_MEASUREMENT_EXTEND 2 32 1 1 1 1
      smc RMI_REC_ENTER rec run
      guest smc RSI_MEASUREMENT_EXTEND 1 32 1 1 1 1
      smc RMI_REC_ENTER rec run
      guest smc RSI_ATTESTATION_TOKEN_CONTINUE 0 0 0x1000
      smc RMI_REC_ENTER rec run
      """)
    return script
  }

  @Test func aClaimLeadsToItsStep() throws {
    let session = try Self.script().session
    let token = try #require(session.tokens.first)
    let entries = session.steps.indices.filter { session.steps[$0].text.hasPrefix("smc RMI_REC_ENTER") }.map { $0 + 1 }
    func call(_ name: String) -> Int? { session.steps.firstIndex { $0.text.hasPrefix("smc \(name) ") }.map { $0 + 1 } }
    func step(_ claim: RealmClaim, rem: Int? = nil) -> Int? { session.origin(of: claim, rem: rem, in: token)?.step }
    #expect(entries.count == 4)
    #expect(step(.challenge) == entries[1])
    #expect(step(.initialMeasurement) == call("RMI_REC_CREATE"))
    #expect(step(.extensibleMeasurements, rem: 0) == entries[0])
    #expect(step(.extensibleMeasurements, rem: 1) == entries[1])
    // What was never extended is as the Realm was made.
    #expect(step(.extensibleMeasurements, rem: 2) == call("RMI_REALM_CREATE"))
    #expect(step(.extensibleMeasurements) == entries[1])
    #expect(step(.personalizationValue) == call("RMI_REALM_CREATE"))
    #expect(step(.hashAlgorithm) == call("RMI_REALM_CREATE"))
    let key = try #require(session.origin(of: .publicKey, in: token))
    #expect(key.step == nil && key.text == "it is so since the machine has booted")
    // Of the two extensions in one step it is the one before the token was begun.
    let value = try #require(session.steps[entries[1] - 1].measured.first { $0.index == 2 }?.value)
    let rems = try #require(
      TokenDocument(token.token.bytes).realm?.readings.first { $0.label.int == RealmClaim.extensibleMeasurements.rawValue })
    #expect(rems.children[1].item.bytes.map(Array.init) == value)
  }
}
