import Crypto
import Engine
import Testing

/// Every check by name: what passes it, and what fails it.
struct CheckTests {
  struct Wrong: CustomTestStringConvertible {
    let check: String
    let what: String
    let change: @Sendable (inout TokenBuilder) -> Void

    init(_ check: String, _ what: String, _ change: @escaping @Sendable (inout TokenBuilder) -> Void) {
      self.check = check
      self.what = what
      self.change = change
    }
    var testDescription: String { "\(check): \(what)" }
  }

  /// At least one for each check.
  static let wrongs: [Wrong] = [
    Wrong("token_size", "nothing") { $0.spoil = { _ in [] } },
    Wrong("token_size", "more than any token") { $0.spoil = { $0 + [UInt8](repeating: 0, count: TokenDocument.sizeLimit) } },
    Wrong("verifier_limits", "nested deeply") { $0.spoil = { _ in [UInt8](repeating: 0x81, count: 100) + [0] } },
    Wrong("cbor_wellformed", "cut short") { $0.spoil = { Array($0.dropLast()) } },
    Wrong("cbor_wellformed", "zeroes in a reserved head") { $0.spoil = { [0x1C] + $0 } },
    Wrong("cbor_trailing", "a byte after it") { $0.spoil = { $0 + [0] } },
    Wrong("cbor_definite", "a map without a length") { token in
      token.platform.payload =
        [0xBF] + token.platform.claims.flatMap { Item.int($0.0).encoded + $0.1.encoded } + [0xFF]
    },
    Wrong("cbor_duplicates", "a claim twice") { $0.realm.claims.append((10, .bytes(TokenBuilder.challenge))) },
    Wrong("cbor_duplicates", "an entry twice") { $0.extraEntries = [(.int(44241), .bytes([]))] },
    Wrong("cbor_shortest", "a number in too many bytes") { $0.platform[2395] = .raw([0x1A, 0, 0, 0x30, 0]) },
    Wrong("envelope_tag", "another tag") { $0.tag = 398 },
    Wrong("envelope_tag", "no map inside") { $0.spoil = { _ in [0xD9, 0x01, 0x8F, 0x80] } },
    Wrong("envelope_entries", "a number for a token") { $0.entry = { _ in .int(1) } },
    Wrong("envelope_entries", "typed under tag 399") { $0.entry = { .array([.int(263), .bytes($0)]) } },
    Wrong("envelope_entries", "bare under tag 907") { $0.tag = 907 },
    Wrong("envelope_unknown", "a third entry") { $0.extraEntries = [(.int(44244), .bytes([]))] },
    Wrong("profile_pair", "a legacy platform with a Realm of 2023") { $0.platform[265] = .text(ClaimProfile.platformLegacy) },
    Wrong("profile_expected", "a later profile") { $0.realm[265] = .text("tag:arm.com,2024:realm#2.0.0") },
    Wrong("platform_cose", "no tag") { $0.platform.tag = nil },
    Wrong("platform_cose", "a payload that is no map") { $0.platform.payload = [0x01] },
    Wrong("platform_cose", "a payload that is no CBOR") { $0.platform.payload = [0xFF] },
    Wrong("platform_algorithm", "none") { $0.platform.protected = [] },
    Wrong("platform_algorithm", "EdDSA") { $0.platform.protected = [0xA1, 0x01, 0x27] },
    Wrong("platform_headers", "crit") { $0.platform.protected = [0xA2, 0x01, 0x38, 0x22, 0x02, 0x81, 0x03] },
    Wrong("platform_headers", "alg in both") { $0.platform.unprotected = .map([(.int(1), .int(-35))]) },
    Wrong("platform_unknown", "another claim") { $0.platform[99] = .int(1) },
    Wrong("platform_profile", "missing") { $0.platform[265] = nil },
    Wrong("platform_profile", "unknown") { $0.platform[265] = .text("tag:example.org,2023:mine") },
    Wrong("platform_challenge", "31 bytes") { $0.platform[10] = .bytes([UInt8](repeating: 0, count: 31)) },
    Wrong("platform_implementation_id", "a text") { $0.platform[2396] = .text("mine") },
    Wrong("platform_instance_id", "not RAND") { $0.platform[256] = .bytes([2] + [UInt8](repeating: 2, count: 32)) },
    Wrong("platform_instance_id", "32 bytes") { $0.platform[256] = .bytes([UInt8](repeating: 1, count: 32)) },
    Wrong("platform_config", "a number") { $0.platform[2401] = .int(1) },
    Wrong("platform_lifecycle", "no such state") { $0.platform[2395] = .int(0x3100) },
    Wrong("platform_lifecycle", "negative") { $0.platform[2395] = .int(-1) },
    Wrong("platform_hash_algorithm", "missing") { $0.platform[2402] = nil },
    Wrong("platform_hash_algorithm", "the name of no hash") { $0.platform[2402] = .text("banana") },
    Wrong("platform_verification_service", "bytes") { $0.platform[2400] = .bytes([1]) },
    Wrong("platform_software_components", "none") { $0.platform[2399] = .array([]) },
    Wrong("platform_software_components", "no signer") {
      $0.platform[2399] = .array([.map([(.int(2), .bytes([UInt8](repeating: 7, count: 32)))])])
    },
    Wrong("platform_component_hashes", "a name of somebody's own") {
      $0.platform[2399] = component(hash: "TF-M_SHA256MemPreXIP")
    },
    Wrong("platform_component_hashes", "32 bytes of sha-512") { $0.platform[2399] = component(hash: "sha-512") },
    Wrong("realm_key_private", "d") { $0.addToKey([(.int(-4), .bytes([UInt8](repeating: 1, count: 48)))]) },
    Wrong("realm_cose", "four of three") { $0.realm.tag = 98 },
    Wrong("realm_algorithm", "ES256") { $0.realm.protected = [0xA1, 0x01, 0x26] },
    Wrong("realm_headers", "crit, unprotected") { $0.realm.unprotected = .map([(.int(2), .array([.int(9)]))]) },
    Wrong("realm_unknown", "a text for a label") { $0.realm[-70000] = .int(1) },
    Wrong("realm_profile", "unknown") { $0.realm[265] = .text("tag:arm.com,2023:cca_platform#1.0.0") },
    Wrong("realm_profile_present", "absent under a platform of 2023") { $0.realm[265] = nil },
    Wrong("realm_challenge", "32 bytes") { $0.realm[10] = .bytes([UInt8](repeating: 0, count: 32)) },
    Wrong("realm_rpv", "missing") { $0.realm[44235] = nil },
    Wrong("realm_hash_algorithm", "sha-384") { $0.realm[44236] = .text("sha-384") },
    Wrong("realm_public_key", "a bare point") { $0.realm[44237] = .bytes(TokenBuilder.bareKey) },
    Wrong("realm_public_key", "no point") {
      var key = TokenBuilder.coseKey
      key[106] ^= 1
      $0.realm[44237] = .bytes(key)
    },
    Wrong("realm_key_hash_algorithm", "md5") { $0.realm[44240] = .text("md5") },
    Wrong("realm_rim", "of another hash") { $0.realm[44238] = .bytes([UInt8](repeating: 9, count: 64)) },
    Wrong("realm_rem", "three") {
      $0.realm[44239] = .array(Array(repeating: .bytes([UInt8](repeating: 9, count: 32)), count: 3))
    },
    Wrong("platform_signature", "another key") { $0.platform.signer = TokenBuilder.realmKey },
    Wrong("platform_signature", "one bit") { $0.platform.spoilSignature = { [$0[0] ^ 1] + $0.dropFirst() } },
    Wrong("platform_signature", "DER") { $0.platform.spoilSignature = { [0x30, 0x65, 0x02, 0x30] + $0 } },
    Wrong("binding", "another hash") { $0.platform[10] = .bytes([UInt8](repeating: 0, count: 32)) },
    Wrong("realm_signature", "another key") { $0.realm.signer = TokenBuilder.platformKey },
    Wrong("freshness", "another challenge") { $0.realm[10] = .bytes([UInt8](repeating: 0x5B, count: 64)) },
  ]

