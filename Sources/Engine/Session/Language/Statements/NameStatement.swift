import Basics
import Machine

/// A person's name for an address.
struct NameStatement: Statement {
  let address: UInt64
  let word: String

  static let verbs = [
    Verb(
      "name", "PA WORD", 2...2, help: "a person's name for an address, shown wherever the address is",
      details:
        "up to \(AddressLabels.longest) letters, digits, `-`, `_` and `.`; one that `let` could give stands for the number, too",
      examples: ["name 0x80100000 my-rd", "name 0x80101000 rtt_l3"]
    ) { arguments throws(ScriptError) in
      let word = arguments[1].text
      let isRight = word.unicodeScalars.allSatisfy {
        $0.isASCII && ($0.properties.isAlphabetic || "0123456789-_.".unicodeScalars.contains($0))
      }
      guard isRight, word.unicodeScalars.first?.properties.isAlphabetic == true, word.count <= AddressLabels.longest else {
        throw arguments.error(
          arguments[1],
          "\"\(shown(word))\" is no name; expected up to \(AddressLabels.longest) letters, digits, - _ and ., beginning with a letter"
        )
      }
      return NameStatement(address: try arguments.number(0), word: word)
    }
  ]

  var text: String { "name \(hex(address)) \(word)" }
  var isExpectable: Bool { false }

  func perform(in runner: ScriptRunner, at line: ScriptLine) throws(ScriptError) -> StatementResult? {
    runner.session.labels.give(word, to: address, isPersons: true)
    if LetStatement.isName(word), Names.value(word) == nil { runner.names.values[word] = address }
    var result = StatementResult()
    result.text = "\(hex(address)) is \(word)"
    return result
  }
}

extension Session {
  /// Words of a script that the names are: all that can be words.
  package var labelNames: ScriptNames {
    var names = ScriptNames()
    for (address, word) in labels.log where LetStatement.isName(word) && Names.value(word) == nil { names.values[word] = address }
    return names
  }
}
