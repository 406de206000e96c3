/// What statements that look at a world come to.
extension StatementResult {
  /// What ``finding(_:in:)`` answers.
  static let findings = ["yes", "no"]

  static func looking(at lines: [String]) -> StatementResult {
    var result = StatementResult()
    result.console = lines
    result.answer = Answer(kind: .ok, x: [0])
    return result
  }

  /// Whether a line has these words. A statement keeps one space between two words, whatever is printed there.
  static func finding(_ words: String, in lines: [String]) -> StatementResult {
    let isThere = lines.contains { $0.split(separator: " ").joined(separator: " ").contains(words) }
    var result = StatementResult()
    let word = findings[isThere ? 0 : 1]
    result.found = word
    result.answer = Answer(kind: .other(word), x: [])
    return result
  }
}
