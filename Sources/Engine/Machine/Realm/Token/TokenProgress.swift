import Attestation
import Basics

/// A token that is being made for a REC.
package struct TokenProgress: Sendable, Equatable {
  package let rec: UInt64
  package let rd: UInt64
  /// Steps of the signature that are done, 0 to 3; nil once the token is finished.
  let signing: Int?
  /// Bytes handed to the Realm, and bytes there are.
  package let copied: Int
  package let length: Int
  /// The Realm token without its signature, while it is being signed.
  package let unsigned: [UInt8]?

  package var text: String {
    if let signing { return "REC \(hex(rec)): claims encoded, signature step \(signing) of 3" }
    return "REC \(hex(rec)): \(copied) of \(length) bytes handed to the Realm"
  }
}

extension Machine {
  /// Tokens that RECs have begun and not got to the end, by REC.
  package func tokensInProgress() -> [TokenProgress] {
    control.recs.compactMap { address in
      let rec = rec(address)
      let signing: Int
      switch rec.attestState {
      case .idle: return nil
      case .signing0: signing = 0
      case .signing1: signing = 1
      case .signing2: signing = 2
      case .ready:
        return TokenProgress(
          rec: address, rd: rec.owner, signing: nil, copied: Int(rec.tokenCopied), length: Int(rec.tokenLength), unsigned: nil)
      }
      let claims = UnsafeRawBufferPointer(start: rec.token, count: Int(rec.tokenLength))
      return TokenProgress(
        rec: address, rd: rec.owner, signing: signing, copied: 0, length: Int(rec.tokenLength),
        unsigned: COSE.sign1(claims, signature: []))
    }
  }
}
