import Basics

extension RealmDescription {
  /// One line's words.
  struct Line {
    let number: Int
    let verb: Word
    let words: [Word]
    let names: ScriptNames

    func bad(_ word: Word, _ message: String) -> ScriptError {
      ScriptError(line: number, column: word.column, message: message)
    }

    func number(_ word: Word) throws(ScriptError) -> UInt64 {
      try ExpressionParser.parse(word, line: number) { names.value($0) }
    }

    /// The words before the options.
    func positional(_ count: Int, _ form: String) throws(ScriptError) -> [Word] {
      guard words.count >= count else { throw bad(verb, "expected: \(form)") }
      return Array(words.prefix(count))
    }

    /// A number within what its field can hold, or what a rule leaves of that.
    func number(_ word: Word, _ name: String, _ range: ClosedRange<Int64>, _ why: String) throws(ScriptError) -> UInt64 {
      let value = try number(word)
      guard range.contains(Int64(bitPattern: value)) else {
        // What is written with a sign is told with it.
        let found = word.text.hasPrefix("-") ? "\(Int64(bitPattern: value))" : "\(value)"
        throw bad(word, "\(name) is \(range.lowerBound) to \(range.upperBound) (\(why)), not \(found)")
      }
      return value
    }

    func options(_ keys: [String], after count: Int = 0) throws(ScriptError) -> [(String, Word)] {
      var result: [(String, Word)] = []
      for word in words.dropFirst(count) {
        guard let equals = word.text.firstIndex(of: "="), keys.contains(String(word.text[..<equals])) else {
          throw bad(word, "found \"\(shown(word.text))\"; \(verb.text) has \(keys.map { $0 + "=" }.joined(separator: ", "))")
        }
        let key = String(word.text[..<equals])
        result.append(
          (key, Word(text: String(word.text[word.text.index(after: equals)...]), column: word.column + key.count + 1)))
      }
      return result
    }
  }
}
