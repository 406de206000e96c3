import Basics
import Machine

/// A question about a token the session has seen finished.
struct TokenStatement: Statement {
  let query: Session.TokenQuery

  static let verbs = [
    verb(
      .verify, "[N] [challenge=HEX] [platform=N]", help: "holds a token a Realm got to every check",
      details: "the N-th, without N the last; `platform=` puts another token's platform token in its place",
      ["", "2 challenge=00ff platform=1"]),
    verb(
      .appraise, "[N] [against=N] [challenge=HEX] [platform=N]", help: "a token's trust vectors",
      details: "with another token's values as reference values", ["", "against=1 challenge=17"]),
    verb(.show, "[N] [platform=N]", help: "a token in words", ["", "1"]),
  ]

  private static func verb(
    _ kind: Session.TokenQuery.Verb, _ form: String, help: String, details: String = "", _ examples: [String]
  ) -> Verb {
    let name = "token \(kind.rawValue)"
    return Verb(name, form, help: help, details: details, examples: examples.map { "\(name) \($0)" }) {
      arguments throws(ScriptError) in TokenStatement(query: try query(kind, arguments))
    }
  }

  private static func query(_ kind: Session.TokenQuery.Verb, _ arguments: Arguments) throws(ScriptError) -> Session.TokenQuery {
    var query = Session.TokenQuery()
    query.verb = kind
    func tokenNumber(_ word: Word) throws(ScriptError) -> Int {
      let value = try arguments.number(word)
      guard (1...UInt64(Session.tokenLimit)).contains(value) else {
        throw arguments.error(word, "tokens are numbered from 1")
      }
      return Int(value)
    }
    for word in arguments.words {
      guard let (key, value) = arguments.pair(word) else {
        guard query.number == nil else { throw arguments.expected(at: word) }
        query.number = try tokenNumber(word)
        continue
      }
      switch key.lowercased() {
      case "platform": query.platform = try tokenNumber(value)
      case "against" where kind == .appraise: query.against = try tokenNumber(value)
      case "challenge" where kind != .show:
        guard let bytes = [UInt8](hex: value.text), (1...64).contains(bytes.count) else {
          throw arguments.error(value, "a challenge is 1 to 64 bytes in hexadecimal, without 0x")
        }
        query.challenge = bytes
      default: throw arguments.expected(at: word)
      }
    }
    return query
  }

  var text: String {
    var words = ["token", query.verb.rawValue]
    if let number = query.number { words.append("\(number)") }
    if let against = query.against { words.append("against=\(against)") }
    if let challenge = query.challenge { words.append("challenge=\(hexBytes(challenge))") }
    if let platform = query.platform { words.append("platform=\(platform)") }
    return words.joined(separator: " ")
  }

  func perform(in runner: ScriptRunner, at line: ScriptLine) throws(ScriptError) -> StatementResult? {
    let session = runner.session
    guard session.usage.verdicts < session.limits.verdicts else {
      throw line.error(Session.exhausted("judged", UInt64(session.limits.verdicts), "tokens"))
    }
    return session.answer(query)
  }
}
