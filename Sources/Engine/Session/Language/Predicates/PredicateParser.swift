import Basics
import Machine

/// Reads a predicate: comparisons joined by `and`, `or` and `not`.
package struct PredicateParser {
  /// Most characters of a predicate, most comparisons in it, and how deep parentheses and `not` may lie in each other.
  package static let longest = 2048
  static let mostClauses = 64
  static let deepest = 16

  private let scalars: [Unicode.Scalar]
  private var position = 0
  private var depth = 0
  private var clauses = 0
  private let line: Int
  private let column: Int
  let names: ScriptNames

  private init(_ word: Word, line: Int, names: ScriptNames) {
    scalars = Array(word.text.unicodeScalars)
    column = word.column
    self.line = line
    self.names = names
  }

  /// - Parameters:
  ///   - column: where the text begins in its line.
  ///   - names: what names in it stand for.
  package static func parse(
    _ text: String, line: Int, column: Int, names: ScriptNames
  ) throws(ScriptError) -> Predicate {
    guard text.unicodeScalars.count <= longest else {
      throw ScriptError(line: line, column: column, message: "a predicate has at most \(longest) characters")
    }
    var parser = PredicateParser(Word(text: text, column: column), line: line, names: names)
    let root = try parser.disjunction()
    parser.skip()
    guard parser.position == parser.scalars.count else {
      throw parser.error("found \"\(parser.rest)\" behind what is complete; expected and, or, or the end of the line")
    }
    return Predicate(root: root)
  }

  // MARK: Text

  private var rest: String { shown(text(position..<scalars.count)) }

  private func text(_ range: Range<Int>) -> String {
    var view = String.UnicodeScalarView()
    view.append(contentsOf: scalars[range])
    return String(view)
  }

  func error(_ message: String, at place: Int? = nil) -> ScriptError {
    ScriptError(line: line, column: column + (place ?? position), message: message)
  }

  private mutating func skip() { while position < scalars.count, scalars[position] == " " { position += 1 } }

  private static func isName(_ scalar: Unicode.Scalar) -> Bool {
    scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) || scalar == "_")
  }

  /// The name that stands at a place; empty if none does.
  private func name(at place: Int) -> String {
    var end = place
    while end < scalars.count, Self.isName(scalars[end]) { end += 1 }
    return text(place..<end)
  }

  /// Whether a look begins at a place: some names are those of states, too, if nothing stands behind them.
  private func isLook(at place: Int) -> Bool {
    let name = name(at: place)
    let rows = PredicateLook.named(name)
    var end = place + name.unicodeScalars.count
    while end < scalars.count, scalars[end] == " " { end += 1 }
    let opens = end < scalars.count && (scalars[end] == "(" || scalars[end] == ".")
    return !rows.isEmpty && (opens || rows.contains { $0.least == 0 && $0.property.isEmpty })
  }

  private mutating func take(word: String) -> Bool {
    skip()
    guard name(at: position).lowercased() == word else { return false }
    position += word.unicodeScalars.count
    return true
  }

  private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
    skip()
    guard position < scalars.count, scalars[position] == scalar else { return false }
    position += 1
    return true
  }

  // MARK: Structure

  private mutating func disjunction() throws(ScriptError) -> Predicate.Node {
    var nodes = [try conjunction()]
    while take(word: "or") { nodes.append(try conjunction()) }
    return nodes.count == 1 ? nodes[0] : .any(nodes)
  }

  private mutating func conjunction() throws(ScriptError) -> Predicate.Node {
    var nodes = [try negation()]
    while take(word: "and") { nodes.append(try negation()) }
    return nodes.count == 1 ? nodes[0] : .all(nodes)
  }

  private mutating func negation() throws(ScriptError) -> Predicate.Node {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.deepest else { throw error("more than \(Self.deepest) parentheses or nots within each other") }
    if take(word: "not") { return .not(try negation()) }
    skip()
    if position < scalars.count, scalars[position] == "(", groups() {
      position += 1
      let inner = try disjunction()
      guard take(")") else { throw error("a parenthesis is not closed; expected \")\"") }
      return inner
    }
    return try comparison()
  }

  /// Whether the parenthesis that begins here has comparisons inside; else it is one of a number.
  private func groups() -> Bool {
    var level = 0
    var isQuoted = false
    var place = position
    while place < scalars.count {
      let scalar = scalars[place]
      if scalar == "\"" { isQuoted.toggle() }
      if !isQuoted {
        if scalar == "(" { level += 1 }
        if scalar == ")" {
          level -= 1
          if level == 0 { return false }
        }
        if scalar == "=" || scalar == "!" { return true }
        if Self.isName(scalar), place == 0 || !Self.isName(scalars[place - 1]) {
          if isLook(at: place) { return true }
        }
      }
      place += 1
    }
    return false
  }

  // MARK: Comparisons

  enum Operand {
    case look(Predicate.Asked, at: Int)
    case quoted(String, at: Int)
    /// To be read as what the other side is.
    case raw(String, at: Int)
  }

  private mutating func comparison() throws(ScriptError) -> Predicate.Node {
    clauses += 1
    guard clauses <= Self.mostClauses else { throw error("a predicate has at most \(Self.mostClauses) comparisons") }
    let left = try operand()
    skip()
    let place = position
    guard let comparison = comparator() else {
      guard case .look(let asked, let start) = left else {
        throw error("expected a comparison (== != < <= > >= has) here", at: place)
      }
      guard asked.look.finding == .flag || asked.look.finding == .status else {
        throw error(
          "\(asked.text) is \(asked.look.finding.name); expected a comparison behind it, such as \(Self.example(asked))",
          at: max(start, place - 1))
      }
      return .truth(asked)
    }
    let right = try operand()
    switch (left, right) {
    case (.look(let asked, _), _): return .compare(asked, comparison, try wanted(right, for: asked, comparison, place))
    case (_, .look(let asked, _)):
      guard let turned = comparison.turned else { throw error("has needs what has it on its left", at: place) }
      return .compare(asked, turned, try wanted(left, for: asked, turned, place))
    default:
      guard case .raw(_, let start) = left else { throw error("nothing is compared here", at: place) }
      throw error("neither side looks at the machine; expected something such as realm(1).state", at: start)
    }
  }

  private static func example(_ asked: Predicate.Asked) -> String {
    switch asked.look.finding {
    case .number: "\(asked.text) == 1"
    case .word(let words): "\(asked.text) == \(words.last ?? "")"
    case .text: "\(asked.text) has \"text\""
    case .condition: "\(asked.text) == gran_state"
    case .flag, .status: asked.text
    }
  }

  private mutating func comparator() -> Predicate.Comparison? {
    if take(word: "has") { return .has }
    for candidate in Predicate.Comparison.allCases where candidate != .has {
      let wanted = Array(candidate.rawValue.unicodeScalars)
      guard scalars.count - position >= wanted.count, Array(scalars[position..<position + wanted.count]) == wanted else {
        continue
      }
      position += wanted.count
      return candidate
    }
    return nil
  }

  private mutating func operand() throws(ScriptError) -> Operand {
    skip()
    let start = position
    guard start < scalars.count else { throw error("found the end of the line; expected something such as realm(1).state") }
    if scalars[start] == "\"" {
      position += 1
      while position < scalars.count, scalars[position] != "\"" { position += 1 }
      guard position < scalars.count else { throw error("the text is not closed; expected \" behind it", at: start) }
      position += 1
      return .quoted(text(start + 1..<position - 1), at: start)
    }
    let name = name(at: start)
    if isLook(at: start) { return .look(try look(name), at: start) }
    let end = start + name.unicodeScalars.count
    if !name.isEmpty, end < scalars.count, scalars[end] == "(" {
      let near = closest(to: name.lowercased(), among: PredicateLook.names)
      throw error(
        "nothing is called \(shown(name)); "
          + (near.map { "did you mean \($0)?" } ?? "there are \(PredicateLook.names.joined(separator: " "))"))
    }
    return try raw(from: start)
  }

  /// What stands up to the next comparison, `and`, `or`, comma or closing parenthesis.
  private mutating func raw(from start: Int) throws(ScriptError) -> Operand {
    var level = 0
    while position < scalars.count {
      let scalar = scalars[position]
      let next = position + 1 < scalars.count ? scalars[position + 1] : " "
      if scalar == "(" { level += 1 }
      if scalar == ")" {
        if level == 0 { break }
        level -= 1
      }
      if level == 0 {
        if scalar == "," || scalar == "=" || scalar == "!" { break }
        if scalar == "<" || scalar == ">" {
          guard next == scalar else { break }
          position += 1
        }
        if Self.isName(scalar), position == start || !Self.isName(scalars[position - 1]),
          ["and", "or", "has"].contains(name(at: position).lowercased())
        {
          break
        }
      }
      position += 1
    }
    var end = position
    while end > start, scalars[end - 1] == " " { end -= 1 }
    guard end > start else { throw error("found \"\(rest)\"; expected a number, a name, a \"text\" or something to look at") }
    return .raw(text(start..<end), at: start)
  }

  // MARK: Looks

  private mutating func look(_ name: String) throws(ScriptError) -> Predicate.Asked {
    let start = position
    let rows = PredicateLook.named(name)
    position += name.unicodeScalars.count
    var given: [(text: String, at: Int)] = []
    if take("(") {
      skip()
      if !take(")") {
        repeat {
          guard case .raw(let text, let at) = try argument() else { throw error("expected a number or a name") }
          given.append((text, at))
        } while take(",")
        guard take(")") else { throw error("found \"\(rest)\"; expected \")\" or \",\"") }
      }
    }
    var property = ""
    let place = position
    if take(".") {
      property = self.name(at: position).lowercased()
      position += property.unicodeScalars.count
    }
    guard let row = rows.first(where: { $0.property == property }) else {
      let known = rows.map(\.property).filter { !$0.isEmpty }
      guard !property.isEmpty else {
        throw error("\(name) needs a property: \(known.map { ".\($0)" }.joined(separator: " "))", at: place)
      }
      let near = closest(to: property, among: known).map { "did you mean .\($0)?" }
      throw error(
        "\(name) has no .\(shown(property)); "
          + (near ?? (known.isEmpty ? "it has no properties" : "it has \(known.map { ".\($0)" }.joined(separator: " "))")),
        at: place)
    }
    guard (row.least...row.parameters.count).contains(given.count) else {
      throw error("\(row.form) has \(given.count) argument\(given.count == 1 ? "" : "s"); expected \(row.form)", at: start)
    }
    var arguments: [PredicateLook.Argument] = []
    for (n, (text, at)) in given.enumerated() { arguments.append(try argument(text, at, row.parameters[n])) }
    return Predicate.Asked(look: row, arguments: arguments)
  }

  private mutating func argument() throws(ScriptError) -> Operand {
    skip()
    return try raw(from: position)
  }

  private func argument(
    _ text: String, _ at: Int, _ parameter: PredicateLook.Parameter
  ) throws(ScriptError) -> PredicateLook.Argument {
    switch parameter {
    case .number: return .number(try number(text, at))
    case .call:
      if let entry = Calls.named(text) { return .call(entry.name) }
      let near = closest(to: text.lowercased(), among: Calls.all.map(\.name))
      throw error(
        "there is no call \(shown(text)); \(near.map { "did you mean \($0)?" } ?? "workbench commands lists them")", at: at)
    case .word(let what, let words): return .word(try word(text, at, words, what.lowercased()))
    }
  }

  func number(_ text: String, _ at: Int) throws(ScriptError) -> UInt64 {
    try ExpressionParser.parse(Word(text: text, column: column + at), line: line) { names.value($0) }
  }

  func word(_ text: String, _ at: Int, _ words: [String], _ what: String) throws(ScriptError) -> String {
    let upper = text.uppercased()
    guard !words.contains(upper) else { return upper }
    let near = closest(to: text.lowercased(), among: words).map { "; did you mean \($0)?" } ?? ""
    throw error("\"\(shown(text))\" is no \(what) there; expected one of \(words.joined(separator: " "))\(near)", at: at)
  }
}
