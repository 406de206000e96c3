import Basics

/// COSE_Key (RFC 9052 section 7) of an elliptic curve (RFC 9053 section 7.1.1), as a Realm token carries the key it is signed with.
extension PublicKey {
  /// The labels of a COSE_Key this verifier looks at.
  enum Label {
    static let type: Int64 = 1
    static let id: Int64 = 2
    static let algorithm: Int64 = 3
    static let operations: Int64 = 4
    static let baseIV: Int64 = 5
    static let curve: Int64 = -1
    static let x: Int64 = -2
    static let y: Int64 = -3
    static let privateKey: Int64 = -4
  }

  /// The operation a key must allow if it lists any (RFC 9052 section 7.1).
  static let verify: Int64 = 2

  /// Reads a COSE_Key: kty EC2, one of three curves, x and y as byte strings, and nothing that keeps it from verifying ECDSA.
  ///
  /// - Throws: what is wrong, in words.
  package init(coseKey bytes: ArraySlice<UInt8>) throws(COSESign1.Malformed) {
    let (map, remarks) = try COSESign1.map(in: bytes, "the key")
    for remark in remarks {
      if case .duplicateKey = remark { throw COSESign1.Malformed("a label stands twice in it") }
    }
    try Self.checkForm(map)
    guard map.entry(Label.type)?.int == 2 else {
      throw COSESign1.Malformed("kty (1) is \(Self.words(map, Label.type)), not 2 (EC2)")
    }
    guard let number = map.entry(Label.curve)?.int, let curve = EllipticCurve(rawValue: number) else {
      throw COSESign1.Malformed("crv (-1) is \(Self.words(map, Label.curve)), not 1, 2 or 3")
    }
    try Self.checkUse(map, curve)
    guard let x = map.entry(Label.x)?.bytes, let y = map.entry(Label.y)?.bytes else {
      if case .simple(20...21) = map.entry(Label.y)?.value {
        throw COSESign1.Malformed("y (-3) is a sign bit: a compressed point; the Realm's key has both coordinates")
      }
      throw COSESign1.Malformed("x (-2) and y (-3) must be byte strings")
    }
    guard x.count == curve.coordinateLength, y.count == curve.coordinateLength else {
      throw COSESign1.Malformed(
        "x has \(x.count) bytes and y \(y.count); \(curve.name) has \(curve.coordinateLength) each")
    }
    guard let key = PublicKey(point: [4] + x + y) else {
      throw COSESign1.Malformed("x and y are no point of \(curve.name)")
    }
    self = key
  }

  /// The types RFC 9052 section 7 gives labels and common parameters; what else is in a key is whose it is.
  private static func checkForm(_ map: CBORItem) throws(COSESign1.Malformed) {
    for (label, _) in map.pairs where label.text == nil && !label.isInteger {
      throw COSESign1.Malformed("a label is \(label.kindName), not an integer or a text")
    }
    for label in [Label.id, Label.baseIV] {
      if let item = map.entry(label), item.bytes == nil {
        throw COSESign1.Malformed("\(label == Label.id ? "kid" : "Base IV") (\(label)) is \(item.kindName), not a byte string")
      }
    }
  }

  /// If alg is there, it must be the algorithm the key is used with; if key_ops is there, it must have verify (RFC 9053 section
  /// 2.1). Each curve has one algorithm in CCA tokens.
  private static func checkUse(_ map: CBORItem, _ curve: EllipticCurve) throws(COSESign1.Malformed) {
    let algorithm = COSEAlgorithm(curve)
    if let item = map.entry(Label.algorithm), item.int != algorithm.rawValue {
      throw COSESign1.Malformed(
        "alg (3) is \(words(map, Label.algorithm)); a key of \(curve.name) verifies \(algorithm.name) (\(algorithm.rawValue))")
    }
    guard let operations = map.entry(Label.operations) else { return }
    guard operations.isArray, operations.children.contains(where: { $0.int == verify }) else {
      throw COSESign1.Malformed("key_ops (4) is \(words(map, Label.operations)); it must be an array that has verify (2)")
    }
  }

  private static func words(_ map: CBORItem, _ label: Int64) -> String {
    map.entry(label).map { shown($0.diagnostic) } ?? "missing"
  }
}
