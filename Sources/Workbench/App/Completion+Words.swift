import Engine
import Views

/// What may be written for a word of a statement's form, such as `RD` of `tables RD BASE..TOP`.
extension Completion {
  func offers(of verb: String, word: Int, _ current: String) -> [String] {
    let verb = verb.lowercased()
    return switch self.word(word, of: verb) {
    case "RD"?: named(session.read { $0.realmSummaries() }.map(\.rd), current)
    case "NAME"? where verb == "unmark": Self.fitting(session.bookmarks.map(\.name), current)
    case "NAME"? where ["branch", "prune", "switch"].contains(verb): Self.fitting(session.branches.map(\.name), current)
    case "PA"?, "ADDRESS"?, "EXPR"?: given(current)
    case let choices? where choices.contains("|"):
      // Those written small stand for themselves.
      Self.fitting(choices.split(separator: "|").map(String.init).filter { $0 == $0.lowercased() }, current)
        + (current.isEmpty ? [] : given(current))
    default: current.isEmpty ? [] : given(current)
    }
  }

  /// A word of the form, without the brackets around what may be left out.
  private func word(_ index: Int, of verb: String) -> String? {
    let words = language.verb(verb)?.form.split(separator: " ") ?? []
    return index < words.count ? String(words[index].drop { $0 == "[" }.prefix { $0 != "]" }) : nil
  }

  /// Addresses that fit, by their names where they have some.
  private func named(_ values: [UInt64], _ current: String) -> [String] {
    let words = values.map { value in names.values.filter { $0.value == value }.map(\.key).min() ?? hex(value) }
    return words.filter { $0.hasPrefix(current) && $0 != current }
  }
}
