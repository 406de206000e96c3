/// A token taken apart as far as it goes. Nothing here judges: what is missing is nil, and why is kept beside it.
public struct TokenDocument: Sendable {
  /// More than any token has; what is larger is not read.
  public static let sizeLimit = 1 << 18

  /// How the two tokens are held together.
  public enum Envelope: Sendable, Equatable {
    /// Tag 399 (DEN0137 A7.2.3).
    case ccaToken
    /// Tag 907: a CMW collection; each entry is [263, bstr], 263 being application/eat+cwt.
    case collection
    /// One COSE_Sign1 alone.
    case single
    case other(String)

    public var name: String {
      switch self {
      case .ccaToken: "CCA token (tag 399)"
      case .collection: "CMW collection (tag 907)"
      case .single: "one COSE_Sign1 (tag 18) without a CCA envelope"
      case .other(let what): what
      }
    }
  }

  /// The keys of the envelope's map.
  public static let platformKey: Int64 = 44234
  public static let realmKey: Int64 = 44241

  public let bytes: [UInt8]
  public private(set) var root: CBORItem?
  /// Why ``root`` is nil.
  public private(set) var error: CBORError?
  /// First byte after the item, if something follows it.
  public private(set) var trailing: Int?
  public private(set) var remarks: [CBORDecoder.Remark] = []
  public private(set) var envelope = Envelope.other("bytes that are no CBOR")
  /// The envelope's map.
  public private(set) var map: CBORItem?
  public private(set) var platform: TokenPart?
  public private(set) var realm: TokenPart?

  public init(_ bytes: [UInt8]) {
    self.bytes = bytes
    guard bytes.count <= Self.sizeLimit else { return }
    var decoder = CBORDecoder(bytes)
    let root: CBORItem
    do throws(CBORError) {
      root = try decoder.item()
    } catch {
      self.error = error
      return
    }
    self.root = root
    trailing = decoder.isAtEnd ? nil : decoder.position
    remarks = decoder.remarks
    switch root.value {
    case .tag(18):
      envelope = .single
      // Alone, it is told by the claims only one of them has.
      let part = TokenPart(.platform, entry: root, token: root)
      if part.claims?.entry(RealmClaim.publicKey.rawValue) == nil {
        platform = part
      } else {
        realm = TokenPart(.realm, entry: root, token: root)
      }
      return
    case .tag(399): envelope = .ccaToken
    case .tag(907): envelope = .collection
    default:
      envelope = .other(root.kindName)
      return
    }
    map = root.children.first.flatMap { $0.isMap ? $0 : nil }
    platform = map?.entry(Self.platformKey).map { TokenPart(.platform, entry: $0) }
    realm = map?.entry(Self.realmKey).map { TokenPart(.realm, entry: $0) }
  }

  /// What the envelope and both tokens have that deterministic encoding does not.
  public var allRemarks: [CBORDecoder.Remark] { remarks + (platform?.remarks ?? []) + (realm?.remarks ?? []) }

  public func part(_ kind: TokenPart.Kind) -> TokenPart? { kind == .platform ? platform : realm }
}

/// The platform token or the Realm token inside a CCA token.
public struct TokenPart: Sendable {
  public enum Kind: String, Sendable, CaseIterable {
    case platform, realm
    public var title: String { self == .platform ? "platform token" : "realm token" }
  }

  public let kind: Kind
  /// The value in the envelope's map.
  public let entry: CBORItem
  /// Whether the entry is [263, bstr] and not a byte string.
  public let isTyped: Bool
  public let sign1: COSESign1?
  public let claims: CBORItem?
  /// Why ``sign1`` or ``claims`` is nil.
  public let problem: String?
  public let remarks: [CBORDecoder.Remark]

  /// The content type application/eat+cwt.
  static let contentFormat: Int64 = 263