  private static func component(hash: String) -> Item {
    let digest = Item.bytes([UInt8](repeating: 7, count: 32))
    return .array([.map([(.int(2), digest), (.int(5), digest), (.int(6), .text(hash))])])
  }

  @Test(arguments: wrongs)
  func whatIsWrongFailsItsCheck(_ wrong: Wrong) throws {
    var token = TokenBuilder()
    wrong.change(&token)
    let report = try token.report()
    let finding = try #require(report.finding(wrong.check))
    #expect(finding.outcome.verdict == .failed, "\(finding.outcome.sentence)")
    #expect(!finding.outcome.sentence.isEmpty)
    #expect(report.verdict == (finding.check.weight == .mandatory ? .refused : .accepted), "\(report.summary)")
  }

  @Test func everyCheckHasAnExampleThatFailsIt() {
    #expect(Set(Self.wrongs.map(\.check)) == Set(TokenCheck.all.map(\.name)))
    #expect(Set(TokenCheck.all.map(\.name)).count == TokenCheck.all.count)
  }

  @Test(arguments: ["sha-256", "sha-512"])
  func aGoodTokenPassesAll(_ hash: String) throws {
    let report = try TokenBuilder(hash: hash).report()
    for finding in report.findings { #expect(finding.outcome.verdict == .passed, "\(finding.check.name)") }
    #expect(report.verdict == .accepted)
  }

  @Test func otherGoodForms() throws {
    let legacy = try TokenBuilder.legacy.report()
    #expect(legacy.verdict == .accepted, "\(legacy.summary)")
    #expect(TokenProfile(legacy.document) == .legacy)
    var collection = TokenBuilder()
    collection.tag = 907
    collection.entry = { .array([.int(263), .bytes($0)]) }
    let report = try collection.report()
    #expect(report.verdict == .accepted, "\(report.summary)")
    #expect(TokenProfile(report.document) == .collection)
    // Long heads are tolerated, unknown claims are ignored.
    var odd = TokenBuilder()
    odd.platform[2395] = .raw([0x1A, 0, 0, 0x30, 0])
    odd.realm[99] = .array([.int(1)])
    #expect(try odd.report().verdict == .accepted)
  }

  /// All checks run: a token with several faults is told all of them.
  @Test func allFaultsAreTold() throws {
    var token = TokenBuilder()
    token.platform[2402] = nil
    token.realm[44235] = .int(1)
    token.realm.signer = TokenBuilder.platformKey
    token.spoil = { $0 + [0] }
    #expect(
      try token.report().failures == ["cbor_trailing", "platform_hash_algorithm", "realm_rpv", "realm_signature"])
  }

