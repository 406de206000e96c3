import Engine

/// What a guest says, on its way to standard output; and whether it has said what somebody waits for.
final class BootConsole {
  private let isShown: Bool
  private let outlivesPipe: Bool
  private var waiting: [UInt8] = []
  private var last: UInt8?

  private let words: [UInt8]
  /// How many bytes of the words can stand again behind a mismatch: Knuth, Morris and Pratt's table.
  private let shorter: [Int]
  private var matched = 0
  /// Whether it has said the words.
  private(set) var hasSaid = false

  /// - Parameter words: what is waited for; nothing if it is empty.
  init(isShown: Bool, outlivesPipe: Bool, words: String = "") {
    self.isShown = isShown
    self.outlivesPipe = outlivesPipe
    self.words = Array(words.utf8)
    var shorter = [Int](repeating: 0, count: self.words.count)
    var length = 0
    for n in self.words.indices.dropFirst() {
      while length > 0, self.words[n] != self.words[length] { length = shorter[length - 1] }
      if self.words[n] == self.words[length] { length += 1 }
      shorter[n] = length
    }
    self.shorter = shorter
  }

  func take(_ byte: UInt8) {
    if isShown { waiting.append(byte) }
    guard !hasSaid, !words.isEmpty else { return }
    while matched > 0, byte != words[matched] { matched = shorter[matched - 1] }
    if byte == words[matched] { matched += 1 }
    hasSaid = matched == words.count
  }

  /// Prints what has been said.
  func flush() {
    guard let byte = waiting.last else { return }
    var out = Output(outlivesPipe: outlivesPipe)
    out.append(PL011.printable(waiting))
    out.flush()
    last = byte
    waiting.removeAll(keepingCapacity: true)
  }

  /// Ends its last line, if the guest has not.
  func finish() {
    flush()
    guard let last, last != 10 else { return }
    var out = Output(outlivesPipe: outlivesPipe)
    out.line("")
    out.flush()
  }
}
