import Engine
import Foundation
import Testing

/// The decoder against the examples of RFC 8949, good and bad, and against its own bounds.
struct CBORTests {
  @Test func examplesOfTheRFC() throws {
    let lines = try fixture("rfc8949-examples.txt")
    #expect(lines.count == 81)
    for line in lines {
      let words = line.split(separator: " ", maxSplits: 2)
      let bytes = try bytes(words[0])
      var decoder = CBORDecoder(bytes)
      let item = try decoder.item()
      #expect(decoder.isAtEnd, "\(line)")
      #expect(item.range == 0..<bytes.count, "\(line)")
      // A float's shortest form is not a matter of its head.
      let isFloat = bytes[0] >= 0xF9 && bytes[0] <= 0xFB
      if !isFloat { #expect(decoder.remarks.isEmpty == (words[1] == "deterministic"), "\(line)") }
      if case .float(let number) = item.value, number.isFinite {
        #expect(Double(words[2]) == number, "\(line)")
      } else {
        #expect(item.diagnostic == words[2], "\(line)")
      }
    }
  }

  @Test func malformedExamplesOfTheRFC() throws {
    let lines = try fixture("rfc8949-malformed.txt") + ["c0ff a break as a tag's content", "61ff no UTF-8"]
    for line in lines {
      let bytes = try bytes(line.split(separator: " ")[0])
      #expect(throws: CBORError.self, "\(line)") {
        var decoder = CBORDecoder(bytes)
        _ = try decoder.item()
      }
    }
  }

  @Test func whatIsNotDeterministicIsNoted() throws {
    func remarks(_ hex: String) throws -> [CBORDecoder.Remark] {
      var decoder = CBORDecoder(try bytes(hex[...]))
      _ = try decoder.item()
      return decoder.remarks
    }
    #expect(try remarks("1817") == [.longHead(at: 0)])
    #expect(try remarks("8219001801") == [.longHead(at: 1)])
    #expect(try remarks("a201000100") == [.duplicateKey(3..<4)])
    // 1 in one byte and in two is the same key.
    #expect(try remarks("a20100180100") == [.longHead(at: 3), .duplicateKey(3..<5)])
    #expect(try remarks("a2820102008201020a") == [.duplicateKey(5..<8)])
    #expect(try remarks("a220000100") == [])
    #expect(try remarks("5f4101ff") == [.indefiniteLength(at: 0)])
  }

  @Test func boundsHold() throws {
    let deep = [UInt8](repeating: 0x81, count: 100_000)
    #expect(throws: CBORError(reason: .tooDeep, offset: CBORDecoder.depthLimit + 1)) {
      var decoder = CBORDecoder(deep)
      _ = try decoder.item()
    }
    // Counts beyond the input are refused before anything is made for them.
    for head in ["9bffffffffffffffff", "bb7fffffffffffffff", "5bffffffffffffffff", "9b00000000ffffffff"] {
      let bytes = try bytes(head[...])
      #expect(throws: CBORError(reason: .endOfInput, offset: 0)) {
        var decoder = CBORDecoder(bytes)
        _ = try decoder.item()
      }
    }
    let many: [UInt8] = [0x9A, 0, 0, 0x75, 0x30] + [UInt8](repeating: 0, count: 30_000)
    #expect(throws: CBORError(reason: .tooMany, offset: 5 + CBORDecoder.itemLimit - 1)) {
      var decoder = CBORDecoder(many)
      _ = try decoder.item()
    }
  }

  /// Every place counts from the beginning of the whole, also inside byte strings.
  @Test func nestedItemsPointAtTheirOwnBytes() throws {
    let whole = try bytes("8243a10102f6")
    var outer = CBORDecoder(whole)
    let array = try outer.item()
    var inner = CBORDecoder(try #require(array.children[0].bytes))
    let map = try inner.item()
    #expect(map.entry(1)?.range == 4..<5)
    #expect(whole[4] == 2)
  }

  private func fixture(_ name: String) throws -> [String] {
    try Project.text("Tests/EngineTests/Fixtures/\(name)").split(separator: "\n").map(String.init).filter { !$0.hasPrefix("#") }
  }

  private func bytes(_ hex: Substring) throws -> [UInt8] { try #require([UInt8](hex: hex)) }
}
