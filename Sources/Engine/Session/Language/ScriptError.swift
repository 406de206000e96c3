/// What is wrong with a script, and where.
public struct ScriptError: Error, Sendable, Equatable {
  /// From 1; 0 when the whole file is meant.
  public var line: Int
  /// In characters, from 1.
  public var column: Int
  /// What was found and what would be right.
  public var message: String

  public init(line: Int = 0, column: Int = 0, message: String) {
    self.line = line
    self.column = column
    self.message = message
  }

  /// `FILE:LINE:COLUMN: message`.
  public func description(in file: String) -> String {
    line == 0 ? "\(file): \(message)" : "\(file):\(line):\(column): \(message)"
  }
}
