import Engine
import Testing

/// Tokens of a session: what it keeps of them, what `token` statements say, and how they follow going back in time.
struct SessionTokenTests {
  private static let getToken = """
    guest smc RSI_ATTESTATION_TOKEN_INIT 1
    guest smc RSI_ATTESTATION_TOKEN_CONTINUE 0 0 0x1000
    smc RMI_REC_ENTER rec run
    """

  private func script(_ properties: String = "") throws -> Script {
    var configuration = MachineConfiguration()
    for word in properties.split(separator: " ") {
      let parts = word.split(separator: "=").map(String.init)
      try configuration.set(parts[0], parts[1])
    }
    let script = Script(configuration)
    try script.run(Script.activeRealm)
    try script.run(Self.getToken)
    return script
  }

  @Test func theyComeAndGoWithTheirSteps() throws {
    let script = try script()
    #expect(script.session.tokens.map(\.number) == [1])
    try script.run(Self.getToken)
    #expect(script.session.tokens.count == 2)
    script.session.seek(script.session.tokens[1].step - 1)
    #expect(script.session.tokens.count == 1)
    script.session.seek(script.session.steps.count)
    #expect(script.session.tokens.count == 2)
    // What is done instead replaces what was undone.
    script.session.seek(script.session.tokens[1].step - 3)
    try script.run(Self.getToken)
    #expect(script.session.tokens.map(\.number) == [1, 2])
  }

  /// The forms an RMM may make, and the platforms it may run on: all verify, and say what they are.
  @Test(arguments: [
    ("token=rmm-1.0", TokenProfile.rmm1), ("token=legacy", .legacy), ("token=collection", .collection),
    ("platform=sample", .rmm1), ("platform=sample token=legacy", .legacy),
    ("instance=7 lifecycle=0x6000 patch=RMM+AP_BL2", .rmm1),
  ])
  func everyFormVerifies(_ properties: String, _ profile: TokenProfile) throws {
    let token = try #require(script(properties).session.tokens.first)
    let report = VerificationReport(
      TokenDocument(token.token.bytes), VerificationOptions(platformKey: token.platformKey, challenge: [1], profile: profile))
    #expect(report.verdict == .accepted, "\(report.summary)")
  }

  /// The platform token says what booted: the same again is the same, a changed stage is told.
  @Test func theTokenFollowsTheBoot() throws {
    func values(_ properties: String) throws -> ReferenceValues {
      let token = try #require(script(properties).session.tokens.first)
      return ReferenceValues(TokenDocument(token.token.bytes), key: token.platformKey)
    }
    let plain = try values("")
    #expect(try values("") == plain)
    #expect(plain.components.map(\.type) == ["AP_BL1", "AP_BL2", "AP_BL31", "RMM", "HW_CONFIG"])
    for firmware in Firmware.allCases {
      let other = try values("patch=\(firmware.rawValue)")
      let differing = zip(plain.components, other.components).filter { $0.0 != $0.1 }.map(\.0.type)
      #expect(differing == [firmware.rawValue])
      #expect(other.anchors == plain.anchors)
    }
    // Another personality is another RMM; another size of memory is another configuration of the hardware.
    #expect(try values("rmm=tf-rmm-0.6").components[3] != plain.components[3])
    #expect(try values("dram=128M").components[4] != plain.components[4])
    #expect(try values("instance=2").anchors != plain.anchors)
    #expect(try values("lifecycle=0x5000").lifecycles == [.recoverablePlatformDebug])
  }

  @Test func statements() throws {
    let script = try script()
    try script.run(
      """
      token verify
      expect accepted
      token verify 1 challenge=02
      expect refused by=freshness
      token appraise 1
      expect affirming
      token verify 2
      expect none
      """)
    #expect(script.runner.failures == [])
    for (line, words) in [
      ("token", "token needs an action: verify appraise show"), ("token bogus", "expected one of verify appraise show"),
      ("token verify 0", "numbered from 1"),
      ("token verify challenge=0x01", "hexadecimal"), ("token verify against=1", "expected: token verify"),
      ("token verify 1 2", "expected: token verify"),
    ] {
      let error = #expect(throws: ScriptError.self) { try script.run(line) }
      #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
    }
  }

  @Test func twoTokensCompared() throws {
    let script = try script()
    let one = TokenDocument(script.session.tokens[0].token.bytes)
    try script.run(Self.getToken.replacing("INIT 1", with: "INIT 2"))
    let two = TokenDocument(script.session.tokens[1].token.bytes)
    let difference = TokenDifference(one, two)
    #expect(difference.rows.filter { !$0.isSame }.map(\.name) == ["challenge"])
    #expect(difference.lineage.contains("the same Realm attestation key: the same boot"))
    #expect(TokenDifference(one, one).isSame)
    let other = TokenDocument(try #require(self.script("instance=2").session.tokens.first).token.bytes)
    #expect(TokenDifference(one, other).lineage.contains("different platforms"))
  }

  @Test(arguments: [
    ("platform=fpga", "model or sample"), ("token=later", "rmm-1.0, legacy or collection"), ("patch=GRUB", "unknown firmware"),
    ("lifecycle=0x3100", "stands for no state"), ("platform=sample instance=2", "claims are fixed"),
  ])
  func wrongPropertiesAreRefused(_ properties: String, _ words: String) {
    let parts = properties.split(separator: " ").map { word in
      let halves = word.split(separator: "=").map(String.init)
      return MachineProperty(key: halves[0], value: halves[1], column: 0)
    }
    let error = #expect(throws: ScriptError.self) {
      var configuration = MachineConfiguration()
      try configuration.set(parts, line: 1)
    }
    #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
  }

  /// A configuration in words is read back as the same.
  @Test func propertiesSurviveTheirText() throws {
    var configuration = MachineConfiguration()
    for (key, value) in [
      ("instance", "9"), ("lifecycle", "0x4001"), ("patch", "RMM+AP_BL1"), ("token", "collection"),
    ] { try configuration.set(key, value) }
    var other = MachineConfiguration()
    for word in configuration.propertyText.split(separator: " ") {
      let parts = word.split(separator: "=").map(String.init)
      try other.set(parts[0], parts[1])
    }
    #expect(other == configuration)
  }
}
