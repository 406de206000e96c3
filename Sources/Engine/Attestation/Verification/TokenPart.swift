/// The platform token or the Realm token inside a CCA token.
public struct TokenPart: Sendable {
  public enum Kind: String, Sendable, CaseIterable {
    case platform, realm
    public var title: String { self == .platform ? "platform token" : "realm token" }
  }

  public let kind: Kind
  /// The value in the envelope's map.
  package let entry: CBORItem
  /// Whether the entry is [263, bstr] and not a byte string.
  package private(set) var isTyped = false
  package private(set) var sign1: COSESign1?
  package private(set) var claims: CBORItem?
  /// The map in the Realm's public key claim, if it holds one.
  private(set) var keyMap: CBORItem?
  /// Why ``sign1`` or ``claims`` is nil.
  public private(set) var problem: String?
  /// Which limit of this verifier was passed, if one was: then nothing is known to be wrong with what could not be read.
  package private(set) var limit: String?
  package private(set) var remarks: [CBORDecoder.Remark] = []

  /// The content type application/eat+cwt.
  package static let contentFormat: Int64 = 263

  init(_ kind: Kind, entry: CBORItem) {
    self.kind = kind
    self.entry = entry
    var holder = entry
    if entry.isArray, entry.children.count == 2, entry.children[0].int == Self.contentFormat {
      holder = entry.children[1]
      isTyped = true
    }
    guard let inner = holder.bytes else {
      problem = "the entry is \(entry.kindName), not a byte string"
      return
    }
    guard holder.isInOnePiece else {
      problem = "the entry is a byte string in chunks"
      return
    }
    guard let (token, rest) = item(in: inner, "not CBOR") else { return }
    guard rest == 0 else {
      problem = "\(rest) bytes follow the token"
      return
    }
    read(token)
  }

  /// A token that stands for itself, without an envelope.
  init(_ kind: Kind, entry: CBORItem, token: CBORItem) {
    self.kind = kind
    self.entry = entry
    read(token)
  }

  private mutating func read(_ token: CBORItem) {
    do throws(COSESign1.Malformed) {
      let sign1 = try COSESign1(token)
      self.sign1 = sign1
      remarks += sign1.protectedRemarks
      read(payload: sign1.payload)
    } catch {
      problem = error.message
      if error.isLimit { limit = error.message }
    }
  }

  private mutating func read(payload item: CBORItem) {
    guard let payload = item.bytes, item.isInOnePiece else {
      problem = "the payload is a byte string in chunks"
      return
    }
    guard let (map, rest) = self.item(in: payload, "the payload is not CBOR") else { return }
    guard map.isMap, rest == 0 else {
      problem = map.isMap ? "bytes follow the map of claims" : "the payload is \(map.kindName), not a map"
      return
    }
    claims = map
    if kind == .realm, let key = map.entry(RealmClaim.publicKey.rawValue) { read(key: key) }
  }

  /// The Realm's key is CBOR in CBOR, too, unless it is a bare point. Whether it is a good key is a check's business.
  private mutating func read(key item: CBORItem) {
    guard let bytes = item.bytes, item.isInOnePiece else { return }
    do throws(COSESign1.Malformed) {
      let (map, remarks) = try COSESign1.map(in: bytes, "the key")
      keyMap = map
      self.remarks += remarks
    } catch {
      if error.isLimit { limit = error.message }
    }
  }

  /// The item at the start of some bytes, and how many follow it; nil, with ``problem`` set, if there is none.
  private mutating func item(in bytes: ArraySlice<UInt8>, _ otherwise: String) -> (CBORItem, rest: Int)? {
    var decoder = CBORDecoder(bytes)
    defer { remarks += decoder.remarks }
    do throws(CBORError) {
      return (try decoder.item(), bytes.endIndex - decoder.position)
    } catch {
      problem = error.reason.isLimit ? error.message : "\(otherwise): \(error.message)"
      if error.reason.isLimit { limit = error.message }
      return nil
    }
  }

  /// The profile the token says it follows.
  package var profile: ClaimProfile {
    guard let item = claims?.entry(PlatformClaim.profile.rawValue) else { return .absent }
    return ClaimProfile(item.text, of: kind)
  }
}
