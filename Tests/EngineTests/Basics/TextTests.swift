import Engine
import Testing

struct TextTests {
  /// What somebody may have meant: one mistake in a short word, a third of a long one's letters.
  @Test(arguments: [
    ("rnu", "run"), ("ru", "run"), ("runn", "run"), ("rin", "run"), ("relpya", "replay"), ("REPLAY", "replay"), ("urn", "run"),
    ("unr", nil), ("fuzzy bear", nil), ("", nil),
  ])
  func theNearestWordIsFound(_ word: String, _ meant: String?) {
    #expect(closest(to: word.lowercased(), among: ["Replay", "run", "show"])?.lowercased() == meant)
  }

  /// To a tenth, and no more than there is.
  @Test(
    arguments: [
      (0, "0 KiB"), (992 << 10, "992 KiB"), (64 << 20, "64 MiB"), (1536 << 20, "1.5 GiB"), (12 << 30, "12 GiB"),
      (1 << 40, "1 TiB"), (1025 << 10, "1 MiB"),
    ] as [(UInt64, String)])
  func aSizeHasAUnit(_ bytes: UInt64, _ text: String) {
    #expect(binarySize(bytes) == text)
  }

  /// What a script has is exact, and read back.
  @Test(
    arguments: [
      (4096, "4K"), (64 << 20, "64M"), (1536 << 20, "1536M"), (4 << 30, "4G"), (4097, "4097"), (0, "0"),
    ] as [(UInt64, String)])
  func aSizeInAScriptIsExact(_ bytes: UInt64, _ text: String) throws {
    #expect(sizeText(bytes) == text)
    #expect(try StatementParser(line: 1, names: ScriptNames()).value(text) == bytes)
  }

  @Test(arguments: [
    ("a long text", "long", true), ("a long text", "longer", false), ("", "", true), ("", "a", false), ("aaab", "aab", true),
    ("aa", "aaa", false), ("end", "end", true), ("über", "ber", true), ("", "long", false),
  ])
  func aTextIsFoundByItsBytes(_ text: String, _ part: String, _ isThere: Bool) {
    #expect(text.hasBytes(of: part) == isThere)
  }
}
