/// The command line while it is open.
package struct CommandLineState: Sendable, Equatable {
  package var purpose: Prompt
  package var text = ""
  /// In scalars.
  package var cursor = 0
  /// What Tab offers, and which of them is chosen.
  package var candidates: [String] = []
  package var chosen: Int?
  /// Help for what is being typed.
  package var help = ""
  /// What would come of it.
  package var verdict: Verdict?

  package enum Verdict: Sendable, Equatable {
    /// Every condition of the call passes; what it answers, and what is hardly meant by it.
    case passes(String, caveat: String?)
    /// It would be refused, and why.
    case refused(String)
    /// Nobody can make the call now.
    case queued

    var text: String {
      switch self {
      case .passes(let status, nil): "✓ every condition passes: \(status)"
      case .passes(let status, let caveat?): "✓ every condition passes: \(status); but \(caveat)"
      case .refused(let why): "✗ \(why)"
      case .queued: "no REC to make it yet; it is queued for the next RMI_REC_ENTER"
      }
    }

    var role: Role {
      switch self {
      case .passes(_, let caveat): caveat == nil ? .ok : .warning
      case .refused, .queued: .fault
      }
    }
  }

  /// Scalars it holds.
  static let most = 4096

  package init(_ purpose: Prompt = .command, text: String = "") {
    self.purpose = purpose
    self.text = text
    cursor = text.unicodeScalars.count
  }

  package var prompt: String { purpose.text }

  var count: Int { text.unicodeScalars.count }

  /// Where the word before the cursor begins, with the spaces behind it.
  var beginOfWord: Int {
    let before = text.unicodeScalars.prefix(cursor)
    let word = before.reversed().drop { $0 == " " }.drop { $0 != " " }
    return word.count
  }

  package mutating func insert(_ scalar: Unicode.Scalar) {
    guard count < Self.most else { return }
    var scalars = Array(text.unicodeScalars)
    scalars.insert(scalar, at: min(cursor, scalars.count))
    set(scalars)
    cursor += 1
  }

  /// Removes scalars, as far as there are such.
  mutating func remove(_ range: Range<Int>) {
    var scalars = Array(text.unicodeScalars)
    let range = range.clamped(to: 0..<scalars.count)
    scalars.removeSubrange(range)
    set(scalars)
    cursor = min(cursor, range.lowerBound)
  }

  private mutating func set(_ scalars: [Unicode.Scalar]) {
    var view = String.UnicodeScalarView()
    view.append(contentsOf: scalars)
    text = String(view)
  }
}
