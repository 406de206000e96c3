/// A key by its name: a character as itself, or `up`, `enter`, `^R`, `M-x`, `F1`…
public struct Key: Hashable, Sendable, ExpressibleByStringLiteral {
  public let name: String

  public init(_ name: String) { self.name = name }
  public init(stringLiteral name: String) { self.name = name }

  public static let enter: Key = "enter"
  public static let escape: Key = "esc"
  public static let tab: Key = "tab"
  public static let backspace: Key = "backspace"
  public static let up: Key = "up"
  public static let down: Key = "down"
  public static let left: Key = "left"
  public static let right: Key = "right"

  /// A character by itself; a space has a name.
  public init(_ scalar: Unicode.Scalar) { name = scalar == " " ? "space" : String(scalar) }

  /// The character it types, if it is one.
  public var scalar: Unicode.Scalar? {
    name == "space" ? " " : name.unicodeScalars.count == 1 ? name.unicodeScalars.first : nil
  }

  /// Names of keys that are no characters.
  private static let names =
    [
      "up", "down", "left", "right", "home", "end", "pgup", "pgdn", "enter", "space", "tab", "S-tab", "backspace", "delete",
      "esc",
    ]
    + (1...12).map { "F\($0)" }

  /// For a sentence that says which keys there are.
  public static let namesInWords =
    "up, down, left, right, home, end, pgup, pgdn, enter, space, tab, S-tab, delete, F1 to F12, ^A to ^Z, M-a to M-z"

  /// Whether there is a key of that name.
  public static func canBe(_ name: String) -> Bool {
    if names.contains(name) { return true }
    let scalars = Array(name.unicodeScalars)
    return switch (scalars.count, scalars.first) {
    case (1, let only?): only.value > 0x20 && only.value != 0x7F
    case (2, "^"): ("A"..."Z").contains(scalars[1])
    case (3, "M"): scalars[1] == "-" && scalars[2].value > 0x20
    default: false
    }
  }

  /// As the key bar shows it; in words where a terminal has only ASCII, in which `<` is another key.
  func glyph(isSpelt: Bool) -> String {
    if isSpelt { return name }
    return switch self {
    case .up: "↑"
    case .down: "↓"
    case .left: "←"
    case .right: "→"
    case .enter: "⏎"
    default: name
    }
  }

  /// As a sentence names it.
  var word: String { self == .enter ? "Enter" : name }
}

/// Where a key means something.
public enum KeyContext: Hashable, Sendable {
  /// On every screen that takes no text.
  case anywhere
  /// On a panel of that name, before what the key means anywhere.
  case panel(String)
  /// While something is typed on the command line.
  case commandLine
}
