import Engine

/// Where a session that was opened contradicts its file: an answer came that is not the one the file has, or expects.
package struct Contradiction: Sendable, Equatable {
  /// The file, if it is not the one that was opened but one it includes.
  package var file: String?
  package var line: Int
  /// What was expected, and what came.
  package var words: String

  package init(_ difference: Replayer.Difference) {
    line = difference.line
    words = "expected \(difference.expected), got \(difference.got)"
  }

  /// - Parameter path: the file that was opened.
  package init(_ failure: ExpectationFailure, in path: String) {
    file = failure.file == path ? nil : failure.file
    line = failure.line
    words = failure.message
  }

  /// For the header.
  package var mark: String { "≠ line \(line)" }
  /// The whole of it in a sentence.
  package var sentence: String { "≠ \(file.map { "\($0), " } ?? "")line \(line): \(words)" }
}
