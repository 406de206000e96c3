import Engine
import Testing

@testable import Views

/// A guest's bytes as a terminal shows them.
struct ConsoleGridTests {
  static func grid(_ text: String, columns: Int = 10, rows: Int = 4, scrollback: Int = 6) -> ConsoleGrid {
    var grid = ConsoleGrid(columns: columns, rows: rows, scrollback: scrollback)
    grid.feed(text.utf8)
    return grid
  }

  static func shown(_ grid: ConsoleGrid, width: Int = 10, height: Int = 10) -> [String] {
    grid.texts(width: width, height: height)
  }

  @Test(arguments: [
    ("", []), ("\n\n", []), ("a\nb\r\nc", ["a", "b", "c"]), ("abc\rX", ["Xbc"]), ("abc\u{8}\u{8}X", ["aXc"]),
    ("a\tb", ["a       b"]), ("a\t\tb", ["a        b"]), ("12345678901", ["1234567890", "1"]),
    ("1234567890\nx", ["1234567890", "x"]),
    // Lines are scrolled out, and the oldest are lost.
    ((1...12).map { "\($0)\n" }.joined(), (4...12).map { "\($0)" }),
    ("\u{1B}[2;3Hx\u{1B}[Ay", ["   y", "  x"]), ("\u{1B}[99;99Hx", ["", "", "", "         x"]), ("ab\u{1B}[5Dx", ["xb"]),
    ("\u{1B}[3Cx\u{1B}[2Bv\u{1B}[Fu\u{1B}[Ew", ["   x", "u", "w   v"]), ("abc\u{1B}[2Gx\u{1B}[3dy", ["axc", "", "  y"]),
    ("abcdef\u{1B}[3D\u{1B}[K", ["abc"]), ("abcdef\u{1B}[3D\u{1B}[1K", ["    ef"]), ("ab\u{1B}[2Kc", ["  c"]),
    ("a\nb\nc\u{1B}[2;1H\u{1B}[J", ["a"]), ("a\nb\nc\u{1B}[2;1H\u{1B}[1J", ["", "", "c"]), ("a\nb\u{1B}[2J\u{1B}[Hc", ["c"]),
    ("1\n2\n3\n4\n5\n6\u{1B}[3J", ["3", "4", "5", "6"]), ("abcd\u{1B}[1;2H\u{1B}[2@", ["a  bcd"]),
    ("abcd\u{1B}[1;2H\u{1B}[2P", ["ad"]), ("abcd\u{1B}[1;2H\u{1B}[2X", ["a  d"]),
    ("a\nb\nc\u{1B}[2H\u{1B}[L", ["a", "", "b", "c"]),
    ("a\nb\nc\u{1B}[H\u{1B}[M", ["b", "c"]), ("a\u{1B}7\u{1B}[3;3Hb\u{1B}8c", ["ac", "", "  b"]),
    ("a\u{1B}[s\u{1B}[3;3Hb\u{1B}[uc", ["ac", "", "  b"]), ("a\nb\u{1B}cc", ["c"]), ("a\nb\u{1B}M\u{1B}Mc", [" c", "a", "b"]),
    ("a\u{1B}Db\u{1B}Ec", ["a", " b", "c"]), ("\u{1B}[20la\nb\u{1B}[20h\nc", ["a", " b", "c"]),
    // Strings are passed over, whatever ends them; a sequence in which another begins is none.
    ("a\u{1B}]0;title\u{7}b\u{1B}Pq#1\u{1B}\\c\u{1B}_x\u{18}d\u{1B}^x\u{1B}[1me", ["abcde"]), ("a\u{1B}(Bb\u{1B}%Gc", ["abc"]),
    ("a\u{1B}[12\u{1B}[Cb\u{1B}[1\u{18}c\u{1B}[?25ld\u{1B}[ qe\u{1B}[4:3mf", ["a bcdef"]), ("a\u{1B}[1\rCb", ["ab"]),
    // Line graphics, in G0 and in G1.
    ("\u{1B}(0lqk\u{1B}(B\n\u{1B})0\u{0E}x\u{0F}x", ["┌─┐", "│x"]), ("\u{1B}(0\u{1B}7\u{1B}(Bq\u{1B}8q", ["─"]),
    // Rows between margins scroll; the others stay. What leaves the top can be scrolled back to.
    ("1\n2\n3\n4\u{1B}[2;3r\u{1B}[3H\nx", ["1", "3", "x", "4"]),
    ("1\n2\n3\n4\u{1B}[1;3r\u{1B}[3H\nx", ["1", "2", "3", "x", "4"]),
    ("1\n2\n3\n4\u{1B}[2;3r\u{1B}[2H\u{1B}Mx", ["1", "x", "2", "4"]),
    ("1\n2\n3\n4\u{1B}[2;3r\u{1B}[2H\u{1B}[Lx", ["1", "x", "2", "4"]),
    ("1\n2\n3\n4\u{1B}[2;3r\u{1B}[2H\u{1B}[M\u{1B}[9Bx", ["1", "3", "x", "4"]),
    ("1\n2\n3\n4\u{1B}[2;4r\u{1B}[4;9r\u{1B}[S", ["1", "3", "4"]),
    ("1\n2\n3\n4\u{1B}[2;3r\u{1B}[2T", ["1", "", "", "4"]),
    // Modes: a second screen, no going on in the next line, what is written moves on what stands there; a character again.
    ("a\nb\u{1B}[?1049h\u{1B}[2J\u{1B}[Hvi\u{1B}[?1049lc", ["a", "bc"]), ("a\u{1B}[?1049h\u{1B}[Hvi", ["vi"]),
    ("\u{1B}[?7l123456789012", ["1234567892"]), ("ac\u{1B}[D\u{1B}[4hb\u{1B}[4lx", ["abx"]), ("-\u{1B}[3b", ["----"]),
    // Larger than any number.
    ("a\u{1B}[99999999999999999999999999Cb\u{1B}[99999999999999999999L\u{1B}[18446744073709551616;0Hc", ["", "", "", "c"]),
    ("ä→日本x", ["ä→日本x"]), ("12345678日x", ["12345678日", "x"]), ("123456789日", ["123456789 ", "日"]),
    ("e\u{301}\u{200B}\u{202E}\u{AD}x", ["e\u{301}x"]),
    ("\u{E000}\u{1100}\u{1161}\u{11A8}", ["\u{FFFD}\u{1100}\u{1161}\u{11A8}"]), ("🙂!", ["🙂!"]),
  ])
  func textIsShown(_ text: String, _ rows: [String]) {
    #expect(Self.shown(Self.grid(text)) == rows)
    // One byte after the other, too.
    var grid = ConsoleGrid(columns: 10, rows: 4, scrollback: 6)
    for byte in text.utf8 { grid.feed(CollectionOfOne(byte)) }
    #expect(Self.shown(grid) == rows)
  }

