import Basics
import Machine

/// Reads one line into a statement.
package struct StatementParser {
  let line: Int
  let names: ScriptNames
  let language: Language

  package init(line: Int, names: ScriptNames, language: Language = .core) {
    self.line = line
    self.names = names
    self.language = language
  }

  /// The statement of a line; nil if it has none.
  package func parse(_ text: String) throws(ScriptError) -> (any Statement)? { try read(text)?.statement }

  /// A number as a script writes it.
  package func value(_ text: String) throws(ScriptError) -> UInt64 {
    try ExpressionParser.parse(Word(text: text, column: 1), line: line) { names.value($0) }
  }

  /// The statement of a line, and the row it is read by.
  func read(_ text: String) throws(ScriptError) -> (verb: Verb, statement: any Statement)? {
    var words = try Lexer(line: line).words(text)
    // A recording is a script too: times are dropped, and what was answered is passed over.
    if let first = words.first, first.text.hasPrefix(Recording.timePrefix) { words.removeFirst() }
    guard let first = words.first, Recording.Annotation(rawValue: first.text) == nil else { return nil }
    let arguments = try arguments(first, Array(words.dropFirst()))
    if let count = arguments.row.count { try arguments.check(count) }
    return (arguments.row, try arguments.row.read(arguments))
  }

  private func arguments(_ first: Word, _ rest: [Word]) throws(ScriptError) -> Arguments {
    func error(_ word: Word, _ message: String) -> ScriptError { ScriptError(line: line, column: word.column, message: message) }
    // Recordings have calls of the RMM without the beginning of their names.
    let recorded = first.text.first?.isUppercase == true ? language.verb(Recording.rmi + first.text) : nil
    if let row = language.verb(first.text) ?? recorded {
      return Arguments(line: line, names: names, row: row, verb: first, words: rest)
    }
    let group = first.text.lowercased()
    guard let actions = language.actions(of: group) else { throw error(first, unknown([first] + rest)) }
    guard let second = rest.first else { throw error(first, "\(group) needs an action: \(actions.joined(separator: " "))") }
    guard let row = language.verb("\(group) \(second.text)") else {
      throw error(
        second, "unknown \(group) action \"\(shown(second.text))\"; expected one of \(actions.joined(separator: " "))")
    }
    return Arguments(line: line, names: names, row: row, verb: second, words: Array(rest.dropFirst()))
  }

  private func unknown(_ words: [Word]) -> String {
    let meant = language.meant(words.map(\.text))
    let first = language.firstWords
    let hint =
      if !meant.isEmpty {
        "did you mean \(meant.dropLast().joined(separator: ", "))\(meant.count > 1 ? " or " : "")\(meant.last ?? "")?"
      } else if language.verb("help") != nil {
        "help lists all there are"
      } else {
        "expected one of \(first.prefix(8).joined(separator: " ")) … or a command name"
      }
    return "unknown statement \"\(shown(words.first?.text ?? ""))\"; \(hint)"
  }
}
