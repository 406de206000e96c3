extension MemoryMap {
  /// The model's own map: BL31's SRAM, the Secure world's DRAM with its owner, the RMM's carve-out with the buffer it shares with EL3, and
  /// the GPT. What is not memory has no entry in the GPT.
  static func model(_ configuration: MachineConfiguration) -> MemoryMap {
    let l0: UInt64 = 0x4000_0000
    let gigabyte = UInt64(1) << GranuleProtectionTable.regionShift
    // The first L1 table: 2 MiB behind the beginning of L0, or where L0 ends if the physical address space is larger than 48 bits.
    let l1 = max(l0 + 0x20_0000, l0 + 1 << (configuration.paWidth - GranuleProtectionTable.regionShift) * 8)
    let memories = [
      Region(name: "EL3 SRAM", owner: "BL31", pas: .root, range: 0x0400_0000..<0x0410_0000),
      Region(name: "Secure DRAM", owner: "SPMC", pas: .secure, range: 0x0600_0000..<0x0700_0000),
      Region(name: "RMM carve-out", owner: "RMM", pas: .realm, range: 0x0800_0000..<0x0900_0000),
      Region(name: "GPT", owner: "BL31", pas: .root, range: l0..<l0 + gigabyte),
    ]
    let firmware = memories.dropLast().map {
      PASRegion($0.name, $0.range.lowerBound, size: $0.range.upperBound - $0.range.lowerBound, $0.pas.gpi, .granules)
    }
    let tables = [PASRegion("GPT", l0, size: gigabyte, .root, .block)]
    return MemoryMap(
      .model, memories: memories, bank: 0x8000_0000..<(1 << configuration.paWidth), l0: l0..<l1, l1: l1..<l0 + gigabyte,
      width: nil, unnamed: nil, regions: firmware + tables + dram(configuration.dramBase, configuration.dramTop),
      images: [.bl1: 0x0400_0000, .bl2: 0x0401_0000, .bl31: 0x0402_0000, .hwConfig: 0x0403_0000, .rmm: 0x0800_2000],
      sharedBuffer: 0x0800_0000, platformToken: 0x0800_1000, measurementLog: 0x0404_0000)
  }

  /// DRAM by gigabytes: blocks for those it fills, contiguous entries for what is left.
  private static func dram(_ base: UInt64, _ top: UInt64) -> [PASRegion] {
    let gigabyte = UInt64(1) << GranuleProtectionTable.regionShift
    let first = (base + gigabyte - 1) & ~(gigabyte - 1)
    let last = top & ~(gigabyte - 1)
    guard first < last else { return [PASRegion("DRAM", base, size: top - base, .nonSecure, .contiguous)] }
    return [
      PASRegion("DRAM", base, size: first - base, .nonSecure, .contiguous),
      PASRegion("DRAM", first, size: last - first, .nonSecure, .block),
      PASRegion("DRAM", last, size: top - last, .nonSecure, .contiguous),
    ].filter { $0.size > 0 }
  }
}
