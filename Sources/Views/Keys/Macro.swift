/// Statements a person has put together under a name: they are done one by one, as if they were typed.
package struct Macro: Sendable, Equatable {
  package let name: String
  package let lines: [String]

  /// Most statements one has.
  package static let most = 100

  package init(_ name: String, _ lines: [String]) {
    self.name = name
    self.lines = lines
  }

  /// What the table of keys calls it.
  package var actionID: String { "macro-\(name)" }

  /// It has no key until somebody gives it one.
  package var action: UserAction {
    let lines = lines
    return UserAction(actionID, [], name, "\(lines.joined(separator: " · ")).") { $0.ask(.run(lines)) }
  }
}
