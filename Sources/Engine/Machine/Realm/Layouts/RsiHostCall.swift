/// A message of a Realm to its Host, in the Realm's memory; the Host's answer comes into its registers.
package struct RsiHostCall: Structure {
  package static let table = RsiHostCall()
  package static let about = StructureFacts(
    "RsiHostCall", 256, "DEN0137 B5.4", "A message of a Realm to its Host, and the Host's answer.", unused: .sbz)

  package let imm = MemoryField(0x00, 2, "imm", .number, "which host call it is", inTFRMM: 4)
  package let gprs = MemoryField(0x08, 8, "gprs", .bits, "registers of the message, then of the answer", count: 31)

  /// Where it lies in its page: it is aligned to its size, as rsi_host_call's addr_align has made sure.
  static func offset(of address: UInt64) -> Int { Int(address & 4095 & ~UInt64(about.size - 1)) }
}
