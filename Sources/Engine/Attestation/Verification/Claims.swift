import Basics

/// The claims of a platform token (DEN0137 A7.2.3.2), by label.
package enum PlatformClaim: Int64, Sendable, CaseIterable {
  case profile = 265
  case challenge = 10
  case implementationID = 2396
  case instanceID = 256
  case config = 2401
  case lifecycle = 2395
  case hashAlgorithm = 2402
  case verificationService = 2400
  case softwareComponents = 2399

  package var name: String {
    switch self {
    case .profile: "profile"
    case .challenge: "challenge"
    case .implementationID: "implementation id"
    case .instanceID: "instance id"
    case .config: "config"
    case .lifecycle: "lifecycle"
    case .hashAlgorithm: "hash algorithm"
    case .verificationService: "verification service"
    case .softwareComponents: "software components"
    }
  }

  package var meaning: String {
    switch self {
    case .profile: "the document these claims follow"
    case .challenge: "hash of the Realm attestation key: binds the two tokens"
    case .implementationID: "which design of platform this is"
    case .instanceID: "which one of them: names the key that signs"
    case .config: "how the platform is set up"
    case .lifecycle: "whether it is secured, or open to a debugger"
    case .hashAlgorithm: "of the measurements, where a component says nothing else"
    case .verificationService: "where to ask about this platform"
    case .softwareComponents: "firmware that booted, measured"
    }
  }
}

/// The claims of a Realm token (DEN0137 A7.2.3.1), by label.
package enum RealmClaim: Int64, Sendable, CaseIterable {
  case challenge = 10
  case personalizationValue = 44235
  case publicKey = 44237
  case hashAlgorithm = 44236
  case publicKeyHashAlgorithm = 44240
  case profile = 265
  case initialMeasurement = 44238
  case extensibleMeasurements = 44239

  package var name: String {
    switch self {
    case .challenge: "challenge"
    case .personalizationValue: "personalization value"
    case .publicKey: "realm public key"
    case .hashAlgorithm: "hash algorithm"
    case .publicKeyHashAlgorithm: "key hash algorithm"
    case .profile: "profile"
    case .initialMeasurement: "RIM"
    case .extensibleMeasurements: "REM"
    }
  }

  package var meaning: String {
    switch self {
    case .challenge: "what the verifier sent, so that an old token is told from a new one"
    case .personalizationValue: "64 bytes of the Realm's owner; not measured"
    case .publicKey: "the key that signed this token (RAK)"
    case .hashAlgorithm: "of RIM and REMs"
    case .publicKeyHashAlgorithm: "by which the platform's challenge is made of the key"
    case .profile: "the document these claims follow"
    case .initialMeasurement: "everything that was put into the Realm before it ran"
    case .extensibleMeasurements: "what the Realm recorded itself since"
    }
  }
}

/// The fields of a software component, by label.
package enum SoftwareComponentField: Int64, Sendable, CaseIterable {
  case type = 1
  case measurement = 2
  case version = 4
  case signer = 5
  case hashAlgorithm = 6

  package var name: String {
    switch self {
    case .type: "type"
    case .measurement: "measurement"
    case .version: "version"
    case .signer: "signer id"
    case .hashAlgorithm: "hash algorithm"
    }
  }
}

/// The life cycle of a platform: bits 15:8 of the claim; the rest is the implementation's own (DEN0137 A7.2.3.2.7).
package enum Lifecycle: UInt8, Sendable, CaseIterable {
  case unknown = 0x00
  case assemblyAndTest = 0x10
  case provisioning = 0x20
  case secured = 0x30
  case nonPlatformDebug = 0x40
  case recoverablePlatformDebug = 0x50
  case decommissioned = 0x60

  package var name: String {
    switch self {
    case .unknown: "unknown"
    case .assemblyAndTest: "assembly and test"
    case .provisioning: "platform RoT provisioning"
    case .secured: "secured"
    case .nonPlatformDebug: "non-CCA-platform-RoT debug"
    case .recoverablePlatformDebug: "recoverable CCA-platform-RoT debug"
    case .decommissioned: "decommissioned"
    }
  }

  /// The state a claim's value stands for; nil for a value that has none.
  package init?(claim value: Int64) {
    guard (0...0xFFFF).contains(value) else { return nil }
    self.init(rawValue: UInt8(value >> 8))
  }
}

/// A claim as a person reads it.
public struct ClaimReading: Sendable {
  public let part: TokenPart.Kind
  package let label: CBORItem
  package let item: CBORItem
  public let name: String
  public let meaning: String
  /// The value in words.
  public let words: String
  /// Claims inside this one: software components and their fields, REMs.
  public let children: [ClaimReading]
  /// 0 for a claim, 1 for what is in it, 2 for the fields of that.
  public let depth: Int

