extension MemoryMap {
  /// TF-A's map of Arm's FVP with RME (plat/arm/board/fvp/include/fvp_pas_def.h, include/plat/arm/common/arm_def.h). DRAM is what the
  /// first bank has for the Normal world; no memory is behind the second bank and behind PCIe.
  static let fvp = MemoryMap(
    .fvp,
    memories: [
      Region(name: "Trusted ROM", owner: "BL1", pas: .root, range: 0x0000_0000..<0x0400_0000, isFiltered: true),
      Region(name: "Trusted SRAM", owner: "BL31", pas: .root, range: 0x0400_0000..<0x0406_0000, isFiltered: true),
      Region(name: "Trusted DRAM", owner: "SPMC", pas: .secure, range: 0x0600_0000..<0x0800_0000, isFiltered: true),
      Region(name: "AP TZC DRAM", owner: "SPMC", pas: .secure, range: 0xFC00_0000..<0xFDC0_0000),
      Region(name: "RMM", owner: "RMM", pas: .realm, range: 0xFDC0_0000..<0xFFC0_0000),
      Region(name: "EL3 DRAM", owner: "BL31", pas: .root, range: 0xFFC0_0000..<0x1_0000_0000),
    ],
    bank: 0x8000_0000..<0xFC00_0000, l0: 0x0405_E000..<0x0406_0000, l1: 0xFFF0_0000..<0x1_0000_0000, width: 40, unnamed: .any,
    regions: [
      PASRegion("DRAM", 0x8000_0000, size: 0x7C00_0000, .nonSecure, .contiguous),
      PASRegion("AP TZC DRAM", 0xFC00_0000, size: 0x01C0_0000, .secure, .contiguous),
      PASRegion("RMM, shared buffer", 0xFDC0_0000, size: 0x0200_0000, .realm, .contiguous),
      PASRegion("EL3 DRAM, L1 tables", 0xFFC0_0000, size: 0x0040_0000, .root, .contiguous),
      PASRegion("DRAM, second bank", 0x8_8000_0000, size: 0x8000_0000, .nonSecure, .contiguous),
      PASRegion("PCIe memory 1", 0x5000_0000, size: 0x1000_0000, .nonSecure, .contiguous),
      PASRegion("PCIe memory 2", 0x40_0000_0000, size: 0xC000_0000, .nonSecure, .contiguous),
    ],
    images: [
      .bl1: 0x0000_0000, .bl2: 0x0403_2000, .bl31: 0x0400_3000, .bl32: 0x0600_0000, .rmm: 0xFDC0_0000, .bl33: 0x8800_0000,
      .hwConfig: 0x07F0_0000,
    ],
    sharedBuffer: 0xFFBF_F000, platformToken: 0xFDC0_1000, measurementLog: 0x0400_1000)
}
