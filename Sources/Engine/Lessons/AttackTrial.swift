import Basics
import Machine
import Session

/// An attack of the lab: a session whose first words say who wants what and what stops it, in two halves. In the first the machine is as it
/// is; in the second the check that stops it is off.
package struct AttackTrial: Sendable, Equatable {
  package struct Line: Sendable, Equatable {
    /// From 1.
    package let number: Int
    package let text: String
  }

  /// One half: what makes its machine, and what the attacker does.
  package struct Half: Sendable, Equatable {
    package internal(set) var setup: [Line] = []
    package internal(set) var acts: [Line] = []
    /// Checks that are off in it.
    package var off: [String] {
      let words = setup.flatMap { $0.text.split(separator: " ") }
      var seen: Set<Substring> = []
      return words.filter { $0.hasPrefix("without=") }.flatMap { $0.dropFirst(8).split(separator: "+") }.filter {
        seen.insert($0).inserted
      }.map(String.init)
    }
    /// Rules of the model that it is expected to break, in that order.
    package var rules: [String] {
      var seen: Set<String> = []
      return acts.compactMap { line in
        let words = line.text.split(separator: " ")
        return words.count == 3 && words[0] == "expect" && words[1] == "broken" ? String(words[2]) : nil
      }.filter { seen.insert($0).inserted }
    }
    /// What the attacker does, without what is said of it and what is expected.
    package var statements: [Line] {
      acts.filter { line in
        !line.text.hasPrefix("#") && !line.text.isEmpty && !line.text.hasPrefix("expect ")
          && !line.text.hasPrefix("guest expect ")
          && line.text != "start here" && !line.text.hasPrefix("let ")
      }
    }
    /// What is said of it, a sentence or more each.
    package var words: [String] {
      var all: [String] = []
      var isOpen = false
      for line in acts {
        guard line.text.hasPrefix("#") else {
          isOpen = false
          continue
        }
        let text = trimmed(String(line.text.dropFirst()))
        if isOpen, !all.isEmpty { all[all.count - 1] += " " + text } else { all.append(text) }
        isOpen = true
      }
      return all
    }
  }

  /// `A4`.
  package let number: String
  package let title: String
  /// What the attacker wants.
  package let wants: String
  /// What stops it, in a few words, and how.
  package let stop: String
  package let how: String
  /// Where that stands.
  package let source: String
  package let asItIs: Half
  /// Nil if it has not been written.
  package let off: Half?

  /// Most bytes of an attack's file.
  package static let mostBytes = 1 << 18

  /// Reads an attack; nil if the lines are none: its first three say `# A4. TITLE`, `# Wants: …` and `# Stopped by: …`.
  package init?(_ lines: [String]) {
    guard lines.reduce(0, { $0 + $1.utf8.count + 1 }) <= Self.mostBytes, let head = Attack.Head(lines) else { return nil }
    (number, title, wants) = (head.number, head.title, head.wants)
    (stop, how, source) = Self.parts(head.stoppedBy)
    var asItIs = Half()
    var off: Half?
    var isActing = false
    for (index, text) in lines.enumerated().dropFirst(3) {
      let line = Line(number: index + 1, text: trimmed(text))
      if line.text.hasPrefix("case "), line.text.hasSuffix(" off") {
        off = Half()
        isActing = false
      } else if !isActing {
        // The attack begins where a reader is to begin, and in the second half with the first words.
        isActing = off == nil ? line.text == "start here" : line.text.hasPrefix("#")
      }
      if off == nil {
        if isActing { asItIs.acts.append(line) } else { asItIs.setup.append(line) }
      } else if isActing {
        off?.acts.append(line)
      } else {
        off?.setup.append(line)
      }
    }
    self.asItIs = asItIs
    self.off = off
  }

  /// `RMI_DATA_CREATE data_state: why (where)` in its three parts.
  private static func parts(_ text: String) -> (stop: String, how: String, source: String) {
    var text = text
    var source = ""
    if let open = text.lastIndex(of: "("), text.hasSuffix(").") || text.hasSuffix(")") {
      source = String(text[text.index(after: open)...].drop { $0 == "(" })
      while let last = source.last, last == ")" || last == "." { source.removeLast() }
      text = trimmed(String(text[..<open]))
    }
    guard let colon = text.firstIndex(of: ":") else { return (text, "", source) }
    return (trimmed(String(text[..<colon])), trimmed(String(text[text.index(after: colon)...])), source)
  }

  /// What might be thought to stop it: the right one among others, always in the same order.
  ///
  /// - Parameter others: attacks to take others from.
  package func guesses(_ others: [AttackTrial]) -> [String] { Self.mixed(stop, others.map(\.stop), seed: number) }

  /// Rules of which one is that which its second half breaks first; nil if it breaks none.
  package var ruleGuesses: [String]? {
    off?.rules.first.map { rule in
      let rest = ModelRule.all.map(\.name).filter { !$0.hasPrefix("ffa") && !(off?.rules.contains($0) ?? false) }
      return Self.mixed(rule, rest, seed: number)
    }
  }

  private static func mixed(_ right: String, _ others: [String], seed: String) -> [String] {
    var random = SeededNumbers(seed: seed.utf8.reduce(7) { $0 &* 31 &+ UInt64($1) })
    var rest = others.filter { $0 != right }
    var choices = [right]
    while choices.count < 4, !rest.isEmpty {
      let other = rest.remove(at: random.below(rest.count))
      if !choices.contains(other) { choices.insert(other, at: random.below(choices.count + 1)) }
    }
    return choices
  }
}
