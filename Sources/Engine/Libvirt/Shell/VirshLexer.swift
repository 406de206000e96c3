/// Words of a line of virsh (tools/vsh.c, vshCommandStringGetArg).
struct VirshLexer {
  enum Token: Equatable {
    case word(String)
    /// A semicolon, or the end of a line.
    case separator
    case end
  }

  private let characters: [Character]
  private var place = 0

  init(_ line: String) { characters = Array(line) }

  mutating func next() throws(VirshSyntaxError) -> Token {
    while let character = peek, character == " " || character == "\t" { place += 1 }
    guard let first = peek else { return .end }
    if first == ";" || first == "\n" {
      place += 1
      return .separator
    }
    if first == "#" {
      // A comment, to the end of its line.
      while let character = peek, character != "\n" { place += 1 }
      return try next()
    }
    return .word(try word())
  }

  private mutating func word() throws(VirshSyntaxError) -> String {
    var word = ""
    var quote: Character?
    while let character = peek {
      if quote == nil, " \t;\n".contains(character) { break }
      place += 1
      switch character {
      case "'" where quote != "\"", "\"" where quote != "'":
        quote = quote == nil ? character : nil
      case "\\" where quote != "'":
        guard let escaped = peek else { throw VirshSyntaxError("dangling \\") }
        word.append(escaped)
        place += 1
      default: word.append(character)
      }
    }
    // An apostrophe that is missing is forgiven.
    if quote == "\"" { throw VirshSyntaxError("missing \"") }
    return word
  }

  private var peek: Character? { place < characters.count ? characters[place] : nil }
}

/// The words of a line, as virsh and a shell take them: quotes and backslashes are undone. A semicolon is one of its own.
package func shellWords(_ line: String) throws(VirshSyntaxError) -> [String] {
  var lexer = VirshLexer(line)
  var words: [String] = []
  while true {
    switch try lexer.next() {
    case .word(let word): words.append(word)
    case .separator: words.append(";")
    case .end: return words
    }
  }
}

/// What virsh says of a line it cannot read; nothing of the line is done.
package struct VirshSyntaxError: Error, Equatable {
  package let text: String
  init(_ text: String) { self.text = text }
}
