/// The COSE structures CCA tokens use (RFC 9052): COSE_Sign1 and its Sig_structure.
package enum COSE {
  /// The protected header {1: -35}, ES384.
  package static let protectedES384: [UInt8] = [0xA1, 0x01, 0x38, 0x22]

  /// What is hashed and signed: ["Signature1", protected, external_aad, payload], section 4.4.
  ///
  /// - Parameter protected: the protected header's bytes as they stand in the message; an empty map counts as no bytes.
  package static func sigStructure(
    _ payload: some Collection<UInt8>, protected: some Collection<UInt8> = protectedES384, externalAAD: [UInt8] = []
  ) -> [UInt8] {
    var writer = CBORWriter(capacity: payload.count + 32)
    writer.array(4)
    writer.text("Signature1")
    if protected.count == 1, protected.first == 0xA0 { writer.byteString([]) } else { writer.byteString(protected) }
    writer.byteString(externalAAD)
    writer.byteString(payload)
    return writer.bytes
  }

  /// COSE_Sign1_Tagged with an empty unprotected header.
  package static func sign1(
    _ payload: some Collection<UInt8>, signature: some Collection<UInt8>, protected: [UInt8] = protectedES384
  ) -> [UInt8] {
    var writer = CBORWriter(capacity: payload.count + 128)
    writer.tag(18)
    writer.array(4)
    writer.byteString(protected)
    writer.map(0)
    writer.byteString(payload)
    writer.byteString(signature)
    return writer.bytes
  }

  /// COSE_Key of a P-384 public key given as x and y, 48 bytes each: {1: 2, -1: 2, -2: x, -3: y}.
  package static func key(x: some Collection<UInt8>, y: some Collection<UInt8>) -> [UInt8] {
    var writer = CBORWriter(capacity: 107)
    writer.map(4)
    writer.int(1)
    writer.int(2)
    writer.int(-1)
    writer.int(2)
    writer.int(-2)
    writer.byteString(x)
    writer.int(-3)
    writer.byteString(y)
    return writer.bytes
  }
}

/// The signature algorithms a CCA token may use (RFC 9053 2.1).
package enum COSEAlgorithm: Int64, Sendable, CaseIterable {
  case es256 = -7
  case es384 = -35
  case es512 = -36

  package var name: String {
    switch self {
    case .es256: "ES256"
    case .es384: "ES384"
    case .es512: "ES512"
    }
  }

  /// The one whose hash is as strong as the curve.
  package init(_ curve: EllipticCurve) {
    switch curve {
    case .p256: self = .es256
    case .p384: self = .es384
    case .p521: self = .es512
    }
  }

  package var curve: EllipticCurve {
    switch self {
    case .es256: .p256
    case .es384: .p384
    case .es512: .p521
    }
  }

  var hashName: String {
    switch self {
    case .es256: "sha-256"
    case .es384: "sha-384"
    case .es512: "sha-512"
    }
  }

  /// Bytes of r and s together.
  var signatureLength: Int { 2 * curve.coordinateLength }
}

/// A COSE_Sign1 that was read: its parts, each with its place.
package struct COSESign1: Sendable {
  /// The whole, with its tag.
  package let item: CBORItem
  package let protected: CBORItem
  /// The map inside the protected header; nil if it is empty or none.
  let protectedMap: CBORItem?
  /// How that map is encoded. RFC 9052 section 9 wants the deterministic encoding only of what is hashed, and the header is hashed
  /// as the bytes that were sent.
  let protectedRemarks: [CBORDecoder.Remark]
  package let unprotected: CBORItem
  package let payload: CBORItem
  package let signature: CBORItem

  package var sigStructure: [UInt8] {
    COSE.sigStructure(payload.bytes ?? [], protected: protected.bytes ?? [])
  }

  /// The hash that is signed, by the algorithm in the header; nil for one that is not known.
  package var signedDigest: (name: String, bytes: [UInt8])? {
    guard let algorithm = algorithm?.int.flatMap({ COSEAlgorithm(rawValue: $0) }) else { return nil }
    return Digest(algorithm.hashName, sigStructure[...]).map { (algorithm.hashName, $0.bytes) }
  }

  /// Header label 1 of the protected header.
  package var algorithm: CBORItem? { protectedMap?.entry(1) }

  /// - Throws: what is wrong with the form, in words.
  package init(_ item: CBORItem) throws(Malformed) {
    guard case .tag(18) = item.value, let body = item.children.first else {
      throw Malformed("expected tag 18 (COSE_Sign1), found \(item.kindName)")
    }
    guard body.isArray, body.children.count == 4 else {
      throw Malformed("expected an array of 4 inside tag 18, found \(body.kindName)")
    }
    let parts = body.children
    guard let header = parts[0].bytes else { throw Malformed("the protected header is \(parts[0].kindName), not a byte string") }
    guard parts[1].isMap else { throw Malformed("the unprotected header is \(parts[1].kindName), not a map") }
    guard parts[2].bytes != nil else { throw Malformed("the payload is \(parts[2].kindName), not a byte string") }
    guard parts[3].bytes != nil else { throw Malformed("the signature is \(parts[3].kindName), not a byte string") }
    var map: CBORItem?
    var remarks: [CBORDecoder.Remark] = []
    if !header.isEmpty { (map, remarks) = try Self.map(in: header, "the protected header") }
    self.item = item
    protected = parts[0]
    protectedMap = map
    // In chunks, the places would be those of the joined bytes; that there are chunks is a remark of its own.
    protectedRemarks = parts[0].isInOnePiece ? remarks : []
    unprotected = parts[1]
    payload = parts[2]
    signature = parts[3]
  }

  /// The map a byte string inside a token holds, with what its encoding has that the deterministic one has not.
  static func map(
    in bytes: ArraySlice<UInt8>, _ name: String
  ) throws(Malformed) -> (map: CBORItem, remarks: [CBORDecoder.Remark]) {
    var decoder = CBORDecoder(bytes)
    let item: CBORItem
    do throws(CBORError) {
      item = try decoder.item()
    } catch {
      let message = error.reason.isLimit ? error.message : "\(name) holds no CBOR map: \(error.message)"
      throw Malformed(message, isLimit: error.reason.isLimit)
    }
    guard decoder.isAtEnd, item.isMap else {
      throw Malformed(
        item.isMap ? "\(name) has bytes after its CBOR map" : "\(name) holds no CBOR map, but \(item.kindName)")
    }
    return (item, decoder.remarks)
  }

  package struct Malformed: Error {
    package let message: String
    /// Nothing is known to be wrong: a limit of this verifier kept it from reading on.
    let isLimit: Bool

    init(_ message: String, isLimit: Bool = false) {
      self.message = message
      self.isLimit = isLimit
    }
  }
}
