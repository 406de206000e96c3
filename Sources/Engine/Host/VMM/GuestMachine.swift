/// Whose machine a guest is in.
package enum GuestMachine: Equatable, Sendable {
  /// The workbench's own, which is kvmtool's with a PL011 (`boot`); its IPA space is as wide as RAM asks for.
  case own
  /// QEMU's virt, in an IPA space of so many bits.
  case qemu(bits: UInt64)
  /// kvmtool's, in an IPA space of so many bits.
  case kvmtool(bits: UInt64)

  /// How a recording names it.
  package var name: String {
    switch self {
    case .own: ""
    case .qemu: "qemu"
    case .kvmtool: "kvmtool"
    }
  }

  package var bits: UInt64? {
    switch self {
    case .own: nil
    case .qemu(let bits), .kvmtool(let bits): bits
    }
  }

  /// Memory beside RAM that has a Realm's firmware, in the place where other guests have flash.
  var firmwareMemory: Range<UInt64>? { name == "qemu" ? 0..<0x800_0000 : nil }

  /// Banks of flash of a guest that is no Realm's.
  package static let flashBanks = 2
  package static let flashSize = UInt64(flashBanks) * NORFlash.size

  /// The one of that name; nil if there is none.
  package init?(_ name: String, bits: UInt64) {
    switch name {
    case "": self = .own
    case "qemu": self = .qemu(bits: bits)
    case "kvmtool": self = .kvmtool(bits: bits)
    default: return nil
    }
  }
}
