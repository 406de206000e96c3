import Attestation
import Machine

/// What made a claim of a Realm token what it is.
package struct ClaimOrigin: Sendable, Equatable {
  /// The session's step, from 1; nil if it is so since the machine was there that the session began with.
  package let step: Int?
  /// What happened, and in which call or statement.
  package let text: String
}

extension Session {
  /// What made a claim of one of the session's tokens what it is: the steps that measured, the call that made the Realm, the one that began the
  /// token. The RMM takes the claims when a token is begun (RSI_ATTESTATION_TOKEN_INIT).
  ///
  /// - Parameter rem: which of the extensible measurements, 0 to 3; nil for the claim as a whole.
  package func origin(of claim: RealmClaim, rem: Int? = nil, in token: SessionToken) -> ClaimOrigin? {
    switch claim {
    case .challenge: return beginning(of: token).map { told($0, "the challenge of RSI_ATTESTATION_TOKEN_INIT") }
    case .initialMeasurement: return measured(0...0, token)
    case .extensibleMeasurements: return measured(rem.map { UInt64($0 + 1)...UInt64($0 + 1) } ?? 1...4, token)
    case .personalizationValue, .hashAlgorithm: return creation(of: token).map { told($0, "a parameter of the Realm") }
    case .publicKey, .publicKeyHashAlgorithm, .profile:
      let machine = machineStart(before: token.step)
      guard machine > 0 else { return ClaimOrigin(step: nil, text: "it is so since the machine has booted") }
      return told(machine - 1, "the machine that booted then")
    }
  }

  private func told(_ index: Int, _ what: String) -> ClaimOrigin {
    ClaimOrigin(step: index + 1, text: labels.text("made so by step \(index + 1): \(what), by \(steps[index].call)"))
  }

  /// The step that made the token's Realm.
  private func creation(of token: SessionToken) -> Int? {
    granuleHistory.last([.granule], of: token.token.rd, before: token.step, in: steps) {
      $0.kind == .granule && $0.a == token.token.rd && $0.c == UInt64(GranuleState.rd.rawValue)
    }
  }

  /// The step in which the token was begun.
  private func beginning(of token: SessionToken) -> Int? {
    granuleHistory.last([.exit, .use], of: token.token.rec, before: token.step, in: steps) { Self.begins($0) }
  }

  private static func begins(_ event: Event) -> Bool {
    event.kind == .call && event.a & 0xFFFF_FFFF == UInt64(RSIAttestationTokenInit.fid)
  }

  /// The last step before the token was begun that changed one of some measurements of its Realm.
  private func measured(_ indices: ClosedRange<UInt64>, _ token: SessionToken) -> ClaimOrigin? {
    let rd = token.token.rd
    func isMeant(_ event: Event) -> Bool { event.kind == .measurement && event.a == rd && indices.contains(event.b) }
    guard let made = creation(of: token), let begun = beginning(of: token) else { return nil }
    // In the step that began it, what came before that.
    var (last, taken): (Event?, Event?) = (nil, nil)
    steps.forEachEvent(of: begun) { event in
      if isMeant(event) { last = event }
      if Self.begins(event) { taken = last }
    }
    if let taken { return told(begun, taken.text) }
    let index = granuleHistory.last([.measurement], of: rd, before: begun, in: steps, where: isMeant)
    guard let index, index >= made, let event = steps[index].events.last(where: isMeant) else {
      return told(made, "it is as it was in a new Realm")
    }
    return told(index, event.text)
  }
}
