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

  /// One register by its number: those of `g`; then, which are asked for one by one, V0 to V31, FPSR, FPCR, and the system registers.
  func registerBytes(_ number: UInt64) -> [UInt8]? {
    if let range = Self.place(number) { return Array(registerBytes(target.registers(thread))[range]) }
    let index = Int(clamping: number) - Self.places.count
    guard index >= Self.vectorCount else {
      let words = target.vectors(thread)
      return GDBHex.littleEndian(words[2 * index], 8) + GDBHex.littleEndian(words[2 * index + 1], 8)
    }
    switch index - Self.vectorCount {
    case 0: return GDBHex.littleEndian(target.vectors(thread)[65], 4)
    case 1: return GDBHex.littleEndian(target.vectors(thread)[64], 4)
    case let system:
      guard system - 2 < target.systemRegisterNames.count else { return nil }
      let values = target.systemRegisters(thread)
      return system - 2 < values.count ? GDBHex.littleEndian(values[system - 2], 8) : nil
    }
  }

  /// V0 to V31.
  private static let vectorCount = 32

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
    let whole = targetDescription
    let part = whole.dropFirst(Int(clamping: offset)).prefix(Int(min(length, UInt64(GDBPacket.limit / 2))))
    let isLast = part.endIndex == whole.endIndex
    return GDBReply(packets: [[UInt8(ascii: isLast ? "l" : "m")] + part])
  }

  private var targetDescription: [UInt8] {
    Array((Self.general + Self.vectors + system + ["</target>", ""]).joined(separator: "\n").utf8)
  }

  private static let general: [String] = {
    let flags = [
      ("SP", 0, 0), ("EL", 2, 3), ("nRW", 4, 4), ("F", 6, 6), ("I", 7, 7), ("A", 8, 8), ("D", 9, 9), ("BTYPE", 10, 11),
      ("SSBS", 12, 12), ("IL", 20, 20), ("SS", 21, 21), ("PAN", 22, 22), ("UAO", 23, 23), ("DIT", 24, 24), ("TCO", 25, 25),
      ("V", 28, 28), ("C", 29, 29), ("Z", 30, 30), ("N", 31, 31),
    ].map { #"<field name="\#($0.0)" start="\#($0.1)" end="\#($0.2)"/>"# }
    let registers = (0..<31).map { #"<reg name="x\#($0)" bitsize="64"/>"# }
    return [
      #"<?xml version="1.0"?>"#, #"<!DOCTYPE target SYSTEM "gdb-target.dtd">"#, #"<target version="1.0">"#,
      // The system whose core files GDB writes and reads with registers; of a guest without one nothing else follows from it.
      "<architecture>aarch64</architecture>", "<osabi>GNU/Linux</osabi>", #"<feature name="org.gnu.gdb.aarch64.core">"#,
      #"<flags id="pstate" size="4">"#,
    ] + flags + ["</flags>"] + registers + [
      #"<reg name="sp" bitsize="64" type="data_ptr"/>"#, #"<reg name="pc" bitsize="64" type="code_ptr"/>"#,
      #"<reg name="cpsr" bitsize="32" type="pstate"/>"#, "</feature>",
    ]
  }()

  /// The types are those a debugger gives the registers where nobody describes them.
  private static let vectors: [String] = {
    let types: [(id: String, type: String, count: Int)] = [
      ("v2d", "ieee_double", 2), ("v2u", "uint64", 2), ("v2i", "int64", 2), ("v4f", "ieee_single", 4), ("v4u", "uint32", 4),
      ("v4i", "int32", 4), ("v8u", "uint16", 8), ("v8i", "int16", 8), ("v16u", "uint8", 16), ("v16i", "int8", 16),
      ("v1u", "uint128", 1), ("v1i", "int128", 1),
    ]
    let unions = [
      ("vnd", [("f", "v2d"), ("u", "v2u"), ("s", "v2i")]), ("vns", [("f", "v4f"), ("u", "v4u"), ("s", "v4i")]),
      ("vnh", [("u", "v8u"), ("s", "v8i")]), ("vnb", [("u", "v16u"), ("s", "v16i")]), ("vnq", [("u", "v1u"), ("s", "v1i")]),
      ("aarch64v", [("d", "vnd"), ("s", "vns"), ("h", "vnh"), ("b", "vnb"), ("q", "vnq")]),
    ]
    return [#"<feature name="org.gnu.gdb.aarch64.fpu">"#]
      + types.map { #"<vector id="\#($0.id)" type="\#($0.type)" count="\#($0.count)"/>"# }
      + unions.map { union in
        #"<union id="\#(union.0)">"#
          + union.1.map { #"<field name="\#($0.0)" type="\#($0.1)"/>"# }.joined() + "</union>"
      }
      + (0..<vectorCount).map { #"<reg name="v\#($0)" bitsize="128" type="aarch64v"/>"# }
      + [#"<reg name="fpsr" bitsize="32"/>"#, #"<reg name="fpcr" bitsize="32"/>"#, "</feature>"]
  }()

  /// `info registers system` shows them.
  private var system: [String] {
    [#"<feature name="workbench.system">"#]
      + target.systemRegisterNames.map { #"<reg name="\#($0)" bitsize="64" type="uint64" group="system"/>"# } + ["</feature>"]
  }
}
