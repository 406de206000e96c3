import Engine
import Testing

@testable import Views

/// Characters of two cells, and marks that have none.
struct WideTextTests {
  private func canvas(_ text: String, width: Int = 10, limit: Int = .max) -> Canvas {
    var canvas = Canvas(width: width, height: 1)
    canvas.text(0, 0, text, limit: limit)
    return canvas
  }

  @Test func aWideCharacterTakesTwoCellsAndMarksJoin() {
    var canvas = canvas("漢e\u{301}x")
    #expect(canvas.plainText == "漢e\u{301}x\n")
    #expect(canvas[1, 0].scalar == Cell.second)
    #expect(canvas[2, 0].scalar == "e" && canvas[3, 0].scalar == "x")
    #expect(canvas.text(0, 0, "漢字") == 4)
    #expect(Canvas.columns(of: "a漢e\u{301}\u{1F600}") == 6)
    // Any number of marks is none too many for the terminal.
    #expect(self.canvas("e" + String(repeating: "\u{301}", count: 50)).plainText.unicodeScalars.count == 4)
  }

  /// Characters of Unicode 15, 16 and 17, those that became wide late, and those beside them that are not.
  @Test(arguments: [
    ("\u{1F6DC}", 2), ("\u{1FAE8}", 2), ("\u{1FAE9}", 2), ("\u{1FADF}", 2), ("\u{1F6D8}", 2), ("\u{16FF4}", 2), ("\u{18D1E}", 2),
    ("\u{2630}", 2), ("\u{268A}", 2), ("\u{1D300}", 2), ("\u{4DC0}", 2), ("\u{31E4}", 2), ("\u{1F1E6}", 2), ("\u{2638}", 1),
    ("\u{2690}", 1), ("\u{1D400}", 1), ("\u{1F6E0}", 1), ("é", 1), ("ﾊ", 1), ("Ａ", 2),
  ])
  func theWidthsAreThoseOfUnicode17(_ character: (text: String, columns: Int)) {
    #expect(Canvas.columns(of: character.text) == character.columns)
  }

  @Test func whatDoesNotFitEndsInAnEllipsis() {
    #expect(canvas("漢字漢字漢", width: 9).plainText == "漢字漢字…\n")
    #expect(canvas("漢字漢字漢", width: 10).plainText == "漢字漢字漢\n")
    #expect(canvas("漢字漢字漢字", width: 10).plainText == "漢字漢字…\n")
    #expect(canvas("a漢", width: 2).plainText == "a…\n")
    #expect(canvas("漢", width: 1).plainText == "…\n")
    #expect(canvas("abe\u{301}", width: 3).plainText == "abe\u{301}\n")
  }

  /// Who writes into half a character leaves no half of it.
  @Test func halvesDoNotStay() {
    var first = canvas("a漢b")
    first[1, 0] = Cell("x")
    #expect(first.plainText == "ax b\n")
    var second = canvas("a漢b")
    second[2, 0] = Cell("x")
    #expect(second.plainText == "a xb\n")
    var other = canvas("漢字")
    other.text(1, 0, "漢")
    #expect(other.plainText == " 漢\n")
  }

  @Test func nothingActsOnTheTerminal() {
    #expect(canvas("a\u{85}\u{9B}\u{202E}\u{61C}\u{200B}\u{2028}b").plainText == "a??????b\n")
    #expect(canvas("\u{E000}\u{301}").plainText == "\u{FFFD}\n")
    #expect(canvas("漢e\u{301}").ascii.plainText == "??e\n")
  }

  /// A wide character is always written whole, at its place, over blanks; and what follows at a place of its own.
  @Test func piecesOfARun() {
    var pieces: [String] = []
    let canvas = canvas("ab漢c\u{301}de", width: 8)
    canvas.changes(from: nil) { run in
      canvas.pieces(run) { x, scalars, isPlain in
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        pieces.append("\(x)\(isPlain ? ":" : "!")\(String(view))")
      }
    }
    #expect(pieces == ["0:ab", "2:  ", "2!漢", "4!c\u{301}", "5:de "])
  }

  /// Applying the changes to what was shown gives what is to be shown, wide or not.
  @Test func changesBringTheOldScreenToTheNew() {
    var numbers = SeededNumbers(seed: 8)
    let texts = ["漢字", "e\u{301}", "plain", "\u{1F600}!", " "]
    func random() -> Canvas {
      var canvas = Canvas(width: 12, height: 3)
      for _ in 0..<6 {
        let role: Role = numbers.next() % 2 == 0 ? .text : .dim
        canvas.text(Int(numbers.next() % 12), Int(numbers.next() % 3), texts[Int(numbers.next() % 5)], role)
      }
      return canvas
    }
    for _ in 0..<200 {
      let (old, new) = (random(), random())
      // A terminal: each cell has the character that covers it.
      func covered(_ canvas: Canvas) -> [[Unicode.Scalar]] {
        canvas.cells.indices.map {
          canvas.cells[$0].scalar == Cell.second ? [] : [canvas.cells[$0].scalar] + (canvas.marks[$0] ?? [])
        }
      }
      var shown = covered(old)
      new.changes(from: old) { run in
        new.pieces(run) { x, scalars, isPlain in
          let start = run.y * 12 + x
          if isPlain {
            for (n, scalar) in scalars.enumerated() { shown[start + n] = [scalar] }
          } else {
            shown[start] = scalars
            if x < 11, new[x + 1, run.y].scalar == Cell.second { shown[start + 1] = [] }
          }
        }
      }
      #expect(shown == covered(new))
    }
  }
}
