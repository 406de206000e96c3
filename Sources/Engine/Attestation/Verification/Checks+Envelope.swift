import Basics

extension TokenCheck {
  /// Of the bytes, the encoding and the envelope.
  static let envelope: [TokenCheck] = [
    TokenCheck("token_size", "the token has 1 to \(TokenDocument.sizeLimit) bytes", "this verifier") { context in
      let count = context.document.bytes.count
      return .test(
        count > 0 && count <= TokenDocument.sizeLimit, "\(count) bytes",
        count == 0 ? "there are no bytes" : "\(count) bytes; this verifier's limit is \(TokenDocument.sizeLimit)")
    },
    TokenCheck(
      "verifier_limits",
      "no piece of CBOR in it nests deeper than \(CBORDecoder.depthLimit) or has more than \(CBORDecoder.itemLimit) items",
      "this verifier"
    ) { context in
      guard context.document.bytes.count <= TokenDocument.sizeLimit else { return .notEvaluated("the token was not read") }
      let limits = context.document.limits
      return .test(limits.isEmpty, "within what this verifier reads", limits.joined(separator: "; "))
    },
    TokenCheck("cbor_wellformed", "the token is CBOR", "RFC 8949 section 3") { context in
      if let error = context.document.error {
        return error.reason.isLimit ? .notEvaluated("not read to its end: \(error.message)") : .failed(error.message)
      }
      guard let root = context.document.root else { return .notEvaluated("the token was not read") }
      return .passed("\(root.kindName) of \(root.range.count) bytes")
    },
    TokenCheck("cbor_trailing", "nothing follows the token", "DEN0137 A7.2.3") { context in
      guard context.document.root != nil else { return .notEvaluated("the token was not read") }
      guard let trailing = context.document.trailing else { return .passed("the token ends where the bytes end") }
      let count = context.document.bytes.count - trailing
      return .failed(
        "\(count) byte\(count == 1 ? "" : "s") after the token",
        [
          CheckInput(
            label: "bytes after it", bytes: Array(context.document.bytes[trailing...].prefix(64)),
            range: trailing..<context.document.bytes.count)
        ])
    },
    TokenCheck("cbor_definite", "every length is definite", "draft-ffm-rats-cca-token, reference profile") { context in
      guard context.document.root != nil else { return .notEvaluated("the token was not read") }
      let places = context.document.allRemarks.compactMap { if case .indefiniteLength(let at) = $0 { at } else { nil } }
      return .test(
        places.isEmpty, "all lengths are definite",
        "\(places.count) indefinite length\(places.count == 1 ? "" : "s"), the first at byte \(places.first ?? 0)",
        places.first.map { [CheckInput(label: "head", bytes: [context.document.bytes[$0]], range: $0..<$0 + 1)] } ?? [])
    },
    TokenCheck("cbor_duplicates", "no map has a key twice", "RFC 8949 section 5.6") { context in
      guard context.document.root != nil else { return .notEvaluated("the token was not read") }
      let keys = context.document.allRemarks.compactMap { if case .duplicateKey(let range) = $0 { range } else { nil } }
      return .test(
        keys.isEmpty, "every key stands once",
        "\(keys.count) key\(keys.count == 1 ? "" : "s") a second time, the first at byte \(keys.first?.lowerBound ?? 0)",
        keys.prefix(4).map {
          CheckInput(label: "key", bytes: Array(context.document.bytes[$0]), range: $0)
        })
    },
    TokenCheck("cbor_shortest", "every head is as short as it can be", "RFC 8949 section 4.2", .advisory) { context in
      guard context.document.root != nil else { return .notEvaluated("the token was not read") }
      let places = context.document.allRemarks.compactMap { if case .longHead(let at) = $0 { at } else { nil } }
      return .test(
        places.isEmpty, "all heads are shortest",
        "\(places.count) longer than needed, the first at byte \(places.first ?? 0); a verifier must tolerate it")
    },
    TokenCheck("envelope_tag", "tag 399 holds a map, or tag 907 one", "DEN0137 A7.2.3") { context in
      let document = context.document
      guard let root = document.root else { return .notEvaluated("the token was not read") }
      let input = [CheckInput(label: "head", bytes: Array(document.bytes[root.head]), range: root.head)]
      switch document.envelope {
      case .ccaToken, .collection:
        return .test(
          document.map != nil, document.envelope.name, "\(document.envelope.name), but what it holds is no map", input)
      case .single, .other: return .failed("found \(document.envelope.name); expected tag 399 (d9018f)", input)
      }
    },
    TokenCheck(
      "envelope_entries", "the map has 44234 and 44241: byte strings under tag 399, [263, byte string] under tag 907",
      "DEN0137 A7.2.3; draft-ietf-rats-msg-wrap"
    ) { context in
      let document = context.document
      guard document.map != nil else { return .notEvaluated("there is no envelope with a map") }
      var wrong: [String] = []
      var inputs: [CheckInput] = []
      for (key, part) in [(TokenDocument.platformKey, document.platform), (TokenDocument.realmKey, document.realm)] {
        guard let part else {
          wrong.append("there is no \(key)")
          continue
        }
        inputs.append(CheckInput(label: "\(key) head", bytes: Array(document.bytes[part.entry.head]), range: part.entry.head))
        let isBare = part.entry.bytes != nil
        let fits = document.envelope == .collection ? part.isTyped : isBare
        if !fits { wrong.append("\(key) is \(part.entry.kindName)") }
      }
      let form = document.envelope == .collection ? "[263, byte string]" : "a byte string"
      return .test(
        wrong.isEmpty, "both entries are there, each \(form)", "\(wrong.joined(separator: ", ")); expected \(form)", inputs)
    },
    TokenCheck("envelope_unknown", "the envelope has no other entries", "DEN0137 A7.2.3", .advisory) { context in
      guard let map = context.document.map else { return .notEvaluated("there is no envelope with a map") }
      let others = map.pairs.filter { $0.key.int != TokenDocument.platformKey && $0.key.int != TokenDocument.realmKey }
      return .test(
        others.isEmpty, "no others",
        "ignored: \(others.prefix(4).map { shown($0.key.diagnostic) }.joined(separator: ", "))")
    },
    TokenCheck(
      "profile_pair", "platform and Realm token follow the same profile", "DEN0137 A7.2.3; draft-ffm-rats-cca-token"
    ) { context in
      guard let platform = context.document.platform, let realm = context.document.realm, platform.claims != nil,
        realm.claims != nil
      else { return .notEvaluated("one of the tokens could not be read") }
      let names = "platform: \(platform.profile.name); realm: \(realm.profile.name)"
      let inputs = [(platform, "platform profile"), (realm, "realm profile")].compactMap { part, label in
        part.claims?.entry(RealmClaim.profile.rawValue)?.input(label, of: context.document)
      }
      guard let profile = TokenProfile(context.document) else { return .failed("mixed: \(names)", inputs) }
      return .passed("\(profile.rawValue): \(names)", inputs)
    },
    TokenCheck(
      "profile_expected", "the profile is one this verifier was asked to accept: by default every one up to RMM 1.0",
      "RFC 9711 section 4.3.2"
    ) { context in
      guard let profile = TokenProfile(context.document) else {
        return .notEvaluated("the token follows no profile that has a name here")
      }
      guard let wanted = context.options.profile else {
        return .test(
          profile != .later, "\(profile.rawValue)",
          "the profile is later than RMM 1.0; what it shares with 1.0 was checked. To accept it: --profile later")
      }
      return .test(profile == wanted, profile.rawValue, "expected \(wanted.rawValue), found \(profile.rawValue)")
    },
  ]

