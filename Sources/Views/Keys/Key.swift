/// A key by its name: a character as itself, or `up`, `enter`, `^R`, `M-x`, `F1`…
package struct Key: Hashable, Sendable, ExpressibleByStringLiteral {
  package let name: String

  package init(_ name: String) { self.name = name }
  package init(stringLiteral name: String) { self.name = name }

  package static let enter: Key = "enter"
  package static let escape: Key = "esc"
  package static let tab: Key = "tab"
  package static let backspace: Key = "backspace"
  package static let up: Key = "up"
  package static let down: Key = "down"
  package static let left: Key = "left"
  package static let right: Key = "right"

  /// A character by itself; a space has a name.
  package init(_ scalar: Unicode.Scalar) { name = scalar == " " ? "space" : String(scalar) }

  /// The character it types, if it is one.
  package var scalar: Unicode.Scalar? {
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
  package static let namesInWords =
    "up, down, left, right, home, end, pgup, pgdn, enter, space, tab, S-tab, delete, F1 to F12, ^A to ^Z, M-a to M-z"

  /// Whether there is a key of that name.
  package static func canBe(_ name: String) -> Bool {
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
package enum KeyContext: Hashable, Sendable {
  /// On every screen that takes no text.
  case anywhere
  /// On a panel of that name, before what the key means anywhere.
  case panel(String)
  /// While something is typed on the command line.
  case commandLine
}
