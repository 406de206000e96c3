import Basics

/// A token held against reference values: two trust vectors with a reason for each value.
///
/// The values are those veraison's services give where they give one; a Realm is not appraised on a platform whose token does not
/// verify.
public struct Appraisal: Sendable {
  public let report: VerificationReport
  public let platform: TrustVector
  public let realm: TrustVector

  static let platformName = "CCA_SSD_PLATFORM"
  static let realmName = "CCA_REALM"

  /// - Parameter challenge: what was sent to the Realm.
  public init(_ document: TokenDocument, _ reference: ReferenceValues, challenge: [UInt8]? = nil, profile: TokenProfile? = nil) {
    self.init(document, reference, challenge: challenge, profile: profile, ignored: [])
  }

  /// - Parameter ignored: links of the chain that refuse nothing.
  package init(
    _ document: TokenDocument, _ reference: ReferenceValues, challenge: [UInt8]?, profile: TokenProfile? = nil,
    ignored: Set<TokenCheck.Link>
  ) {
    let instance = document.platform?.claims?.entry(PlatformClaim.instanceID.rawValue)?.bytes.map { Array($0) }
    let anchor = reference.anchors.first { $0.instanceID == instance }
    var options = VerificationOptions(platformKey: anchor?.key, challenge: challenge, profile: profile)
    options.ignored = ignored
    report = VerificationReport(document, options)
    let failures = report.failures
    if !failures.isEmpty {
      let reason = "refused by \(failures.joined(separator: ", "))"
      platform = TrustVector(Self.platformName, all: 99, reason)
      realm = TrustVector(Self.realmName, all: 99, reason)
      return
    }
    guard anchor != nil, let claims = document.platform?.claims, let realmClaims = document.realm?.claims else {
      let reason =
        "no trust anchor for instance \(instance.map { hexBytes($0.prefix(9)) + "…" } ?? "none"): its signature cannot be verified"
      platform = TrustVector(Self.platformName, [.init(claim: .instanceIdentity, value: 97, reason: reason)])
      realm = TrustVector(Self.realmName, [])
      return
    }
    platform = TrustVector(Self.platformName, Self.platformEntries(claims, reference))
    realm = TrustVector(Self.realmName, Self.realmEntries(realmClaims, reference))
  }

  /// The worst of both.
  public var status: TrustVector.Tier { max(platform.status, realm.status) }

  private static func platformEntries(_ claims: CBORItem, _ reference: ReferenceValues) -> [TrustVector.Entry] {
    let state = claims.entry(PlatformClaim.lifecycle.rawValue)?.int.flatMap { Lifecycle(claim: $0) } ?? .unknown
    let accepted = reference.lifecycles ?? [.secured]
    let isGood = accepted.contains(state)
    let words = accepted.isEmpty ? "none" : accepted.map(\.name).joined(separator: " or ")
    let why = isGood ? "life cycle: \(state.name)" : "life cycle: \(state.name); accepted: \(words)"
    let implementation = claims.entry(PlatformClaim.implementationID.rawValue)?.bytes.map { Array($0) }
    let isKnown = reference.implementationID == nil || reference.implementationID == implementation
    return [
      .init(claim: .instanceIdentity, value: isGood ? 2 : 96, reason: "instance id has a trust anchor; \(why)"),
      configuration(claims, reference), executables(claims, reference),
      .init(
        claim: .hardware, value: isKnown ? 2 : 97,
        reason: isKnown
          ? "implementation id as expected" : "implementation id \(hexBytes((implementation ?? []).prefix(8)))… is another"),
      .init(claim: .runtimeOpaque, value: isGood ? 2 : 96, reason: why),
      .init(claim: .storageOpaque, value: isGood ? 2 : 96, reason: why),
    ]
  }

