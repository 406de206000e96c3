/// Looks for words in what a guest prints, a byte after the other (Knuth, Morris and Pratt).
package struct ConsoleWords: Sendable {
  private let words: [UInt8]
  /// How many bytes of the words can stand again behind a mismatch.
  private let shorter: [Int]
  private var matched = 0
  /// Whether they have been printed.
  package private(set) var isFound = false

  /// - Parameter words: what is looked for; nothing if it is empty.
  package init(_ words: some Sequence<UInt8>) {
    self.words = Array(words)
    var shorter = [Int](repeating: 0, count: self.words.count)
    var length = 0
    for n in self.words.indices.dropFirst() {
      while length > 0, self.words[n] != self.words[length] { length = shorter[length - 1] }
      if self.words[n] == self.words[length] { length += 1 }
      shorter[n] = length
    }
    self.shorter = shorter
  }

  package mutating func take(_ byte: UInt8) {
    guard !isFound, !words.isEmpty else { return }
    while matched > 0, byte != words[matched] { matched = shorter[matched - 1] }
    if byte == words[matched] { matched += 1 }
    isFound = matched == words.count
  }
}
