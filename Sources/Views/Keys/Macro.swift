/// Statements a person has put together under a name: they are done one by one, as if they were typed.
public struct Macro: Sendable, Equatable {
  public let name: String
  public let lines: [String]

  /// Most statements one has.
  public static let most = 100

  public init(_ name: String, _ lines: [String]) {
    self.name = name
    self.lines = lines
  }

  /// What the table of keys calls it.
  public var actionID: String { "macro-\(name)" }

  /// It has no key until somebody gives it one.
  public var action: UserAction {
    let lines = lines
    return UserAction(actionID, [], name, "\(lines.joined(separator: " · ")).") { $0.ask(.run(lines)) }
  }
}
