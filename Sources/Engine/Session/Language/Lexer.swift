import Basics
import Machine

/// A word of a script line, with the column it begins at (from 1).
package struct Word: Equatable {
  package var text: String
  package var column: Int

  /// What stands between separators, empty or not.
  func parts(_ separator: Character) -> [Word] {
    var column = column
    return text.split(separator: separator, omittingEmptySubsequences: false).map { part in
      defer { column += part.unicodeScalars.count + 1 }
      return Word(text: String(part), column: column)
    }
  }
}

/// Cuts a line into words at white space; `#` begins a comment. Parentheses keep their contents together.
struct Lexer {
  let line: Int

  func words(_ text: String) throws(ScriptError) -> [Word] {
    var words: [Word] = []
    var current = ""
    var start = 0
    var depth = 0
    var column = 0
    for scalar in text.unicodeScalars {
      column += 1
      if scalar.value < 0x20 && scalar != "\t" || scalar.value == 0x7F {
        throw ScriptError(
          line: line, column: column,
          message: "found a control character (\(shown(String(scalar)))); a script is plain text")
      }
      if scalar == "#" { break }
      if scalar == " " || scalar == "\t" || scalar == "\u{a0}" {
        if depth > 0 {
          current.unicodeScalars.append(" ")
        } else if !current.isEmpty {
          words.append(Word(text: current, column: start))
          current = ""
        }
        continue
      }
      if scalar == "(" { depth += 1 }
      if scalar == ")" { depth = max(0, depth - 1) }
      if current.isEmpty { start = column }
      current.unicodeScalars.append(scalar)
    }
    if !current.isEmpty { words.append(Word(text: current, column: start)) }
    return words
  }
}

/// Numbers, names and expressions: `+ - * / << >> ( )`.
struct ExpressionParser {
  private let scalars: [Unicode.Scalar]
  private var position = 0
  private var depth = 0
  private let line: Int
  private let column: Int
  private let lookup: (String) -> UInt64?

  init(_ word: Word, line: Int, lookup: @escaping (String) -> UInt64?) {
    scalars = Array(word.text.unicodeScalars)
    self.line = line
    column = word.column
    self.lookup = lookup
  }

  static func parse(_ word: Word, line: Int, lookup: @escaping (String) -> UInt64?) throws(ScriptError) -> UInt64 {
    if let value = plainNumber(word.text) { return value }
    var parser = ExpressionParser(word, line: line, lookup: lookup)
    let value = try parser.shift()
    parser.skip()
    guard parser.position == parser.scalars.count else {
      throw parser.error("found \"\(shown(String(parser.rest)))\" after a number; expected an operator (+ - * / << >>)")
    }
    return value
  }

  /// A number that is nothing but decimal digits, or 0x and lower case hexadecimal ones, and surely fits; nil: whoever reads looks closer.
  private static func plainNumber(_ text: String) -> UInt64? {
    let digits = text.utf8
    let isHex = digits.count > 2 && digits.starts(with: "0x".utf8)
    guard isHex ? digits.count <= 18 : (1...19).contains(digits.count) else { return nil }
    var value: UInt64 = 0
    for digit in isHex ? digits.dropFirst(2) : digits[...] {
      switch digit {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value &* (isHex ? 16 : 10) &+ UInt64(digit - UInt8(ascii: "0"))
      case UInt8(ascii: "a")...UInt8(ascii: "f") where isHex: value = value &* 16 &+ UInt64(digit - UInt8(ascii: "a") + 10)
      default: return nil
      }
    }
    return value
  }

  private var rest: String.UnicodeScalarView {
    var view = String.UnicodeScalarView()
    view.append(contentsOf: scalars[position...])
    return view
  }

  private func error(_ message: String) -> ScriptError {
    ScriptError(line: line, column: column + position, message: message)
  }

  private mutating func skip() {
    while position < scalars.count, scalars[position] == " " { position += 1 }
  }

  private mutating func take(_ text: String) -> Bool {
    skip()
    let wanted = Array(text.unicodeScalars)
    guard scalars.count - position >= wanted.count, Array(scalars[position..<position + wanted.count]) == wanted else {
      return false
    }
    position += wanted.count
    return true
  }

