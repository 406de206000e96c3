import Machine

/// What somebody thinks a statement will come to.
package struct Prediction: Sendable, Equatable {
  /// What can be asked of a statement before it is performed.
  package enum Question: Sendable, Equatable {
    /// What a call answers: a status of its interface.
    case status(Interface)
    /// Which of these words it comes to: what an access does, or what becomes of a token.
    case words([String])

    package var isStatus: Bool { if case .status = self { true } else { false } }

    /// What may be said.
    package var choices: [String] {
      switch self {
      case .words(let words): return words
      case .status(let interface):
        var seen: Set<UInt64> = []
        return Names.statuses.filter { $0.name.hasPrefix(interface.rawValue + "_") && seen.insert($0.value).inserted }.map(\.name)
      }
    }
  }

  private enum Guess: Equatable {
    /// A status, and the index of an RMI status if it was said.
    case status(UInt64, index: UInt64?, Interface)
    case word(String)
  }

  private let guess: Guess

  /// - Parameter text: one of the words; or a status in any case, with the interface before it or without: `RMI_ERROR_RTT:2`, `success`.
  ///   Nil if it is neither.
  package init?(_ text: String, _ question: Question) {
    switch question {
    case .words(let words):
      guard let word = words.first(where: { $0 == text.trimmed.lowercased() }) else { return nil }
      guess = .word(word)
    case .status(let interface):
      let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
      guard let word = parts.first?.trimmed, !word.isEmpty else { return nil }
      let names = [word, "\(interface.rawValue)_\(word)", "\(interface.rawValue)_ERROR_\(word)"]
      guard let value = names.lazy.compactMap({ name in Names.statuses.first { $0.name == name.uppercased() }?.value }).first
      else { return nil }
      let index = parts.count == 2 ? UInt64(parts[1].trimmed) : nil
      if parts.count == 2, index == nil { return nil }
      guess = .status(value, index: index, interface)
    }
  }

  /// Whether it came to that. Without an index any will do.
  package func holds(_ answer: Answer?) -> Bool {
    switch guess {
    case .word(let word): return answer.map { Self.word($0) == word } ?? false
    case .status(let status, let index, let interface):
      guard case .registers = answer?.kind, let x0 = answer?.x.first else { return false }
      guard interface == .rmi, x0 >> 16 == 0 else { return x0 == status }
      return x0 & 0xFF == status && (index == nil || index == x0 >> 8)
    }
  }

  /// An answer as a word: of a read that went through, too.
  private static func word(_ answer: Answer) -> String {
    if case .ok = answer.kind { "ok" } else { answer.text }
  }

  /// What can be asked of a call of the Host's, if its answer comes at once.
  package static func ofCall(_ statement: any Statement) -> Question? {
    // A call that will not be made, because an argument is missing, need not be guessed.
    guard let statement = statement as? ActionStatement, statement.doubt == nil, case .smc(.normal, let x) = statement.action,
      let entry = Calls.called(x[0])
    else { return nil }
    return .status(entry.interface)
  }

  /// What can be asked of a statement of an attack: of calls, and of accesses and tokens that are held to every check.
  package static func ofAttack(_ statement: any Statement) -> Question? {
    if let question = ofCall(statement) { return question }
    if let token = statement as? TokenStatement, token.query.verb == .verify {
      return .words(Session.TokenQuery.verdicts)
    }
    guard case .access(let access) = (statement as? ActionStatement)?.action, access.length <= 8 else { return nil }
    return .words(["ok", "gpf"])
  }
}
