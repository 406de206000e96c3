import Basics
import Machine

/// Reads what stands behind `expect`: `STATUS[:INDEX] [CONDITION ..]`.
struct ExpectationParser {
  private let arguments: Arguments

  init(_ arguments: Arguments) { self.arguments = arguments }

  func expectation() throws(ScriptError) -> Expectation {
    guard let status = arguments.words.first else {
      throw arguments.error(
        arguments.verb, "expect needs a status: a name such as RMI_SUCCESS, a number, any, ok, gpf or fault")
    }
    var text = status.text
    var column = status.column
    var negated = false
    if text.hasPrefix("!") {
      negated = true
      text.removeFirst()
      column += 1
    }
    if text.lowercased() == "says" {
      let words = arguments.words.dropFirst().map(\.text).joined(separator: " ")
      guard !words.isEmpty else { throw arguments.error(status, "says needs the words that are to be printed") }
      return Expectation(
        alternatives: [.any], negated: false, conditions: [], words: .init(text: words, isWanted: !negated), text: arguments.text)
    }
    if text.lowercased() == "broken" { return try brokenRule(isWanted: !negated) }
    var alternatives: [Expectation.Status] = []
    for part in Word(text: text, column: column).parts("|") { alternatives.append(try alternative(part)) }
    var conditions: [Expectation.Condition] = []
    var decidedBy: String?
    var overruled: String?
    for word in arguments.words.dropFirst() {
      if word.text.hasPrefix("by=") {
        decidedBy = String(word.text.dropFirst(3))
      } else if word.text.hasPrefix("off=") {
        overruled = String(word.text.dropFirst(4))
      } else {
        conditions.append(try condition(word))
      }
    }
    return Expectation(
      alternatives: alternatives, negated: negated, conditions: conditions, decidedBy: decidedBy, overruled: overruled,
      text: arguments.text)
  }

  /// `broken RULE`: that the statement has broken a rule of the model, any without a name.
  private func brokenRule(isWanted: Bool) throws(ScriptError) -> Expectation {
    let words = arguments.words.dropFirst()
    if words.count > 1, let word = words.last { throw arguments.error(word, "expected: broken RULE") }
    if let word = words.first, ModelRule.named(word.text) == nil {
      let names = ModelRule.all.map(\.name)
      let near = closest(to: word.text.lowercased(), among: names).map { "; did you mean \($0)?" }
      throw arguments.error(
        word, "there is no rule \"\(shown(word.text))\"" + (near ?? "; rules are \(names.joined(separator: ", "))"))
    }
    return Expectation(
      alternatives: [.any], negated: false, conditions: [], rule: .init(text: words.first?.text ?? "", isWanted: isWanted),
      text: arguments.text)
  }

  /// Words that stand for themselves.
  private static let answers: Set<String> = Set(Session.TokenQuery.answers).union(GuestControl.answers).union(
    StackControl.answers
  ).union(StatementResult.findings)

  private func alternative(_ word: Word) throws(ScriptError) -> Expectation.Status {
    let lower = word.text.lowercased()
    switch lower {
    case "any": return .any
    case "ok": return .ok
    case "gpf": return .gpf
    case "fault": return .fault
    case "": throw arguments.error(word, "an alternative is missing; expected STATUS or A|B")
    default: break
    }
    if QueryStatement.answers.contains(word.text.uppercased()) { return .word(word.text.uppercased()) }
    if Self.answers.contains(lower) { return .word(lower) }
    guard let colon = word.text.firstIndex(of: ":") else { return .code(try arguments.number(word), word.text) }
    let name = String(word.text[..<colon])
    let index = try arguments.number(
      Word(text: String(word.text[word.text.index(after: colon)...]), column: word.column + name.unicodeScalars.count + 1))
    let base = try arguments.number(Word(text: name, column: word.column))
    return .code(base | (index & 0xFF) << 8, word.text)
  }

  /// `xN=V`, `xN!=V`, `xN&MASK=V`, with `?name` for V.
  private func condition(_ word: Word) throws(ScriptError) -> Expectation.Condition {
    guard let (whole, right) = arguments.pair(word) else {
      throw arguments.error(word, "found \"\(shown(word.text))\"; expected xN=V, xN!=V or xN&MASK=V")
    }
    var left = whole
    var negated = false
    if left.hasSuffix("!") {
      negated = true
      left.removeLast()
    }
    var mask = UInt64.max
    if let ampersand = left.firstIndex(of: "&") {
      let text = String(left[left.index(after: ampersand)...])
      left = String(left[..<ampersand])
      mask = try arguments.number(Word(text: text, column: word.column + left.unicodeScalars.count + 1))
    }
    guard left.lowercased().hasPrefix("x"), let register = Int(left.dropFirst()), (0...30).contains(register) else {
      throw arguments.error(word, "expected a register x0 to x30, found \"\(shown(left))\"")
    }
    let operand: Expectation.Operand
    if right.text.hasPrefix("?") {
      guard right.text.count > 1 else { throw arguments.error(word, "? needs a name") }
      operand = .capture(String(right.text.dropFirst()))
    } else {
      operand = .value(try arguments.number(right))
    }
    return Expectation.Condition(register: register, mask: mask, negated: negated, operand: operand, text: word.text)
  }
}
