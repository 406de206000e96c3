extension ConsoleGrid {
  /// What the bytes of printable ASCII mean.
  enum CharacterSet: Sendable {
    case ascii
    /// DEC Special Graphics: from 0x5F on, lines to draw boxes with (DEC STD 070, table of the VT100).
    case graphics

    private static let drawn = Array(
      " ◆▒␉␌␍␊°±␤␋┘┐┌└┼⎺⎻─⎼⎽├┤┴┬│≤≥π≠£·".unicodeScalars)

    func scalar(_ byte: UInt8) -> Unicode.Scalar {
      self == .graphics && byte >= 0x5F ? Self.drawn[Int(byte) - 0x5F] : Unicode.Scalar(byte)
    }
  }
}
