import Crypto
import Engine
import Testing

/// Tokens whose verdict hangs on one byte of form: each with all the checks that must refuse it, and no others.
struct SubtleTokenTests {
  struct Example: CustomTestStringConvertible {
    let what: String
    /// None for a token that must be accepted.
    let failures: [String]
    let change: @Sendable (inout TokenBuilder) -> Void

    init(_ what: String, _ failures: [String] = [], _ change: @escaping @Sendable (inout TokenBuilder) -> Void) {
      self.what = what
      self.failures = failures
      self.change = change
    }
    var testDescription: String { what }
  }

  private static let deep = Item.raw([UInt8](repeating: 0x81, count: CBORDecoder.depthLimit + 1) + [0])
  private static let composed = Item.text("\u{E9}")
  private static let decomposed = Item.text("e\u{301}")
  /// A length, given in two bytes more than it needs.
  private static func long(_ bytes: [UInt8]) -> Item { .raw([0x59, 0, UInt8(bytes.count)] + bytes) }
  private static func chunks(_ item: Item) -> Item { .raw([0x5F] + item.encoded + [0xFF]) }
  private static func indefinite(_ entries: [(Item, Item)]) -> [UInt8] {
    [0xBF] + entries.flatMap { $0.0.encoded + $0.1.encoded } + [0xFF]
  }

  static let keys: [Example] = [
    Example("alg ES384, key_ops verify, a kid") {
      $0.addToKey([(.int(2), .bytes([1])), (.int(3), .int(-35)), (.int(4), .array([.int(2)]))])
    },
    Example("key_ops sign and verify") { $0.addToKey([(.int(4), .array([.int(1), .int(2)]))]) },
    Example("long heads in the key") {
      $0.setKey([0xB8, 0x04] + TokenBuilder.keyEntries.flatMap { $0.0.encoded + $0.1.encoded })
    },
    Example("alg ES256 in the key", ["realm_public_key"]) { $0.addToKey([(.int(3), .int(-7))]) },
    Example("alg ES512 in the key", ["realm_public_key"]) { $0.addToKey([(.int(3), .int(-36))]) },
    Example("key_ops without verify", ["realm_public_key"]) { $0.addToKey([(.int(4), .array([.int(1)]))]) },
    Example("key_ops of nothing", ["realm_public_key"]) { $0.addToKey([(.int(4), .array([]))]) },
    Example("the key in an indefinite-length map", ["cbor_definite"]) { $0.setKey(indefinite(TokenBuilder.keyEntries)) },
    Example("x of the key in chunks", ["cbor_definite"]) {
      var entries = TokenBuilder.keyEntries
      entries[2].1 = chunks(entries[2].1)
      $0.setKey(Item.map(entries).encoded)
    },
    Example("a label twice in the key", ["cbor_duplicates", "realm_public_key"]) { $0.addToKey([(.int(1), .int(2))]) },
    Example("labels of the key that only look alike") { $0.addToKey([(composed, .int(0)), (decomposed, .int(1))]) },
    Example("a byte after the key", ["realm_public_key"]) { $0.setKey(TokenBuilder.coseKey + [0]) },
    Example("a key of P-256", ["realm_public_key", "realm_signature"]) {
      let point = Array(P256.Signing.PrivateKey().publicKey.x963Representation)
      $0.setKey(
        Item.map([
          (.int(1), .int(2)), (.int(-1), .int(1)), (.int(-2), .bytes(Array(point[1..<33]))),
          (.int(-3), .bytes(Array(point[33...]))),
        ]).encoded)
    },
    Example("a leading zero in x", ["realm_public_key"]) {
      var entries = TokenBuilder.keyEntries
      entries[2].1 = .bytes([0] + TokenBuilder.bareKey[1..<49])
      $0.setKey(Item.map(entries).encoded)
    },
    Example("a compressed point", ["realm_public_key"]) {
      var entries = TokenBuilder.keyEntries
      entries[3].1 = .raw([0xF5])
      $0.setKey(Item.map(entries).encoded)
    },
  ]

  static let headers: [Example] = [
    Example("alg in three bytes") { $0.realm.protected = [0xA1, 0x01, 0x39, 0x00, 0x22] },
    Example("alg in nine bytes, its label in two, the map's head in two") {
      $0.platform.protected = [0xB8, 0x01, 0x18, 0x01, 0x3B, 0, 0, 0, 0, 0, 0, 0, 0x22]
    },
    Example("a long length of the protected header") {
      $0.realm.spoilParts = { [long([0xA1, 0x01, 0x38, 0x22])] + $0.dropFirst() }
    },
    Example("signed as if alg were in its shortest form", ["realm_signature"]) {
      $0.realm.protected = [0xA1, 0x01, 0x39, 0x00, 0x22]
      $0.realm.signedProtected = [0xA1, 0x01, 0x38, 0x22]
    },
    Example("an indefinite-length header", ["cbor_definite"]) { $0.platform.protected = [0xBF, 0x01, 0x38, 0x22, 0xFF] },
    Example("alg twice", ["cbor_duplicates"]) { $0.platform.protected = [0xA2, 0x01, 0x38, 0x22, 0x18, 0x01, 0x26] },
    Example("a byte after the header's map", ["platform_cose"]) { $0.platform.protected = [0xA1, 0x01, 0x38, 0x22, 0x00] },
    Example("alg as a text", ["realm_algorithm"]) { $0.realm.protected = [0xA1, 0x01, 0x65] + Array("ES384".utf8) },
    Example("alg unprotected alone", ["realm_algorithm"]) {
      $0.realm.protected = []
      $0.realm.unprotected = .map([(.int(1), .int(-35))])
    },
    Example("a kid unprotected") { $0.realm.unprotected = .map([(.int(4), .bytes([1, 2]))]) },
    Example("alg unprotected too, in a long form", ["realm_headers"]) {
      $0.realm.unprotected = .map([(.raw([0x18, 0x01]), .int(-35))])
    },
    Example("labels that only look alike in both headers") {
      $0.realm.protected = Item.map([(.int(1), .int(-35)), (composed, .int(0))]).encoded
      $0.realm.unprotected = .map([(decomposed, .int(0))])
    },
    Example("a text label in both headers", ["realm_headers"]) {
      $0.realm.protected = Item.map([(.int(1), .int(-35)), (composed, .int(0))]).encoded
      $0.realm.unprotected = .map([(composed, .int(0))])
    },
  ]

