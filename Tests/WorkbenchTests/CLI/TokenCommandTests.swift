import Foundation
import Testing

/// The token and measure commands from the outside: files, exit codes, and what they say.
struct TokenCommandTests {
  private static func session(_ name: String) -> String { PseudoTerminal.root.appending(path: "Sessions/\(name)").path }
  private let replayed = session("11-replayed-token.session")
  private let changed = session("13-changed-image.session")

  /// A token and its platform's key in files.
  private func exported(_ folder: TemporaryFolder) throws -> (token: String, key: String) {
    let token = folder.path + "/token.cbor"
    #expect(try Headless.run(["token", "export", replayed, "--number", "1", "-o", token]).code == 0)
    let pem = try Headless.run(["token", "key"])
    return (token, try folder.write("key.pem", pem.output))
  }

  @Test func aTokenIsExportedAndVerified() throws {
    let folder = try TemporaryFolder()
    let (token, key) = try exported(folder)
    let good = try Headless.run(["token", "verify", token, "--key", key, "--challenge", "0100001126201123"])
    #expect(good.code == 0)
    #expect(good.output.contains("✓ binding"))
    #expect(good.output.hasSuffix("accepted: rmm-1.0 token, every mandatory check passed\n"))
    let old = try Headless.run(["token", "verify", token, "--key", key, "--challenge", "02"])
    #expect(old.code == 1)
    #expect(old.output.contains("✗ freshness"))
    #expect(old.output.contains("challenge sent, 64 bytes: 02"))
    let keyless = try Headless.run(["token", "verify", token])
    #expect(keyless.code == 1)
    #expect(keyless.output.contains("incomplete"))
    let legacy = try Headless.run(["token", "verify", token, "--key", key, "--profile", "legacy"])
    #expect(legacy.output.hasSuffix("refused by profile_expected\n"))
    // Nothing is overwritten.
    #expect(try Headless.run(["token", "export", replayed, "-o", token]).error.contains("exists already"))
  }

  @Test func tokensAreReadInTheFormsPeopleSendThem() throws {
    let folder = try TemporaryFolder()
    let (token, key) = try exported(folder)
    let bytes = try Data(contentsOf: URL(filePath: token))
    let hex = try folder.write("hex", bytes.map { String(format: "%02x", $0) }.joined() + "\n")
    let base64 = try folder.write("base64", bytes.base64EncodedString(options: .lineLength64Characters))
    for path in [hex, base64] { #expect(try Headless.run(["token", "verify", path, "--key", key]).code == 0) }
    let jwk = try folder.write("jwk", try jwk(of: key))
    #expect(try Headless.run(["token", "verify", token, "--key", jwk]).code == 0)
  }

  /// The key of a PEM as a JWK: the last 97 bytes of a SubjectPublicKeyInfo of P-384 are the point.
  private func jwk(of pem: String) throws -> String {
    let body = try String(contentsOfFile: pem, encoding: .utf8).split(separator: "\n").filter { !$0.hasPrefix("-") }.joined()
    let der = try #require(Data(base64Encoded: body))
    func url(_ data: Data) -> String {
      data.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }
    return "{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"\(url(der.suffix(96).prefix(48)))\",\"y\":\"\(url(der.suffix(48)))\"}"
  }

  @Test func verdictsAreJSONToo() throws {
    let result = try Headless.run(["token", "verify", replayed, "--json"])
    #expect(result.code == 0)
    let report = try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
    #expect(report["verdict"] as? String == "accepted")
    let checks = try #require(report["checks"] as? [[String: Any]])
    let binding = try #require(checks.first { $0["name"] as? String == "binding" })
    #expect((binding["inputs"] as? [[String: Any]])?.count == 3)
  }

  @Test func appraisalWithReferenceValuesFromAFile() throws {
    let folder = try TemporaryFolder()
    let reference = folder.path + "/good.ref"
    #expect(try Headless.run(["token", "endorse", changed, "--number", "1", "-o", reference]).code == 0)
    let good = try Headless.run(["token", "appraise", changed, "--number", "1", "--reference", reference])
    #expect(good.code == 0)
    let other = try Headless.run(["token", "appraise", changed, "--number", "2", "--reference", reference])
    #expect(other.code == 1)
    #expect(other.output.contains("is no reference value"))
    let edited = try String(contentsOfFile: reference, encoding: .utf8).replacing(
      "lifecycle secured", with: "lifecycle decommissioned")
    let policy = try folder.write("policy.ref", edited)
    let json = try Headless.run(["token", "appraise", changed, "--number", "1", "--reference", policy, "--json"])
    #expect(json.output.contains("\"instance-identity\" : 96"))
    let bad = try folder.write("bad.ref", "config value=00\nbogus\n")
    let refused = try Headless.run(["token", "appraise", changed, "--reference", bad])
    #expect(refused.code == 65)
    #expect(refused.error.contains("bad.ref:2:1: unknown fact"))
  }

  @Test(arguments: ["corim-platform", "corim-realm", "comid-platform", "comid-anchor", "comid-realm"])
  func endorsementsOfEveryForm(_ form: String) throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/out"
    #expect(try Headless.run(["token", "endorse", replayed, "--form", form, "-o", path]).code == 0)
    let data = try Data(contentsOf: URL(filePath: path))
    if form.hasPrefix("corim") {
      #expect(data.starts(with: [0xD9, 0x01, 0xF5, 0xA4]))
    } else {
      let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
      #expect(Set(object.keys) == ["tag-identity", "triples"])
    }
  }

