/// Where QEMU's virt machine has what. All up to RAM is in one place; what is above it depends on how much RAM there is.
package struct VirtMap: Equatable, Sendable {
  package struct Region: Equatable, Sendable {
    package let base: UInt64
    package let size: UInt64
    package var range: Range<UInt64> { base..<base + size }
  }

  package static let flash = Region(base: 0, size: 0x800_0000)
  package static let distributor = Region(base: 0x800_0000, size: 0x1_0000)
  package static let its = Region(base: 0x808_0000, size: 0x2_0000)
  package static let redistributors = Region(base: 0x80A_0000, size: 0xF6_0000)
  package static let uart = Region(base: 0x900_0000, size: 0x1000)
  package static let rtc = Region(base: 0x901_0000, size: 0x1000)
  package static let firmwareConfiguration = Region(base: 0x902_0000, size: 0x18)
  package static let gpio = Region(base: 0x903_0000, size: 0x1000)
  package static let virtio = Region(base: 0xA00_0000, size: 0x200)
  package static let virtioCount = 32
  package static let platformBus = Region(base: 0xC00_0000, size: 0x200_0000)
  package static let pcieMemory = Region(base: 0x1000_0000, size: 0x2EFF_0000)
  package static let pciePorts = Region(base: 0x3EFF_0000, size: 0x1_0000)
  package static let ramBase: UInt64 = 0x4000_0000

  /// Shared peripheral interrupts.
  enum SPI {
    static let uart: UInt32 = 1
    static let rtc: UInt32 = 2
    static let pcie: UInt32 = 3
    static let gpio: UInt32 = 7
    static let virtio: UInt32 = 16
  }

  package let ram: Region
  /// Redistributors for more CPUs than the lower region has room for.
  package let highRedistributors: Region
  package let ecam: Region
  package let highPCIeMemory: Region

  /// CPUs whose redistributors are in the lower region.
  static let lowRedistributors = Int(redistributors.size / 0x2_0000)

  /// - Parameter memory: with what may be plugged in later.
  package init(_ memory: QEMUCommandLine.Memory) {
    let gib: UInt64 = 1 << 30
    func up(_ value: UInt64, _ unit: UInt64) -> UInt64 { (value + unit - 1) / unit * unit }
    ram = Region(base: Self.ramBase, size: memory.size)
    let pluggable = max(memory.maxSize ?? memory.size, memory.size) - memory.size + memory.slots * gib
    // What lies above RAM begins at 256 GiB at the lowest.
    var base = max(up(Self.ramBase + memory.size, gib) + up(pluggable, gib), 256 * gib)
    func next(_ size: UInt64) -> Region {
      let region = Region(base: up(base, size), size: size)
      base = region.base + size
      return region
    }
    highRedistributors = next(64 << 20)
    ecam = next(256 << 20)
    highPCIeMemory = next(512 * gib)
  }

  /// Width of the IPA space that all of it needs.
  package var bits: Int { 64 - (highPCIeMemory.range.upperBound - 1).leadingZeroBitCount }
  /// That of a Realm's: a bit more, for what it shares.
  package var realmBits: Int { bits + 1 }
}
