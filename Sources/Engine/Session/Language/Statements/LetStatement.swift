import Basics
import Machine

/// A name for a number.
struct LetStatement: Statement {
  let name: String
  let value: UInt64

  static let verbs = [
    Verb("let", "NAME = EXPR", help: "names a number", examples: ["let rd = 0x80100000", "let _1 = 4K * 3"]) {
      arguments throws(ScriptError) in
      guard arguments.count >= 3, arguments[1].text == "=" else { throw arguments.expected() }
      let name = arguments[0].text
      guard isName(name) else {
        throw arguments.error(
          arguments[0], "\"\(shown(name))\" is not a name; expected letters, digits and _, not beginning with a digit")
      }
      guard Names.value(name) == nil else { throw arguments.error(arguments[0], "\(name) already stands for a number") }
      return LetStatement(name: name, value: try arguments.expression(from: 2))
    }
  ]

  static func isName(_ text: String) -> Bool {
    guard let first = text.unicodeScalars.first, first.properties.isAlphabetic || first == "_", first.isASCII else {
      return false
    }
    return text.unicodeScalars.allSatisfy {
      $0.isASCII && ($0.properties.isAlphabetic || ("0"..."9").contains($0) || $0 == "_")
    }
  }

  var text: String { "let \(name) = \(hex(value))" }

  func perform(in runner: ScriptRunner, at line: ScriptLine) -> StatementResult? {
    runner.names.values[name] = value
    runner.session.label(value, name)
    return nil
  }
}
