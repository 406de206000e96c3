import Basics
import Host

/// Lines of a recording that say what places in a guest's program are called.
extension Recording {
  static let programPrefix = "#program "
  static let symbolPrefix = "#symbol "

  /// Lines for programs, from one on.
  package static func programLines(_ session: Session, from first: Int) -> String {
    session.programs.log.dropFirst(first).map { program in
      "\(programPrefix)\(program.symbols.symbols.count) \(program.image)\n"
        + program.symbols.symbols.map { "\(symbolPrefix)\(hex($0.address)) \(hex($0.size)) \($0.name)\n" }.joined()
    }.joined()
  }

  /// A program whose names are being read.
  struct OpenProgram {
    private let image: String
    private let count: Int
    private var symbols: [SymbolTable.Symbol] = []

    /// - Parameter text: a line that begins with ``programPrefix``.
    init(_ text: String, line: Int) throws(ScriptError) {
      let words = text.dropFirst(programPrefix.count).split(separator: " ")
      guard words.count == 2, let count = Int(words[0]), (1...GuestPrograms.mostNames).contains(count),
        GuestPrograms.isName(String(words[1]))
      else {
        throw ScriptError(
          line: line, column: 1,
          message: "expected #program NAMES IMAGE, with 1 to \(GuestPrograms.mostNames) names, found \"\(shown(text))\"")
      }
      (image, self.count) = (String(words[1]), count)
    }

    var isWhole: Bool { symbols.count == count }

    /// - Parameter text: a line that begins with ``symbolPrefix``.
    mutating func take(_ text: String, line: Int) throws(ScriptError) {
      let words = text.dropFirst(symbolPrefix.count).split(separator: " ")
      func number(_ word: Substring) -> UInt64? { word.hasPrefix("0x") ? UInt64(word.dropFirst(2), radix: 16) : nil }
      guard words.count == 3, let address = number(words[0]), let size = number(words[1]),
        let symbol = SymbolTable.Symbol(name: String(words[2]), address: address, size: size)
      else {
        throw ScriptError(line: line, column: 1, message: "expected #symbol ADDRESS SIZE NAME, found \"\(shown(text))\"")
      }
      symbols.append(symbol)
    }

    func keep(in session: Session) { session.keepSymbols(SymbolTable(symbols), of: image) }
  }
}
