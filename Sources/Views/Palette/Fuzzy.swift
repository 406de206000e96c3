/// How well what is typed fits what is offered: the letters of each word in their order, the better the closer they stand.
enum Fuzzy {
  /// Larger is better; nil if a word does not fit.
  static func score(_ words: [String], keys: String, title: String, help: String) -> Int? {
    var sum = 0
    for word in words {
      guard let score = score(word, keys: keys, title: title, help: help) else { return nil }
      sum += score
    }
    return sum
  }

  private static func score(_ word: String, keys: String, title: String, help: String) -> Int? {
    let title = Array(title.lowercased().unicodeScalars)
    let letters = Array(word.unicodeScalars)
    if keys.lowercased().split(separator: " ").contains(where: { $0 == word }) { return 1000 }
    if let place = place(of: letters, in: title) {
      return 600 - min(place, 99) + (begins(title, place) ? 200 : 0) + (letters.count == title.count ? 100 : 0)
    }
    if help.lowercased().contains(word) { return 300 }
    return scattered(letters, title).map { 200 - $0 }
  }

  private static func place(of letters: [Unicode.Scalar], in text: [Unicode.Scalar]) -> Int? {
    guard letters.count <= text.count else { return nil }
    return (0...text.count - letters.count).first { text[$0..<$0 + letters.count].elementsEqual(letters) }
  }

  /// Whether a word begins there.
  private static func begins(_ text: [Unicode.Scalar], _ place: Int) -> Bool {
    place == 0 || !text[place - 1].properties.isAlphabetic
  }

  /// How many letters lie between those sought; nil if they are not all there.
  private static func scattered(_ letters: [Unicode.Scalar], _ text: [Unicode.Scalar]) -> Int? {
    guard letters.count > 1 else { return nil }
    var gaps = 0
    var next = 0
    var last: Int?
    for (n, scalar) in text.enumerated() where next < letters.count && scalar == letters[next] {
      // The beginning of a word is as near as can be.
      if let last, n != last + 1 { gaps += begins(text, n) ? 1 : n - last }
      if last == nil, !begins(text, n) { continue }
      last = n
      next += 1
    }
    return next == letters.count && gaps <= 2 * letters.count ? gaps : nil
  }
}
