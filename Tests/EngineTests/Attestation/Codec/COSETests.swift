import Crypto
import Engine
import Testing

/// COSE_Sign1 and COSE_Key against the examples of RFC 9052, and keys of every curve.
struct COSETests {
  // RFC 9052 appendix C.7.1, the key "11".
  private let x = "bac5b11cad8f99f9c72b05cf4b9e26d244dc189f745228255a219a86d6a09eff"
  private let y = "20138bf82dc1b6d562be0fa54ab7804a3a64b6d72ccfed6b6fb6ed28bbfc117e"
  // Appendix C.2.1.
  private let message =
    "d28443a10126a10442313154546869732069732074686520636f6e74656e742e58408eb33e4ca31d1c465ab05aac34cc6b23d58fef5c083106c4"
    + "d25a91aef0b0117e2af9a291aa32e14ab834dc56ed2a223444547e01f11d3b0916e5a4c345cacb36"

  @Test func sign1OfTheRFCVerifies() throws {
    let bytes = try #require([UInt8](hex: message))
    #expect(bytes.count == 98)
    var decoder = CBORDecoder(bytes)
    let sign1 = try COSESign1(try decoder.item())
    #expect(sign1.algorithm?.int == COSEAlgorithm.es256.rawValue)
    #expect(sign1.payload.bytes == Array("This is the content.".utf8)[...])
    #expect(hexBytes(sign1.sigStructure) == "846a5369676e61747572653143a101264054546869732069732074686520636f6e74656e742e")
    let point = try #require([UInt8](hex: "04" + x + y))
    let key = try #require(PublicKey(point: point))
    let signature = Array(try #require(sign1.signature.bytes))
    #expect(key.verifies(signature, of: sign1.sigStructure))
    for place in [0, 20, 63] {
      var other = signature
      other[place] ^= 1
      #expect(!key.verifies(other, of: sign1.sigStructure))
    }
  }

  /// An empty protected map counts as no bytes (section 4.4), external data stands between header and payload.
  @Test func sigStructure() {
    #expect(hexBytes(COSE.sigStructure([1], protected: [0xA0])) == "846a5369676e61747572653140404101")
    #expect(hexBytes(COSE.sigStructure([1], protected: [], externalAAD: [7])) == "846a5369676e6174757265314041074101")
  }

  @Test func coseKeys() throws {
    let good = try #require([UInt8](hex: "a401022001215820" + x + "225820" + y))
    #expect(try PublicKey(coseKey: good[...]).curve == .p256)
    // Labels in another order, as the RFC prints them, are the same key.
    let other = try #require([UInt8](hex: "a42001215820" + x + "225820" + y + "0102"))
    #expect(try PublicKey(coseKey: other[...]) == PublicKey(coseKey: good[...]))
    let bad = [
      "a301022001215820" + x, "a401012001215820" + x + "225820" + y, "a401022007215820" + x + "225820" + y,
      "a401022001215820" + x + "225820" + x, "a40102200221" + "5820" + x + "225820" + y,
      "a5010220012001215820" + x + "225820" + y, "80", "", "a401022001215820" + x + "225820" + y + "00",
    ]
    for hex in bad {
      let bytes = try #require([UInt8](hex: hex))
      #expect(throws: COSESign1.Malformed.self, "\(hex)") { try PublicKey(coseKey: bytes[...]) }
    }
  }

  /// What a key says of its use binds (RFC 9053 section 2.1), and what RFC 9052 section 7 gives a type has it.
  @Test(arguments: [
    ("0326", nil), ("04810" + "2", nil), ("04820102", nil), ("024101", nil), ("613f00", nil), ("2341aa", nil),
    ("033822", "alg (3) is -35; a key of P-256 verifies ES256"), ("03654553323536", "alg (3) is \"ES256\""),
    ("048101", "key_ops (4) is [1]"), ("0480", "key_ops (4) is []"), ("0402", "key_ops (4) is 2"),
    ("048166766572696679", "key_ops (4) is [\"verify\"]"), ("026131", "kid (2) is a text"), ("0501", "Base IV (5) is an integer"),
    ("4101" + "00", "a label is a byte string of 1 bytes"), ("0102", "a label stands twice"),
  ])
  func whatAKeySaysOfItsUse(_ entry: String, _ words: String?) throws {
    let bytes = try #require([UInt8](hex: "a501022001215820" + x + "225820" + y + entry))
    guard let words else {
      #expect(try PublicKey(coseKey: bytes[...]).curve == .p256)
      return
    }
    let error = #expect(throws: COSESign1.Malformed.self) { try PublicKey(coseKey: bytes[...]) }
    #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
  }

  @Test func aCompressedPointIsNamed() throws {
    let bytes = try #require([UInt8](hex: "a401022001215820" + x + "22f5"))
    let error = #expect(throws: COSESign1.Malformed.self) { try PublicKey(coseKey: bytes[...]) }
    #expect(error?.message.contains("compressed") == true)
  }

  @Test func keysOfEveryCurve() throws {
    let message = Array("message".utf8)
    let p256 = P256.Signing.PrivateKey()
    let p384 = P384.Signing.PrivateKey()
    let p521 = P521.Signing.PrivateKey()
    let cases: [(PublicKey?, [UInt8], EllipticCurve)] = [
      (PublicKey(pem: p256.publicKey.pemRepresentation), Array(try p256.signature(for: message).rawRepresentation), .p256),
      (PublicKey(pem: p384.publicKey.pemRepresentation), Array(try p384.signature(for: message).rawRepresentation), .p384),
      (PublicKey(pem: p521.publicKey.pemRepresentation), Array(try p521.signature(for: message).rawRepresentation), .p521),
    ]
    for (key, signature, curve) in cases {
      let key = try #require(key)
      #expect(key.curve == curve)
      #expect(signature.count == 2 * curve.coordinateLength)
      #expect(key.verifies(signature, of: message))
      #expect(!key.verifies(signature, of: message + [0]))
      #expect(PublicKey(point: key.point) == key)
      #expect(PublicKey(pem: key.pem) == key)
    }
    #expect(PublicKey(pem: "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----") == nil)
    #expect(PublicKey(point: [4] + [UInt8](repeating: 1, count: 96)) == nil)
  }
}