  private static func configuration(_ claims: CBORItem, _ reference: ReferenceValues) -> TrustVector.Entry {
    let config = claims.entry(PlatformClaim.config.rawValue)?.bytes.map { Array($0) } ?? []
    let isKnown = reference.configs.contains(config)
    let reason =
      isKnown
      ? "config \(hexBytes(config)) is a reference value"
      : reference.configs.isEmpty
        ? "there is no reference value for the config"
        : "config \(hexBytes(config.prefix(16))) is none of the \(reference.configs.count) reference values"
    return .init(claim: .configuration, value: isKnown ? 2 : 32, reason: reason)
  }

  private static func executables(_ claims: CBORItem, _ reference: ReferenceValues) -> TrustVector.Entry {
    let items = claims.entry(PlatformClaim.softwareComponents.rawValue)?.children ?? []
    for item in items {
      let type = item.entry(SoftwareComponentField.type.rawValue)?.text
      let measurement = item.entry(SoftwareComponentField.measurement.rawValue)?.bytes.map { Array($0) } ?? []
      let signer = item.entry(SoftwareComponentField.signer.rawValue)?.bytes.map { Array($0) } ?? []
      let version = item.entry(SoftwareComponentField.version.rawValue)?.text
      let matches = reference.components.contains { known in
        known.measurement == measurement && known.signer == signer && isExpected(type, known.type)
          && isExpected(version, known.version)
      }
      if !matches {
        return .init(
          claim: .executables, value: 33,
          reason: "\(shown(type ?? "a component")) \(hexBytes(measurement.prefix(8)))… is no reference value")
      }
    }
    return .init(claim: .executables, value: 2, reason: "all \(items.count) components are reference values")
  }

  /// Whether a text of a token is the one that is known, byte for byte; what is not known is not compared.
  private static func isExpected(_ text: String?, _ known: String?) -> Bool {
    guard let known else { return true }
    return text?.hasSameBytes(as: known) ?? false
  }

  private static func realmEntries(_ claims: CBORItem, _ reference: ReferenceValues) -> [TrustVector.Entry] {
    [
      .init(claim: .instanceIdentity, value: 2, reason: "signed with a key this platform vouches for"),
      realmExecutables(claims, reference),
    ]
  }

  private static func realmExecutables(_ claims: CBORItem, _ reference: ReferenceValues) -> TrustVector.Entry {
    func entry(_ value: Int, _ reason: String) -> TrustVector.Entry {
      .init(claim: .executables, value: value, reason: reason)
    }
    let rim = claims.entry(RealmClaim.initialMeasurement.rawValue)?.bytes.map { Array($0) } ?? []
    let known = reference.realms.filter { $0.rim == rim }
    guard !known.isEmpty else { return entry(33, "RIM \(hexBytes(rim.prefix(8)))… is no reference value") }
    let rpv = claims.entry(RealmClaim.personalizationValue.rawValue)?.bytes.map { Array($0) } ?? []
    let owned = known.filter { $0.rpv == nil || $0.rpv == rpv }
    guard !owned.isEmpty else { return entry(96, "the RIM is known, the personalization value is another") }
    let rems = (claims.entry(RealmClaim.extensibleMeasurements.rawValue)?.children ?? []).map { Array($0.bytes ?? []) }
    var wrong: String?
    for realm in owned {
      let endorsed = realm.rems.indices.filter { realm.rems[$0] != nil }
      guard !endorsed.isEmpty else { return entry(3, "the RIM is a reference value; no REM is compared") }
      let differing = endorsed.first { $0 >= rems.count || realm.rems[$0] != rems[$0] }
      guard let differing else {
        return entry(2, "the RIM and REM \(endorsed.map(String.init).joined(separator: ", ")) are reference values")
      }
      wrong = "the RIM is a reference value; REM \(differing) is another than expected"
    }
    return entry(96, wrong ?? "")
  }

  /// As lines of text.
  public var lines: [String] {
    var lines: [String] = []
    for vector in [platform, realm] {
      lines.append("\(vector.name): \(vector.status.rawValue)")
      for entry in vector.entries {
        lines.append(
          "  \(entry.claim.rawValue.padding(19))\(String(entry.value).padding(4))\(entry.word.padding(32))\(entry.reason)")
      }
      if vector.entries.isEmpty { lines.append("  not appraised") }
    }
    return lines
  }
}