  /// By default nothing has the id of something else: a store keeps one of each.
  @Test func endorsementsAreNamed() throws {
    func id(_ form: String, _ more: [String] = []) throws -> String {
      let result = try Headless.run(["token", "endorse", replayed, "--form", form] + more)
      #expect(result.code == 0)
      let object = try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
      return try #require((object["tag-identity"] as? [String: Any])?["id"] as? String)
    }
    let forms = ["comid-platform", "comid-anchor", "comid-realm"]
    #expect(Set(try forms.map { try id($0) }).count == 3)
    #expect(try id("comid-realm", ["--id", "mine"]) == "mine-realm-values")
    for empty in ["", " "] {
      let result = try Headless.run(["token", "endorse", replayed, "--form", "corim-realm", "--id", empty])
      #expect(result.code == 64)
      #expect(result.error.contains("--id is empty"))
    }
  }

  /// A platform somebody debugs is endorsed, but not without a word.
  @Test func endorsingAPlatformThatIsNotSecuredWarns() throws {
    let folder = try TemporaryFolder()
    let open = Self.session("14-debug-platform.session")
    for form in ["text", "corim-platform", "comid-realm"] {
      let result = try Headless.run(["token", "endorse", open, "--number", "2", "--form", form, "-o", folder.path + "/" + form])
      #expect(result.code == 0)
      #expect(result.error.contains("warning: the platform's life cycle is recoverable"), "\(result.error)")
    }
    #expect(try Headless.run(["token", "endorse", replayed, "-o", folder.path + "/secured"]).error == "")
  }

