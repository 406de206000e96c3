package enum RSIAttestationTokenInit: Command {
  static let name: StaticString = "RSI_ATTESTATION_TOKEN_INIT"
  static let section: StaticString = "DEN0137 B5.3.2"
  package static let fid: UInt32 = 0xC400_0194
  static let summary: StaticString = "Begins an attestation token for a challenge; drops one that is unfinished."

  static let inputs = (0..<8).map { n in
    Input(
      ["challenge_0", "challenge_1", "challenge_2", "challenge_3", "challenge_4", "challenge_5", "challenge_6", "challenge_7"][n],
      n + 1, .bytes, "8 bytes of the challenge")
  }
  static let outputs = [Output("size", 1, "upper bound of the token's size in bytes")]

  /// One granule.
  static let bound: UInt64 = 0x1000

  static func effect(_ m: inout Machine, _ c: inout Call) {
    m.beginToken(c.rec, challenge: c.x)
    c.out[1] = bound
  }
}
