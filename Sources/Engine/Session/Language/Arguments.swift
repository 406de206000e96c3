import Basics
import Machine

/// The words of a statement, as the row of its verb reads them.
package struct Arguments {
  let line: Int
  let names: ScriptNames
  let row: Verb
  /// The verb as it is written; of two words the second.
  package let verb: Word
  /// What follows it.
  package let words: [Word]

  package var count: Int { words.count }
  package subscript(index: Int) -> Word { words[index] }
  /// The words as they stand, with a space between two.
  package var text: String { words.map(\.text).joined(separator: " ") }

  /// The same with as many spaces between them as there are, so that columns stay true.
  var raw: String {
    var text = ""
    var end = words.first?.column ?? 0
    for word in words {
      text += String(repeating: " ", count: word.column - end) + word.text
      end = word.column + word.text.unicodeScalars.count
    }
    return text
  }

  package func error(_ word: Word, _ message: String) -> ScriptError {
    ScriptError(line: line, column: word.column, message: message)
  }

  /// What is wrong with the verb or a word, with the form that would be right.
  package func expected(at word: Word? = nil) -> ScriptError { error(word ?? verb, "expected: \(row.usage)") }

  func check(_ range: ClosedRange<Int>, _ usage: String? = nil, _ words: [Word]? = nil) throws(ScriptError) {
    let words = words ?? self.words
    guard !range.contains(words.count) else { return }
    throw error(
      words.count > range.upperBound ? words[range.upperBound] : verb,
      "\(shown(verb.text)) has \(words.count) argument\(words.count == 1 ? "" : "s"); expected: \(usage ?? row.usage)")
  }

  // MARK: Numbers

  package func number(_ word: Word) throws(ScriptError) -> UInt64 {
    try ExpressionParser.parse(word, line: line) { names.value($0) }
  }

  package func number(_ index: Int) throws(ScriptError) -> UInt64 { try number(words[index]) }

  /// All of them.
  package func numbers() throws(ScriptError) -> [UInt64] {
    var result: [UInt64] = []
    for word in words { result.append(try number(word)) }
    return result
  }

  /// A number from 1.
  package func positive(_ word: Word, _ most: UInt64) throws(ScriptError) -> Int {
    let value = try number(word)
    guard (1...most).contains(value) else { throw error(word, "expected a number from 1 to \(most)") }
    return Int(value)
  }

  /// The words from one on as an expression.
  func expression(from first: Int) throws(ScriptError) -> UInt64 { try number(joined(from: first)) }

  /// The words from one on as a predicate.
  func predicate(from first: Int) throws(ScriptError) -> Predicate {
    guard words.count > first else { throw expected() }
    let text = joined(from: first)
    return try PredicateParser.parse(text.text, line: line, column: text.column, names: names)
  }

  /// The words from one on, joined as they stand, so that columns in messages stay true.
  private func joined(from first: Int) -> Word {
    var text = ""
    let start = words[first].column
    var end = start
    for word in words[first...] {
      text += String(repeating: " ", count: word.column - end) + word.text
      end = word.column + word.text.unicodeScalars.count
    }
    return Word(text: text, column: start)
  }

  // MARK: Names

  /// `KEY=VALUE` taken apart, each with its column; nil without `=`.
  func pair(_ word: Word) -> (key: String, value: Word)? {
    guard let equals = word.text.firstIndex(of: "=") else { return nil }
    let key = String(word.text[..<equals])
    return (
      key,
      Word(text: String(word.text[word.text.index(after: equals)...]), column: word.column + key.unicodeScalars.count + 1)
    )
  }
}
