/// What the palette offers beside actions: a line that can be typed.
package struct Offer: Sendable, Equatable {
  package enum Kind: String, Sendable {
    case command, statement, guest, session, lesson, attack, theme, setting, check
  }

  package var kind: Kind
  package var title: String
  /// What it does, in a sentence.
  package var help: String
  /// The line.
  package var line: String
  /// Nothing is missing: it is done at once.
  package var isWhole: Bool
  /// Why it is impossible now.
  package var reason: String?

  package init(_ kind: Kind, _ title: String, help: String, line: String, isWhole: Bool = false, reason: String? = nil) {
    self.kind = kind
    self.title = title
    self.help = help
    self.line = line
    self.isWhole = isWhole
    self.reason = reason
  }
}