  private mutating func shift() throws(ScriptError) -> UInt64 {
    var value = try sum()
    while true {
      if take("<<") {
        let by = try sum()
        value = by > 63 ? 0 : value << by
      } else if take(">>") {
        let by = try sum()
        value = by > 63 ? 0 : value >> by
      } else {
        return value
      }
    }
  }

  private mutating func sum() throws(ScriptError) -> UInt64 {
    var value = try product()
    while true {
      if take("+") {
        value = value &+ (try product())
      } else if take("-") {
        value = value &- (try product())
      } else {
        return value
      }
    }
  }

  private mutating func product() throws(ScriptError) -> UInt64 {
    var value = try primary()
    while true {
      if take("*") {
        value = value &* (try primary())
      } else if take("/") {
        let by = try primary()
        guard by != 0 else { throw error("division by zero") }
        value /= by
      } else {
        return value
      }
    }
  }

  private mutating func primary() throws(ScriptError) -> UInt64 {
    depth += 1
    defer { depth -= 1 }
    guard depth < 64 else { throw error("more than 64 nested parentheses or signs") }
    if take("-") { return 0 &- (try primary()) }
    if take("(") {
      let value = try shift()
      guard take(")") else { throw error("a parenthesis is not closed; expected \")\"") }
      return value
    }
    skip()
    guard position < scalars.count else { throw error("found the end of the line; expected a number or a name") }
    let first = scalars[position]
    if ("0"..."9").contains(first) { return try number() }
    let start = position
    while position < scalars.count, isNameScalar(scalars[position]) { position += 1 }
    guard position > start else {
      throw error("found \"\(shown(String(rest)))\"; expected a number (123, 0x1f, 64K) or a name")
    }
    var view = String.UnicodeScalarView()
    view.append(contentsOf: scalars[start..<position])
    let name = String(view)
    if let value = lookup(name) { return value }
    position = start
    // A status as the trace has it, without its interface, or one that is almost right.
    let statuses = Names.statuses.map(\.name)
    let short = statuses.filter { $0.hasSuffix("_" + name.uppercased()) }.prefix(3)
    let meant = short.isEmpty ? closest(to: name.lowercased(), among: statuses).map { [$0] } ?? [] : Array(short)
    let hint =
      meant.isEmpty
      ? "expected a number, a function id, a status or a name from let" : "did you mean \(meant.joined(separator: " or "))?"
    throw error("unknown name \"\(shown(name))\"; \(hint)")
  }

  private func isNameScalar(_ scalar: Unicode.Scalar) -> Bool {
    ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || ("0"..."9").contains(scalar) || scalar == "_"
      || scalar == "."
  }

  private mutating func number() throws(ScriptError) -> UInt64 {
    let start = position
    while position < scalars.count, isNameScalar(scalars[position]) { position += 1 }
    var digits = scalars[start..<position].filter { $0 != "_" }.map { $0.properties.lowercaseMapping }.joined()
    func bad(_ why: String) -> ScriptError {
      var view = String.UnicodeScalarView()
      view.append(contentsOf: scalars[start..<position])
      return ScriptError(line: line, column: column + start, message: "bad number \"\(shown(String(view)))\": \(why)")
    }
    if digits.hasPrefix("0x") {
      digits.removeFirst(2)
      guard !digits.isEmpty, digits.allSatisfy({ $0.isHexDigit && $0.isASCII }) else {
        throw bad("expected hexadecimal digits after 0x")
      }
      let significant = digits.drop { $0 == "0" }
      guard significant.count <= 16, let value = UInt64(significant.isEmpty ? "0" : String(significant), radix: 16) else {
        throw bad("more than 64 bits")
      }
      return value
    }
    var scale: UInt64 = 1
    if let suffix = digits.last, let factor = ["k": 1 << 10, "m": 1 << 20, "g": 1 << 30][String(suffix)] as UInt64? {
      scale = factor
      digits.removeLast()
    }
    guard !digits.isEmpty, digits.allSatisfy({ $0.isASCII && $0.isNumber }) else {
      throw bad("expected decimal digits, 0x and hexadecimal ones, or a size that ends in K, M or G")
    }
    guard let value = UInt64(digits) else { throw bad("more than 64 bits") }
    let (scaled, overflow) = value.multipliedReportingOverflow(by: scale)
    guard !overflow else { throw bad("more than 64 bits") }
    return scaled
  }
}
