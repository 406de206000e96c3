/// A token taken apart as far as it goes. Nothing here judges: what is missing is nil, and why is kept beside it.
public struct TokenDocument: Sendable {
  /// More than any token has; what is larger is not read.
  package static let sizeLimit = 1 << 18

  /// How the two tokens are held together.
  package enum Envelope: Sendable, Equatable {
    /// Tag 399 (DEN0137 A7.2.3).
    case ccaToken
    /// Tag 907: a CMW collection; each entry is [263, bstr], 263 being application/eat+cwt.
    case collection
    /// One COSE_Sign1 alone.
    case single
    case other(String)

    package var name: String {
      switch self {
      case .ccaToken: "CCA token (tag 399)"
      case .collection: "CMW collection (tag 907)"
      case .single: "one COSE_Sign1 (tag 18) without a CCA envelope"
      case .other(let what): what
      }
    }
  }

  /// The keys of the envelope's map.
  package static let platformKey: Int64 = 44234
  package static let realmKey: Int64 = 44241

  public let bytes: [UInt8]
  package private(set) var root: CBORItem?
  /// Why ``root`` is nil, unless the bytes are too many to be read.
  public private(set) var error: CBORError?
  /// First byte after the item, if something follows it.
  private(set) var trailing: Int?
  package private(set) var remarks: [CBORDecoder.Remark] = []
  package private(set) var envelope = Envelope.other("bytes that are no CBOR")
  /// The envelope's map.
  package private(set) var map: CBORItem?
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
  var allRemarks: [CBORDecoder.Remark] { remarks + (platform?.remarks ?? []) + (realm?.remarks ?? []) }

  /// Which limits of this verifier kept it from reading all there is; the size is ``sizeLimit``.
  package var limits: [String] {
    var limits: [String] = []
    if let error, error.reason.isLimit { limits.append(error.message) }
    for part in [platform, realm] {
      if let part, let limit = part.limit { limits.append("\(part.kind.title): \(limit)") }
    }
    return limits
  }

  package func part(_ kind: TokenPart.Kind) -> TokenPart? { kind == .platform ? platform : realm }
}
