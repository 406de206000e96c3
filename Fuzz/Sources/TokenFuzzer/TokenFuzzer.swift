import Engine

/// Checks without the two that verify signatures: those take a thousand times as long as all others.
private let quick = TokenCheck.all.filter { $0.name != "platform_signature" && $0.name != "realm_signature" }

/// libFuzzer's own loop; the package manager names the program's entry, so it is called from there.
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
  _ argc: UnsafeMutablePointer<CInt>,
  _ argv: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
  _ body: @convention(c) (UnsafePointer<UInt8>, Int) -> CInt
) -> CInt

@main
struct TokenFuzzer {
  static func main() {
    var count = CommandLine.argc
    var arguments = CommandLine.unsafeArgv
    _ = runDriver(&count, &arguments) { testOneInput($0, $1) }
  }
}

/// What libFuzzer calls: takes a stranger's bytes apart in every way the program does. A crash, a hang or a broken promise is a
/// finding.
private func testOneInput(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: data, count: size))
  let document = TokenDocument(bytes)
  // One input in thirty-two goes the whole way.
  let isFull = size > 0 && bytes.reduce(0) { $0 &* 31 &+ UInt32($1) } & 31 == 0
  let report = VerificationReport(document, VerificationOptions(challenge: [1]), checks: isFull ? TokenCheck.all : quick)
  precondition(report.findings.allSatisfy { !$0.outcome.sentence.isEmpty }, "a check without a sentence")
  precondition(!isFull || report.verdict != .accepted, "accepted without a platform key")
  for finding in report.findings {
    for input in finding.outcome.inputs {
      if let range = input.range {
        precondition(range.lowerBound >= 0 && range.upperBound <= size, "an input outside the token")
        precondition(input.bytes.count <= range.count || input.bytes.count == 64, "an input longer than its place")
      }
    }
  }
  if document.error != nil { precondition(!report.failures.isEmpty, "not readable, and no check says so") }
  for part in [document.platform, document.realm] {
    for reading in part?.readings ?? [] {
      precondition(reading.range.upperBound <= size, "a claim outside the token")
      precondition(!reading.words.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F }, "a control character is shown")
    }
  }
  if isFull {
    _ = document.lines
    _ = document.dump
    _ = TokenDifference(document, document)
    _ = CCAToken.glued(platform: bytes, realm: bytes)
    let reference = ReferenceValues(document, key: nil)
    _ = CoRIM.encoded(reference, .platform, id: "fuzz")
    _ = Appraisal(document, reference)
  }
  return 0
}
