/// Another file whose lines are run here.
struct IncludeStatement: Statement {
  /// Relative to the file it stands in.
  let name: String

  static let verbs = [
    Verb(
      "include", "FILE", 1...1, help: "runs another file here, a script or a recording",
      details: "it is relative to this one and must be in its folder or below; at most 16 deep",
      examples: ["include parts/realm.session"], places: .scripts
    ) { arguments in IncludeStatement(name: arguments[0].text) }
  ]

  var text: String { "include \(name)" }
  var isExpectable: Bool { false }

  func perform(in runner: ScriptRunner, at line: ScriptLine) throws(ScriptError) -> StatementResult? {
    try runner.include(name, at: line)
    return nil
  }
}
