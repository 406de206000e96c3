/// Where a guest finds what: regions of an IPA space of so many bits. Its upper half is shared, and there the devices are, at the
/// places of a map and with the shared bit.
package struct GuestLayout: Sendable, Equatable {
  /// What a VMM has where, below the shared bit.
  struct Map: Sendable, Equatable {
    let ramBase: UInt64
    let uart: Range<UInt64>
    let distributor: UInt64
    /// Room for those of 8 vCPUs.
    let redistributors: UInt64
    /// The first of the virtio devices: where kvmtool has its own, and on QEMU's machine behind the transports of its own.
    let virtio: UInt64

    static let kvmtool = Map(
      ramBase: 0x8000_0000, uart: 0x0100_0000..<0x0100_1000, distributor: 0x3FFF_0000, redistributors: 0x3FEF_0000,
      virtio: 0x0300_0000)
    static let qemu = Map(
      ramBase: 0x4000_0000, uart: 0x0900_0000..<0x0900_1000, distributor: 0x0800_0000, redistributors: 0x080A_0000,
      virtio: 0x0B00_0000)

    /// kvmtool's, whose redistributors end where the distributor begins.
    static func kvmtool(vcpus: Int) -> Map {
      Map(
        ramBase: kvmtool.ramBase, uart: kvmtool.uart, distributor: kvmtool.distributor,
        redistributors: kvmtool.distributor - UInt64(vcpus) * VirtualGIC.redistributorSize, virtio: kvmtool.virtio)
    }
  }

  /// Width of the IPA space in bits.
  package let width: UInt64
  package let ramBase: UInt64
  package let uart: Range<UInt64>
  package let gic: VGICFrames
  private let firstVirtio: UInt64

  /// Room for RAM that ends at 4 GiB; the layout of every guest whose RAM does.
  package static let standard = GuestLayout(.kvmtool, width: 33)
  /// The widest whose walk begins at level 2: 16 tables of level 2 side by side (DEN0137 A5.5.1), which is as many as there can be.
  package static let widest = GuestLayout(.kvmtool, width: 34)
  /// Room for all the RAM a guest can have; its walk begins a level higher.
  package static let largest = GuestLayout(.kvmtool, width: 36)

  /// - Parameter isSplit: whether half of it is shared, as a Realm's is.
  private init(_ map: Map, width: UInt64, isSplit: Bool = true) {
    let half: UInt64 = isSplit ? 1 << (width - 1) : 0
    self.width = width
    self.half = half
    ramBase = map.ramBase
    firstVirtio = half | map.virtio
    uart = half | map.uart.lowerBound..<half | map.uart.upperBound
    gic = VGICFrames(distributor: half | map.distributor, redistributors: half | map.redistributors)
  }

  /// The layout for so many bytes of RAM.
  init(memory: UInt64) {
    self = [Self.standard, .widest].first { $0.mostMemory >= memory } ?? .largest
  }

  /// The layout of a guest.
  init(_ options: RealmVM.Options) {
    switch options.machine {
    case .own: self.init(memory: options.memory)
    case .qemu(let bits): self.init(.qemu, width: bits, isSplit: options.isRealm)
    case .kvmtool(let bits): self.init(.kvmtool(vcpus: options.vcpus), width: bits, isSplit: options.isRealm)
    }
  }

  /// Where the n-th virtio device is.
  func virtio(_ n: Int) -> UInt64 { firstVirtio + UInt64(n) * VirtioDevice.size }

  /// The lowest IPA that is shared; 0 if none is.
  let half: UInt64
  /// Bytes of RAM there is room for.
  var mostMemory: UInt64 { half - ramBase }

  /// Where a store to the UART of any machine goes, in an IPA space of so many bits; nil: not a Realm's.
  package static func uarts(width: UInt64?) -> [UInt64] {
    switch width {
    case standard.width: [standard.uart.lowerBound]
    case widest.width: [widest.uart.lowerBound]
    case largest.width: [largest.uart.lowerBound] + [Map.qemu, Map.kvmtool].map { largest.half | $0.uart.lowerBound }
    case let width?: [Map.qemu, Map.kvmtool].map { 1 << (width - 1) | $0.uart.lowerBound }
    case nil: [standard, widest, largest].map(\.uart.lowerBound) + [Map.qemu.uart.lowerBound, Map.kvmtool.uart.lowerBound]
    }
  }
}
