import Engine

/// Where a session that was opened contradicts its file: an answer came that is not the one the file has, or expects.
public struct Contradiction: Sendable, Equatable {
  /// The file, if it is not the one that was opened but one it includes.
  public var file: String?
  public var line: Int
  /// What was expected, and what came.
  public var words: String

  public init(_ difference: Replayer.Difference) {
    line = difference.line
    words = "expected \(difference.expected), got \(difference.got)"
  }

  /// - Parameter path: the file that was opened.
  public init(_ failure: ScriptRunner.Failure, in path: String) {
    file = failure.file == path ? nil : failure.file
    line = failure.line
    words = failure.message
  }

  /// For the header.
  public var mark: String { "≠ line \(line)" }
  /// The whole of it in a sentence.
  public var sentence: String { "≠ \(file.map { "\($0), " } ?? "")line \(line): \(words)" }
}