  /// A long line is broken between words, but where it is as wide as the terminal was.
  @Test func aLongLineIsBrokenBetweenWords() {
    let grid = Self.grid("nobody can vouch for me, unbreakablelongword", columns: 44)
    #expect(Self.shown(grid, width: 20) == ["nobody can vouch for", "me, unbreakablelongw", "ord"])
    #expect(Self.shown(grid, width: 16) == ["nobody can vouch", "for me, unbreaka", "blelongword"])
    #expect(Self.shown(grid, width: 44) == ["nobody can vouch for me, unbreakablelongword"])
    let narrow = Self.grid("nobody can vouch", columns: 12)
    #expect(Self.shown(narrow, width: 12) == ["nobody can v", "ouch"])
    #expect(Self.shown(narrow, width: 14) == ["nobody can", "vouch"])
  }

  @Test(arguments: [
    ([0xC3, 0x28], "\u{FFFD}("), ([0xC0, 0x80], "\u{FFFD}\u{FFFD}"), ([0xE2, 0x82], ""), ([0xE2, 0x82, 0x41], "\u{FFFD}A"),
    ([0xED, 0xA0, 0x80], "\u{FFFD}\u{FFFD}\u{FFFD}"), ([0xF5, 0x41], "\u{FFFD}A"), ([0xF0, 0x9F, 0x0D, 0x42], "B"),
    ([0xF4, 0x90, 0x80, 0x80], "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}"), ([0x80, 0x9B, 0x41], "\u{FFFD}\u{FFFD}A"),
    ([0x1B, 0x5B, 0xC3, 0xA4], "ä"), ([0x00, 0x7F, 0x05, 0x41], "A"), ([0xC2, 0x9B, 0x41], "A"),
  ])
  func bytesThatAreNoText(_ bytes: [UInt8], _ row: String) {
    var grid = ConsoleGrid(columns: 10, rows: 4)
    grid.feed(bytes)
    #expect(Self.shown(grid).first ?? "" == row)
  }

