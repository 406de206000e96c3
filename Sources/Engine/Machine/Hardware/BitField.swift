/// One field of a 64-bit value: a row of the table of a descriptor, or of flags.
package struct BitField: Sendable {
  /// The highest bit and the lowest.
  package let high: UInt64
  package let low: UInt64
  /// As the specification has it.
  package let name: StaticString
  package let meaning: StaticString
  /// What it may be, in words.
  package let allowed: StaticString
  /// The failure conditions that look at it, by their names, with spaces between them.
  package let rules: StaticString

  package init(
    _ high: UInt64, _ low: UInt64, _ name: StaticString, _ meaning: StaticString, _ allowed: StaticString = "",
    rules: StaticString = ""
  ) {
    self.high = high
    self.low = low
    self.name = name
    self.meaning = meaning
    self.allowed = allowed
    self.rules = rules
  }

  package init(_ bit: UInt64, _ name: StaticString, _ meaning: StaticString, rules: StaticString = "") {
    self.init(bit, bit, name, meaning, rules: rules)
  }

  /// The bits it has.
  package var mask: UInt64 { @_transparent get { (~0 >> (63 &- (high &- low))) << low } }

  /// Its value in a word.
  @_transparent package func of(_ word: UInt64) -> UInt64 { (word & mask) >> low }

  /// Whether any of its bits is 1.
  @_transparent package func isSet(in word: UInt64) -> Bool { word & mask != 0 }

  /// The word in which it has a value, and all else is zero.
  @_transparent package func placed(_ value: UInt64) -> UInt64 { value << low & mask }
}
