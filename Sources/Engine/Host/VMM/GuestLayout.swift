/// Where a guest finds what: regions of an IPA space of so many bits. Its upper half is shared, and there the devices are, at the
/// places of a map and with the shared bit.
public struct GuestLayout: Sendable, Equatable {
  /// What a VMM has where, below the shared bit.
  struct Map: Sendable, Equatable {
    let ramBase: UInt64
    let uart: Range<UInt64>
    let distributor: UInt64
    /// Room for those of 8 vCPUs.
    let redistributors: UInt64

    static let kvmtool = Map(
      ramBase: 0x8000_0000, uart: 0x0100_0000..<0x0100_1000, distributor: 0x3FFF_0000, redistributors: 0x3FEF_0000)
  }

  /// Width of the IPA space in bits.
  package let width: UInt64
  public let ramBase: UInt64
  public let uart: Range<UInt64>
  package let gic: VGICFrames

  /// Room for RAM that ends at 4 GiB; the layout of every guest whose RAM does.
  public static let standard = GuestLayout(.kvmtool, width: 33)
  /// The widest: 16 tables of level 2 side by side (DEN0137 A5.5.1), which is as many as there can be.
  package static let widest = GuestLayout(.kvmtool, width: 34)

  private init(_ map: Map, width: UInt64) {
    let half: UInt64 = 1 << (width - 1)
    self.width = width
    ramBase = map.ramBase
    uart = half | map.uart.lowerBound..<half | map.uart.upperBound
    gic = VGICFrames(distributor: half | map.distributor, redistributors: half | map.redistributors)
  }

  /// The layout for so many bytes of RAM.
  init(memory: UInt64) { self = Self.standard.mostMemory >= memory ? .standard : .widest }

  /// The lowest IPA that is shared.
  var half: UInt64 { 1 << (width - 1) }
  /// Bytes of RAM there is room for.
  var mostMemory: UInt64 { half - ramBase }
}