  /// Attributes and colours as roles, one letter a cell, and `#` for reverse.
  @Test(arguments: [
    ("a\u{1B}[1mb\u{1B}[4mc\u{1B}[22md\u{1B}[me", " TTu "), ("\u{1B}[2ma\u{1B}[7mb\u{1B}[27mc\u{1B}[0md", ".#. "),
    ("\u{1B}[30ma\u{1B}[31mb\u{1B}[32mc\u{1B}[33md\u{1B}[34me\u{1B}[35mf\u{1B}[36mg\u{1B}[37mh", ".o+anst "),
    ("\u{1B}[90ma\u{1B}[91mb\u{1B}[92mc\u{1B}[93md\u{1B}[96me\u{1B}[97mf", ".!DkfT"),
    ("\u{1B}[1;31ma\u{1B}[32mb\u{1B}[34mc", "!DT"),
    ("\u{1B}[41ma\u{1B}[7mb\u{1B}[49mc\u{1B}[27;40md", "#o# "),
    ("\u{1B}[38;5;1ma\u{1B}[38;5;196mb\u{1B}[38;5;46mc\u{1B}[38;5;244md", "o!D."),
    ("\u{1B}[38;2;0;128;0ma\u{1B}[38;2;255;255;255mb\u{1B}[38;2;1mc", "+TT"), ("\u{1B}[38ma\u{1B}[38;5mb\u{1B}[38;9;1mc", "  T"),
    ("\u{1B}[;;;;;;;;;;;;;;;;;;;;;1;31ma", " "), ("\u{1B}[4;31ma", "u"),
  ])
  func looksAreRoles(_ text: String, _ letters: String) {
    let cells = Self.grid(text, columns: 20).rows(width: 20, height: 1).first ?? []
    let shown = cells.map { $0.reverse ? "#" : String($0.role.letter) }.joined()
    #expect(shown.trimmingEnd == letters.trimmingEnd)
  }

  @Test func hiddenTextIsNotShown() {
    #expect(Self.shown(Self.grid("a\u{1B}[8mb\u{1B}[28mc")) == ["a c"])
  }

