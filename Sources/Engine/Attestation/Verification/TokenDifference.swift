import Basics

/// Two tokens claim by claim, and what they have in common.
public struct TokenDifference: Sendable {
  public struct Row: Sendable, Equatable {
    public let part: TokenPart.Kind
    public let name: String
    /// The value in words; nil where the claim is absent.
    public let first: String?
    public let second: String?
    /// Whether the values are the same, byte for byte, also where their words are not: a text can look like another.
    public let isSame: Bool

    fileprivate init(_ part: TokenPart.Kind, _ first: Value?, _ second: Value?) {
      self.part = part
      name = first?.name ?? second?.name ?? ""
      isSame = first?.identity == second?.identity
      let look = isSame ? nil : first.flatMap { a in second.map { a.words == $0.words } }
      self.first = look == true ? first.map { $0.distinguished(from: second) } : first?.words
      self.second = look == true ? second.map { $0.distinguished(from: first) } : second?.words
    }
  }

  /// What two tokens are compared by: a claim, a field or a part of the form.
  fileprivate struct Value {
    let name: String
    let words: String
    /// The same for the same value alone.
    let identity: [UInt8]

    /// The words, and the bytes from the first one on that is another.
    func distinguished(from other: Value?) -> String {
      let theirs = other?.identity ?? []
      let shared = min(identity.count, theirs.count)
      let place = (0..<shared).first { identity[$0] != theirs[$0] } ?? shared
      return "\(words) (…\(hexBytes(identity.dropFirst(place).prefix(8))))"
    }
  }

  /// Form, claims and fields, in the order of the first token.
  public let rows: [Row]
  /// What the two say about where they come from.
  package let lineage: [String]

  public init(_ a: TokenDocument, _ b: TokenDocument) {
    var rows: [Row] = []
    for kind in TokenPart.Kind.allCases {
      let left = Self.values(a, kind)
      let right = Self.values(b, kind)
      for value in left { rows.append(Row(kind, value, Self.value(value.name, right))) }
      for value in right where Self.value(value.name, left) == nil { rows.append(Row(kind, nil, value)) }
    }
    self.rows = rows
    lineage = Self.lineage(a, b)
  }

  public var isSame: Bool { rows.allSatisfy(\.isSame) }

  private static func value(_ name: String, _ values: [Value]) -> Value? { values.first { $0.name.hasSameBytes(as: name) } }

  /// Names and values; what stands several times is numbered.
  private static func values(_ document: TokenDocument, _ kind: TokenPart.Kind) -> [Value] {
    guard let part = document.part(kind) else { return [] }
    var values: [Value] = []
    var counts: [[UInt8]: Int] = [:]
    func add(_ name: String, _ words: String, _ identity: [UInt8]) {
      let count = counts[Array(name.utf8), default: 0] + 1
      counts[Array(name.utf8)] = count
      values.append(Value(name: count == 1 ? name : "\(name) (\(count))", words: words, identity: identity))
    }
    func add(_ name: String, _ item: CBORItem) { add(name, document.full(item), item.identity) }
    add("envelope", document.envelope.name, Array(document.envelope.name.utf8))
    if let header = part.sign1?.protected.bytes { add("protected header", hexBytes(header), Array(header)) }
    for reading in part.readings {
      if reading.children.isEmpty { add(reading.name, reading.item) }
      for child in reading.children {
        if child.children.isEmpty { add(child.name, child.item) }
        for field in child.children { add("\(child.name) \(field.name)", field.item) }
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
