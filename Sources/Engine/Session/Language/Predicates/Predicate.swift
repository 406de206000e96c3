import Basics
import Machine

/// Something that is true of a machine and of what was done to it, or is not: `realm(1).state == ACTIVE and steps <= 12`.
///
/// It changes nothing, and each of its clauses says in words why it does not hold.
package struct Predicate: Sendable, Equatable {
  enum Comparison: String, Sendable, CaseIterable {
    case equal = "=="
    case unequal = "!="
    case atMost = "<="
    case atLeast = ">="
    case less = "<"
    case greater = ">"
    case has

    /// The same with both sides exchanged; nil if there is none.
    var turned: Comparison? {
      switch self {
      case .equal, .unequal: self
      case .atMost: .atLeast
      case .atLeast: .atMost
      case .less: .greater
      case .greater: .less
      case .has: nil
      }
    }

    func holds<Value: Comparable>(_ a: Value, _ b: Value) -> Bool {
      switch self {
      case .equal: a == b
      case .unequal: a != b
      case .atMost: a <= b
      case .atLeast: a >= b
      case .less: a < b
      case .greater: a > b
      case .has: false
      }
    }

    /// What was wanted of a number, in words.
    func wanted(_ value: String) -> String {
      switch self {
      case .equal: "not \(value)"
      case .unequal: "and should be another"
      case .atMost: "not \(value) or less"
      case .atLeast: "not \(value) or more"
      case .less: "not less than \(value)"
      case .greater: "not more than \(value)"
      case .has: ""
      }
    }
  }

  /// A look with its arguments.
  struct Asked: Sendable {
    let look: PredicateLook
    let arguments: [PredicateLook.Argument]

    var noun: String { look.noun(arguments) }

    var text: String {
      let list = arguments.isEmpty ? "" : "(\(arguments.map(\.text).joined(separator: ", ")))"
      return look.name + list + (look.property.isEmpty ? "" : ".\(look.property)")
    }
  }

  /// What a look is compared with.
  enum Wanted: Sendable {
    case number(UInt64)
    case word(String)
    case text(String)
    /// X0 by its name, and the index of an RMI status, if it was said.
    case status(UInt64, index: UInt64?, String)
    case look(Asked)

    var text: String {
      switch self {
      case .number(let value): value < 4096 ? "\(value)" : hex(value)
      case .word(let word), .status(_, _, let word): word
      case .text(let text): "\"\(text)\""
      case .look(let asked): asked.text
      }
    }
  }

  indirect enum Node: Sendable {
    case truth(Asked)
    case compare(Asked, Comparison, Wanted)
    case not(Node)
    case all([Node])
    case any([Node])
  }

  let root: Node

  /// As it is written, with numbers in place of names.
  package var text: String { Self.text(root, depth: 0) }

  package static func == (a: Predicate, b: Predicate) -> Bool { a.text == b.text }

  private static func text(_ node: Node, depth: Int) -> String {
    switch node {
    case .truth(let asked): asked.text
    case .compare(let asked, let comparison, let wanted): "\(asked.text) \(comparison.rawValue) \(wanted.text)"
    case .not(let inner): "not \(text(inner, depth: 3))"
    case .all(let nodes): parenthesised(nodes.map { text($0, depth: 2) }.joined(separator: " and "), depth > 1)
    case .any(let nodes): parenthesised(nodes.map { text($0, depth: 1) }.joined(separator: " or "), depth > 0)
    }
  }

  private static func parenthesised(_ text: String, _ isInside: Bool) -> String { isInside ? "(\(text))" : text }

  // MARK: Whether it holds

  /// What must hold together, one by one.
  package struct Clause: Sendable, Equatable {
    /// As it is written.
    package let text: String
    /// Why it does not hold, in words; nil if it does.
    package let why: String?

    package var holds: Bool { why == nil }
  }

  /// The clauses that must hold together.
  package func clauses(_ reader: PredicateReader) -> [Clause] {
    let nodes: [Node] = if case .all(let nodes) = root { nodes } else { [root] }
    return nodes.map { Clause(text: Self.text($0, depth: 2), why: Self.why($0, reader)) }
  }

  package func holds(_ reader: PredicateReader) -> Bool { Self.why(root, reader) == nil }

  /// Why it does not hold, in a sentence; nil if it does.
  package func why(_ reader: PredicateReader) -> String? { Self.why(root, reader) }

  /// The calls it asks about.
  package var calls: [String] {
    var found: [String] = []
    Self.visit(root) { asked in
      for case .call(let name) in asked.arguments { found.append(name) }
    }
    return found
  }

  /// Whether it asks what the machine is or has answered, and not only what was typed.
  package var asksState: Bool {
    var asks = false
    Self.visit(root) { if !["calls", "steps"].contains($0.look.name) { asks = true } }
    return asks
  }

  /// Whether it asks what guests did that run code.
  var asksGuests: Bool { calls.contains { Calls.named($0)?.interface == .rsi || Calls.named($0)?.interface == .psci } }

  private static func visit(_ node: Node, _ body: (Asked) -> Void) {
    switch node {
    case .truth(let asked): body(asked)
    case .compare(let asked, _, let wanted):
      body(asked)
      if case .look(let other) = wanted { body(other) }
    case .not(let inner): visit(inner, body)
    case .all(let nodes), .any(let nodes): for node in nodes { visit(node, body) }
    }
  }

  private static func why(_ node: Node, _ reader: PredicateReader) -> String? {
    switch node {
    case .truth(let asked): return truth(asked, reader)
    case .compare(let asked, let comparison, let wanted): return compare(asked, comparison, wanted, reader)
    case .not(let inner): return why(inner, reader) == nil ? denial(inner) : nil
    case .all(let nodes): return nodes.lazy.compactMap { why($0, reader) }.first
    case .any(let nodes):
      var reasons: [String] = []
      for node in nodes {
        guard let reason = why(node, reader) else { return nil }
        reasons.append(reason)
      }
      return reasons.joined(separator: ", and ")
    }
  }

  private static func denial(_ node: Node) -> String {
    guard case .truth(let asked) = node else { return "\(text(node, depth: 3)) holds, and should not" }
    return asked.look.adjective == "there"
      ? "\(asked.noun) is there, and should not be" : "\(asked.noun) is \(asked.look.adjective), and should not be"
  }

  private static func truth(_ asked: Asked, _ reader: PredicateReader) -> String? {
    switch asked.look.read(reader, asked.arguments) {
    case .flag(true), .status: nil
    case .absent(let why): "\(why) yet"
    default:
      asked.look.adjective == "there" ? "there is no \(asked.noun) yet" : "\(asked.noun) is not \(asked.look.adjective) yet"
    }
  }

  private static func compare(
    _ asked: Asked, _ comparison: Comparison, _ wanted: Wanted, _ reader: PredicateReader
  ) -> String? {
    let found = asked.look.read(reader, asked.arguments)
    if case .absent(let why) = found { return "\(why) yet" }
    var wanted = wanted
    var name = wanted.text
    if case .look(let other) = wanted {
      switch other.look.read(reader, other.arguments) {
      case .number(let value): wanted = .number(value)
      case .word(let word): wanted = .word(word)
      case .text(let text): wanted = .text(text)
      case .status(let x0, _): wanted = .status(x0, index: nil, other.text)
      case .absent(let why): return "\(why) yet"
      case .flag: return nil
      }
      name = other.noun
    }
    switch (found, wanted) {
    case (.number(let value), .number(let limit)):
      return comparison.holds(value, limit)
        ? nil : "\(asked.noun) is \(value < 4096 ? "\(value)" : hex(value)), \(comparison.wanted(name))"
    case (.word(let word), .word(let other)):
      if (word == other) == (comparison == .equal) { return nil }
      return comparison == .equal ? "\(asked.noun) is \(word), not \(other) yet" : "\(asked.noun) is \(word), and should not be"
    case (.text(let text), .text(let other)):
      switch comparison {
      case .has: return text.hasBytes(of: other) ? nil : "\(asked.noun) does not have \"\(shown(other))\" yet"
      case .equal: return text.lowercased() == other.lowercased() ? nil : "\(asked.noun) is \(short(text)), not \(short(other))"
      default: return text.lowercased() != other.lowercased() ? nil : "\(asked.noun) is \(short(text)), and should be another"
      }
    case (.status(let x0, let interface), .status(let value, let index, _)):
      let isThat = interface == .rmi && x0 >> 16 == 0 ? x0 & 0xFF == value && (index ?? x0 >> 8) == x0 >> 8 : x0 == value
      if isThat == (comparison == .equal) { return nil }
      let answer = Names.status(interface, x0)
      return "\(asked.noun) answered \(answer) last, \(comparison == .equal ? "not \(name)" : "and should not")"
    default: return "\(asked.text) cannot be compared with \(name)"
    }
  }

  private static func short(_ text: String) -> String { "\"\(shown(text, limit: 16))\"" }
}

extension Session {
  /// What predicates read as the session stands.
  package func predicateReader(_ keeper: TallyKeeper) -> PredicateReader {
    PredicateReader(session: self, tally: keeper.tally, first: keeper.first)
  }
}