  static let bodies: [Example] = [
    Example("a detached payload", ["realm_cose"]) { $0.realm.spoilParts = { [$0[0], $0[1], .raw([0xF6]), $0[3]] } },
    Example("a payload in chunks", ["cbor_definite", "platform_cose"]) {
      $0.platform.spoilParts = { [$0[0], $0[1], chunks($0[2]), $0[3]] }
    },
    Example("a signature in chunks", ["cbor_definite"]) { $0.platform.spoilParts = { [$0[0], $0[1], $0[2], chunks($0[3])] } },
    Example("five parts", ["realm_cose"]) { $0.realm.spoilParts = { $0 + [.int(0)] } },
    Example("a byte after each COSE_Sign1", ["platform_cose", "realm_cose"]) { $0.entry = { .bytes($0 + [0]) } },
    Example("a byte after the claims", ["realm_cose"]) { token in
      token.realm.payload = Item.map(token.realm.claims.map { (.int($0.0), $0.1) }).encoded + [0]
    },
    Example("text labels that only look alike") { $0.platform.others = [(composed, .int(0)), (decomposed, .int(0))] },
    Example("K and the Kelvin sign") { $0.realm.others = [(.text("K"), .int(0)), (.text("\u{212A}"), .int(0))] },
    Example("a text label twice", ["cbor_duplicates"]) { $0.realm.others = [(composed, .int(0)), (composed, .int(1))] },
    Example("a label as a text and as a number") { $0.realm.others = [(.text("10"), .int(0))] },
    Example("another hash's name", ["platform_hash_algorithm"]) { $0.platform[2402] = .text("SHA-256") },
    Example("SHA-3") { $0.platform[2402] = .text("sha3-256") },
  ]

  /// Nothing is known to be wrong with these, so nothing but the limit refuses them.
  static let limits: [Example] = [
    Example("a deep claim", ["verifier_limits"]) { $0.platform[99] = deep },
    Example("a deep header", ["verifier_limits"]) {
      $0.realm.protected = Item.map([(.int(1), .int(-35)), (.int(99), deep)]).encoded
    },
    Example("a deep key", ["verifier_limits"]) { $0.addToKey([(.int(-70000), deep)]) },
    Example("many items", ["verifier_limits"]) {
      $0.realm[99] = .array(Array(repeating: .int(0), count: CBORDecoder.itemLimit))
    },
    Example("a deep envelope", ["verifier_limits"]) { $0.extraEntries = [(.int(1), deep)] },
  ]

  @Test(arguments: keys + headers + bodies + limits)
  func verdicts(_ example: Example) throws {
    var token = TokenBuilder()
    example.change(&token)
    let report = try token.report()
    #expect(report.failures == example.failures, "\(report.lines(inputs: false).joined(separator: "\n"))")
    #expect(report.verdict == (example.failures.isEmpty ? .accepted : .refused), "\(report.summary)")
    if example.failures == ["verifier_limits"] {
      #expect(report.finding("verifier_limits")?.outcome.sentence.contains("this verifier's limit of ") == true)
    }
    // Every input that has a place is what stands there.
    for input in report.findings.flatMap(\.outcome.inputs) {
      if let range = input.range, range.count == input.bytes.count {
        #expect(Array(report.document.bytes[range]) == input.bytes, "\(input.label)")
      }
    }
  }

  /// Whoever has such a token can sign others; the verdict stays, and says so.
  @Test func aPrivateKeyInTheTokenIsWarnedOf() throws {
    var token = TokenBuilder()
    token.addToKey([(.int(-4), .bytes(Array(TokenBuilder.realmKey.rawRepresentation)))])
    let report = try token.report()
    #expect(report.verdict == .accepted)
    #expect(report.warnings == ["realm_key_private"])
    #expect(report.summary == "accepted: rmm-1.0 token, every mandatory check passed; warning: realm_key_private")
    #expect(report.lines(inputs: false).contains { $0.hasPrefix("! realm_key_private") && $0.contains("can sign Realm tokens") })
  }

  /// What only looks the same, or is the same as far as it is shown, is not.
  @Test(arguments: [
    ("\u{E9}", "e\u{301}"), ("K", "\u{212A}"),
    (String(repeating: "a", count: 500) + "b", String(repeating: "a", count: 500) + "c"),
  ])
  func differencesAreOfBytes(_ one: String, _ two: String) throws {
    func document(_ service: String) throws -> TokenDocument {
      var token = TokenBuilder()
      token.platform[2400] = .text(service)
      return TokenDocument(try token.encoded())
    }
    let difference = TokenDifference(try document(one), try document(two))
    let rows = difference.rows.filter { !$0.isSame }
    #expect(rows.map(\.name) == ["verification service"])
    // And it is shown in what.
    #expect(rows.first.map { Array(($0.first ?? "").utf8) != Array(($0.second ?? "").utf8) } == true)
    #expect(TokenDifference(try document(one), try document(one)).isSame)
  }
}