  /// What a JWK says of its use binds; a private key in it is warned of.
  @Test func keysThatSayWhatTheyAreFor() throws {
    let folder = try TemporaryFolder()
    let (token, key) = try exported(folder)
    let plain = try jwk(of: key).dropLast()
    func verify(_ more: String) throws -> (code: Int32, error: String) {
      let result = try Headless.run(["token", "verify", token, "--key", try folder.write("jwk", plain + more + "}")])
      return (result.code, result.error)
    }
    #expect(try verify(",\"alg\":\"ES384\",\"key_ops\":[\"verify\"],\"use\":\"sig\"") == (0, ""))
    #expect(try verify(",\"alg\":\"ES256\"").error.contains("alg is ES256; a key of P-384 verifies ES384"))
    #expect(try verify(",\"alg\":\"ES256\"").code == 65)
    #expect(try verify(",\"key_ops\":[\"sign\"]").error.contains("it must have verify"))
    #expect(try verify(",\"key_ops\":[\"sign\"]").code == 65)
    #expect(try verify(",\"use\":\"enc\"").error.contains("warning: "))
    let secret = try verify(",\"d\":\"AA\"")
    #expect(secret.code == 0)
    #expect(secret.error.contains("warning: ") && secret.error.contains("the private key d is in it"))
    let pem = try folder.write("private.pem", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
    #expect(try Headless.run(["token", "verify", token, "--key", pem]).error.contains("a private key; expected a public key"))
  }

  @Test func showAndDiff() throws {
    let folder = try TemporaryFolder()
    let (token, _) = try exported(folder)
    let shown = try Headless.run(["token", "show", token]).output
    #expect(shown.contains("lifecycle (2395): secured (0x3000)"))
    let bytes = try Headless.run(["token", "show", "--bytes", token]).output
    #expect(bytes.hasPrefix("     0  d9018f  a tag 399\n"))
    let difference = try Headless.run(["token", "diff", token, replayed, "--other-number", "2"])
    #expect(difference.code == 1)
    #expect(difference.output.hasPrefix("≠ realm challenge\n"))
    #expect(try Headless.run(["token", "diff", token, token]).code == 0)
  }

  @Test func measuring() throws {
    let folder = try TemporaryFolder()
    _ = try folder.write("image", "hello")
    let one = try folder.write("one", "realm\nripas 0 0x2000\ndata 0 file=image\nextend 1 01\nrec\n")
    let two = try folder.write("two", "realm\nripas 0 0x2000\ndata 0x1000 file=image\nextend 1 01\nrec\n")
    let steps = try Headless.run(["measure", one])
    #expect(steps.code == 0)
    #expect(steps.output.contains("3    RMI_RTT_INIT_RIPAS base=0x1000 top=0x2000"))
    let difference = try Headless.run(["measure", one, "--diff", two])
    #expect(difference.code == 1)
    #expect(difference.output.contains("RIM: step 4 differs: RMI_DATA_CREATE: ipa 0x0 in the first, 0x1000 in the second"))
    let session = try Headless.run(["measure", changed, "--realm", "1", "--diff", changed, "--diff-realm", "2"])
    #expect(session.output.contains("RIM: step 4 differs: RMI_DATA_CREATE: content"))
    let outside = try folder.write("outside", "realm\ndata 0 file=/etc/passwd\n")
    #expect(try Headless.run(["measure", outside]).error.contains("leads outside"))
  }

  static let wrong: [(String, Int32, String)] = [
    ("token verify /nonexistent/file", 66, "No such file"), ("token verify /dev/null", 1, ""),
    ("token verify --challenge xyz /dev/null", 64, "1 to 64 bytes"),
    ("token verify --profile moon /dev/null", 64, "--profile is one of"),
    ("token verify --key /dev/null /dev/null", 65, "neither a public key"),
    ("token endorse --form moon /dev/null", 64, "--form is one of"), ("token endorse /dev/null", 1, "no reference values"),
    ("token show /dev/null", 65, ""), ("token view /nonexistent/file", 66, "No such file"),
    ("token appraise /dev/null", 64, "--reference"),
    ("measure /nonexistent/file", 66, "No such file"), ("measure /dev/null", 65, "no realm line"),
    ("measure --index 9 /dev/null", 64, "--index"),
    ("show token --tab moon /dev/null", 64, "unknown tab"),
  ]

  @Test(arguments: wrong)
  func wrongUseIsToldWhatIsRight(_ call: (arguments: String, code: Int32, words: String)) throws {
    let result = try Headless.run(call.arguments.split(separator: " ").map(String.init))
    #expect(result.code == call.code, "\(call.arguments): \(result.error)")
    #expect(result.error.contains(call.words) || call.words.isEmpty, "\(result.error)")
  }

  @Test func aTokenFileOpensInATerminal() throws {
    let folder = try TemporaryFolder()
    let (token, key) = try exported(folder)
    let terminal = try PseudoTerminal(["token", "view", token, "--key", key])
    try terminal.until("Sig_structure")
    terminal.type("q")
    #expect(try terminal.exitCode() == 0)
  }
}
