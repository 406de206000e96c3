import Host

/// Names of the places in guests' programs, for whoever looks at a session later: a recording has them.
package struct GuestPrograms: Sendable {
  package struct Program: Sendable, Equatable {
    /// The image's file, without its folders.
    package let image: String
    package let symbols: SymbolTable
  }

  /// In the order in which they were booted.
  package private(set) var log: [Program] = []

  /// Most programs a session keeps names of, most names of one, and most letters of an image's name.
  package static let most = 16
  package static let mostNames = 1 << 16
  package static let longest = 255

  /// Whether a name of an image is one word.
  static func isName(_ image: String) -> Bool {
    (1...longest).contains(image.utf8.count) && image.utf8.allSatisfy { (0x21..<0x7F).contains($0) }
  }

  /// The names in the image that was booted last under a name.
  package func symbols(of image: String) -> SymbolTable { log.last { $0.image == image }?.symbols ?? .none }

  /// - Returns: false if there is no room for more.
  mutating func keep(_ symbols: SymbolTable, of image: String) -> Bool {
    let program = Program(image: image, symbols: symbols)
    guard !log.contains(program) else { return true }
    guard log.count < Self.most, symbols.symbols.count <= Self.mostNames else { return false }
    log.append(program)
    return true
  }
}

extension Session {
  /// Keeps the names of a program that was booted; of one that has none, or too many, none are kept.
  package func keepSymbols(_ symbols: SymbolTable, of image: String) {
    guard keepsHistory, !symbols.symbols.isEmpty, GuestPrograms.isName(image) else { return }
    _ = programs.keep(symbols, of: image)
  }
}
