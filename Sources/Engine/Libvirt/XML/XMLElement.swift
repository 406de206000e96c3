import Basics

/// Where something stands in an XML text: both count from 1; columns are characters (Unicode scalars).
package struct XMLPlace: Equatable, Comparable, Sendable {
  package var line: Int
  package var column: Int

  package init(line: Int, column: Int) { (self.line, self.column) = (line, column) }

  package static func < (a: XMLPlace, b: XMLPlace) -> Bool { (a.line, a.column) < (b.line, b.column) }

  /// `12:5`.
  package var text: String { "\(line):\(column)" }
}

/// An attribute with the places of its name and its value.
package struct XMLAttribute: Equatable, Sendable {
  package let name: String
  package let value: String
  package let place: XMLPlace
  package let valuePlace: XMLPlace
}

/// An element with its places. Names keep their prefix: `qemu:arg`.
package final class XMLElement: Sendable {
  package let name: String
  package let place: XMLPlace
  package let attributes: [XMLAttribute]
  package let content: [XMLContent]

  init(name: String, place: XMLPlace, attributes: [XMLAttribute], content: [XMLContent]) {
    (self.name, self.place, self.attributes, self.content) = (name, place, attributes, content)
  }

  /// The element as libxml2 writes it.
  package var serialized: String {
    let head = name + attributes.map { " \($0.name)=\"\(markup($0.value))\"" }.joined()
    guard !content.isEmpty else { return "<\(head)/>" }
    let inside = content.map { piece in
      switch piece {
      case .element(let child): child.serialized
      case .text(let words, _): markup(words, quotes: [])
      }
    }
    return "<\(head)>\(inside.joined())</\(name)>"
  }

  package var children: [XMLElement] {
    content.compactMap { if case .element(let element) = $0 { element } else { nil } }
  }

  /// All text directly in the element.
  package var text: String {
    content.reduce(into: "") { text, piece in if case .text(let words, _) = piece { text += words } }
  }

  package subscript(name: String) -> XMLAttribute? { attributes.first { $0.name == name } }

  package func children(_ name: String) -> [XMLElement] { children.filter { $0.name == name } }

  package func child(_ name: String) -> XMLElement? { children.first { $0.name == name } }
}

/// A piece of what is in an element.
package enum XMLContent: Sendable {
  case element(XMLElement)
  case text(String, XMLPlace)
}
