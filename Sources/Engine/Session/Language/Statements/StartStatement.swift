/// Where a reader of a finished session begins.
struct StartStatement: Statement {
  static let verbs = [
    Verb(
      "start here", "", 0...0, help: "the workbench opens this session here",
      details: "without it, at the first step that has a comment", examples: ["start here"]
    ) { _ in StartStatement() }
  ]

  var text: String { "start here" }
  var isExpectable: Bool { false }

  func perform(in runner: ScriptRunner, at line: ScriptLine) -> StatementResult? {
    runner.session.captions.start = runner.session.position
    return nil
  }
}
