import CLibXML2

/// What libxml2 meets on its way through a text.
enum LibXMLPiece {
  /// A start tag: values by qualified names, and whether it is an end tag, too.
  case start([String: String], isEmpty: Bool)
  case text(String)
  case end
}

/// What libxml2 says is wrong, and the line it has counted to.
struct LibXMLFailure {
  var words: String
  var line: Int
}

/// libxml2's reader over a text in memory. It reads nothing else: no document type, no entity but XML's own, no network.
final class LibXMLReader {
  private let reader: xmlTextReaderPtr?
  /// The first error that makes it no XML; nil while there is none.
  private(set) var failure: LibXMLFailure?

  /// The library's tables, once, before threads share it.
  private static let prepare: Void = xmlInitParser()

  init(_ bytes: [UInt8]) {
    Self.prepare
    // The library copies what it is given.
    reader = bytes.withUnsafeBytes { buffer in
      xmlReaderForMemory(
        buffer.bindMemory(to: CChar.self).baseAddress, Int32(clamping: buffer.count), nil, nil, Int32(XML_PARSE_NONET.rawValue))
    }
    xmlTextReaderSetStructuredErrorHandler(
      reader,
      { context, error in
        guard let context, let error, error.pointee.level == XML_ERR_FATAL else { return }
        Unmanaged<LibXMLReader>.fromOpaque(context).takeUnretainedValue().note(
          error.pointee.message.map { String(cString: $0) } ?? "error \(error.pointee.code) of libxml2",
          Int(error.pointee.line))
      }, Unmanaged.passUnretained(self).toOpaque())
  }

  deinit { xmlFreeTextReader(reader) }

  private func note(_ words: String, _ line: Int) {
    guard failure == nil else { return }
    failure = LibXMLFailure(words: String(words.prefix { $0 != "\n" }), line: line)
  }

  /// The next piece; nil at the end, and where ``failure`` says what is wrong.
  func next() -> LibXMLPiece? {
    while failure == nil, xmlTextReaderRead(reader) == 1 {
      switch xmlReaderTypes(UInt32(bitPattern: xmlTextReaderNodeType(reader))) {
      case XML_READER_TYPE_ELEMENT:
        let isEmpty = xmlTextReaderIsEmptyElement(reader) == 1
        return .start(attributes(), isEmpty: isEmpty)
      case XML_READER_TYPE_END_ELEMENT: return .end
      case XML_READER_TYPE_TEXT, XML_READER_TYPE_CDATA, XML_READER_TYPE_WHITESPACE, XML_READER_TYPE_SIGNIFICANT_WHITESPACE:
        return .text(Self.string(xmlTextReaderConstValue(reader)))
      default: continue
      }
    }
    return nil
  }

  private func attributes() -> [String: String] {
    var values: [String: String] = [:]
    while xmlTextReaderMoveToNextAttribute(reader) == 1 {
      values[Self.string(xmlTextReaderConstName(reader))] = Self.string(xmlTextReaderConstValue(reader))
    }
    return values
  }

  private static func string(_ text: UnsafePointer<xmlChar>?) -> String {
    text.map { String(cString: $0) } ?? ""
  }
}
