import Basics
import Machine

/// What an answer should be: `STATUS[:INDEX] [CONDS]`.
package struct Expectation: Sendable, Equatable {
  package enum Status: Sendable, Equatable {
    case any
    /// A memory access that went through, or anything that was done.
    case ok
    /// A granule protection fault.
    case gpf
    /// An exception was taken in the Realm.
    case fault
    /// What `state` and `gpt` say: DELEGATED, NS…
    case word(String)
    /// X0 is this number; the name is for the message.
    case code(UInt64, String)
  }
  package enum Operand: Sendable, Equatable {
    case value(UInt64)
    /// `?name`: the first use captures, later ones compare.
    case capture(String)
  }
  package struct Condition: Sendable, Equatable {
    package var register: Int
    package var mask: UInt64
    var negated: Bool
    package var operand: Operand
    /// As it was written.
    package var text: String
  }

  package struct Words: Sendable, Equatable {
    package var text: String
    package var isWanted: Bool
  }

  /// One of these…
  var alternatives: [Status]
  /// …or, if set, none of them.
  var negated: Bool
  package var conditions: [Condition]
  /// The condition that must have decided: `by=gran_state`.
  package var decidedBy: String?
  /// Words that must stand in what was printed, or must not: `says TEXT`, `!says TEXT`.
  package var words: Words?
  /// The rule that must have been broken, or must not: `broken RULE`, `!broken RULE`.
  package var rule: Words?
  /// The check that must have been passed because it is switched off: `off=data_state`.
  package var overruled: String?
  /// As it was written.
  package var text: String
}

extension Expectation {
  /// Why the answer is not what was expected, or nil. Captures into `names`.
  ///
  /// - Parameters:
  ///   - decision: the condition that decided the call, if one did.
  ///   - printed: the lines that were printed.
  ///   - broken: rules that the statement has broken.
  ///   - overruled: checks that are switched off and would have acted.
  func mismatch(
    _ answer: Answer, decision: String? = nil, printed: [String] = [], broken: [InvariantViolation] = [],
    overruled passed: [String] = [],
    captures names: inout [String: UInt64]
  ) -> String? {
    if let words { return mismatch(words, printed) }
    if let rule { return mismatch(rule: rule, broken) }
    let matches = alternatives.contains { status in
      switch (status, answer.kind) {
      case (.any, _): true
      case (.ok, .ok): true
      case (.gpf, .gpf): true
      case (.fault, .fault): true
      case (.word(let wanted), .other(let got)): wanted == got
      case (.code(let value, _), .registers): answer.code == value || answer.x.first == value
      case (.code(let value, _), .ok): answer.x.first == value
      default: false
      }
    }
    if matches == negated { return "expected \(text), got \(answer.text)" }
    if let decidedBy, decidedBy != decision {
      return "expected by=\(decidedBy), decided by \(decision ?? "no condition")"
    }
    if let overruled, !passed.contains(where: { $0 == overruled || $0.hasSuffix("." + overruled) }) {
      return "expected off=\(overruled), passed by \(passed.isEmpty ? "no check that is off" : passed.joined(separator: ", "))"
    }
    for condition in conditions {
      let raw = condition.register < answer.x.count ? answer.x[condition.register] : 0
      let value = raw & condition.mask
      let wanted: UInt64
      switch condition.operand {
      case .value(let number): wanted = number & condition.mask
      case .capture(let name):
        guard let known = names[name] else {
          if condition.negated { return "expected \(condition.text), but ?\(name) has captured nothing yet" }
          names[name] = value
          continue
        }
        wanted = known
      }
      if (value == wanted) == condition.negated {
        return "expected \(condition.text), got x\(condition.register)=\(hex(raw))"
      }
    }
    return nil
  }

  /// - Parameter rule: without a name, any.
  private func mismatch(rule: Words, _ broken: [InvariantViolation]) -> String? {
    let isBroken = broken.contains { rule.text.isEmpty || $0.rule == rule.text }
    guard isBroken != rule.isWanted else { return nil }
    let names = broken.reduce(into: [String]()) { if !$0.contains($1.rule) { $0.append($1.rule) } }
    return "expected \(text), and \(names.isEmpty ? "no rule was broken" : "broken were \(names.joined(separator: ", "))")"
  }

  private func mismatch(_ words: Words, _ printed: [String]) -> String? {
    // Columns of a table are as wide as they have to be.
    let wanted = words.text.split(separator: " ").joined(separator: " ")
    let found = printed.first { $0.split(whereSeparator: \.isWhitespace).joined(separator: " ").contains(wanted) }
    if (found != nil) == words.isWanted { return nil }
    if let found { return "expected \(text), and \"\(shown(found.trimmed, limit: 80))\" was printed" }
    let last = printed.last { !$0.trimmed.isEmpty }
    let printed = last.map { "the last of \(printed.count) lines printed is \"\(shown($0.trimmed, limit: 80))\"" }
    return "expected \(text), and \(printed ?? "nothing was printed")"
  }
}