  init(_ kind: Kind, entry: CBORItem) {
    var holder = entry
    var isTyped = false
    if entry.isArray, entry.children.count == 2, entry.children[0].int == Self.contentFormat {
      holder = entry.children[1]
      isTyped = true
    }
    guard let inner = holder.bytes else {
      self.init(kind, entry, isTyped, nil, nil, "the entry is \(entry.kindName), not a byte string", [])
      return
    }
    guard inner.startIndex >= holder.content.lowerBound, inner.endIndex == holder.content.upperBound else {
      self.init(kind, entry, isTyped, nil, nil, "the entry is a byte string in chunks", [])
      return
    }
    var decoder = CBORDecoder(inner)
    do throws(CBORError) {
      let token = try decoder.item()
      guard decoder.isAtEnd else {
        self.init(kind, entry, isTyped, nil, nil, "\(inner.endIndex - decoder.position) bytes follow the token", decoder.remarks)
        return
      }
      self.init(kind, entry: entry, token: token, isTyped: isTyped, remarks: decoder.remarks)
    } catch {
      self.init(kind, entry, isTyped, nil, nil, "not CBOR: \(error.message)", decoder.remarks)
    }
  }

  init(_ kind: Kind, entry: CBORItem, token: CBORItem, isTyped: Bool = false, remarks: [CBORDecoder.Remark] = []) {
    do throws(COSESign1.Malformed) {
      let sign1 = try COSESign1(token)
      guard let payload = sign1.payload.bytes,
        payload.isEmpty
          || payload.startIndex >= sign1.payload.content.lowerBound
            && payload.endIndex == sign1.payload.content.upperBound
      else {
        self.init(kind, entry, isTyped, sign1, nil, "the payload is a byte string in chunks", remarks)
        return
      }
      var decoder = CBORDecoder(payload)
      do throws(CBORError) {
        let claims = try decoder.item()
        let isWhole = decoder.isAtEnd && claims.isMap
        let problem = !claims.isMap ? "the payload is \(claims.kindName), not a map" : "bytes follow the map of claims"
        self.init(
          kind, entry, isTyped, sign1, isWhole ? claims : nil, isWhole ? nil : problem, remarks + decoder.remarks)
      } catch {
        self.init(kind, entry, isTyped, sign1, nil, "the payload is not CBOR: \(error.message)", remarks + decoder.remarks)
      }
    } catch {
      self.init(kind, entry, isTyped, nil, nil, error.message, remarks)
    }
  }

  private init(
    _ kind: Kind, _ entry: CBORItem, _ isTyped: Bool, _ sign1: COSESign1?, _ claims: CBORItem?, _ problem: String?,
    _ remarks: [CBORDecoder.Remark]
  ) {
    self.kind = kind
    self.entry = entry
    self.isTyped = isTyped
    self.sign1 = sign1
    self.claims = claims
    self.problem = problem
    self.remarks = remarks
  }

  /// The profile the token says it follows.
  public var profile: ClaimProfile {
    guard let item = claims?.entry(PlatformClaim.profile.rawValue) else { return .absent }
    return ClaimProfile(item.text, of: kind)
  }
}

/// Which set of claims a token follows, told by its profile claim.
public enum ClaimProfile: Sendable, Equatable {
  /// RMM 1.0: `tag:arm.com,2023:cca_platform#1.0.0`, `tag:arm.com,2023:realm#1.0.0`.
  case rmm1
  /// Before: `http://arm.com/CCA-SSD/1.0.0`; a legacy Realm token has no profile claim.
  case legacy
  /// Known by its name, and later than RMM 1.0.
  case later(String)
  case unknown(String)
  case absent

  public static let platform1 = "tag:arm.com,2023:cca_platform#1.0.0"
  public static let realm1 = "tag:arm.com,2023:realm#1.0.0"
  public static let platformLegacy = "http://arm.com/CCA-SSD/1.0.0"

  init(_ text: String?, of kind: TokenPart.Kind) {
    switch (text, kind) {
    case (nil, _): self = .unknown("not a text")
    case (Self.platform1?, .platform), (Self.realm1?, .realm): self = .rmm1
    case (Self.platformLegacy?, .platform): self = .legacy
    case (let text?, .platform) where text.hasPrefix("tag:arm.com,") && text.contains(":cca_platform#"): self = .later(text)
    case (let text?, .realm) where text.hasPrefix("tag:arm.com,") && text.contains(":realm#"): self = .later(text)
    case (let text?, _): self = .unknown(text)
    }
  }

  public var name: String {
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
