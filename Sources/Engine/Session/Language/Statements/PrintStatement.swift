import Basics

/// A number that is printed.
struct PrintStatement: Statement {
  let value: UInt64

  static let verbs = [
    Verb("print", "EXPR", help: "prints a number", examples: ["print 4K + 1"], places: .scripts) {
      arguments throws(ScriptError) in
      guard arguments.count > 0 else { throw arguments.error(arguments.verb, "print needs an expression") }
      return PrintStatement(value: try arguments.expression(from: 0))
    }
  ]

  var text: String { "print \(hex(value))" }

  func perform(in runner: ScriptRunner, at line: ScriptLine) -> StatementResult? {
    var result = StatementResult()
    result.text = hex(value)
    result.answer = Answer(kind: .ok, x: [value])
    return result
  }
}

/// Words that are printed.
package struct EchoStatement: Statement {
  let words: String

  static let verbs = [
    Verb("echo", "TEXT", help: "prints words", examples: ["echo", "echo what comes now"], places: .scripts) { arguments in
      EchoStatement(words: arguments.text)
    }
  ]

  package var text: String { words.isEmpty ? "echo" : "echo \(words)" }

  package func perform(in runner: ScriptRunner, at line: ScriptLine) -> StatementResult? {
    var result = StatementResult()
    result.text = words
    result.answer = Answer(kind: .ok, x: [])
    return result
  }
}
