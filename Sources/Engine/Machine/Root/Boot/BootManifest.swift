/// What EL3 tells the RMM at boot, in the buffer both share: version 0.3, which this model writes and reads.
struct BootManifest: Structure {
  static let table = BootManifest()
  static let about = StructureFacts(
    "boot manifest", 64, "TF-A, RMM-EL3 communication specification, boot manifest v0.3", "What EL3 tells the RMM at boot.")

  /// What `version` is: 0.3.
  static let version: UInt64 = 3

  let version = MemoryField(
    0x00, 4, "version", .bits, "bits 30:16 the major version, 15:0 the minor one; the RMM takes 0.3 and later ones of 0")
  let platData = MemoryField(0x08, 8, "plat_data", .pa, "data of the platform, none here")
  let numBanks = MemoryField(0x10, 8, "plat_dram.num_banks", .number, "banks of DRAM")
  let banks = MemoryField(0x18, 8, "plat_dram.banks", .pa, "where they are told of", type: "DRAM bank")
  let checksum = MemoryField(
    0x20, 8, "plat_dram.checksum", .bits, "what makes the sum of num_banks, banks and each word of the banks zero")
  let numConsoles = MemoryField(0x28, 8, "plat_console.num_consoles", .number, "consoles, none here")
  let consoles = MemoryField(0x30, 8, "plat_console.consoles", .pa, "where they are told of")
  let consoleChecksum = MemoryField(0x38, 8, "plat_console.checksum", .bits, "as that of plat_dram")
}

/// A bank of DRAM in the boot manifest.
struct DRAMBank: Structure {
  static let table = DRAMBank()
  static let about = StructureFacts(
    "DRAM bank", 16, "TF-A, RMM-EL3 communication specification, boot manifest v0.3", "DRAM that granules can be delegated of.")

  let base = MemoryField(0x0, 8, "base", .pa, "where it begins, a multiple of 4096")
  let size = MemoryField(0x8, 8, "size", .number, "how long it is, a multiple of 4096 and not 0", unit: "bytes")
}