  @Test func withoutAKeyATokenIsIncompleteAndWithAProfileItIsHeldToIt() throws {
    #expect(try TokenBuilder().report(VerificationOptions()).verdict == .incomplete)
    let key = PublicKey(point: TokenBuilder.platformKey.publicKey.x963Representation)
    func verdict(_ token: TokenBuilder, _ profile: TokenProfile) throws -> VerificationReport.Verdict {
      try token.report(VerificationOptions(platformKey: key, profile: profile)).verdict
    }
    #expect(try verdict(TokenBuilder(), .rmm1) == .accepted)
    #expect(try verdict(TokenBuilder(), .legacy) == .refused)
    #expect(try verdict(.legacy, .legacy) == .accepted)
    var later = TokenBuilder()
    later.realm[265] = .text("tag:arm.com,2024:realm#2.0.0")
    #expect(try verdict(later, .later) == .accepted)
  }

  /// A platform token made for the key in its other encoding is the mistake ports make: it is named.
  @Test func theWrongEncodingOfTheKeyIsNamed() throws {
    var token = TokenBuilder()
    token.platform[10] = .bytes(Array(SHA256.hash(data: TokenBuilder.bareKey)))
    let report = try token.report()
    #expect(report.failures == ["binding"])
    #expect(report.finding("binding")?.outcome.sentence.contains("as a bare point") == true)
    token = .legacy
    token.platform[10] = .bytes(Array(SHA256.hash(data: TokenBuilder.coseKey)))
    #expect(try token.report().finding("binding")?.outcome.sentence.contains("as a COSE_Key") == true)
  }

  /// A challenge shorter than 64 bytes is padded with zeroes by whoever sends it.
  @Test func shortChallengesArePadded() throws {
    var token = TokenBuilder()
    token.realm[10] = .bytes([1, 2, 3] + [UInt8](repeating: 0, count: 61))
    let key = PublicKey(point: TokenBuilder.platformKey.publicKey.x963Representation)
    #expect(try token.report(VerificationOptions(platformKey: key, challenge: [1, 2, 3])).verdict == .accepted)
    #expect(try token.report(VerificationOptions(platformKey: key, challenge: [1, 2])).failures == ["freshness"])
  }

  /// Every single bit of a token matters.
  @Test func noFlippedBitIsAccepted() throws {
    let bytes = try TokenBuilder().encoded()
    let key = PublicKey(point: TokenBuilder.platformKey.publicKey.x963Representation)
    let options = VerificationOptions(platformKey: key, challenge: TokenBuilder.challenge)
    for index in stride(from: 0, to: bytes.count, by: 7) {
      var other = bytes
      other[index] ^= 1 << UInt8(index & 7)
      #expect(VerificationReport(TokenDocument(other), options).verdict == .refused, "byte \(index)")
    }
  }

  /// What the fuzzer found, and what of its corpus was kept: the first line of a file is the verdict.
  @Test(arguments: Project.files("Fuzz/Findings", ".hex"))
  func hostileTokensGetNamedVerdicts(_ path: String) throws {
    let lines = try Project.text(path).split(separator: "\n")
    let bytes = try #require([UInt8](hex: lines.filter { !$0.hasPrefix("#") }.joined()))
    let report = VerificationReport(TokenDocument(bytes))
    #expect("# \(report.summary)" == lines[0])
    #expect(report.verdict == .refused)
    _ = report.document.dump
    _ = report.document.lines
  }
}
