import Basics
import Machine

/// What the statement before it, or the guest action that was queued last, is to answer.
struct ExpectStatement: Statement {
  let expectation: Expectation
  /// It is about the guest action that was queued last.
  let isGuests: Bool

  static let verbs = [
    verb(
      "expect", help: "what the last statement is to have answered",
      ["RMI_SUCCESS", "!ok", "RMI_ERROR_RTT:2 x1=3", "any x1!=?v", "says running"])
  ]
  static let guestVerbs = [
    verb(
      "guest expect", help: "what the action that was queued last is to answer",
      ["RSI_SUCCESS x1&0xff=0 x2=?v", "fault", "1|2|gpf"])
  ]

  private static func verb(_ name: String, help: String, _ examples: [String]) -> Verb {
    Verb(
      name, "STATUS [CONDITION ..]", help: help, details: "see [Expectations](Sessions.md#expectations)",
      examples: examples.map { "\(name) \($0)" }, places: .scripts
    ) { arguments throws(ScriptError) in
      ExpectStatement(expectation: try ExpectationParser(arguments).expectation(), isGuests: name != "expect")
    }
  }

  var text: String { "\(isGuests ? "guest expect" : "expect") \(expectation.text)" }

  func perform(in runner: ScriptRunner, at line: ScriptLine) throws(ScriptError) -> StatementResult? {
    if isGuests { try runner.expectations.expectGuest(expectation, line) } else { runner.expectations.expect(expectation, line) }
    return nil
  }
}
