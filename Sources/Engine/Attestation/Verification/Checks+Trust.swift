extension TokenCheck {
  /// Of signatures, the binding and freshness: the chain from the platform's key to the Realm's words.
  static let trust: [TokenCheck] = [
    TokenCheck(
      .platformSignature, "the platform token is signed by the platform key that was given",
      "RFC 9052 section 4.4; DEN0137 A7.2.2"
    ) { context in
      guard let sign1 = context.document.platform?.sign1 else { return .notEvaluated("there is no platform token") }
      guard let key = context.options.platformKey else {
        return .notEvaluated("no platform key was given, so nobody vouches for the platform (--key)")
      }
      return signature(sign1, key, "the platform key", context)
    },
    TokenCheck(
      .binding, "the platform's challenge is the hash of the Realm's key claim: this platform vouches for this key",
      "DEN0137 A7.2.3; A7.2.3.2.2"
    ) { context in binding(context) },
    TokenCheck(
      .realmSignature, "the Realm token is signed by the key it carries", "RFC 9052 section 4.4; DEN0137 A7.2.3.1"
    ) { context in
      guard let sign1 = context.document.realm?.sign1 else { return .notEvaluated("there is no realm token") }
      do throws(COSESign1.Malformed) {
        return signature(sign1, try context.realmKey(), "the key of claim 44237", context)
      } catch {
        return .notEvaluated("there is no key to verify it with: \(error.message)")
      }
    },
    TokenCheck(
      .freshness, "the Realm token answers the challenge that was sent", "DEN0137 A7.2.2"
    ) { context in freshness(context) },
  ]

  private static func signature(
    _ sign1: COSESign1, _ key: PublicKey, _ name: String, _ context: VerificationContext
  ) -> CheckOutcome {
    let structure = sign1.sigStructure
    let inputs = [
      CheckInput(label: "\(key.curve.name) key", bytes: key.point, range: nil),
      CheckInput(label: "Sig_structure", bytes: structure, range: nil),
      sign1.signature.input("signature", of: context.document),
    ]
    guard let algorithm = sign1.algorithm?.int.flatMap({ COSEAlgorithm(rawValue: $0) }) else {
      return .notEvaluated("the protected header names no known algorithm")
    }
    let bytes = sign1.signature.bytes ?? []
    guard bytes.count == algorithm.signatureLength else {
      let hint = bytes.first == 0x30 ? "; it looks like DER, which COSE does not use" : ""
      return .failed("the signature has \(bytes.count) bytes; \(algorithm.name) has \(algorithm.signatureLength)\(hint)", inputs)
    }
    guard key.curve == algorithm.curve else {
      return .failed("\(algorithm.name) needs a key of \(algorithm.curve.name); \(name) is of \(key.curve.name)", inputs)
    }
    return .test(
      key.verifies(bytes, of: structure), "\(algorithm.name) over \(structure.count) bytes verifies with \(name)",
      "\(algorithm.name) over \(structure.count) bytes does not verify with \(name)", inputs)
  }

  private static func binding(_ context: VerificationContext) -> CheckOutcome {
    let document = context.document
    guard let platform = document.platform?.claims, let realm = document.realm?.claims else {
      return .notEvaluated("one of the tokens has no claims")
    }
    guard let challenge = platform.entry(PlatformClaim.challenge.rawValue), let expected = challenge.bytes else {
      return .notEvaluated("the platform token has no challenge")
    }
    guard let item = realm.entry(RealmClaim.publicKey.rawValue), let key = item.bytes else {
      return .notEvaluated("the realm token has no public key")
    }
    guard let name = realm.entry(RealmClaim.publicKeyHashAlgorithm.rawValue)?.text, let digest = Digest(name, key) else {
      return .notEvaluated("the realm token names no known hash for its key")
    }
    let inputs = [
      item.input("claim 44237", of: document), CheckInput(label: "\(name) of it", bytes: digest.bytes, range: nil),
      challenge.input("platform claim 10", of: document),
    ]
    if digest.bytes == Array(expected) { return .passed("platform claim 10 is the \(name) of claim 44237", inputs) }
    // What people get wrong: the other encoding of the key, or another hash.
    for (encoding, bytes) in otherEncodings(key) {
      for hash in ["sha-256", "sha-384", "sha-512"] where Digest(hash, bytes[...])?.bytes == Array(expected) {
        return .failed(
          "platform claim 10 is the \(hash) of the key as \(encoding), not the \(name) of claim 44237 as it stands", inputs)
      }
    }
    return .failed("platform claim 10 is no hash of this key: the two tokens are not of one machine and boot", inputs)
  }

  private static func otherEncodings(_ key: ArraySlice<UInt8>) -> [(String, [UInt8])] {
    let parsed = PublicKey(point: key) ?? (try? PublicKey(coseKey: key))
    guard let point = parsed?.point, point.count == 97 else { return [("it stands", Array(key))] }
    return [
      ("it stands", Array(key)), ("a bare point", point),
      ("a COSE_Key", COSE.key(x: point[1..<49], y: point[49..<97])), ("x and y without 04", Array(point.dropFirst())),
    ]
  }

  private static func freshness(_ context: VerificationContext) -> CheckOutcome {
    guard let wanted = context.options.challenge else {
      return .notAsked("no challenge was given: an old token looks like a new one (--challenge)")
    }
    guard let item = context.document.realm?.claims?.entry(RealmClaim.challenge.rawValue), let found = item.bytes else {
      return .notEvaluated("the realm token has no challenge")
    }
    let padded = wanted + [UInt8](repeating: 0, count: max(0, 64 - wanted.count))
    let inputs = [
      CheckInput(label: "challenge sent", bytes: padded, range: nil),
      item.input("claim 10", of: context.document),
    ]
    return .test(
      padded == Array(found), "claim 10 is the challenge that was sent",
      "claim 10 is not the challenge that was sent: an answer to another question, perhaps an old one", inputs)
  }
}
