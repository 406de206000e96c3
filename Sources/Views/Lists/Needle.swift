/// Words that are sought in a list: a line matches that has all of them, and none of those after an exclamation mark.
struct Needle: Equatable {
  let wanted: [String]
  let unwanted: [String]

  init(_ words: String) {
    let words = words.lowercased().split(separator: " ")
    wanted = words.filter { !$0.hasPrefix("!") }.map(String.init)
    unwanted = words.filter { $0.hasPrefix("!") && $0.count > 1 }.map { String($0.dropFirst()) }
  }

  var isEmpty: Bool { wanted.isEmpty && unwanted.isEmpty }

  func matches(_ text: String) -> Bool {
    let text = text.lowercased()
    return wanted.allSatisfy { text.contains($0) } && !unwanted.contains { text.contains($0) }
  }

  /// Whether whatever matches it matches another one, too.
  func isWithin(_ other: Needle) -> Bool {
    other.wanted.allSatisfy { word in wanted.contains { $0.contains(word) } }
      && other.unwanted.allSatisfy { word in unwanted.contains { word.contains($0) } }
  }
}
