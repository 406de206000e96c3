extension ConsoleGrid {
  enum Cells {
    case none, one, two, unknown
  }

  /// How many cells a character takes. Marks that combine and what cannot be seen take none; what is no character is unknown.
  static func cells(_ scalar: Unicode.Scalar) -> Cells {
    let value = scalar.value
    if value < 0x7F { return value < 0x20 ? .none : .one }
    switch scalar.properties.generalCategory {
    case .control, .format, .nonspacingMark, .spacingMark, .enclosingMark: return .none
    case .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: return .unknown
    default: break
    }
    // Vowels and final consonants of Hangul go with the one before.
    if (0x1160...0x11FF).contains(value) || (0xD7B0...0xD7FF).contains(value) { return .none }
    return value >= 0x1100 && (EastAsianWidth.isWide(scalar) || scalar.properties.isEmojiPresentation) ? .two : .one
  }
}
