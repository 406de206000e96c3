import Attestation
import Basics
import Crypto

/// Who owns a model and lets a Realm have its key: only a Realm that proves what it is, and only under a public key it proves to
/// be its own. Bytes come in and bytes go out; how they travel, and through whose hands, does not matter.
package final class RelyingParty {
  /// What it can be asked.
  package enum Operation: UInt64, Sendable {
    /// Nothing is sent; a nonce of 32 bytes comes back.
    case nonce = 1
    /// An X25519 public key of 32 bytes and a token are sent. The token's challenge is the nonce and the SHA-256 of the public
    /// key. Another public key comes back, and the model key sealed under what the two agree on: 32 + 32 + 16 bytes.
    case key = 2
  }

  /// An answer's first number. For every code but 0, the bytes are a sentence in ASCII.
  package enum Code: UInt64, Sendable {
    case granted = 0
    /// What came is no request.
    case malformed = 1
    /// The token does not verify, or is an answer to something else.
    case unproven = 2
    /// The token verifies, and what it says is not what is trusted.
    case untrusted = 3
  }

  package struct Reply: Sendable, Equatable {
    package let code: Code
    package let bytes: [UInt8]
  }

  /// A check that failed.
  package struct Objection: Sendable, Equatable {
    /// The name of a ``TokenCheck``, of a claim of a ``TrustVector``, or one of the relying party's own: `nonce`, `public_key`.
    package let check: String
    package let sentence: String
  }

  package static let keyLength = 32
  /// What a released key takes: a public key, the sealed key, the tag.
  package static let releaseLength = keyLength + keyLength + 16

  private let modelKey: [UInt8]
  private let reference: ReferenceValues
  private var random: Random
  /// The nonce that was drawn last, until a token is shown for it.
  private var nonce: [UInt8]?

  /// What it did and why, a sentence each.
  package private(set) var log: [String] = []
  /// What was wrong with the last token; empty if its Realm got the key.
  package private(set) var objections: [Objection] = []

  /// - Parameters:
  ///   - modelKey: 32 bytes.
  ///   - reference: the keys of platforms that are trusted, and what they and the Realm must say of themselves. Without
  ///     components or configurations, those of a platform are not compared; a Realm's RIM always is.
  ///   - random: gives that many bytes nobody can foresee, for nonces and ephemeral keys.
  package convenience init(modelKey: [UInt8], reference: ReferenceValues, random: @escaping (_ count: Int) -> [UInt8]) {
    self.init(modelKey, reference, .unforeseen(random))
  }

  /// Its nonces and keys follow from a seed, so it can go back with its Host.
  package convenience init(modelKey: [UInt8], reference: ReferenceValues, random: SeededBytes) {
    self.init(modelKey, reference, .seeded(random))
  }

  private init(_ modelKey: [UInt8], _ reference: ReferenceValues, _ random: Random) {
    precondition(modelKey.count == Self.keyLength, "a model key has 32 bytes")
    self.modelKey = modelKey
    self.reference = reference
    self.random = random
  }

  /// Where nonces and ephemeral keys come from.
  private enum Random {
    case unforeseen((_ count: Int) -> [UInt8])
    case seeded(SeededBytes)
  }

  private func draw() -> [UInt8] {
    switch random {
    case .unforeseen(let draw): return draw(Self.keyLength)
    case .seeded(var bytes):
      defer { random = .seeded(bytes) }
      return bytes.draw(Self.keyLength)
    }
  }

  /// What it remembers between two messages. How often it drew counts if what it draws follows from a seed.
  package var memory: PartyMemory {
    get {
      guard case .seeded(let bytes) = random else { return PartyMemory(nonce: nonce) }
      return PartyMemory(nonce: nonce, draws: Int(bytes.blocks))
    }
    set {
      nonce = newValue.nonce
      guard case .seeded(var bytes) = random else { return }
      bytes.blocks = UInt64(newValue.draws)
      random = .seeded(bytes)
    }
  }

  /// Answers one request.
  package func answer(_ operation: UInt64, _ message: [UInt8]) -> Reply {
    switch Operation(rawValue: operation) {
    case .nonce: return drawNonce()
    case .key: return judge(message)
    case nil: return refuse(.malformed, "there is no operation \(operation)")
    }
  }

  private func drawNonce() -> Reply {
    let drawn = draw()
    nonce = drawn
    log.append("drew the nonce \(hexBytes(drawn.prefix(8)))…")
    return Reply(code: .granted, bytes: drawn)
  }

  // MARK: Judging

  private func judge(_ message: [UInt8]) -> Reply {
    objections = []
    guard message.count > Self.keyLength else {
      return refuse(.malformed, "\(message.count) bytes are no public key with a token")
    }
    // A nonce is good for one token, whatever comes of it.
    guard let nonce else {
      let sentence = "no nonce is waiting for an answer; each is good for one token"
      return refuse(.unproven, [Objection(check: "nonce", sentence: sentence)])
    }
    self.nonce = nil
    let publicKey = Array(message[..<Self.keyLength])
    let document = TokenDocument(Array(message[Self.keyLength...]))
    let challenge = nonce + SHA256.hash(data: publicKey)
    let appraisal = Appraisal(document, reference, challenge: challenge)
    let unproven = challengeObjections(document, challenge) + Self.verificationObjections(appraisal.report)
    guard unproven.isEmpty else { return refuse(.unproven, unproven) }
    log.append("verified the token: it answers this nonce, for this public key")
    let untrusted = appraisalObjections(appraisal)
    guard untrusted.isEmpty else { return refuse(.untrusted, untrusted) }
    log.append("found platform and Realm as they should be")
    return release(to: publicKey, challenge)
  }

  /// Which half of the challenge is another: `freshness` alone does not tell.
  private func challengeObjections(_ document: TokenDocument, _ challenge: [UInt8]) -> [Objection] {
    let length = Self.keyLength
    guard let found = document.realm?.claims?.entry(RealmClaim.challenge.rawValue)?.bytes.map({ Array($0) }),
      found.count == 2 * length
    else { return [] }
    var objections: [Objection] = []
    if found[..<length] != challenge[..<length] {
      objections.append(
        Objection(check: "nonce", sentence: "the token answers the nonce \(hexBytes(found.prefix(8)))…, not the last one"))
    }
    if found[length...] != challenge[length...] {
      objections.append(
        Objection(check: "public_key", sentence: "the token vouches for another public key than the one that came with it"))
    }
    return objections
  }

  /// Mandatory checks that did not pass, those that could not be evaluated as well.
  private static func verificationObjections(_ report: VerificationReport) -> [Objection] {
    report.findings
      .filter { $0.check.weight == .mandatory && $0.outcome.verdict != .passed }
      .map { finding in
        // A key is missing exactly if no anchor has this instance id.
        let isKeyMissing = report.options.platformKey == nil && report.document.platform?.sign1 != nil
        let isUnknown = isKeyMissing && finding.check.link == .platformSignature
        return Objection(
          check: finding.check.name,
          sentence: isUnknown ? "I know the key of no platform with this instance id" : finding.outcome.sentence)
      }
  }

  /// Claims of the trust vectors that do not affirm.
  private func appraisalObjections(_ appraisal: Appraisal) -> [Objection] {
    [(true, appraisal.platform), (false, appraisal.realm)].flatMap { isPlatform, vector in
      vector.entries
        .filter { $0.tier != .affirming && isCompared($0.claim, isPlatform: isPlatform) }
        .map { Objection(check: "\(isPlatform ? "platform" : "realm") \($0.claim.rawValue)", sentence: $0.reason) }
    }
  }

  private func isCompared(_ claim: TrustVector.Claim, isPlatform: Bool) -> Bool {
    switch claim {
    case .executables where isPlatform: !reference.components.isEmpty
    case .configuration: !reference.configs.isEmpty
    default: true
    }
  }

  // MARK: Answering

  private func release(to publicKey: [UInt8], _ challenge: [UInt8]) -> Reply {
    guard let ephemeral = try? Curve25519.KeyAgreement.PrivateKey(rawRepresentation: draw()),
      let theirs = try? Curve25519.KeyAgreement.PublicKey(rawRepresentation: publicKey),
      let secret = try? ephemeral.sharedSecretFromKeyAgreement(with: theirs),
      let sealed = try? ChaChaPoly.seal(
        modelKey, using: Self.wrappingKey(secret, challenge, theirs, ephemeral.publicKey),
        nonce: ChaChaPoly.Nonce(data: [UInt8](repeating: 0, count: 12)), authenticating: challenge)
    else {
      return refuse(.unproven, [Objection(check: "public_key", sentence: "nothing can be agreed on with this public key")])
    }
    log.append("released the model key, sealed for the public key \(hexBytes(publicKey.prefix(8)))…")
    return Reply(code: .granted, bytes: Array(ephemeral.publicKey.rawRepresentation) + sealed.ciphertext + sealed.tag)
  }

  /// SHA-256 of the shared secret, the nonce, the Realm's public key and the relying party's. It seals one message.
  private static func wrappingKey(
    _ secret: SharedSecret, _ challenge: [UInt8], _ theirs: Curve25519.KeyAgreement.PublicKey,
    _ ours: Curve25519.KeyAgreement.PublicKey
  ) -> SymmetricKey {
    var hash = SHA256()
    secret.withUnsafeBytes { hash.update(bufferPointer: $0) }
    hash.update(data: challenge.prefix(keyLength))
    hash.update(data: theirs.rawRepresentation)
    hash.update(data: ours.rawRepresentation)
    return SymmetricKey(data: hash.finalize())
  }

  private func refuse(_ code: Code, _ objections: [Objection]) -> Reply {
    self.objections = objections
    for objection in objections { log.append("objected, \(objection.check): \(objection.sentence)") }
    let names = objections.map(\.check).joined(separator: ", ")
    log.append("kept the key, because of \(names)")
    let what = code == .untrusted ? "The token is genuine, but I do not trust what it says" : "This token proves nothing to me"
    return Reply(code: code, bytes: Self.ascii("\(what) (\(names)): \(objections.first?.sentence ?? "")."))
  }

  private func refuse(_ code: Code, _ sentence: String) -> Reply {
    log.append("turned a request down: \(sentence)")
    return Reply(code: code, bytes: Self.ascii("This is no request: \(sentence)."))
  }

  /// A sentence for a console that has no more than ASCII.
  private static func ascii(_ text: String) -> [UInt8] {
    text.unicodeScalars.flatMap { scalar -> [UInt8] in
      scalar == "…" ? Array("...".utf8) : [scalar.isASCII ? UInt8(scalar.value) : UInt8(ascii: "?")]
    }
  }
}

/// Bytes that follow from a number: for a relying party whose runs shall be the same each time. Nothing is secret about them.
package struct SeededBytes {
  private let seed: UInt64
  /// How many pieces of 32 bytes were drawn.
  fileprivate(set) var blocks: UInt64 = 0

  package init(seed: UInt64) { self.seed = seed }

  package mutating func draw(_ count: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count < count {
      blocks += 1
      bytes += SHA256.hash(data: Array("Workbench seeded bytes \(seed) \(blocks)".utf8))
    }
    return Array(bytes.prefix(count))
  }
}
