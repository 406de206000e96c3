import Benchmark
import Engine

/// Rates of reading and verifying tokens.
struct TokenRows {
  var suite: BenchmarkSuite {
    let suite = BenchmarkSuite(name: "")
    let (token, key) = BareRealm.minted()
    let options = VerificationOptions(platformKey: key)
    let bytes = token.bytes
    let document = TokenDocument(bytes)
    precondition(VerificationReport(document, options).verdict == .accepted)
    let quick = TokenCheck.all.filter { $0.link != .platformSignature && $0.link != .realmSignature }
    let reference = ReferenceValues(document, key: key)
    func row(_ name: String, _ count: Int, _ body: @escaping () -> Void) {
      suite.measure(name, in: "per second of CPU") { state in
        state.most(CPUClock.rate(count) { for _ in 0..<count { body() } })
      }
    }
    row("token decoded, with every place", 2000) { _ = TokenDocument(bytes) }
    row("token decoded and held to all checks but signatures", 1000) {
      _ = VerificationReport(TokenDocument(bytes), options, checks: quick)
    }
    row("token verified: decoded, every check, two signatures", 100) { _ = VerificationReport(TokenDocument(bytes), options) }
    row("token appraised", 100) { _ = Appraisal(document, reference) }
    return suite
  }
}
