import Crypto
import Engine
import Testing

/// Reference values from a good token, and what becomes of the trust vectors when something is another.
struct AppraisalTests {
  private func document(_ change: (inout TokenBuilder) -> Void = { _ in }) throws -> TokenDocument {
    var token = TokenBuilder()
    change(&token)
    return TokenDocument(try token.encoded())
  }
  private let key = PublicKey(point: TokenBuilder.platformKey.publicKey.x963Representation)
  private func reference() throws -> ReferenceValues { ReferenceValues(try document(), key: key) }

  @Test func aTokenAffirmsItself() throws {
    let appraisal = Appraisal(try document(), try reference(), challenge: TokenBuilder.challenge)
    #expect(appraisal.status == .affirming)
    #expect(appraisal.platform.entries.map(\.value) == [2, 2, 2, 2, 2, 2])
    #expect(appraisal.realm.entries.map(\.value) == [2, 2])
  }

  struct Case: Sendable {
    let name: String
    let token: @Sendable (inout TokenBuilder) -> Void
    let reference: @Sendable (inout ReferenceValues) -> Void
    let claim: TrustVector.Claim
    let platform: Int?
    let realm: Int?

    init(
      _ name: String, _ claim: TrustVector.Claim, platform: Int? = nil, realm: Int? = nil,
      token: @escaping @Sendable (inout TokenBuilder) -> Void = { _ in },
      reference: @escaping @Sendable (inout ReferenceValues) -> Void = { _ in }
    ) {
      self.name = name
      self.token = token
      self.reference = reference
      self.claim = claim
      self.platform = platform
      self.realm = realm
    }
  }

  private static func component(_ type: String, _ version: String) -> Item {
    let digest = Item.bytes([UInt8](repeating: 7, count: 32))
    return .array([.map([(.int(1), .text(type)), (.int(2), digest), (.int(4), .text(version)), (.int(5), digest)])])
  }

  static let cases: [Case] = [
    Case("debug life cycle", .instanceIdentity, platform: 96, token: { $0.platform[2395] = .int(0x5000) }),
    Case("debug life cycle, memory", .runtimeOpaque, platform: 96, token: { $0.platform[2395] = .int(0x4001) }),
    Case(
      "debug that is accepted", .runtimeOpaque, platform: 2, token: { $0.platform[2395] = .int(0x4001) },
      reference: { $0.lifecycles = [.secured, .nonPlatformDebug] }),
    Case("another config", .configuration, platform: 32, token: { $0.platform[2401] = .bytes([9]) }),
    Case("no config known", .configuration, platform: 32, reference: { $0.configs = [] }),
    Case(
      "another implementation", .hardware, platform: 97, reference: { $0.implementationID = [UInt8](repeating: 1, count: 32) }),
    Case("another firmware", .executables, platform: 33, reference: { $0.components[0].measurement[0] ^= 1 }),
    Case("another signer", .executables, platform: 33, reference: { $0.components[0].signer[0] ^= 1 }),
    Case("a version that is not compared", .executables, platform: 2, reference: { $0.components[0].version = nil }),
    Case("no anchor", .instanceIdentity, platform: 97, reference: { $0.anchors = [] }),
    Case(
      "another anchor", .executables, platform: 99, realm: 99,
      reference: { $0.anchors[0].key = PublicKey(point: TokenBuilder.bareKey) ?? $0.anchors[0].key }),
    Case(
      "a component that looks the same", .executables, platform: 33, token: { $0.platform[2399] = component("\u{212A}1", "1.0") },
      reference: { $0.components[0].type = "K1" }),
    Case(
      "a version that looks the same", .executables, platform: 33, token: { $0.platform[2399] = component("BL", "e\u{301}") },
      reference: { $0.components[0].version = "\u{E9}" }),
    Case("RIM unknown", .executables, realm: 33, reference: { $0.realms = [] }),
    Case("RIM only", .executables, realm: 3, reference: { $0.realms[0].rems = [nil, nil, nil, nil] }),
    Case("another REM", .executables, realm: 96, reference: { $0.realms[0].rems[2] = [UInt8](repeating: 0, count: 32) }),
    Case("another RPV", .executables, realm: 96, reference: { $0.realms[0].rpv = [UInt8](repeating: 0, count: 64) }),
    Case("RPV not compared", .executables, realm: 2, reference: { $0.realms[0].rpv = nil }),
    Case(
      "glued", .instanceIdentity, platform: 99, realm: 99, token: { $0.platform[10] = .bytes([UInt8](repeating: 0, count: 32)) }),
  ]

