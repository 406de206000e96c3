/// What a verifier is given beside the token.
public struct VerificationOptions: Sendable {
  /// The key that signs platform tokens, from somebody trusted.
  public var platformKey: PublicKey?
  /// What was sent to the Realm; shorter than 64 bytes it is taken to be padded with zeroes.
  public var challenge: [UInt8]?
  /// The only profile to accept; nil accepts every profile of RMM 1.0 and before.
  public var profile: TokenProfile?
  /// Links of the chain that are evaluated and refuse nothing.
  package var ignored: Set<TokenCheck.Link> = []

  public init(platformKey: PublicKey? = nil, challenge: [UInt8]? = nil, profile: TokenProfile? = nil) {
    self.platformKey = platformKey
    self.challenge = challenge
    self.profile = profile
  }
}

/// What a check can look at.
struct VerificationContext: Sendable {
  let document: TokenDocument
  let options: VerificationOptions

  /// The form of the Realm's public key: the Realm's profile tells it, or the platform's where the Realm has none.
  var keyProfile: ClaimProfile {
    let realm = document.realm?.profile ?? .absent
    return realm == .absent ? document.platform?.profile ?? .absent : realm
  }

  /// The Realm attestation key the token carries, in the encoding its profile asks for.
  func realmKey() throws(COSESign1.Malformed) -> PublicKey {
    guard let bytes = document.realm?.claims?.entry(RealmClaim.publicKey.rawValue)?.bytes else {
      throw COSESign1.Malformed("there is no key claim")
    }
    if keyProfile == .legacy || keyProfile == .absent {
      guard let key = PublicKey(point: bytes) else {
        let isCOSE = (try? PublicKey(coseKey: bytes)) != nil
        throw COSESign1.Malformed(
          isCOSE
            ? "it is a COSE_Key; without a profile claim of 2023 it must be a bare point (97 bytes)"
            : "\(bytes.count) bytes that are no point 04‖x‖y")
      }
      return key
    }
    guard bytes.count == 97, bytes.first == 4 else { return try PublicKey(coseKey: bytes) }
    throw COSESign1.Malformed("it is a bare point of 97 bytes; the profile of 2023 asks for a COSE_Key (107 bytes)")
  }
}

/// A token with every check's result.
public struct VerificationReport: Sendable {
  public enum Verdict: String, Sendable {
    case accepted, refused
    /// No mandatory check failed, but one could not be evaluated.
    case incomplete
  }
  public struct Finding: Sendable {
    public let check: TokenCheck
    public let outcome: CheckOutcome
  }

  public let document: TokenDocument
  package let options: VerificationOptions
  public let findings: [Finding]

  /// - Parameter checks: which rules; all of them, but for a fuzzer that leaves out the slow ones.
  public init(
    _ document: TokenDocument, _ options: VerificationOptions = VerificationOptions(), checks: [TokenCheck] = TokenCheck.all
  ) {
    self.document = document
    self.options = options
    let context = VerificationContext(document: document, options: options)
    findings = checks.map { Finding(check: $0, outcome: $0.evaluate(context)) }
  }

  public var verdict: Verdict {
    let mandatory = findings.filter { $0.check.weight == .mandatory && !isIgnored($0) }
    if mandatory.contains(where: { $0.outcome.verdict == .failed }) { return .refused }
    return mandatory.contains { $0.outcome.verdict == .notEvaluated } ? .incomplete : .accepted
  }

  /// Mandatory checks that failed, by name.
  public var failures: [String] {
    findings.filter { $0.check.weight == .mandatory && $0.outcome.verdict == .failed && !isIgnored($0) }.map(\.check.name)
  }

  private func isIgnored(_ finding: Finding) -> Bool { finding.check.link.map { options.ignored.contains($0) } ?? false }

  /// Links that would refuse it, or leave it open, and are ignored.
  package var overruled: [TokenCheck.Link] {
    findings.filter { isIgnored($0) && $0.outcome.verdict != .passed }.compactMap(\.check.link)
  }

  /// Warnings that failed, by name: they refuse nothing, but must not be overlooked.
  public var warnings: [String] {
    findings.filter { $0.check.weight == .warning && $0.outcome.verdict == .failed }.map(\.check.name)
  }

  public func finding(_ name: String) -> Finding? { findings.first { $0.check.name == name } }

  public func finding(_ link: TokenCheck.Link) -> Finding? { findings.first { $0.check.link == link } }

  /// The verdict in one sentence, with what it warns of.
  public var summary: String {
    let verdict: String
    switch self.verdict {
    case .accepted: verdict = "accepted: \(TokenProfile(document)?.rawValue ?? "") token, every mandatory check passed"
    case .refused: verdict = "refused by \(failures.joined(separator: ", "))"
    case .incomplete:
      let open = findings.filter {
        $0.check.weight == .mandatory && $0.outcome.verdict == .notEvaluated && !isIgnored($0)
      }.map(\.check.name)
      verdict = "incomplete: nothing refuses it, but not evaluated: \(open.joined(separator: ", "))"
    }
    let warnings = warnings
    return warnings.isEmpty ? verdict : "\(verdict); warning: \(warnings.joined(separator: ", "))"
  }
}
