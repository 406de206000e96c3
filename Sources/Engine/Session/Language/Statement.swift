import Machine

/// A statement of the script language, with every number worked out.
package protocol Statement: Sendable, Equatable {
  /// As it is written, with numbers in place of names: reading it gives the same statement.
  var text: String { get }
  /// What it does to the machine, if that is one action.
  var action: Action? { get }
  /// Whether `expect` can be about it.
  var isExpectable: Bool { get }
  /// Does it.
  ///
  /// - Returns: what came of it; nil if there is nothing to report.
  func perform(in runner: ScriptRunner, at line: ScriptLine) throws(ScriptError) -> StatementResult?
  /// What happened on the way.
  func events(in runner: ScriptRunner) -> [Event]
}

extension Statement {
  package var action: Action? { nil }
  package var isExpectable: Bool { true }
  package func events(in runner: ScriptRunner) -> [Event] { [] }
}

/// A line, and where it stands.
public struct ScriptLine: Sendable {
  public var file: String
  /// From 1.
  public var number: Int
  public var text: String

  /// Something is wrong with the statement.
  package func error(_ message: String, column: Int = 1) -> ScriptError {
    ScriptError(line: number, column: column, message: message)
  }
}

/// Names a script has defined.
package struct ScriptNames: Sendable {
  package var values: [String: UInt64] = [:]
  package init() {}
  package func value(_ name: String) -> UInt64? { values[name] ?? Names.value(name) }
}
