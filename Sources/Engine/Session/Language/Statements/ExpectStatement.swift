import Basics
import Machine

/// What the statement before it, or the guest action that was queued last, is to answer.
struct ExpectStatement: Statement {
  let expectation: Expectation
  /// It is about the guest action that was queued last.
  let isGuests: Bool

  static let verbs = [
    Verb(
      "expect", "STATUS [CONDITION ..]|that PREDICATE",
      help: "what the last statement is to have answered, or what is to be true now",
      details: "see [Expectations](Sessions.md#expectations) and [Predicates](Sessions.md#predicates)",
      examples: [
        "expect RMI_SUCCESS", "expect !ok", "expect RMI_ERROR_RTT:2 x1=3", "expect any x1!=?v", "expect says running",
        "expect that gpt(0x80001000) == REALM and realm(1).state != NEW", "expect that not rec(1).runnable or steps <= 12",
      ], places: .scripts
    ) { arguments throws(ScriptError) in
      if arguments.words.first?.text.lowercased() == "that" {
        return ExpectThatStatement(predicate: try arguments.predicate(from: 1))
      }
      return ExpectStatement(expectation: try ExpectationParser(arguments).expectation(), isGuests: false)
    }
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
      ExpectStatement(expectation: try ExpectationParser(arguments).expectation(), isGuests: true)
    }
  }

  var text: String { "\(isGuests ? "guest expect" : "expect") \(expectation.text)" }

  func perform(in runner: ScriptRunner, at line: ScriptLine) throws(ScriptError) -> StatementResult? {
    if isGuests { try runner.expectations.expectGuest(expectation, line) } else { runner.expectations.expect(expectation, line) }
    return nil
  }
}

/// What is to be true of the machine and of what was done to it.
struct ExpectThatStatement: Statement {
  let predicate: Predicate

  var text: String { "expect that \(predicate.text)" }

  func perform(in runner: ScriptRunner, at line: ScriptLine) throws(ScriptError) -> StatementResult? {
    let session = runner.session
    if predicate.asksGuests, session.configuration.vcpu == .code, !session.tracing {
      throw line.error(
        "what a guest with code has called is known where events are kept: in the workbench, with --json, in lessons")
    }
    runner.expectations.settle(text, line, predicate.why(runner.predicateReader))
    return nil
  }
}
