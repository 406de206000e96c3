import Basics

extension TokenCheck {
  static let digestLengths = [32, 48, 64]

  /// Of the platform token's form and claims.
  static let platform: [TokenCheck] =
    form(.platform) + [
      claim(
        .platform, "profile", PlatformClaim.profile.rawValue, "claim 265 names a CCA platform profile",
        "DEN0137 A7.2.3.2.1"
      ) { item, context in
        guard let text = item.text else { return ("\(item.kindName), not a text", false) }
        let profile = context.document.platform?.profile ?? .absent
        if case .unknown = profile { return ("\"\(shown(text, limit: 60))\" is not known", false) }
        return (profile.name, true)
      },
      byteString(.platform, "challenge", PlatformClaim.challenge.rawValue, digestLengths, "DEN0137 A7.2.3.2.2"),
      byteString(.platform, "implementation_id", PlatformClaim.implementationID.rawValue, [32], "DEN0137 A7.2.3.2.3"),
      claim(
        .platform, "instance_id", PlatformClaim.instanceID.rawValue, "claim 256 is a UEID of 33 bytes and of type RAND (01)",
        "DEN0137 A7.2.3.2.4; RFC 9711 section 4.2.1"
      ) { item, _ in
        guard let bytes = item.bytes else { return ("\(item.kindName), not a byte string", false) }
        guard bytes.count == 33 else { return ("\(bytes.count) bytes; expected 33", false) }
        return bytes.first == 1 ? ("33 bytes, RAND", true) : ("the first byte is not 01 (RAND)", false)
      },
      claim(.platform, "config", PlatformClaim.config.rawValue, "claim 2401 is a byte string", "DEN0137 A7.2.3.2.5") {
        item, _ in
        item.bytes.map { ("\($0.count) bytes", true) } ?? ("\(item.kindName), not a byte string", false)
      },
      claim(
        .platform, "lifecycle", PlatformClaim.lifecycle.rawValue, "claim 2395 is one of the seven states", "DEN0137 A7.2.3.2.7"
      ) { item, _ in
        guard let value = item.int else { return ("\(item.kindName), not an integer", false) }
        guard let state = Lifecycle(claim: value) else { return ("\(shown(item.diagnostic)) stands for no state", false) }
        return ("\(state.name) (\(hex(UInt64(value))))", true)
      },
      claim(
        .platform, "hash_algorithm", PlatformClaim.hashAlgorithm.rawValue,
        "claim 2402 names a hash of 32, 48 or 64 bytes as IANA does", "DEN0137 A7.2.3.2.9; RFC 6920 section 9.4"
      ) { item, _ in
        guard let text = item.text else { return ("\(item.kindName), not a text", false) }
        guard NamedHash(name: text) != nil else {
          return ("\"\(shown(text))\" names none; expected one of \(NamedHash.names)", false)
        }
        return (text, true)
      },
      claim(
        .platform, "verification_service", PlatformClaim.verificationService.rawValue, "claim 2400 is a text, if it is there",
        "DEN0137 A7.2.3.2.8", optional: true
      ) { item, _ in
        item.text.map { (shown($0, limit: 80), true) } ?? ("\(item.kindName), not a text", false)
      },
      claim(
        .platform, "software_components", PlatformClaim.softwareComponents.rawValue,
        "claim 2399 has at least one component, each with measurement (2) and signer (5) of 32, 48 or 64 bytes",
        "DEN0137 A7.2.3.2.6"
      ) { item, _ in components(item) },
      TokenCheck(
        "platform_component_hashes",
        "a component that names its hash (6) names one of IANA's, and measurements are as long as the hash that is named",
        "DEN0137 A7.2.3.2.6 recommends the names", .advisory
      ) { context in componentHashes(context) },
    ]

