/// Where a guest finds what: an IPA space of so many bits, whose upper half is shared, and in that the devices, at the places kvmtool
/// gives them, with the shared bit.
public struct GuestLayout: Sendable, Equatable {
  /// Width of the IPA space in bits.
  package let width: UInt64

  /// Room for RAM that ends at 4 GiB; the layout of every guest whose RAM does.
  public static let standard = GuestLayout(width: 33)
  /// The widest: 16 tables of level 2 side by side (DEN0137 A5.5.1), which is as many as there can be.
  package static let widest = GuestLayout(width: 34)

  private init(width: UInt64) { self.width = width }

  /// The layout for so many bytes of RAM.
  init(memory: UInt64) { self = Self.standard.mostMemory >= memory ? .standard : .widest }

  /// The lowest IPA that is shared.
  var half: UInt64 { 1 << (width - 1) }
  /// Bytes of RAM there is room for.
  var mostMemory: UInt64 { half - RealmVM.ramBase }
  /// Tables of level 2 a walk begins with, a GiB each.
  var tables: UInt64 { 1 << (width - 30) }

  public var uart: UInt64 { half | PL011.base & (Self.standard.half - 1) }
  var distributor: UInt64 { half | VirtualGIC.distributor & (Self.standard.half - 1) }
  var redistributors: UInt64 { half | VirtualGIC.redistributors & (Self.standard.half - 1) }

  /// Where the standard layout has what is at an IPA of the shared half; nil for the other half.
  func device(_ ipa: UInt64) -> UInt64? { ipa < half ? nil : (ipa - half) | Self.standard.half }
}
