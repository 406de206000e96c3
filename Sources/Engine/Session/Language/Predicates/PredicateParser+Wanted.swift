import Basics
import Machine

/// The other side of a comparison: what it may be follows from what is asked.
extension PredicateParser {
  func wanted(
    _ operand: Operand, for asked: Predicate.Asked, _ comparison: Predicate.Comparison, _ place: Int
  ) throws(ScriptError) -> Predicate.Wanted {
    let finding = asked.look.finding
    try check(comparison, finding, asked, place)
    switch operand {
    case .look(let other, let at):
      let isAlike: Bool =
        switch (finding, other.look.finding) {
        case (.number, .number), (.text, .text), (.status, .status), (.word, .word): true
        default: false
        }
      guard isAlike else {
        throw error("\(asked.text) is \(finding.name), and \(other.text) is \(other.look.finding.name)", at: at)
      }
      return .look(other)
    case .quoted(let text, let at):
      guard finding == .text else { throw error("\(asked.text) is \(finding.name), not a text", at: at) }
      return .text(text)
    case .raw(let text, let at):
      switch finding {
      case .number: return .number(try number(text, at))
      case .word(let words): return .word(try word(text, at, words, "state"))
      case .text: throw error("expected a text in quotes: \"\(shown(text))\"", at: at)
      case .status: return try status(text, at)
      case .condition: return .word(try condition(text, at, asked))
      case .flag: throw error("\(asked.text) is true or not by itself; leave out the comparison, or put not before it", at: place)
      }
    }
  }

  private func check(
    _ comparison: Predicate.Comparison, _ finding: PredicateLook.Finding, _ asked: Predicate.Asked, _ place: Int
  ) throws(ScriptError) {
    let allowed: [Predicate.Comparison] =
      switch finding {
      case .number: [.equal, .unequal, .less, .greater, .atMost, .atLeast]
      case .word, .status, .condition: [.equal, .unequal]
      case .text: [.equal, .unequal, .has]
      case .flag: []
      }
    guard !allowed.contains(comparison) else { return }
    guard !allowed.isEmpty else {
      throw error("\(asked.text) is true or not by itself; leave out the comparison, or put not before it", at: place)
    }
    throw error(
      "\(asked.text) is \(finding.name), which \(comparison.rawValue) does not compare; expected "
        + allowed.map(\.rawValue).joined(separator: " "), at: place)
  }

  /// A status by its name, with or without an index.
  private func status(_ text: String, _ at: Int) throws(ScriptError) -> Predicate.Wanted {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard let name = parts.first, let value = Names.value(name) ?? UInt64(name) else {
      let near = closest(to: text.lowercased(), among: Names.statuses.map(\.name))
      throw error(
        "\"\(shown(text))\" is no status; \(near.map { "did you mean \($0)?" } ?? "expected one such as RMI_SUCCESS")", at: at)
    }
    var index: UInt64?
    if parts.count == 2 { index = try number(parts[1], at + name.unicodeScalars.count + 1) }
    return .status(value, index: index.map { $0 & 0xFF }, text.uppercased())
  }

  /// The name of one of a call's conditions.
  private func condition(_ text: String, _ at: Int, _ asked: Predicate.Asked) throws(ScriptError) -> String {
    guard case .call(let name)? = asked.arguments.first, let entry = Calls.named(name) else { return text }
    let known = Self.conditions(of: entry)
    guard !known.contains(text) else { return text }
    let near = closest(to: text.lowercased(), among: known).map { "did you mean \($0)?" }
    throw error("\(name) has no condition \(shown(text)); \(near ?? "it has \(known.joined(separator: " "))")", at: at)
  }

  /// Of any personality: they differ in order, not in names.
  private static func conditions(of entry: CommandEntry) -> [String] {
    var machine = Machine(MachineConfiguration())
    machine.tracing = false
    return entry.list(machine).map(\.id)
  }
}