  /// Label and value together.
  public var range: Range<Int> { min(label.range.lowerBound, item.range.lowerBound)..<item.range.upperBound }
}

extension TokenPart {
  /// The claims in the order they stand, with those no profile knows.
  public var readings: [ClaimReading] { claims?.pairs.map { reading($0.key, $0.value) } ?? [] }

  private func reading(_ label: CBORItem, _ item: CBORItem) -> ClaimReading {
    var name = "claim \(shown(label.diagnostic))"
    var meaning = "not a claim of RMM 1.0; a verifier ignores it"
    var children: [ClaimReading] = []
    if let number = label.int {
      if kind == .platform, let claim = PlatformClaim(rawValue: number) {
        name = claim.name
        meaning = claim.meaning
        if claim == .softwareComponents {
          children = item.children.enumerated().map { component($0.offset, $0.element) }
        }
      } else if kind == .realm, let claim = RealmClaim(rawValue: number) {
        name = claim.name
        meaning = claim.meaning
        if claim == .extensibleMeasurements {
          children = item.children.enumerated().map { index, rem in
            ClaimReading(
              part: kind, label: rem, item: rem, name: "REM \(index)", meaning: "RSI index \(index + 1)",
              words: Self.words(rem), children: [], depth: 1)
          }
        }
      } else if let later = Self.later[kind == .platform ? number : -number] {
        name = later
        meaning = "a claim of a profile later than RMM 1.0"
      }
    }
    return ClaimReading(
      part: kind, label: label, item: item, name: name, meaning: meaning, words: words(label.int, item),
      children: children, depth: 0)
  }

  /// Labels that came after RMM 1.0; those of a Realm token are negated.
  private static let later: [Int64: String] = [2394: "client id", -256: "realm instance id", -44243: "MEC policy"]

  private func component(_ index: Int, _ item: CBORItem) -> ClaimReading {
    let fields = item.pairs.map { pair in
      let field = pair.key.int.flatMap { SoftwareComponentField(rawValue: $0) }
      return ClaimReading(
        part: kind, label: pair.key, item: pair.value, name: field?.name ?? "field \(shown(pair.key.diagnostic))",
        meaning: "of software component \(index)", words: Self.words(pair.value), children: [], depth: 2)
    }
    let type = item.entry(SoftwareComponentField.type.rawValue)?.text.map { shown($0) }
    let measurement = item.entry(SoftwareComponentField.measurement.rawValue)
    return ClaimReading(
      part: kind, label: item, item: item, name: type ?? "component \(index)", meaning: "software component \(index)",
      words: measurement.map { Self.words($0) } ?? "no measurement", children: fields, depth: 1)
  }

  private func words(_ label: Int64?, _ item: CBORItem) -> String {
    switch (kind, label) {
    case (.platform, PlatformClaim.lifecycle.rawValue?):
      guard let value = item.int else { return Self.words(item) }
      return "\(Lifecycle(claim: value)?.name ?? "no such state") (\(hex(UInt64(bitPattern: value))))"
    case (.platform, PlatformClaim.softwareComponents.rawValue?):
      return item.isArray ? "\(item.children.count) components" : Self.words(item)
    case (.realm, RealmClaim.extensibleMeasurements.rawValue?):
      return item.isArray ? "\(item.children.count) measurements" : Self.words(item)
    case (.realm, RealmClaim.publicKey.rawValue?):
      guard let bytes = item.bytes else { return Self.words(item) }
      if let key = try? PublicKey(coseKey: bytes) { return "COSE_Key, \(key.curve.name), x \(hexBytes(key.point[1..<9]))…" }
      if let key = PublicKey(point: bytes) { return "bare point, \(key.curve.name), x \(hexBytes(key.point[1..<9]))…" }
      return "not a key: \(Self.words(item))"
    default: return Self.words(item)
    }
  }

  private static func words(_ item: CBORItem) -> String {
    switch item.value {
    case .bytes(let bytes):
      let trimmed = bytes.reversed().drop { $0 == 0 }.count
      if bytes.isEmpty { return "no bytes" }
      if trimmed == 0 { return "\(bytes.count) zero bytes" }
      return trimmed * 2 <= bytes.count && trimmed <= 32
        ? "\(hexBytes(bytes.prefix(trimmed))) and \(bytes.count - trimmed) zero bytes" : hexBytes(bytes)
    case .text(let text): return shown(text)
    default: return shown(item.diagnostic)
    }
  }
}
