import Attestation
import Machine

/// A token that was finished in a session.
public struct SessionToken: Sendable {
  /// From 1, in the order they were finished.
  public let number: Int
  /// The step that finished it, from 1.
  public internal(set) var step: Int
  public let token: MintedToken
  /// The key its platform token was signed with.
  public let platformKey: PublicKey
}

/// A step of a measurement and the session's step it happened in.
package struct ProvenanceStep: Sendable, Equatable {
  package let step: Int
  package let measurement: MeasurementStep
}

extension Session {
  /// What a `token` statement asks.
  package struct TokenQuery: Sendable, Equatable {
    package enum Verb: String, Sendable, CaseIterable {
      case verify, appraise, show
    }
    package var verb = Verb.verify
    /// Which token; nil is the last.
    package var number: Int?
    /// Another one, whose platform token takes the place of its own.
    package var platform: Int?
    /// What was sent to the Realm.
    package var challenge: [UInt8]?
    /// The token the reference values are taken from.
    package var against: Int?

    /// What can become of a token that is verified.
    static let verdicts = [VerificationReport.Verdict.accepted, .refused, .incomplete].map(\.rawValue)
    /// What it can be answered.
    static let answers = verdicts + TrustVector.Tier.allCases.map(\.rawValue)
  }

  /// Tokens finished up to where the session stands.
  public var tokens: [SessionToken] { finished.filter { $0.step <= position } }

  /// The first step behind where the session stands that finishes a token.
  package var laterToken: Int? { finished.first { $0.step > position }?.step }

  package func token(_ number: Int?) -> SessionToken? {
    let tokens = tokens
    guard let number else { return tokens.last }
    return tokens.first { $0.number == number }
  }

  /// The steps that made a measurement of a Realm, since the Realm was made.
  ///
  /// - Parameters:
  ///   - rd: the PA of its descriptor.
  ///   - index: 0 for the RIM, 1 to 4 for the REMs.
  ///   - upTo: the session's step to look from; nil is where it stands.
  package func provenance(_ rd: UInt64, _ index: Int, upTo step: Int? = nil) -> [ProvenanceStep] {
    var found: [ProvenanceStep] = []
    var next = step ?? position
    let first = machineStart(before: next)
    while let made = steps.last(.measured, before: next), made >= first {
      next = made
      var isMade = false
      for measurement in steps[made].measured.reversed() where measurement.rd == rd {
        if measurement.index == index { found.append(ProvenanceStep(step: made + 1, measurement: measurement)) }
        if case .create = measurement.input { isMade = true }
      }
      if isMade { break }
    }
    return found.reversed()
  }

  /// Answers a `token` statement: `accepted`, `refused` or `incomplete`, decided by the first check that failed; for an
  /// appraisal the worse of the two tiers, decided by the first claim that has it.
  func answer(_ query: TokenQuery) -> StatementResult {
    var result = StatementResult()
    func say(_ word: String, _ text: String, decidedBy: String? = nil) -> StatementResult {
      result.found = text
      result.answer = Answer(kind: .other(word), x: [])
      result.failedCheck = decidedBy
      return result
    }
    func missing(_ number: Int?) -> StatementResult {
      let count = tokens.count
      return say(
        "none", count == 0 ? "no token has been finished" : "there is no token \(number ?? 0); there are 1 to \(count)")
    }
    guard let token = token(query.number) else { return missing(query.number) }
    var bytes = token.token.bytes
    var key = token.platformKey
    if let other = query.platform {
      guard let donor = self.token(other) else { return missing(other) }
      guard let glued = CCAToken.glued(platform: donor.token.bytes, realm: bytes) else {
        return say("none", "the tokens cannot be taken apart")
      }
      bytes = glued
      key = donor.platformKey
    }
    let document = TokenDocument(bytes)
    switch query.verb {
    case .show:
      return say("ok", document.lines.joined(separator: "\n"))
    case .verify:
      usage.verdicts += 1
      var options = VerificationOptions(platformKey: key, challenge: query.challenge)
      options.ignored = machine.switchedOff.ignoredLinks
      let report = VerificationReport(document, options)
      result.decisions = report.overruled.map { Decision(overruled: Protection($0)) }
      return say(report.verdict.rawValue, report.summary, decidedBy: report.failures.first)
    case .appraise:
      usage.verdicts += 1
      guard let good = self.token(query.against ?? query.number) else { return missing(query.against) }
      let reference = ReferenceValues(TokenDocument(good.token.bytes), key: good.platformKey)
      let appraisal = Appraisal(document, reference, challenge: query.challenge, ignored: machine.switchedOff.ignoredLinks)
      result.decisions = appraisal.report.overruled.map { Decision(overruled: Protection($0)) }
      let worst = [appraisal.platform, appraisal.realm].flatMap(\.entries).first {
        $0.tier == appraisal.status && $0.tier > .affirming
      }
      let failed = appraisal.report.failures.first
      return say(
        appraisal.status.rawValue, appraisal.lines.joined(separator: "\n   "),
        decidedBy: failed ?? worst?.claim.rawValue)
    }
  }
}

extension CCAToken {
  /// The Realm token of one CCA token with the platform token of another; nil if one of them has no such part.
  public static func glued(platform: [UInt8], realm: [UInt8]) -> [UInt8]? {
    let donor = TokenDocument(platform)
    let other = TokenDocument(realm)
    guard let first = donor.platform?.sign1?.item.range, let second = other.realm?.sign1?.item.range else { return nil }
    return joined(
      platform: platform[first], realm: realm[second], other.envelope == .collection ? .collection : .rmm1)
  }
}
