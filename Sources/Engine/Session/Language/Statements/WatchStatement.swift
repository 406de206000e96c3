import Basics

/// Ends what takes long when something becomes true.
struct WatchStatement: Statement {
  /// Nil: nothing is watched any more.
  let predicate: Predicate?

  static let verb = Verb(
    "watch", "ADDRESS|NAME [BYTES]|that [PREDICATE]", nil,
    help: "the guest stops after an instruction that wrote there; or what runs stops when a predicate becomes true",
    details: """
      with `that`, a guest that runs, a file that is included and a statement that stands for others stop after the step with which a \
      [predicate](Sessions.md#predicates) has become true; `watch that` alone watches none any more
      """,
    examples: ["watch 0x80001000", "watch counter 4", "watch that realm(1).state == ACTIVE", "watch that"], places: .guests
  ) { arguments throws(ScriptError) in
    guard arguments.words.first?.text.lowercased() == "that" else {
      return GuestStatement(command: try GuestStatement.watch(arguments))
    }
    return WatchStatement(predicate: arguments.count > 1 ? try arguments.predicate(from: 1) : nil)
  }

  var text: String { predicate.map { "watch that \($0.text)" } ?? "watch that" }
  var isExpectable: Bool { false }

  func perform(in runner: ScriptRunner, at line: ScriptLine) throws(ScriptError) -> StatementResult? {
    guard let text = runner.watch(predicate) else {
      throw line.error("\(Watches.limit) predicates are watched; there is no room for one more")
    }
    var result = StatementResult()
    result.text = text
    return result
  }
}