  /// The checks both tokens share: form, headers, claims as a map.
  static func form(_ kind: TokenPart.Kind) -> [TokenCheck] {
    [
      TokenCheck(
        "\(kind.rawValue)_cose", "the \(kind.title) is a tagged COSE_Sign1 whose payload is a map of claims",
        "RFC 9052 section 4.2; DEN0137 A7.2.3"
      ) { context in
        guard let part = context.document.part(kind) else { return .notEvaluated("there is no \(kind.title)") }
        if let problem = part.problem {
          return part.limit == nil ? .failed(problem) : .notEvaluated("not read to its end: \(problem)")
        }
        guard let sign1 = part.sign1, let claims = part.claims else { return .failed("the \(kind.title) could not be read") }
        return .passed(
          "payload of \(sign1.payload.content.count) bytes with \(claims.children.count / 2) claims",
          [sign1.protected.input("protected header", of: context.document)])
      },
      TokenCheck(
        "\(kind.rawValue)_algorithm",
        kind == .realm ? "the protected header names ES384" : "the protected header names ES256, ES384 or ES512",
        kind == .realm ? "DEN0137 A7.2.3.1" : "RFC 9053 section 2.1"
      ) { context in
        guard let sign1 = context.document.part(kind)?.sign1 else { return .notEvaluated("there is no COSE_Sign1") }
        let input = [sign1.protected.input("protected header", of: context.document)]
        guard let item = sign1.algorithm else { return .failed("the protected header names no algorithm", input) }
        guard let algorithm = item.int.flatMap({ COSEAlgorithm(rawValue: $0) }) else {
          return .failed("alg is \(shown(item.diagnostic)); expected -7, -35 or -36", input)
        }
        return .test(
          kind == .platform || algorithm == .es384, "\(algorithm.name) (\(algorithm.rawValue))",
          "\(algorithm.name); the Realm attestation key is P-384, so it must be ES384", input)
      },
      TokenCheck(
        "\(kind.rawValue)_headers", "no header is critical, and none stands in both headers", "RFC 9052 section 3.1"
      ) { context in
        guard let sign1 = context.document.part(kind)?.sign1 else { return .notEvaluated("there is no COSE_Sign1") }
        let protected = Set(sign1.protectedMap?.pairs.map(\.key.identity) ?? [])
        let both = sign1.unprotected.pairs.map(\.key).filter { protected.contains($0.identity) }.map(\.diagnostic)
        let input = [
          sign1.protected.input("protected header", of: context.document),
          sign1.unprotected.input("unprotected header", of: context.document),
        ]
        if sign1.protectedMap?.entry(2) != nil || sign1.unprotected.entry(2) != nil {
          return .failed("crit (2) names headers this verifier does not understand", input)
        }
        return .test(
          both.isEmpty, "none critical, none in both", "in both headers: \(shown(both.joined(separator: ", ")))", input)
      },
      TokenCheck("\(kind.rawValue)_unknown", "every claim is one of the profile's", "RFC 9711 section 6.3.16", .advisory) {
        context in
        guard let claims = context.document.part(kind)?.claims else { return .notEvaluated("there are no claims") }
        let unknown = claims.pairs.filter { pair in
          guard let label = pair.key.int else { return true }
          return kind == .platform ? PlatformClaim(rawValue: label) == nil : RealmClaim(rawValue: label) == nil
        }
        return .test(
          unknown.isEmpty, "no other claims",
          "ignored: \(unknown.prefix(4).map { shown($0.key.diagnostic) }.joined(separator: ", "))")
      },
    ]
  }

