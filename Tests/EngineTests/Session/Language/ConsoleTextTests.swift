import Engine
import Testing

/// Text for a guest's console, as scripts have it.
struct ConsoleTextTests {
  @Test func everyByteIsWrittenAndReadAgain() throws {
    let all = (0...255).map { UInt8($0) }
    let text = ConsoleText.quoted(all) + " within 3"
    let (bytes, rest) = try ConsoleText.bytes(quoted: text[...])
    #expect(bytes == all && rest == " within 3")
    // A # would begin a comment.
    #expect(ConsoleText.quoted(Array("a \"b\"\\#\u{1B}[A\n\u{3}".utf8)) == #""a \"b\"\\\x23\e[A\n\x03""#)
  }

  @Test(arguments: [(#""abc"#, 4), (#""a\qb""#, 2), (#""\x4""#, 1), (#""a\"#, 3)])
  func whatIsNoTextIsToldWithItsPlace(_ wrong: (text: String, offset: Int)) {
    let error = #expect(throws: ConsoleText.Malformed.self) { try ConsoleText.bytes(quoted: wrong.text[...]) }
    #expect(error?.offset == wrong.offset)
  }

  @Test func wordsAreFoundWhereTheyOverlap() {
    var words = ConsoleWords("aab".utf8)
    for byte in "aaaaa".utf8 { words.take(byte) }
    #expect(!words.isFound)
    words.take(0x62)
    #expect(words.isFound)
  }

  @Test(
    arguments: [
      "type", "type abc", "type \"", "type \"a\" b", "type \"\"", "until", "until text:", "until \"a\"",
      "until text:\"a\" within",
      "until text:a in 5", "boot --disk", "boot --mem lots", "boot --disk a --disk b --disk c --disk d --disk e",
      "boot --fast tour",
    ])
  func whatCannotBeIsAnError(_ line: String) {
    #expect(throws: ScriptError.self) { try Script(keepsHistory: false).run("debug tour\n" + line) }
  }
}