  private static func componentHashes(_ context: VerificationContext) -> CheckOutcome {
    guard let claims = context.document.platform?.claims,
      let components = claims.entry(PlatformClaim.softwareComponents.rawValue)?.children
    else { return .notEvaluated("there are no components") }
    let common = claims.entry(PlatformClaim.hashAlgorithm.rawValue)?.text
    for (index, component) in components.enumerated() {
      let own = component.entry(SoftwareComponentField.hashAlgorithm.rawValue)
      guard let name = own?.text ?? common, let measurement = component.entry(SoftwareComponentField.measurement.rawValue)
      else { continue }
      let input = [measurement.input("measurement of component \(index)", of: context.document)]
      guard let hash = NamedHash(name: name) else {
        // A default that names no hash is claim 2402's own failure.
        guard own != nil else { continue }
        return .failed("component \(index) names \"\(shown(name))\", which is no hash of IANA's of 32, 48 or 64 bytes", input)
      }
      if let count = measurement.bytes?.count, count != hash.length {
        return .failed("the measurement of component \(index) has \(count) bytes; \(hash.rawValue) has \(hash.length)", input)
      }
    }
    return .passed("names and lengths agree")
  }

  private static func components(_ item: CBORItem) -> (String, isGood: Bool) {
    guard item.isArray else { return ("\(item.kindName), not an array", false) }
    guard !item.children.isEmpty else { return ("an empty array; a platform has at least one component", false) }
    for (index, component) in item.children.enumerated() {
      guard component.isMap else { return ("component \(index) is \(component.kindName), not a map", false) }
      for field in [SoftwareComponentField.measurement, .signer] {
        guard let value = component.entry(field.rawValue) else {
          return ("component \(index) has no \(field.name) (\(field.rawValue))", false)
        }
        guard let bytes = value.bytes, digestLengths.contains(bytes.count) else {
          return ("the \(field.name) of component \(index) is \(value.kindName); expected 32, 48 or 64 bytes", false)
        }
      }
      for field in [SoftwareComponentField.type, .version, .hashAlgorithm] {
        if let value = component.entry(field.rawValue), value.text == nil {
          return ("the \(field.name) of component \(index) is \(value.kindName), not a text", false)
        }
      }
    }
    return ("\(item.children.count) component\(item.children.count == 1 ? "" : "s")", true)
  }

