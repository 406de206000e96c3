/// What a relying party remembers between two messages.
package struct PartyMemory: Sendable, Equatable {
  /// The nonce that waits for an answer.
  var nonce: [UInt8]?
  /// How often it has drawn random bytes.
  package var draws = 0

  package init(nonce: [UInt8]? = nil, draws: Int = 0) {
    self.nonce = nonce
    self.draws = draws
  }
}
