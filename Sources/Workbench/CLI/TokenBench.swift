import Engine

/// Rates of reading and verifying tokens.
struct TokenBench {
  let rounds: Int

  func rows() -> [MeasureRow] {
    let (token, key) = RMMBench(rounds: 1, only: "").minted()
    let options = VerificationOptions(platformKey: key)
    let bytes = token.bytes
    let document = TokenDocument(bytes)
    precondition(VerificationReport(document, options).verdict == .accepted)
    let quick = TokenCheck.all.filter { $0.link != .platformSignature && $0.link != .realmSignature }
    let reference = ReferenceValues(document, key: key)
    return [
      row("token decoded, with every place", 2000) { _ = TokenDocument(bytes) },
      row("token decoded and held to all checks but signatures", 1000) {
        _ = VerificationReport(TokenDocument(bytes), options, checks: quick)
      },
      row("token verified: decoded, every check, two signatures", 100) { _ = VerificationReport(TokenDocument(bytes), options) },
      row("token appraised", 100) { _ = Appraisal(document, reference) },
    ]
  }

  private func row(_ name: String, _ count: Int, _ body: () -> Void) -> MeasureRow {
    var best = 0.0
    for _ in 0..<rounds {
      let start = CPUClock.now
      for _ in 0..<count { body() }
      best = max(best, Double(count) / max(CPUClock.now - start, 1e-9))
    }
    return MeasureRow(name: name, value: best, unit: "per second of CPU")
  }
}