  /// Of the Realm token's form and claims.
  static let realm: [TokenCheck] =
    form(.realm) + [
      claim(
        .realm, "profile", RealmClaim.profile.rawValue, "claim 265 names a Realm profile, if it is there",
        "DEN0137 A7.2.3.1", optional: true
      ) { item, context in
        guard let text = item.text else { return ("\(item.kindName), not a text", false) }
        let profile = context.document.realm?.profile ?? .absent
        if case .unknown = profile { return ("\"\(shown(text, limit: 60))\" is not known", false) }
        return (profile.name, true)
      },
      TokenCheck(
        "realm_profile_present", "the Realm token names its profile", "DEN0137 A7.2.3.1 leaves it free", .advisory
      ) { context in
        guard let realm = context.document.realm, realm.claims != nil else { return .notEvaluated("there are no claims") }
        if realm.profile == .absent, context.document.platform?.profile == .rmm1 {
          return .failed("the platform's profile of 2023 covers the Realm; other verifiers refuse such a pair")
        }
        return .passed(realm.profile == .absent ? "absent, as in legacy tokens" : realm.profile.name)
      },
      byteString(.realm, "challenge", RealmClaim.challenge.rawValue, [64], "DEN0137 A7.2.3.1.1"),
      byteString(.realm, "rpv", RealmClaim.personalizationValue.rawValue, [64], "DEN0137 A7.2.3.1.2"),
      claim(
        .realm, "hash_algorithm", RealmClaim.hashAlgorithm.rawValue, "claim 44236 is sha-256 or sha-512",
        "DEN0137 A7.2.3.1.5; B4.4.10"
      ) { item, _ in
        guard let text = item.text else { return ("\(item.kindName), not a text", false) }
        guard HashAlgorithm(iana: text) != nil else { return ("\"\(shown(text))\"; expected sha-256 or sha-512", false) }
        return (text, true)
      },
      TokenCheck(
        "realm_public_key",
        "claim 44237 is a P-384 key for verifying ES384: a COSE_Key, or a bare point in a legacy token",
        "DEN0137 A7.2.3.1.7; RFC 9053 sections 2.1 and 7.1.1"
      ) { context in
        guard let claims = context.document.realm?.claims else { return .notEvaluated("there are no claims") }
        guard let item = claims.entry(RealmClaim.publicKey.rawValue) else { return .failed("claim 44237 is missing") }
        let input = [item.input("claim 44237", of: context.document)]
        do throws(COSESign1.Malformed) {
          let key = try context.realmKey()
          return .test(
            key.curve == .p384, "a point of P-384 in \(item.bytes?.count ?? 0) bytes", "a key of \(key.curve.name), not P-384",
            input)
        } catch {
          return error.isLimit ? .notEvaluated("not read to its end: \(error.message)") : .failed(error.message, input)
        }
      },
      TokenCheck(
        "realm_key_private", "the Realm's key holds its public half alone", "RFC 9053 section 7.1.1", .warning
      ) { context in
        guard let claims = context.document.realm?.claims, let item = claims.entry(RealmClaim.publicKey.rawValue) else {
          return .notEvaluated("there is no public key claim")
        }
        guard let secret = context.document.realm?.keyMap?.entry(PublicKey.Label.privateKey) else {
          return .passed("no private key (-4) in it")
        }
        return .failed(
          "the private key d (-4) is in it: whoever has this token can sign Realm tokens for this platform",
          [secret.input("d", of: context.document), item.input("claim 44237", of: context.document)])
      },
      claim(
        .realm, "key_hash_algorithm", RealmClaim.publicKeyHashAlgorithm.rawValue,
        "claim 44240 is sha-256, sha-384 or sha-512", "DEN0137 A7.2.3.1.8"
      ) { item, _ in
        guard let text = item.text else { return ("\(item.kindName), not a text", false) }
        return Digest(text, []) == nil
          ? ("\"\(shown(text))\"; expected sha-256, sha-384 or sha-512", false) : (text, true)
      },
      claim(
        .realm, "rim", RealmClaim.initialMeasurement.rawValue, "claim 44238 is as long as the Realm's hash",
        "DEN0137 A7.2.3.1.3"
      ) { item, context in measured(item, context) },
      claim(
        .realm, "rem", RealmClaim.extensibleMeasurements.rawValue,
        "claim 44239 has exactly four byte strings as long as the Realm's hash", "DEN0137 A7.2.3.1.4"
      ) { item, context in
        guard item.isArray else { return ("\(item.kindName), not an array", false) }
        guard item.children.count == 4 else { return ("\(item.children.count) of them; expected 4", false) }
        for (index, rem) in item.children.enumerated() {
          let (sentence, isGood) = measured(rem, context)
          if !isGood { return ("REM \(index): \(sentence)", false) }
        }
        return ("four measurements", true)
      },
    ]

  private static func measured(_ item: CBORItem, _ context: VerificationContext) -> (String, isGood: Bool) {
    guard let bytes = item.bytes else { return ("\(item.kindName), not a byte string", false) }
    let text = context.document.realm?.claims?.entry(RealmClaim.hashAlgorithm.rawValue)?.text
    guard let text, let hash = HashAlgorithm(iana: text) else {
      return (
        "\(bytes.count) bytes, and the Realm names no hash to compare with", digestLengths.contains(bytes.count)
      )
    }
    return (
      "\(bytes.count) bytes" + (bytes.count == hash.length ? "" : "; \(hash.name) has \(hash.length)"), bytes.count == hash.length
    )
  }
}
