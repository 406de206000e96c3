import Engine

/// What the server says of itself and of the vCPUs' registers.
extension GDBServer {
  static let features =
    "PacketSize=\(String(GDBPacket.limit, radix: 16));QStartNoAckMode+;qXfer:features:read+;ReverseStep+;ReverseContinue+;"
    + "swbreak+;hwbreak+;vContSupported+"

  /// Where each register is in `g`: X0 to X30, SP, the pc, and 32 bits of PSTATE.
  static let places: [Range<Int>] = (0..<33).map { 8 * $0..<8 * $0 + 8 } + [264..<268]

  static func place(_ number: UInt64) -> Range<Int>? { number < UInt64(places.count) ? places[Int(number)] : nil }

  func registerBytes(_ registers: GuestRegisters) -> [UInt8] {
    (registers.x + [registers.sp, registers.pc]).flatMap { GDBHex.littleEndian($0, 8) }
      + GDBHex.littleEndian(registers.pstate, 4)
  }

  /// Text for the debugger's user, as many packets as it takes.
  static func output(_ text: [UInt8]) -> [[UInt8]] {
    let most = GDBPacket.limit / 2 - 1
    return stride(from: 0, to: text.count, by: most).map {
      [UInt8(ascii: "O")] + GDBHex.text(text[$0..<min($0 + most, text.count)])
    }
  }

  /// A part of target.xml: `target.xml:OFFSET,LENGTH`.
  func description(_ reader: inout GDBReader) -> GDBReply? {
    let name = reader.word(before: ":")
    guard reader.skip(":"), let (offset, length) = reader.pair(), reader.isAtEnd else { return nil }
    guard name == "target.xml" else { return .text("E00") }
    // Half a packet, for whatever has to be escaped.
    let part = Self.targetDescription.dropFirst(Int(clamping: offset)).prefix(Int(min(length, UInt64(GDBPacket.limit / 2))))
    let isLast = part.endIndex == Self.targetDescription.endIndex
    return GDBReply(packets: [[UInt8(ascii: isLast ? "l" : "m")] + part])
  }

  private static let targetDescription: [UInt8] = {
    let flags = [
      ("SP", 0, 0), ("EL", 2, 3), ("nRW", 4, 4), ("F", 6, 6), ("I", 7, 7), ("A", 8, 8), ("D", 9, 9), ("BTYPE", 10, 11),
      ("SSBS", 12, 12), ("IL", 20, 20), ("SS", 21, 21), ("PAN", 22, 22), ("UAO", 23, 23), ("DIT", 24, 24), ("TCO", 25, 25),
      ("V", 28, 28), ("C", 29, 29), ("Z", 30, 30), ("N", 31, 31),
    ].map { #"<field name="\#($0.0)" start="\#($0.1)" end="\#($0.2)"/>"# }
    let registers = (0..<31).map { #"<reg name="x\#($0)" bitsize="64"/>"# }
    let lines =
      [
        #"<?xml version="1.0"?>"#, #"<!DOCTYPE target SYSTEM "gdb-target.dtd">"#, #"<target version="1.0">"#,
        "<architecture>aarch64</architecture>", #"<feature name="org.gnu.gdb.aarch64.core">"#,
        #"<flags id="pstate" size="4">"#,
      ] + flags + ["</flags>"] + registers + [
        #"<reg name="sp" bitsize="64" type="data_ptr"/>"#, #"<reg name="pc" bitsize="64" type="code_ptr"/>"#,
        #"<reg name="cpsr" bitsize="32" type="pstate"/>"#, "</feature>", "</target>",
      ]
    return Array((lines.joined(separator: "\n") + "\n").utf8)
  }()
}
