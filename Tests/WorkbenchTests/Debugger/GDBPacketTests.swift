import Engine
import Testing

@testable import Attestation
@testable import Host
@testable import Machine
@testable import Session
@testable import Workbench

/// Frames, hexadecimal digits, and what a peer without manners may send.
struct GDBPacketTests {
  @Test func framesAreWrittenAndRead() {
    #expect(String(decoding: GDBPacket.framed(Array("OK".utf8)), as: UTF8.self) == "$OK#9a")
    #expect(String(decoding: GDBPacket.framed([]), as: UTF8.self) == "$#00")
    let special = Array("a$b#c}d*e".utf8) + [0, 3, 255]
    var parser = GDBParser()
    let events = GDBPacket.framed(special).compactMap { parser.take($0) }
    #expect(events == [.packet(special)])
  }

  @Test(
    arguments: [
      ("$g#67", [.packet([0x67])]), ("+-$g#67\u{3}", [.acknowledged, .refused, .packet([0x67]), .interrupt]),
      ("$g#68", [.malformed]), ("$g#6", []), ("$g#x7$g#67", [.malformed, .packet([0x67])]), ("$a}#de", [.malformed]),
      ("$X\u{3}#5b", [.packet([0x58, 3])]), ("$never ends$g#67", [.packet([0x67])]), ("g#67", []), ("$#00", [.packet([])]),
      ("$g#6G", [.malformed]), ("$}\u{4}#81", [.packet([0x24])]),
    ] as [(String, [GDBParser.Event])])
  func bytesComeToEvents(_ bytes: String, _ events: [GDBParser.Event]) {
    var parser = GDBParser()
    #expect(bytes.utf8.compactMap { parser.take($0) } == events)
  }

  @Test func aPacketHasALimit() {
    let body = [UInt8](repeating: UInt8(ascii: "m"), count: GDBPacket.limit)
    var parser = GDBParser()
    #expect(GDBPacket.framed(body).compactMap { parser.take($0) } == [.packet(body)])
    #expect(GDBPacket.framed(body + [1]).compactMap { parser.take($0) } == [.malformed])
    #expect(GDBPacket.framed([0x67]).compactMap { parser.take($0) } == [.packet([0x67])])
  }

  @Test func numbersHaveSixtyFourBits() {
    for (text, value, rest) in [
      ("0", 0, ""), ("ffffffffffffffff,", UInt64.max, ","), ("00000000000000000000001", 1, ""), ("10000000000000000", nil, "0"),
      ("", nil, ""), ("-1", nil, "-1"), ("Fz", 15, "z"),
    ] as [(String, UInt64?, String)] {
      var reader = GDBReader(Array(text.utf8))
      #expect(reader.number() == value, "\(text)")
      #expect(String(decoding: reader.rest, as: UTF8.self) == rest, "\(text)")
    }
  }

  // MARK: Peers without manners

  /// Random bytes, of which many are parts of frames.
  private static func noise(_ count: Int, _ random: inout SeededNumbers) -> [UInt8] {
    let often = Array("$#}+-*\u{3}0123456789abcdef".utf8)
    return (0..<count).map { _ in
      UInt8.random(in: 0...3, using: &random) == 0
        ? UInt8.random(in: 0...255, using: &random) : often.randomElement(using: &random) ?? 0
    }
  }

  @Test func noBytesDoHarm() {
    var random = SeededNumbers(seed: 3)
    var parser = GDBParser()
    for _ in 0..<2000 {
      for byte in Self.noise(Int.random(in: 0..<100, using: &random), &random) {
        if case .packet(let packet)? = parser.take(byte) { #expect(packet.count <= GDBPacket.limit) }
      }
      // Whatever came before it, a packet in its frame comes through; what is left of the one before it may be malformed.
      let body = Self.noise(Int.random(in: 0..<40, using: &random), &random)
      let events = (Array("#00".utf8) + GDBPacket.framed(body)).compactMap { parser.take($0) }
      #expect(events.last == .packet(body))
    }
  }

  @Test func noPacketDoesHarm() {
    let target = FakeDebugTarget()
    let server = GDBServer(target: target)
    var random = SeededNumbers(seed: 7)
    let starts = [
      "", "q", "v", "vCont;", "Z", "z", "m", "M", "X", "p", "P", "G", "H", "T", "c", "s", "C", "S", "b", "qRcmd,", "qSupported:",
      "qXfer:features:read:target.xml:", "qThreadExtraInfo,", "Z2,ffffffffffffffff,", "m0,", "mfffffffffffffff0,", "P1f=", "k",
      "D",
      "?", "g", "Hg", "Hc", "bc", "bs", "vCont;s:", "vCont;c:", "vCont;t;", "P20=", "M1000,4:", "X1000,4:", "Z0,10,4",
      "Z2,1008,8",
      "Z4,1000,ffffffff", "G" + String(repeating: "7f", count: 268), "QStartNoAckMode", "vKill;",
    ].map { Array($0.utf8) }
    let letters = Array("0123456789abcdef,;:=-scCSt?#$}*\u{0}\u{3}".utf8)
    target.isEndless = true
    target.on = [0, 2]
    var worst: [UInt8] = []
    for _ in 0..<20000 {
      var packet = starts.randomElement(using: &random) ?? []
      for _ in 0..<Int.random(in: 0..<24, using: &random) {
        packet.append(letters.randomElement(using: &random) ?? 0)
        if UInt8.random(in: 0..<8, using: &random) == 0 { packet.append(UInt8.random(in: 0...255, using: &random)) }
      }
      let reply = server.respond(packet)
      if !reply.packets.allSatisfy({ $0.count <= GDBPacket.limit }) { worst = packet }
      if server.isRunning {
        _ = server.goOn(limit: 3)
        _ = server.interrupt()
      }
      if server.isRunning { worst = packet }
    }
    #expect(worst.isEmpty, "\(String(decoding: worst, as: UTF8.self))")
    #expect(server.respond(Array("qC".utf8)).packets.count == 1)
  }

  @Test func numbersAtTheirEndsDoNoHarm() {
    let numbers = ["0", "1", "1000", "7fffffffffffffff", "8000000000000000", "fffffffffffffffe", "ffffffffffffffff"]
    let server = GDBServer(target: FakeDebugTarget())
    for first in numbers {
      for kind in ["p", "T", "Hg", "Hc", "P20=", "vCont;s:", "s", "S5;", "qThreadExtraInfo,"] {
        _ = server.respond(Array((kind + first).utf8))
      }
      for second in numbers {
        for kind in ["m", "M", "X", "Z0,", "Z1,", "Z2,", "Z3,", "Z4,", "z2,", "qXfer:features:read:target.xml:"] {
          for end in ["", ":", ":00"] {
            let reply = server.respond(Array((kind + first + "," + second + end).utf8))
            #expect(reply.packets.count == 1 && reply.packets[0].count <= GDBPacket.limit)
          }
        }
        for way in ["bc", "bs", "s"] { _ = server.respond(Array(way.utf8)) }
      }
    }
  }
}
