/// What somebody trusted says a good platform and a good Realm look like: trust anchors and reference values. Kept in a file a
/// person can read, write and compare, one fact a line.
public struct ReferenceValues: Sendable, Equatable {
  /// The key of one platform, found by its instance id.
  public struct Anchor: Sendable, Equatable {
    public var instanceID: [UInt8]
    public var key: PublicKey
  }
  /// A measured piece of firmware. What is nil is not compared.
  public struct Component: Sendable, Equatable {
    public var type: String?
    public var measurement: [UInt8]
    public var signer: [UInt8]
    public var version: String?
  }
  /// A Realm, found by its RIM. What is nil is not compared.
  public struct Realm: Sendable, Equatable {
    public var rim: [UInt8]
    public var rpv: [UInt8]?
    /// REM 0 to 3.
    public var rems: [[UInt8]?] = [nil, nil, nil, nil]
  }

  public var implementationID: [UInt8]?
  public var anchors: [Anchor] = []
  public var components: [Component] = []
  public var configs: [[UInt8]] = []
  /// States a platform may be in; nil means secured alone.
  public var lifecycles: [Lifecycle]?
  public var realms: [Realm] = []

  public init() {}

  /// The values of a good token: what it says becomes what is expected.
  ///
  /// - Parameter key: the key its platform token was verified with.
  public init(_ document: TokenDocument, key: PublicKey?) {
    if let claims = document.platform?.claims {
      implementationID = claims.entry(PlatformClaim.implementationID.rawValue)?.bytes.map { Array($0) }
      if let key, let instance = claims.entry(PlatformClaim.instanceID.rawValue)?.bytes {
        anchors = [Anchor(instanceID: Array(instance), key: key)]
      }
      for item in claims.entry(PlatformClaim.softwareComponents.rawValue)?.children ?? [] {
        guard let measurement = item.entry(SoftwareComponentField.measurement.rawValue)?.bytes,
          let signer = item.entry(SoftwareComponentField.signer.rawValue)?.bytes
        else { continue }
        components.append(
          Component(
            type: item.entry(SoftwareComponentField.type.rawValue)?.text, measurement: Array(measurement),
            signer: Array(signer), version: item.entry(SoftwareComponentField.version.rawValue)?.text))
      }
      configs = claims.entry(PlatformClaim.config.rawValue)?.bytes.map { [Array($0)] } ?? []
      lifecycles = claims.entry(PlatformClaim.lifecycle.rawValue)?.int.flatMap { Lifecycle(claim: $0) }.map { [$0] }
    }
    if let claims = document.realm?.claims, let rim = claims.entry(RealmClaim.initialMeasurement.rawValue)?.bytes {
      var realm = Realm(rim: Array(rim))
      realm.rpv = claims.entry(RealmClaim.personalizationValue.rawValue)?.bytes.map { Array($0) }
      for (index, rem) in (claims.entry(RealmClaim.extensibleMeasurements.rawValue)?.children ?? []).prefix(4).enumerated() {
        realm.rems[index] = rem.bytes.map { Array($0) }
      }
      realms = [realm]
    }
  }
}

// MARK: As a file

extension ReferenceValues {
  /// The text ``init(lines:)`` reads.
  public var text: String {
    var lines = ["# Reference values and trust anchors, one fact a line. What is left out is not compared."]
    func word(_ key: String, _ value: [UInt8]?) -> String { value.map { " \(key)=\(hexBytes($0))" } ?? "" }
    if let implementationID { lines.append("platform\(word("implementation-id", implementationID))") }
    for anchor in anchors { lines.append("anchor\(word("instance-id", anchor.instanceID))\(word("key", anchor.key.point))") }
    for component in components {
      lines.append(
        "component" + (component.type.map { " type=\($0)" } ?? "") + word("measurement", component.measurement)
          + word("signer", component.signer) + (component.version.map { " version=\($0)" } ?? ""))
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

  /// Reads a file of reference values. Throws at the first line that is none.
  public init(lines: [String]) throws(ScriptError) {
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
      "component": ["type", "measurement", "signer", "version"], "config": ["value"],
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
      guard let bytes = [UInt8](hex: text), !bytes.isEmpty else {
        throw bad(verb, "\(key)= must be bytes in hexadecimal, found \"\(shown(text))\"")
      }
      return bytes
    }
    func needed(_ key: String) throws(ScriptError) -> [UInt8] {
      guard let value = try bytes(key) else { throw bad(verb, "\(verb.text) needs \(key)=") }
      return value
    }
    switch verb.text {
    case "platform": implementationID = try needed("implementation-id")
    case "anchor":
      guard let key = PublicKey(point: try needed("key")) else {
        throw bad(verb, "key= is no point 04‖x‖y of P-256, P-384 or P-521")
      }
      anchors.append(Anchor(instanceID: try needed("instance-id"), key: key))
    case "component":
      components.append(
        Component(
          type: texts["type"], measurement: try needed("measurement"), signer: try needed("signer"), version: texts["version"]))
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
  public var word: String {
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
