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
    return value >= 0x1100 && (wide.contains { $0.contains(value) } || scalar.properties.isEmojiPresentation) ? .two : .one
  }

  /// Scripts of East Asia (UAX #11, Wide and Fullwidth), in blocks.
  private static let wide: [ClosedRange<UInt32>] = [
    0x1100...0x115F, 0x2329...0x232A, 0x2E80...0x303E, 0x3041...0x4DBF, 0x4E00...0xA4CF, 0xA960...0xA97F, 0xAC00...0xD7A3,
    0xF900...0xFAFF, 0xFE10...0xFE19, 0xFE30...0xFE6F, 0xFF01...0xFF60, 0xFFE0...0xFFE6, 0x16FE0...0x18DFF, 0x1AFF0...0x1B2FF,
    0x1F200...0x1F2FF, 0x1F300...0x1F64F, 0x1F680...0x1F6FF, 0x1F900...0x1F9FF, 0x1FA70...0x1FAFF, 0x20000...0x3FFFD,
  ]
}
