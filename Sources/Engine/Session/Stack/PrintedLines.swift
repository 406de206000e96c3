import Basics

/// What a command has printed, piece by piece: lines, and which of them say that something went wrong.
struct PrintedLines {
  private var whole: [LogLine] = []
  /// The line that has not ended yet.
  private var open = String.UnicodeScalarView()
  private var isProblem = false

  mutating func add(_ piece: String, isProblem: Bool = false) {
    // By scalars: a carriage return and a line feed are one character.
    for scalar in piece.unicodeScalars {
      if scalar == "\n" {
        end()
      } else {
        open.append(scalar)
        if isProblem { self.isProblem = true }
      }
    }
  }

  private mutating func end() {
    if open.last == "\r" { open.removeLast() }
    whole.append(LogLine(String(open), isProblem: isProblem))
    (open, isProblem) = (String.UnicodeScalarView(), false)
  }

  /// Without the blank ones at the end.
  var lines: [LogLine] {
    var all = self
    all.end()
    while all.whole.last?.text.isEmpty == true { all.whole.removeLast() }
    return all.whole
  }
}
