import Machine

/// A statement of the script language, with every number worked out.
public enum Statement: Sendable {
  /// A blank line or a comment.
  case nothing
  /// A fresh machine of the same kind.
  case newCase(String)
  case define(String, UInt64)
  case perform(Action)
  case query(MachineQuery)
  /// About a token the session has seen finished.
  case token(Session.TokenQuery)
  case expect(Expectation)
  case guestExpect(Expectation)
  /// About a guest that executes code.
  case guestCommand(GuestCommand)
  case print(UInt64)
  case echo(String)
  /// Relative to the file it stands in.
  case include(String)
  /// Going back and forth in time, as recordings have it.
  case travel(Travel)
  /// A fresh machine with these properties.
  case machine([(key: String, value: String, column: Int)])

  public enum Travel: Sendable {
    case undo, redo
    case goto(Int)
  }

  /// Whether it takes the place of steps that were undone.
  var replaces: Bool {
    switch self {
    case .perform, .newCase, .machine: true
    default: false
    }
  }

  /// Whether `expect` can be about it.
  var answers: Bool {
    switch self {
    case .perform(.guest), .perform(.guestClear): false
    case .perform, .query, .token, .print, .echo, .guestCommand: true
    default: false
    }
  }

  /// Whether it does something to a machine, or leads to something that does.
  var acts: Bool {
    switch self {
    case .perform, .newCase, .machine, .guestCommand, .include: true
    default: false
    }
  }
}

/// Names a script has defined.
public struct ScriptNames: Sendable {
  public var values: [String: UInt64] = [:]
  public init() {}
  public func value(_ name: String) -> UInt64? { values[name] ?? Names.value(name) }
}
