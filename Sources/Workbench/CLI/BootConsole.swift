import Engine

/// What a guest says, on its way to standard output; and whether it has said what somebody waits for.
final class BootConsole {
  private let isShown: Bool
  private let outlivesPipe: Bool
  private var waiting: [UInt8] = []
  private var last: UInt8?
  private var words: ConsoleWords
  /// Set while somebody sits at a terminal: what of the guest's bytes goes there.
  var filter: ConsoleFilter?
  /// Whether it has said the words.
  var hasSaid: Bool { words.isFound }

  /// - Parameter words: what is waited for; nothing if it is empty.
  init(isShown: Bool, outlivesPipe: Bool, words: String = "") {
    self.isShown = isShown
    self.outlivesPipe = outlivesPipe
    self.words = ConsoleWords(words.utf8)
  }

  func take(_ byte: UInt8) {
    if isShown { waiting.append(byte) }
    words.take(byte)
  }

  /// Prints the last lines of what was said before the boot, which nobody waits for.
  func show(_ bytes: [UInt8]) {
    guard isShown else { return }
    waiting += bytes.split(separator: 10, omittingEmptySubsequences: false).suffix(Self.linesBefore).joined(separator: [10])
  }
  private static let linesBefore = 24

  /// Prints what has been said.
  func flush() {
    guard let byte = waiting.last else { return }
    var out = Output(outlivesPipe: outlivesPipe)
    out.append(filter?.passed(waiting) ?? PL011.printable(waiting))
    out.flush()
    last = byte
    waiting.removeAll(keepingCapacity: true)
  }

  /// Ends its last line, if the guest has not.
  func finish() {
    flush()
    var out = Output(outlivesPipe: outlivesPipe)
    if filter != nil { out.append(ConsoleFilter.end) }
    if let last, last != 10 { out.line("") }
    out.flush()
  }
}
