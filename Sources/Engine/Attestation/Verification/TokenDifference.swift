/// Two tokens claim by claim, and what they have in common.
public struct TokenDifference: Sendable {
  public struct Row: Sendable, Equatable {
    public let part: TokenPart.Kind
    public let name: String
    /// The value in words; nil where the claim is absent.
    public let first: String?
    public let second: String?
    public var isSame: Bool { first == second }
  }

  /// Form, claims and fields, in the order of the first token.
  public let rows: [Row]
  /// What the two say about where they come from.
  public let lineage: [String]

  public init(_ a: TokenDocument, _ b: TokenDocument) {
    var rows: [Row] = []
    for kind in TokenPart.Kind.allCases {
      let left = Self.values(a, kind)
      let right = Self.values(b, kind)
      for (name, value) in left { rows.append(Row(part: kind, name: name, first: value, second: Self.value(name, right))) }
      for (name, value) in right where Self.value(name, left) == nil {
        rows.append(Row(part: kind, name: name, first: nil, second: value))
      }
    }
    self.rows = rows
    lineage = Self.lineage(a, b)
  }

  public var isSame: Bool { rows.allSatisfy(\.isSame) }

  private static func value(_ name: String, _ values: [(String, String)]) -> String? { values.first { $0.0 == name }?.1 }

  /// Names and values; what stands several times is numbered.
  private static func values(_ document: TokenDocument, _ kind: TokenPart.Kind) -> [(String, String)] {
    guard let part = document.part(kind) else { return [] }
    var values: [(String, String)] = []
    var counts: [String: Int] = [:]
    func add(_ name: String, _ value: String) {
      counts[name, default: 0] += 1
      values.append((counts[name] == 1 ? name : "\(name) (\(counts[name] ?? 0))", value))
    }
    add("envelope", document.envelope.name)
    if let sign1 = part.sign1 { add("protected header", hexBytes(sign1.protected.bytes ?? [])) }
    for reading in part.readings {
      if reading.children.isEmpty { add(reading.name, document.full(reading.item)) }
      for child in reading.children {
        if child.children.isEmpty { add(child.name, document.full(child.item)) }
        for field in child.children { add("\(child.name) \(field.name)", document.full(field.item)) }
      }
    }
    return values
  }

  private static func lineage(_ a: TokenDocument, _ b: TokenDocument) -> [String] {
    func same(_ kind: TokenPart.Kind, _ label: Int64) -> Bool? {
      guard let x = a.part(kind)?.claims?.entry(label)?.bytes, let y = b.part(kind)?.claims?.entry(label)?.bytes else {
        return nil
      }
      return Array(x) == Array(y)
    }
    var lines: [String] = []
    func say(_ same: Bool?, _ yes: String, _ no: String) { if let same { lines.append(same ? yes : no) } }
    say(
      same(.platform, PlatformClaim.implementationID.rawValue), "the same kind of platform", "different kinds of platform")
    say(same(.platform, PlatformClaim.instanceID.rawValue), "the same platform", "different platforms")
    say(
      same(.realm, RealmClaim.publicKey.rawValue), "the same Realm attestation key: the same boot",
      "different Realm attestation keys: another platform or another boot")
    say(
      same(.realm, RealmClaim.initialMeasurement.rawValue), "Realms made the same way (RIM)", "Realms made differently (RIM)")
    say(same(.realm, RealmClaim.challenge.rawValue), "the same challenge", "different challenges")
    return lines
  }
}

extension TokenDocument {
  /// A value in full: bytes in hexadecimal, else diagnostic notation.
  func full(_ item: CBORItem) -> String {
    if let bytes = item.bytes { return hexBytes(bytes) }
    return shown(item.text ?? item.diagnostic, limit: 400)
  }
}
