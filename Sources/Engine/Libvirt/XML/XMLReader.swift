import Basics

/// Why an XML text was not read.
package enum XMLFailure: Error, Equatable, Sendable {
  /// It is not well-formed.
  case fault(XMLFault)
  /// It is more than is read here, or has what is not read here; what, and where.
  case refused(String, XMLPlace?)
}

/// Reads XML with libxml2, as libvirt does: it makes the elements, and a scanner knows the places.
///
/// A document type declaration is refused, so that there are no entities but the five of XML itself; nothing outside of the text is read.
package enum XMLReader {
  package static func read(_ bytes: [UInt8], _ limits: XMLLimits = XMLLimits()) throws(XMLFailure) -> XMLElement {
    guard bytes.count <= limits.bytes else {
      throw .refused("the XML has \(bytes.count) bytes; \(limits.bytes) are read at most", nil)
    }
    var scanner = XMLScanner(bytes)
    do throws(XMLFault) { try scanner.scan() } catch { throw .fault(error) }
    let lines = XMLLines(bytes)
    if scanner.hasDoctype {
      throw .refused("a document type declaration is not read: domain XML needs none", XMLPlace(line: 1, column: 1))
    }
    try check(scanner.tags, limits, lines)
    var builder = XMLBuilder(scanner.tags, lines)
    let parser = LibXMLReader(bytes)
    while let piece = parser.next() { builder.take(piece) }
    guard parser.failure == nil, let root = builder.root else {
      let failure = parser.failure ?? LibXMLFailure(words: "the document has no root element", line: 1)
      throw .fault(XMLFault(failure.words, bytes, at: lines.offset(line: failure.line)))
    }
    return root
  }

  private static func check(_ tags: [XMLScanner.Tag], _ limits: XMLLimits, _ lines: XMLLines) throws(XMLFailure) {
    if tags.count > limits.elements {
      throw .refused(
        "the XML has \(tags.count) elements; \(limits.elements) are read at most", lines.place(tags[limits.elements].start))
    }
    var ends: [Int] = []
    for tag in tags {
      while let end = ends.last, end <= tag.start { ends.removeLast() }
      ends.append(tag.close)
      if ends.count > limits.depth {
        throw .refused("more than \(limits.depth) elements stand in one another", lines.place(tag.start))
      }
      if tag.attributes.count > limits.attributes {
        throw .refused("the element has more than \(limits.attributes) attributes", lines.place(tag.start))
      }
    }
  }
}

/// Lines of a text: which place an offset is.
struct XMLLines {
  private let bytes: [UInt8]
  private let starts: [Int]
  /// How many characters begin before each block of 256 bytes: a line may be a megabyte.
  private let blocks: [Int]

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    starts = [0] + bytes.indices.filter { bytes[$0] == UInt8(ascii: "\n") }.map { $0 + 1 }
    var count = 0
    blocks = stride(from: 0, through: bytes.count, by: 256).map { start in
      defer { count += Self.characters(bytes[start..<min(start + 256, bytes.count)]) }
      return count
    }
  }

  func place(_ offset: Int) -> XMLPlace {
    let line = starts.partitionPoint { $0 > offset }
    return XMLPlace(line: line, column: 1 + characters(before: offset) - characters(before: starts[line - 1]))
  }

  private func characters(before offset: Int) -> Int { blocks[offset >> 8] + Self.characters(bytes[(offset & ~255)..<offset]) }

  /// A byte that continues a character is none of its own.
  private static func characters(_ bytes: ArraySlice<UInt8>) -> Int { bytes.count { $0 & 0xC0 != 0x80 } }

  func offset(line: Int) -> Int { starts[min(max(line, 1), starts.count) - 1] }
}

/// Puts the parser's elements together; the n-th start tag is the scanner's n-th.
private struct XMLBuilder {
  private struct Open {
    var name: String
    var tag: XMLScanner.Tag
    var attributes: [XMLAttribute]
    var content: [XMLContent] = []
  }

  private let tags: [XMLScanner.Tag]
  private let lines: XMLLines
  private var next = 0
  private var open: [Open] = []
  /// Where the elements that were made end.
  private var ends: [ObjectIdentifier: Int] = [:]
  private(set) var root: XMLElement?

  init(_ tags: [XMLScanner.Tag], _ lines: XMLLines) { (self.tags, self.lines) = (tags, lines) }

  mutating func take(_ piece: LibXMLPiece) {
    switch piece {
    case .start(let attributes, let isEmpty):
      guard next < tags.count else { return }
      let tag = tags[next]
      next += 1
      open.append(
        Open(
          name: tag.name, tag: tag,
          attributes: tag.attributes.map { found in
            XMLAttribute(
              name: found.name, value: attributes[found.name] ?? "", place: lines.place(found.start),
              valuePlace: lines.place(found.value))
          }))
      if isEmpty { end() }
    case .text(let text): add(text)
    case .end: end()
    }
  }

  private mutating func add(_ text: String) {
    guard !open.isEmpty else { return }
    let last = open.count - 1
    if case .text(let before, let place) = open[last].content.last {
      open[last].content[open[last].content.count - 1] = .text(before + text, place)
    } else {
      // It begins where the last child ends, or the start tag.
      var start = open[last].tag.end
      if next > 0, !open[last].content.isEmpty { start = max(start, childEnd(of: open[last])) }
      open[last].content.append(.text(text, lines.place(start)))
    }
  }

  private func childEnd(of element: Open) -> Int {
    for piece in element.content.reversed() {
      if case .element(let child) = piece { return ends[ObjectIdentifier(child)] ?? element.tag.end }
    }
    return element.tag.end
  }

  private mutating func end() {
    guard let done = open.popLast() else { return }
    let element = XMLElement(
      name: done.name, place: lines.place(done.tag.start), attributes: done.attributes, content: done.content)
    ends[ObjectIdentifier(element)] = done.tag.close
    if open.isEmpty { root = element } else { open[open.count - 1].content.append(.element(element)) }
  }
}