  /// A monochrome theme shows attributes by attributes.
  @Test func monochromeShowsAttributes() {
    func style(_ sgr: String) -> Style {
      let cell = Self.grid("\u{1B}[\(sgr)mx").rows(width: 1, height: 1)[0][0]
      var style = Theme.mono.style(cell.role)
      if cell.reverse { style.reverse.toggle() }
      return style
    }
    #expect(style("0") == Style())
    #expect(style("1") == Style(bold: true))
    #expect(style("2") == Style(dim: true))
    #expect(style("4") == Style(underline: true))
    #expect(style("7") == Style(reverse: true))
    for colour in 30...37 { #expect(style("1;\(colour)").bold) }
    for colour in 30...37 {
      #expect(style("2;\(colour)") == Style(dim: true))
      #expect(style("4;\(colour)") == Style(underline: true))
      #expect(style("\(colour);7").reverse)
      #expect(style("\(colour)").foreground == nil)
    }
  }

  // MARK: Sizes

  /// What the grid's width broke is broken anew for each width; what the guest ended stays ended.
  @Test func otherWidths() {
    let grid = Self.grid("abcdefghijklm\nxy\n")
    #expect(Self.shown(grid, width: 13) == ["abcdefghijklm", "xy"])
    #expect(Self.shown(grid, width: 5) == ["abcde", "fghij", "klm", "xy"])
    #expect(Self.shown(grid, width: 5, height: 2) == ["klm", "xy"])
    #expect(Self.shown(grid, width: 1, height: 3) == ["m", "x", "y"])
    #expect(Self.shown(grid, width: 0).isEmpty)
    #expect(Self.shown(grid, width: 5, height: 0).isEmpty)
    #expect(Self.shown(grid, width: -1, height: -1).isEmpty)
    #expect(Self.shown(Self.grid("1234567890\u{1B}[1;11H\nx"), width: 20) == ["1234567890", "x"])
    // Erased to its end, a line goes on no more.
    #expect(Self.shown(Self.grid("abcdefghijklm\u{1B}[A\u{1B}[2Kz"), width: 20) == ["   z", "klm"])
  }

  @Test func gridsOfAnySize() {
    for (columns, rows, scrollback) in [(0, 0, 0), (2, 1, 0), (1, -5, -5), (3, 2, 1), (Int.max, Int.max, 0)] {
      let grid = Self.grid("abc\n日\u{1B}[9Lx\u{1B}[9M\u{1B}M\u{1B}[3Jy\nz", columns: columns, rows: rows, scrollback: scrollback)
      #expect(grid.rows(width: 7, height: 3).count <= 3)
    }
  }

  /// Whatever bytes come, nothing traps, memory stays bounded, and every cell can be shown.
  @Test func randomBytes() {
    var numbers = SeededNumbers(seed: 0xC0_15)
    let pieces: [[UInt8]] = [
      [0x1B, 0x5B], [0x1B, 0x5D], [0x1B], [0x0A], [0x0D], Array("9999999999".utf8), Array(";".utf8), [0x1B, 0x50],
      [0xE6, 0x97, 0xA5], [0x1B, 0x63], Array("text".utf8), [0x07], [0x1B, 0x5C], [0xF0, 0x9F, 0x99, 0x82],
    ]
    for round in 0..<40 {
      let (columns, rows, scrollback) = (2 + Int(numbers.next() % 90), 1 + Int(numbers.next() % 30), Int(numbers.next() % 50))
      var grid = ConsoleGrid(columns: columns, rows: rows, scrollback: scrollback)
      for _ in 0..<400 {
        if numbers.next() % 2 == 0 {
          grid.feed(pieces[Int(numbers.next() % UInt64(pieces.count))])
        } else {
          let mask: UInt64 = round % 2 == 0 ? 0xFF : 0x7F
          grid.feed((0..<numbers.next() % 24).map { _ in UInt8(truncatingIfNeeded: numbers.next() & mask) })
        }
        #expect((0..<rows).contains(grid.cursor.row) && (0..<columns).contains(grid.cursor.column))
      }
      #expect(grid.storedGlyphs <= (rows + scrollback) * columns)
      let (width, height) = (1 + Int(numbers.next() % 100), 1 + Int(numbers.next() % 60))
      let shown = grid.rows(width: width, height: height)
      #expect(shown.count <= height && shown.allSatisfy { $0.count <= width })
      for cell in shown.joined()
      where cell.scalar != Cell.second && (cell.scalar.value < 0x20 || (0x7F...0x9F).contains(cell.scalar.value)) {
        Issue.record("\(cell.scalar.value) is shown")
      }
    }
  }

  // MARK: With a session

  /// What is new is parsed once; going back, and doing something else there, is noticed.
  @Test func itFollowsASession() throws {
    let session = try ScreenTests.guestSession(entries: 400)
    var view = ConsoleView()
    let end = session.position
    #expect(view.follow(session) == session.consoleCount)
    #expect(view.follow(session) == 0)
    let all = Self.shown(view.grid, width: 200, height: 200)
    #expect(all.contains("Hello from a Realm."))
    // Back, and on again.
    session.seek(end / 2)
    let half = session.consoleCount
    #expect(half > 0 && half == session.console.count)
    #expect(view.follow(session) <= half)
    var fresh = ConsoleView()
    fresh.follow(session)
    #expect(Self.shown(view.grid, width: 200, height: 200) == Self.shown(fresh.grid, width: 200, height: 200))
    session.seek(end)
    #expect(view.follow(session) == session.consoleCount - half)
    #expect(Self.shown(view.grid, width: 200, height: 200) == all)
    // Something else is done instead: what was parsed is of no use.
    session.seek(end / 2)
    let edition = session.consoleEdition
    session.perform(.action(.access(MemoryAccess(world: .normal, address: session.configuration.dramBase, kind: .read64))))
    #expect(session.consoleEdition == edition + 1)
    #expect(view.follow(session) == session.consoleCount)
    #expect(Self.shown(view.grid, width: 200, height: 200) == Self.shown(fresh.grid, width: 200, height: 200))
    // Another session.
    let other = Session(MachineConfiguration())
    #expect(view.follow(other) == 0)
    #expect(view.grid.isEmpty)
  }

  /// What a program has put in its place stays there where there is less room than it had: it is cut, and one moves along it.
  @Test(arguments: [
    // Text that flows is broken, and so is what comes when such a program is over.
    ("one two three four", 10, 0, ["one two", "three four"], 0),
    ("\u{1B}[2;1Hone two three four", 10, 0, ["", "one two t…"], 8),
    ("\u{1B}[2;1Hone two three four", 10, 8, ["", "…hree four"], 8),
    ("\u{1B}[2;1Hone two three four", 10, 4, ["", "…wo three…"], 8),
    ("\u{1B}[2;1Hshort", 10, 3, ["", "…t"], 0), ("\u{1B}[2;1Hab", 10, 4, ["", "…"], 0),
    // A screen of its own, and text after it.
    ("\u{1B}[?1049hone two three four", 10, 0, ["one two t…"], 8),
    ("\u{1B}[?1049hone two three\u{1B}[?1049lone two three four", 10, 0, ["one two", "three four"], 0),
    ("\u{1B}[2;1Hx\n\n\n\none two three four", 10, 0, ["", "x", "", "", "", "one two", "three four"], 0),
    // Who only empties the screen writes text that flows.
    ("\u{1B}[H\u{1B}[2Jone two three four", 10, 0, ["one two", "three four"], 0),
    // No half of a wide character.
    ("\u{1B}[2;1H12345678日本x", 10, 0, ["", "12345678 …"], 3), ("\u{1B}[2;1H1日本x", 3, 2, ["", "… …"], 3),
  ])
  func whatAProgramHasPlacedIsCut(_ text: String, _ width: Int, _ column: Int, _ rows: [String], _ beyond: Int) {
    let grid = Self.grid(text, columns: 20, rows: 4)
    let shown = grid.rows(width: width, height: 10, from: column).map { row in
      String(String.UnicodeScalarView(row.map(\.scalar).filter { $0 != Cell.second }))
    }
    #expect(shown == rows)
    #expect(grid.columnsBeyond(width: width, height: 10) == beyond)
    // What is looked for is found where it is not seen.
    #expect(grid.texts(width: width, height: 10).joined(separator: " ").contains(rows[0].prefix(3)))
  }

}
