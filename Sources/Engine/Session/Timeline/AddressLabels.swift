import Basics
import Machine

/// Names for addresses: those of a script, from `let`, and those a person gives. They are shown where the addresses are.
package struct AddressLabels: Sendable {
  private var words: [UInt64: String] = [:]
  /// Addresses a person has named: a script's names leave them alone.
  private var persons: Set<UInt64> = []
  /// What was named, in order: recordings have it.
  package private(set) var log: [(address: UInt64, word: String)] = []

  /// Most names a session keeps, and most letters of one.
  package static let limit = 4096
  package static let longest = 32

  package var isEmpty: Bool { words.isEmpty }

  /// The name of an address.
  package subscript(address: UInt64) -> String? { words[address] }

  mutating func give(_ word: String, to address: UInt64, isPersons: Bool) {
    guard words[address] != word, log.count < Self.limit, isPersons || !persons.contains(address) else { return }
    words[address] = word
    if isPersons { persons.insert(address) }
    log.append((address, word))
  }

  /// A text with names in place of their addresses; or behind them in brackets.
  package func text(_ text: String, keepsNumbers: Bool = false) -> String {
    guard !words.isEmpty, text.contains("0x") else { return text }
    var result = ""
    var rest = text[...]
    while let place = rest.firstRange(of: "0x") {
      let digits = rest[place.upperBound...].prefix { $0.isHexDigit && $0.isASCII }
      let isWord = rest[..<place.lowerBound].last.map { !$0.isLetter && !$0.isNumber } ?? true
      result += rest[..<place.lowerBound]
      let number = rest[place.lowerBound..<digits.endIndex]
      if isWord, let address = UInt64(digits, radix: 16), let word = words[address] {
        result += keepsNumbers ? "\(number) (\(word))" : word
      } else {
        result += number
      }
      rest = rest[digits.endIndex...]
    }
    return result + rest
  }
}

extension Session {
  /// Names an address of a granule that a script has a name for; other numbers are offsets, counts and the like.
  func label(_ address: UInt64, _ word: String) {
    guard keepsHistory, address.isGranuleAligned, read({ $0.isDRAM(address) }) else { return }
    labels.give(word, to: address, isPersons: false)
  }
}
