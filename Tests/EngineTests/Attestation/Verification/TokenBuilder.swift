import Crypto
import Engine

/// CBOR as the tests write it, well or badly.
indirect enum Item: Sendable {
  case int(Int64), bytes([UInt8]), text(String), array([Item]), map([(Item, Item)]), tag(UInt64, Item)
  /// Anything, as it is.
  case raw([UInt8])

  var encoded: [UInt8] {
    switch self {
    case .int(let n): n >= 0 ? Self.head(0, UInt64(n)) : Self.head(1, UInt64(-1 - n))
    case .bytes(let bytes): Self.head(2, UInt64(bytes.count)) + bytes
    case .text(let text): Self.head(3, UInt64(text.utf8.count)) + Array(text.utf8)
    case .array(let items): Self.head(4, UInt64(items.count)) + items.flatMap(\.encoded)
    case .map(let pairs): Self.head(5, UInt64(pairs.count)) + pairs.flatMap { $0.0.encoded + $0.1.encoded }
    case .tag(let number, let item): Self.head(6, number) + item.encoded
    case .raw(let bytes): bytes
    }
  }

  static func head(_ major: UInt8, _ value: UInt64) -> [UInt8] {
    let type = major << 5
    func big(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * (count - 1 - $0))) } }
    if value < 24 { return [type | UInt8(value)] }
    if value < 0x100 { return [type | 24] + big(1) }
    if value < 0x1_0000 { return [type | 25] + big(2) }
    return value < 0x1_0000_0000 ? [type | 26] + big(4) : [type | 27] + big(8)
  }
}

/// A token made in the tests, with keys of their own, in which anything can be made wrong before it is signed.
struct TokenBuilder {
  static let platformKey = P384.Signing.PrivateKey()
  static let realmKey = P384.Signing.PrivateKey()
  static let challenge = [UInt8](repeating: 0x5A, count: 64)

  struct Part {
    var tag: UInt64? = 18
    var protected: [UInt8] = [0xA1, 0x01, 0x38, 0x22]
    var unprotected = Item.map([])
    var claims: [(Int64, Item)]
    /// Entries of the claims' map whose labels are no integers.
    var others: [(Item, Item)] = []
    /// Instead of the claims' map.
    var payload: [UInt8]?
    var signer: P384.Signing.PrivateKey
    /// What is signed instead of the protected header.
    var signedProtected: [UInt8]?
    /// After signing.
    var spoilSignature: ([UInt8]) -> [UInt8] = { $0 }
    /// The four parts of the COSE_Sign1.
    var spoilParts: ([Item]) -> [Item] = { $0 }

    subscript(label: Int64) -> Item? {
      get { claims.first { $0.0 == label }?.1 }
      set {
        if let index = claims.firstIndex(where: { $0.0 == label }) {
          if let newValue { claims[index].1 = newValue } else { claims.remove(at: index) }
        } else if let newValue {
          claims.append((label, newValue))
        }
      }
    }

    func encoded() throws -> [UInt8] {
      let payload = payload ?? Item.map(claims.map { (.int($0.0), $0.1) } + others).encoded
      let structure = Item.array([
        .text("Signature1"), .bytes(signedProtected ?? protected), .bytes([]), .bytes(payload),
      ]).encoded
      let signature = spoilSignature(Array(try signer.signature(for: structure).rawRepresentation))
      let body = Item.array(spoilParts([.bytes(protected), unprotected, .bytes(payload), .bytes(signature)]))
      return tag.map { Item.tag($0, body).encoded } ?? body.encoded
    }
  }

  var tag: UInt64 = 399
  var platform: Part
  var realm: Part
  /// Makes an entry of the envelope's map.
  var entry: ([UInt8]) -> Item = { .bytes($0) }
  var extraEntries: [(Item, Item)] = []
  /// After all.
  var spoil: ([UInt8]) -> [UInt8] = { $0 }

  static var coseKey: [UInt8] { Item.map(keyEntries).encoded }
  static var keyEntries: [(Item, Item)] {
    let point = Array(realmKey.publicKey.x963Representation)
    return [
      (.int(1), .int(2)), (.int(-1), .int(2)), (.int(-2), .bytes(Array(point[1..<49]))),
      (.int(-3), .bytes(Array(point[49..<97]))),
    ]
  }
  static var bareKey: [UInt8] { Array(realmKey.publicKey.x963Representation) }

  /// A good token of RMM 1.0.
  init(hash: String = "sha-256") {
    let length = hash == "sha-256" ? 32 : 64
    let digest = Item.bytes([UInt8](repeating: 7, count: 32))
    platform = Part(
      claims: [
        (265, .text("tag:arm.com,2023:cca_platform#1.0.0")), (10, .bytes(Array(SHA256.hash(data: Self.coseKey)))),
        (2396, digest), (256, .bytes([1] + [UInt8](repeating: 2, count: 32))), (2401, .bytes([1, 2, 3])), (2395, .int(0x3000)),
        (2402, .text("sha-256")), (2400, .text("https://example.org")),
        (2399, .array([.map([(.int(1), .text("BL")), (.int(2), digest), (.int(4), .text("1.0")), (.int(5), digest)])])),
      ], signer: Self.platformKey)
    let measurement = Item.bytes([UInt8](repeating: 9, count: length))
    realm = Part(
      claims: [
        (10, .bytes(Self.challenge)), (44235, .bytes([UInt8](repeating: 3, count: 64))), (44237, .bytes(Self.coseKey)),
        (44236, .text(hash)), (44240, .text("sha-256")), (265, .text("tag:arm.com,2023:realm#1.0.0")), (44238, measurement),
        (44239, .array(Array(repeating: measurement, count: 4))),
      ], signer: Self.realmKey)
  }

  static var legacy: TokenBuilder {
    var token = TokenBuilder()
    token.platform[265] = .text("http://arm.com/CCA-SSD/1.0.0")
    token.platform[10] = .bytes(Array(SHA256.hash(data: bareKey)))
    token.realm[44237] = .bytes(bareKey)
    token.realm[265] = nil
    return token
  }

  /// The Realm's key claim with these bytes, and the platform's challenge bound to it.
  mutating func setKey(_ bytes: [UInt8]) {
    realm[44237] = .bytes(bytes)
    platform[10] = .bytes(Array(SHA256.hash(data: bytes)))
  }
  /// The Realm's key with more in it.
  mutating func addToKey(_ entries: [(Item, Item)]) { setKey(Item.map(Self.keyEntries + entries).encoded) }

  func encoded() throws -> [UInt8] {
    let entries: [(Item, Item)] = [
      (.int(44234), entry(try platform.encoded())), (.int(44241), entry(try realm.encoded())),
    ]
    return spoil(Item.tag(tag, .map(entries + extraEntries)).encoded)
  }

  /// Verified as somebody would who knows the key and the challenge.
  func report(_ options: VerificationOptions? = nil) throws -> VerificationReport {
    let all = VerificationOptions(
      platformKey: PublicKey(point: Self.platformKey.publicKey.x963Representation), challenge: Self.challenge)
    return VerificationReport(TokenDocument(try encoded()), options ?? all)
  }
}
