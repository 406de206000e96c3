import Engine

/// Something that is asked for on the command line.
package final class Prompt: Sendable, Equatable {
  package let name: String
  /// What stands before what is typed.
  let text: String
  /// What is expected.
  package let help: String
  private let changed: @Sendable (String, inout Effect) -> Void
  private let entered: @Sendable (String, inout Effect) -> Void

  /// - Parameters:
  ///   - changed: takes what stands there so far; nothing, if it is given up.
  ///   - entered: takes what was entered.
  package init(
    _ name: String, _ text: String, help: String, changed: @escaping @Sendable (String, inout Effect) -> Void = { _, _ in },
    entered: @escaping @Sendable (String, inout Effect) -> Void = { _, _ in }
  ) {
    self.name = name
    self.text = text
    self.help = help
    self.changed = changed
    self.entered = entered
  }

  package func change(to text: String, _ effect: inout Effect) { changed(text, &effect) }
  package func enter(_ text: String, _ effect: inout Effect) { entered(text, &effect) }

  package static func == (a: Prompt, b: Prompt) -> Bool { a.name == b.name }

  /// A statement, which the program executes.
  package static let command: Prompt = Prompt("command", ": ", help: "")
}
