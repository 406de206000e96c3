import Attestation
import Basics

extension ReferenceValues {
  /// The text ``init(lines:)`` reads.
  public var text: String {
    var lines = ["# Reference values and trust anchors, one fact a line. What is left out is not compared."]
    func word(_ key: String, _ value: [UInt8]?) -> String { value.map { " \(key)=\(hexBytes($0))" } ?? "" }
    if let implementationID { lines.append("platform\(word("implementation-id", implementationID))") }
    for anchor in anchors { lines.append("anchor\(word("instance-id", anchor.instanceID))\(word("key", anchor.key.point))") }
    for component in components {
      lines.append(
        "component" + (component.type.map { " type=\(Self.written($0))" } ?? "") + word("measurement", component.measurement)
          + (component.hash.map { " hash=\($0.rawValue)" } ?? "") + word("signer", component.signer)
          + (component.version.map { " version=\(Self.written($0))" } ?? ""))
    }
    for config in configs { lines.append("config\(word("value", config))") }
    for lifecycle in lifecycles ?? [] { lines.append("lifecycle \(lifecycle.word)") }
    for realm in realms {
      var line = "realm\(word("rim", realm.rim))\(word("rpv", realm.rpv))"
      for (index, rem) in realm.rems.enumerated() { line += word("rem\(index)", rem) }
      lines.append(line)
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// A token's text as one word of a line: what is not a printing ASCII character, or means something in a line, as % and two
  /// hexadecimal digits for each byte, so that it is read back byte for byte.
  private static func written(_ text: String) -> String {
    text.percentWord { (0x21...0x7E).contains($0) && !"#%()".utf8.contains($0) }
  }

  /// Reads a file of reference values. Throws at the first line that is none.
  public init(lines: [String]) throws(ScriptError) {
    self.init()
    for (index, line) in lines.enumerated() { try take(line, index + 1) }
  }

  private mutating func take(_ text: String, _ number: Int) throws(ScriptError) {
    let words = try Lexer(line: number).words(text)
    guard let verb = words.first else { return }
    func bad(_ word: Word, _ message: String) -> ScriptError {
      ScriptError(line: number, column: word.column, message: message)
    }
    let rest = Array(words.dropFirst())
    if verb.text == "lifecycle" {
      guard !rest.isEmpty else { throw bad(verb, "lifecycle needs a state: \(Lifecycle.words)") }
      for word in rest {
        guard let state = Lifecycle.allCases.first(where: { $0.word == word.text }) else {
          throw bad(word, "unknown life cycle \"\(shown(word.text))\"; expected one of \(Lifecycle.words)")
        }
        lifecycles = (lifecycles ?? []) + [state]
      }
      return
    }
    let forms: [String: [String]] = [
      "platform": ["implementation-id"], "anchor": ["instance-id", "key"],
      "component": ["type", "measurement", "hash", "signer", "version"], "config": ["value"],
      "realm": ["rim", "rpv", "rem0", "rem1", "rem2", "rem3"],
    ]
    guard let keys = forms[verb.text] else {
      throw bad(
        verb,
        "unknown fact \"\(shown(verb.text))\"; expected one of \((forms.keys + ["lifecycle"]).sorted().joined(separator: ", "))")
    }
    var texts: [String: String] = [:]
    for word in rest {
      guard let equals = word.text.firstIndex(of: "="), keys.contains(String(word.text[..<equals])) else {
        throw bad(word, "found \"\(shown(word.text))\"; \(verb.text) has \(keys.map { $0 + "=" }.joined(separator: ", "))")
      }
      texts[String(word.text[..<equals])] = String(word.text[word.text.index(after: equals)...])
    }
    func bytes(_ key: String) throws(ScriptError) -> [UInt8]? {
      guard let text = texts[key] else { return nil }
      // A platform's config may be empty.
      guard let bytes = [UInt8](hex: text), !bytes.isEmpty || key == "value" else {
        throw bad(verb, "\(key)= must be bytes in hexadecimal, found \"\(shown(text))\"")
      }
      return bytes
    }
    func needed(_ key: String) throws(ScriptError) -> [UInt8] {
      guard let value = try bytes(key) else { throw bad(verb, "\(verb.text) needs \(key)=") }
      return value
    }
    func label(_ key: String) throws(ScriptError) -> String? {
      guard let word = texts[key] else { return nil }
      guard let text = String(percentWord: word) else {
        throw bad(verb, "\(key)= has a % without two hexadecimal digits, or bytes that are no UTF-8: \"\(shown(word))\"")
      }
      return text
    }
    switch verb.text {
    case "platform": implementationID = try needed("implementation-id")
    case "anchor":
      guard let key = PublicKey(point: try needed("key")) else {
        throw bad(verb, "key= is no point 04‖x‖y of P-256, P-384 or P-521")
      }
      anchors.append(Anchor(instanceID: try needed("instance-id"), key: key))
    case "component":
      let hash = texts["hash"].flatMap { NamedHash(name: $0) }
      if let name = texts["hash"], hash == nil {
        throw bad(verb, "hash= is one of \(NamedHash.names), not \"\(shown(name))\"")
      }
      components.append(
        Component(
          type: try label("type"), measurement: try needed("measurement"), signer: try needed("signer"),
          version: try label("version"), hash: hash))
    case "config": configs.append(try needed("value"))
    default:
      var realm = Realm(rim: try needed("rim"))
      realm.rpv = try bytes("rpv")
      for n in 0..<4 { realm.rems[n] = try bytes("rem\(n)") }
      realms.append(realm)
    }
  }
}

extension Lifecycle {
  /// The state in one word, for files.
  package var word: String {
    switch self {
    case .unknown: "unknown"
    case .assemblyAndTest: "assembly-and-test"
    case .provisioning: "provisioning"
    case .secured: "secured"
    case .nonPlatformDebug: "non-platform-debug"
    case .recoverablePlatformDebug: "recoverable-platform-debug"
    case .decommissioned: "decommissioned"
    }
  }
  static var words: String { allCases.map(\.word).joined(separator: ", ") }
}
