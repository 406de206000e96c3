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
    // So is a container with the same in it, whatever the lengths of heads and the order of a map.
    #expect(try remarks("a2810100811801" + "00") == [.longHead(at: 5), .duplicateKey(4..<7)])
    #expect(try remarks("a2a20102030400a20304010200") == [.duplicateKey(7..<12)])
    #expect(try remarks("a2c101001801" + "00") == [.longHead(at: 4)])
    // Texts are their bytes: K and the Kelvin sign, and é in one scalar and in two, only look alike.
    #expect(try remarks("a2614b0063e284aa00") == [])
    #expect(try remarks("a262c3a9006365cc8100") == [])
    #expect(try remarks("a262c3a90062c3a900") == [.duplicateKey(5..<8)])
    #expect(try remarks("a28162c3a900816365cc8100") == [])
    // 0.0 and -0.0, and NaNs of other bits, are other values; the width of a float is not.
    #expect(try remarks("a2f9000000f9800000") == [])
    #expect(try remarks("a2f97e0000f97e0000") == [.duplicateKey(5..<8)])
    #expect(try remarks("a2f97e0100f97e0200") == [])
    #expect(try remarks("a2fa7fa0000100fa7fa0000200") == [])
    #expect(try remarks("a2f93c0000fa3f80000000") == [.duplicateKey(5..<10)])
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
    // Limits are called limits, with their numbers.
    #expect(CBORError.Reason.tooDeep.rawValue.contains("this verifier's limit of \(CBORDecoder.depthLimit) "))
    #expect(CBORError.Reason.tooMany.rawValue.contains("this verifier's limit of \(CBORDecoder.itemLimit) "))
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
