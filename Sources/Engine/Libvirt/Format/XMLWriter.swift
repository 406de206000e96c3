import Basics

/// Writes XML as libvirt formats it: two blanks for each level, apostrophes around values, an element without content on its own.
struct XMLWriter {
  private(set) var text = ""
  private var depth = 0

  /// An attribute that is nil is left out.
  typealias Attributes = KeyValuePairs<String, String?>

  mutating func element(_ name: String, _ attributes: Attributes = [:]) {
    line("<\(name)\(Self.text(attributes))/>")
  }

  mutating func element(_ name: String, _ attributes: Attributes = [:], text content: String) {
    line("<\(name)\(Self.text(attributes))>\(Self.escaped(content))</\(name)>")
  }

  /// An element with others in it; without any it is closed at once.
  mutating func element(_ name: String, _ attributes: Attributes = [:], _ content: (inout XMLWriter) -> Void) {
    var inner = XMLWriter()
    inner.depth = depth + 1
    content(&inner)
    guard !inner.text.isEmpty else { return element(name, attributes) }
    line("<\(name)\(Self.text(attributes))>")
    text += inner.text
    line("</\(name)>")
  }

  /// Lines that are XML already.
  mutating func raw(_ source: String) { line(source) }

  private mutating func line(_ words: String) { text += String(repeating: "  ", count: depth) + words + "\n" }

  private static func text(_ attributes: Attributes) -> String {
    attributes.compactMap { name, value in value.map { " \(name)='\(escaped($0))'" } }.joined()
  }

  static func escaped(_ text: String) -> String { markup(text, quotes: ["'", "\""]) }
}

func onOff(_ value: Bool?) -> String? { value.map { $0 ? "on" : "off" } }
func yesNo(_ value: Bool?) -> String? { value.map { $0 ? "yes" : "no" } }
