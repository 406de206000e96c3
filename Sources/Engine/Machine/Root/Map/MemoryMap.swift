/// Whose memory map a machine has.
package enum MemoryMapKind: String, Sendable, CaseIterable {
  /// The model's own: DRAM from 2 GiB on, and a gigabyte for the GPT.
  case model
  /// That of TF-A on Arm's FVP (Base RevC).
  case fvp
  /// That of TF-A on QEMU's `virt` machine.
  case qemu

  package var summary: String {
    switch self {
    case .model: "the model's own"
    case .fvp: "TF-A on Arm's FVP: 2 GiB of DRAM at 0x80000000, the RMM at 0xfdc00000"
    case .qemu: "TF-A on QEMU virt: 3 GiB of DRAM at 0x40000000, the RMM at 0x40100000"
    }
  }
}

/// What lies where before the first instruction of the Host: memories outside DRAM, images, what EL3 and the RMM share, and the PAS each
/// part of the address space is given at boot.
package struct MemoryMap: Sendable {
  /// Memory outside DRAM, with who has it.
  package struct Region: Sendable {
    package var name: String
    package var owner: String
    package var pas: PAS
    package var range: Range<UInt64>
    /// Whether the GPT lets everybody pass (GPI ANY) and the memory itself answers one address space alone, as TF-A's platforms have it
    /// for ROM and SRAM.
    package var isFiltered = false
  }

  package let kind: MemoryMapKind
  package let memories: [Region]
  /// Where DRAM can be: what the boot manifest tells of.
  package let bank: Range<UInt64>
  /// Room for the tables of the GPT.
  package let l0: Range<UInt64>
  package let l1: Range<UInt64>
  /// Bits of physical address the GPT protects; nil: those of the machine.
  package let width: UInt64?
  /// What the GPI of a granule is that no region names; nil: none, a walk fails.
  package let unnamed: GPI?
  /// The regions of the GPT, in the order in which firmware has them.
  package let regions: [PASRegion]
  /// Whether BL31 builds the GPT, and not BL2.
  package let isBuiltByBL31: Bool
  /// Whether BL31 panics without an RMM image (plat/qemu/common/qemu_bl31_setup.c), before TF-A's RMMD is asked.
  package let demandsRMM: Bool

  /// Where each image is loaded.
  private let images: [FirmwareImage: UInt64]
  /// The 4 KiB buffer EL3 and the RMM share; the boot manifest is at its beginning.
  package let sharedBuffer: UInt64
  /// Where the RMM keeps the platform token.
  package let platformToken: UInt64
  /// Where BL1 and BL2 leave what they measured, for EL3: 32 bytes each.
  package let measurementLog: UInt64

  init(
    _ kind: MemoryMapKind, memories: [Region], bank: Range<UInt64>, l0: Range<UInt64>, l1: Range<UInt64>, width: UInt64?,
    unnamed: GPI?, regions: [PASRegion], isBuiltByBL31: Bool = false, demandsRMM: Bool = false, images: [FirmwareImage: UInt64],
    sharedBuffer: UInt64,
    platformToken: UInt64, measurementLog: UInt64
  ) {
    self.kind = kind
    self.memories = memories
    self.bank = bank
    (self.l0, self.l1, self.width, self.unnamed) = (l0, l1, width, unnamed)
    (self.regions, self.images) = (regions, images)
    (self.isBuiltByBL31, self.demandsRMM) = (isBuiltByBL31, demandsRMM)
    (self.sharedBuffer, self.platformToken, self.measurementLog) = (sharedBuffer, platformToken, measurementLog)
  }

  /// The map of a machine.
  package init(_ configuration: MachineConfiguration) {
    switch configuration.map {
    case .model: self = .model(configuration)
    case .fvp: self = .fvp
    case .qemu: self = .qemu
    }
  }

  /// Where an image is loaded; nil: it is nowhere in memory.
  func place(_ image: FirmwareImage, _ configuration: MachineConfiguration) -> UInt64? {
    guard image == .bl33, let place = images[image] else { return images[image] }
    // BL33 lies in DRAM: at its beginning where there is less of it.
    return configuration.dramBase <= place && place < configuration.dramTop ? place : configuration.dramBase
  }

  /// What has a name at an address; nil outside of all memories.
  package func memory(at address: UInt64) -> Region? { memories.first { $0.range.contains(address) } }
}

extension Machine {
  /// Whether memory of the model stands behind every byte of the range.
  ///
  /// - Parameter pas: and answers an access of this address space, which the GPT alone may not keep away.
  package func isBacked(_ address: UInt64, _ length: UInt64, _ pas: PAS? = nil) -> Bool {
    guard length > 0 else { return true }
    guard address <= ~(length - 1) else { return false }
    let last = address + (length - 1)
    if isDRAM(address) { return isDRAM(last) }
    return map.memories.contains {
      $0.range.contains(address) && $0.range.contains(last) && (!$0.isFiltered || pas == nil || pas == $0.pas)
    }
  }
}
