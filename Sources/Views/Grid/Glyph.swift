import Engine

/// A character as a canvas shows it: one or two cells wide, with the marks that join it.
struct Glyph {
  var scalar: Unicode.Scalar
  var marks: [Unicode.Scalar] = []
  var width = 1

  var isPlain: Bool { width == 1 && marks.isEmpty }

  /// Most marks a character has; a stranger's text may stack any number.
  static let mostMarks = 2

  /// - Parameter rest: the text after the scalar; marks that join it are taken from there.
  init(_ scalar: Unicode.Scalar, _ rest: inout Scalars) {
    self.scalar = scalar
    if scalar.value >= 0x20, scalar.value < 0x7F, (rest.first?.value ?? 0) < 0x300 { return }
    // What has no cell of its own, or acts instead of being seen, must not move the cursor.
    if scalar.isUnseen {
      self.scalar = "?"
    } else if scalar.value >= 0x80 {
      switch ConsoleGrid.cells(scalar) {
      case .one: break
      case .two: width = 2
      case .none: self.scalar = "?"
      case .unknown: self.scalar = "\u{FFFD}"
      }
    }
    while let mark = rest.first, mark.value >= 0x300, !mark.isUnseen, case .none = ConsoleGrid.cells(mark) {
      rest.removeFirst()
      if marks.count < Self.mostMarks, !Self.selectsForm(mark), self.scalar == scalar { marks.append(mark) }
    }
  }

  /// Variation selectors can change a character's width, in some terminals: the form is the terminal's choice.
  private static func selectsForm(_ mark: Unicode.Scalar) -> Bool {
    (0xFE00...0xFE0F).contains(mark.value) || (0xE0100...0xE01EF).contains(mark.value)
  }
}

/// The scalars of a text from its beginning, with a look at the next.
struct Scalars {
  private var rest: String.UnicodeScalarView.Iterator
  private(set) var first: Unicode.Scalar?

  init(_ text: some StringProtocol) {
    rest = String(text).unicodeScalars.makeIterator()
    first = rest.next()
  }

  mutating func removeFirst() { first = rest.next() }
}