  @Test(arguments: cases)
  func vectors(_ example: Case) throws {
    var reference = try reference()
    example.reference(&reference)
    let appraisal = Appraisal(try document(example.token), reference)
    if let value = example.platform {
      let entry = appraisal.platform[example.claim]
      #expect(entry?.value == value, "\(example.name): \(entry?.reason ?? "")")
      #expect(entry?.reason.isEmpty == false)
    }
    if let value = example.realm { #expect(appraisal.realm[example.claim]?.value == value, "\(example.name)") }
  }

  @Test func referenceValuesAreAFile() throws {
    let reference = try reference()
    let lines = reference.text.split(separator: "\n").map(String.init)
    #expect(try ReferenceValues(lines: lines) == reference)
    for (line, words) in [
      ("realm", "needs rim="), ("realm rim=zz", "hexadecimal"), ("realm rim=00 colour=red", "realm has rim="),
      ("anchor instance-id=00 key=04", "no point"), ("lifecycle open", "unknown life cycle"), ("bogus", "unknown fact"),
    ] {
      let error = #expect(throws: ScriptError.self) { try ReferenceValues(lines: ["config value=00", line]) }
      #expect(error?.line == 2)
      #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
    }
  }

  /// What a platform calls its components is its own affair: it comes back byte for byte, and makes no line of its own.
  @Test(arguments: [
    "RSE BL1", "a\nlifecycle decommissioned", "100%", "(x", "#", "\u{E9}", "e\u{301}", "x measurement=00", "\u{A0}", "",
  ])
  func anyTextSurvivesTheFile(_ text: String) throws {
    let document = try document { $0.platform[2399] = Self.component(text, text) }
    let reference = ReferenceValues(document, key: key)
    let read = try ReferenceValues(lines: reference.text.split(separator: "\n").map(String.init))
    #expect(read.components.map { $0.type.map { Array($0.utf8) } } == [Array(text.utf8)])
    #expect(read == reference)
    #expect(Appraisal(document, read).status == .affirming)
  }

  @Test func anEmptyConfigAndAnotherFamilyOfHashesSurviveTheFile() throws {
    let document = try document {
      $0.platform[2401] = .bytes([])
      $0.platform[2402] = .text("sha3-256")
    }
    let reference = ReferenceValues(document, key: key)
    #expect(reference.components.map(\.hash) == [.sha3x256])
    #expect(try ReferenceValues(lines: reference.text.split(separator: "\n").map(String.init)) == reference)
    #expect(Appraisal(document, reference).status == .affirming)
    var decoder = CBORDecoder(CoRIM.encoded(reference, .platform, id: "x"))
    let corim = try decoder.item()
    let comid = try #require(corim.children.first?.entry(1)?.children.first?.children.first?.bytes)
    var inner = CBORDecoder(comid)
    // 10 is sha3-256; 1 would be sha-256.
    #expect(try inner.item().diagnostic.contains("{2: [[10, h'0707"))
    let wrong = [("component measurement=00 signer=00 hash=md5", "hash= is one of"), ("component type=%4", "without two")]
    for (line, words) in wrong {
      let error = #expect(throws: ScriptError.self) { try ReferenceValues(lines: [line]) }
      #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
    }
  }

  /// A store takes an id once: of a CoRIM and of each CoMID in it.
  @Test func idsDifferByDefault() throws {
    func ids(_ bytes: [UInt8]) throws -> [String] {
      var decoder = CBORDecoder(bytes)
      let manifest = try #require(try decoder.item().children.first)
      let comids = try (manifest.entry(1)?.children ?? []).map { tag in
        var inner = CBORDecoder(try #require(tag.children.first?.bytes))
        return try #require(try inner.item().entry(1)?.entry(0)?.text)
      }
      return [try #require(manifest.entry(0)?.text)] + comids
    }
    let one = try reference()
    var other = one
    other.realms[0].rim[0] ^= 1
    let platform = try ids(CoRIM.encoded(one, .platform))
    let realm = try ids(CoRIM.encoded(one, .realm))
    #expect(platform.count == 3 && realm.count == 2)
    let different = try ids(CoRIM.encoded(other, .realm))
    #expect(Set(platform + realm + different).count == 7, "\(platform) \(realm) \(different)")
    // The same content has the same name, and the Realm's does not change the platform's.
    #expect(try ids(CoRIM.encoded(other, .platform)) == platform)
    let named = try ids(CoRIM.encoded(one, .platform, id: "mine")) + ids(CoRIM.encoded(one, .realm, id: "mine"))
    #expect(named == ["mine", "mine-platform-values", "mine-platform-anchors", "mine", "mine-realm-values"])
  }

  /// The CoRIM's form: tag 501, CoMIDs under tag 506, the keys veraison's verifier reads.
  @Test func corim() throws {
    let reference = try reference()
    var decoder = CBORDecoder(CoRIM.encoded(reference, .realm, id: "x"))
    let realm = try decoder.item()
    #expect(decoder.isAtEnd && decoder.remarks.isEmpty)
    #expect(realm.value == .tag(501))
    let manifest = try #require(realm.children.first)
    #expect(manifest.entry(3)?.diagnostic == "32(\"tag:arm.com,2025:cca_realm#1.0.0\")")
    let comid = try #require(manifest.entry(1)?.children.first)
    #expect(comid.value == .tag(506))
    var inner = CBORDecoder(try #require(comid.children.first?.bytes))
    let rim = hexBytes(reference.realms[0].rim)
    let rpv = hexBytes(reference.realms[0].rpv ?? [])
    let measurements = ["rim", "rem0", "rem1", "rem2", "rem3"].map { "{0: \"cca.\($0)\", 1: {2: [[1, h'\(rim)']]}}" }
    #expect(
      try inner.item().diagnostic
        == "{1: {0: \"x-realm-values\"}, 4: {0: [[{0: {0: 560(h'\(rim)')}}, [\(measurements.joined(separator: ", ")), "
        + "{0: \"cca.rpv\", 1: {4: 560(h'\(rpv)')}}]]]}}")
    var platform = CBORDecoder(CoRIM.encoded(reference, .platform, id: "x"))
    let text = try platform.item().diagnostic
    #expect(text.contains("cca_platform#1.0.0"))
    #expect(platform.isAtEnd)
  }
}
