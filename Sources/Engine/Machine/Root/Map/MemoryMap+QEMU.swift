extension MemoryMap {
  /// TF-A's map of QEMU's `virt` machine with RME, by the table in plat/qemu/qemu/include/qemu_pas_def.h. DRAM is what is the kernel's.
  static let qemu = MemoryMap(
    .qemu,
    memories: [
      Region(name: "flash", owner: "BL1", pas: .root, range: 0x0000_0000..<0x0800_0000, isFiltered: true),
      Region(name: "Secure RAM, shared", owner: "BL31", pas: .root, range: 0x0E00_0000..<0x0E00_1000, isFiltered: true),
      Region(name: "Secure RAM", owner: "BL31", pas: .root, range: 0x0E00_1000..<0x0E10_0000),
      Region(name: "Secure DRAM", owner: "SPMC", pas: .secure, range: 0x0E10_0000..<0x0EDF_C000),
      Region(name: "GPT", owner: "BL31", pas: .root, range: 0x0EDF_C000..<0x0F00_0000),
      Region(name: "device tree", owner: "Host", pas: .nonSecure, range: 0x4000_0000..<0x4010_0000),
      Region(name: "RMM", owner: "RMM", pas: .realm, range: 0x4010_0000..<0x4190_0000),
    ],
    bank: 0x4190_0000..<0x1_0000_0000, l0: 0x0EDF_C000..<0x0EE0_0000, l1: 0x0EE0_0000..<0x0F00_0000, width: 40, unnamed: .any,
    regions: [
      PASRegion("Secure RAM", 0x0E00_1000, size: 0x000F_F000, .root, .contiguous),
      PASRegion("Secure DRAM", 0x0E10_0000, size: 0x00CF_C000, .secure, .contiguous),
      PASRegion("GPT", 0x0EDF_C000, size: 0x0020_4000, .root, .contiguous),
      PASRegion("device tree", 0x4000_0000, size: 0x0010_0000, .nonSecure, .contiguous),
      PASRegion("RMM, shared buffer", 0x4010_0000, size: 0x0180_0000, .realm, .contiguous),
      PASRegion("DRAM", 0x4190_0000, size: 0xBE70_0000, .nonSecure, .contiguous),
    ],
    isBuiltByBL31: true, demandsRMM: true,
    images: [
      .bl1: 0x0000_0000, .bl2: 0x0E05_B000, .bl31: 0x0E09_0000, .bl32: 0x0E10_0000, .rmm: 0x4010_0000, .bl33: 0x6000_0000,
      .hwConfig: 0x4000_0000,
    ],
    sharedBuffer: 0x418F_F000, platformToken: 0x4010_1000, measurementLog: 0x0E00_2000)
}
