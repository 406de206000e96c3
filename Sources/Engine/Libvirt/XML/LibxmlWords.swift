import FoundationXML

/// libxml2's words for the numbers Foundation's parser gives of its errors, where the scanner has found nothing wrong.
enum LibxmlWords {
  /// By the numbers of libxml2's xmlerror.h.
  static let table: [Int: String] = [
    4: "Document is empty", 5: "Extra content at the end of the document", 6: "CharRef: invalid hexadecimal value",
    7: "CharRef: invalid decimal value", 8: "CharRef: invalid value", 9: "invalid character", 23: "EntityRef: expecting ';'",
    26: "Entity not defined", 38: "Unescaped '<' not allowed in attributes values", 39: "AttValue: \" or ' expected",
    40: "AttValue: ' expected", 41: "Specification mandates value for attribute", 42: "Attribute redefined",
    45: "Comment not terminated", 46: "xmlParsePI : no target name", 47: "ParsePI: PI never end ...",
    62: "Sequence ']]>' not allowed in content", 63: "CData section not finished",
    64: "XML declaration allowed only at the start of the document",
    65: "attributes construct error", 68: "error parsing attribute name", 73: "expected '>'",
    76: "Opening and ending tag mismatch", 77: "Premature end of data in tag", 80: "Double hyphen within comment",
    81: "Input is not proper UTF-8, indicate encoding !", 89: "Detected an entity reference loop",
  ]

  static func words(for error: (any Error)?) -> String {
    guard let error else { return "the document has no root element" }
    return table[error._code] ?? "error \(error._code) of libxml2"
  }
}
