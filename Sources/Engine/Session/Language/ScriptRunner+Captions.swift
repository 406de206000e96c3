import Basics

/// What a script says beside its statements goes to the steps it is about.
extension ScriptRunner {
  /// A line without a statement: a comment, or an empty one that ends a paragraph.
  func note(_ line: ScriptLine) {
    guard session.keepsHistory else { return }
    // What a recording notes of itself begins with a word behind the #.
    let isWords = source.version == nil || line.text.hasPrefix("# ")
    session.captions.say(isWords ? Self.comment(of: line.text) ?? "" : "", line: isTyped ? 0 : line.number)
  }

  /// What a line with a statement says of it: before it, so that it is about the step it makes.
  func noteRemark(_ line: ScriptLine, _ statement: any Statement) {
    guard session.keepsHistory else { return }
    if let echo = statement as? EchoStatement {
      session.captions.say("", line: line.number)
      session.captions.say(echo.words, line: isTyped ? 0 : line.number)
      session.captions.say("", line: line.number)
    } else if statement.action != nil, let text = Self.comment(of: line.text) {
      session.captions.say("", line: line.number)
      session.captions.say(text, line: isTyped ? 0 : line.number)
    }
  }

  /// What came of an expectation.
  ///
  /// - Parameter problem: why it did not hold.
  func note(_ expectation: String, _ line: ScriptLine, _ problem: String?) {
    guard session.keepsHistory else { return }
    let text = expectation + (problem.map { ": \($0)" } ?? "")
    session.captions.add(
      Caption(
        step: max(1, session.position), kind: problem == nil ? .held : .failed, text: text, line: isTyped ? 0 : line.number))
  }

  private var isTyped: Bool { source.place == .commandLine }

  /// What stands behind the `#`.
  private static func comment(of line: String) -> String? {
    line.firstIndex(of: "#").map { String(line[line.index(after: $0)...]).trimmed }
  }
}
