/// What the palette offers beside actions: a line that can be typed.
public struct Offer: Sendable, Equatable {
  public enum Kind: String, Sendable {
    case command, statement, guest, session, theme, setting
  }

  public var kind: Kind
  public var title: String
  /// What it does, in a sentence.
  public var help: String
  /// The line.
  public var line: String
  /// Nothing is missing: it is done at once.
  public var isWhole: Bool
  /// Why it is impossible now.
  public var reason: String?

  public init(_ kind: Kind, _ title: String, help: String, line: String, isWhole: Bool = false, reason: String? = nil) {
    self.kind = kind
    self.title = title
    self.help = help
    self.line = line
    self.isWhole = isWhole
    self.reason = reason
  }
}
