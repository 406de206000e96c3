import Basics

/// Which set of claims a token follows, told by its profile claim.
package enum ClaimProfile: Sendable, Equatable {
  /// RMM 1.0: `tag:arm.com,2023:cca_platform#1.0.0`, `tag:arm.com,2023:realm#1.0.0`.
  case rmm1
  /// Before: `http://arm.com/CCA-SSD/1.0.0`; a legacy Realm token has no profile claim.
  case legacy
  /// Known by its name, and later than RMM 1.0.
  case later(String)
  case unknown(String)
  case absent

  package static let platform1 = "tag:arm.com,2023:cca_platform#1.0.0"
  package static let realm1 = "tag:arm.com,2023:realm#1.0.0"
  package static let platformLegacy = "http://arm.com/CCA-SSD/1.0.0"

  init(_ text: String?, of kind: TokenPart.Kind) {
    guard let text else {
      self = .unknown("not a text")
      return
    }
    switch kind {
    case .platform where text.hasSameBytes(as: Self.platform1), .realm where text.hasSameBytes(as: Self.realm1): self = .rmm1
    case .platform where text.hasSameBytes(as: Self.platformLegacy): self = .legacy
    case .platform where Self.isLater(text, ":cca_platform#"), .realm where Self.isLater(text, ":realm#"): self = .later(text)
    default: self = .unknown(text)
    }
  }

  /// Whether a text is one of Arm's tags with a name in it, byte for byte.
  private static func isLater(_ text: String, _ name: String) -> Bool {
    let bytes = Array(text.utf8)
    return bytes.starts(with: "tag:arm.com,".utf8) && bytes.contains(Array(name.utf8))
  }

  package var name: String {
    switch self {
    case .rmm1: "RMM 1.0 (2023)"
    case .legacy: "legacy (CCA-SSD 1.0.0)"
    case .later(let text): "later than RMM 1.0: \(shown(text))"
    case .unknown(let text): "unknown: \(shown(text))"
    case .absent: "absent"
    }
  }
}

/// The form of a whole token, by which a verifier can be told what to expect.
public enum TokenProfile: String, Sendable, CaseIterable {
  /// Tag 399, byte strings, the 2023 profiles.
  case rmm1 = "rmm-1.0"
  /// Either envelope, the CCA-SSD platform profile, no Realm profile, the Realm's key as a bare point.
  case legacy
  /// Tag 907, [263, bstr], the 2023 profiles.
  case collection
  /// Profiles that came after RMM 1.0.
  case later

  public var meaning: String {
    switch self {
    case .rmm1: "tag 399, profiles of 2023, Realm key as COSE_Key"
    case .legacy: "CCA-SSD platform profile, no Realm profile, Realm key as a bare point; tag 399 or 907"
    case .collection: "tag 907 with typed entries, profiles of 2023"
    case .later: "a profile later than RMM 1.0, in either envelope"
    }
  }

  /// The profile a token follows; nil if it mixes them.
  public init?(_ document: TokenDocument) {
    guard let platform = document.platform?.profile, let realm = document.realm?.profile else { return nil }
    switch (document.envelope, platform, realm) {
    case (.ccaToken, .rmm1, .rmm1), (.ccaToken, .rmm1, .absent): self = .rmm1
    case (.ccaToken, .legacy, .absent), (.collection, .legacy, .absent): self = .legacy
    case (.collection, .rmm1, .rmm1), (.collection, .rmm1, .absent): self = .collection
    case (_, .later, .rmm1), (_, .rmm1, .later), (_, .later, .later): self = .later
    default: return nil
    }
  }
}