  /// A check of one claim. A claim that is not there fails, or passes if it is optional.
  static func claim(
    _ kind: TokenPart.Kind, _ name: String, _ label: Int64, _ meaning: String, _ rule: String, optional: Bool = false,
    _ evaluate: @escaping @Sendable (CBORItem, VerificationContext) -> (String, isGood: Bool)
  ) -> TokenCheck {
    TokenCheck("\(kind.rawValue)_\(name)", meaning, rule) { context in
      guard let claims = context.document.part(kind)?.claims else { return .notEvaluated("there are no claims") }
      guard let item = claims.entry(label) else {
        return .test(optional, "claim \(label) is absent; it is optional", "claim \(label) is missing")
      }
      let (sentence, isGood) = evaluate(item, context)
      return .test(isGood, sentence, sentence, [item.input("claim \(label)", of: context.document)])
    }
  }

  /// For a byte string of one of some lengths.
  static func byteString(
    _ kind: TokenPart.Kind, _ name: String, _ label: Int64, _ lengths: [Int], _ rule: String
  ) -> TokenCheck {
    let text = lengths.map(String.init).joined(separator: ", ")
    return claim(kind, name, label, "claim \(label) is a byte string of \(text) bytes", rule) { item, _ in
      guard let bytes = item.bytes else { return ("\(item.kindName), not a byte string", false) }
      return ("\(bytes.count) bytes" + (lengths.contains(bytes.count) ? "" : "; expected \(text)"), lengths.contains(bytes.count))
    }
  }
}
