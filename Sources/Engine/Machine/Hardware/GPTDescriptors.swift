/// A level 0 descriptor of the GPT that gives one GPI for all of its gigabyte.
struct GPTBlock: Structure {
  static let table = GPTBlock()
  static let about = StructureFacts("GPT block descriptor", 8, "Arm ARM, Granule Protection Tables", "One GPI for 1 GiB.")

  let type = BitField(3, 0, "type", "what the descriptor is", "0b0001")
  let gpi = BitField(7, 4, "GPI", "which accesses pass")
  let res0 = BitField(63, 8, "RES0", "none; a descriptor with one set is not valid", "0")

  /// What `type` is.
  static let typeValue: UInt64 = 0b0001
}

/// A level 0 descriptor that leads to a table of level 1.
struct GPTTable: Structure {
  static let table = GPTTable()
  static let about = StructureFacts(
    "GPT table descriptor", 8, "Arm ARM, Granule Protection Tables", "Leads to the level 1 table of 1 GiB.")

  let type = BitField(3, 0, "type", "what the descriptor is", "0b0011")
  let low = BitField(11, 4, "RES0", "none; a descriptor with one set is not valid", "0")
  let address = BitField(51, 12, "Address", "bits 51:12 of the PA of the level 1 table")
  let high = BitField(63, 52, "RES0", "none; a descriptor with one set is not valid", "0")

  static let typeValue: UInt64 = 0b0011
  /// Bits that are zero in a valid one.
  static let reserved = table.low.mask | table.high.mask
}

/// A level 1 descriptor that stands, repeated, for a range of several megabytes.
struct GPTContiguous: Structure {
  static let table = GPTContiguous()
  static let about = StructureFacts(
    "GPT contiguous descriptor", 8, "Arm ARM, Granule Protection Tables", "One GPI for 2, 32 or 512 MiB.")

  let type = BitField(3, 0, "type", "what the descriptor is", "0b0001")
  let gpi = BitField(7, 4, "GPI", "which accesses pass")
  let contig = BitField(9, 8, "Contig", "how far it stands", "1 2 MiB, 2 32 MiB, 3 512 MiB; 0 is reserved")
  let res0 = BitField(63, 10, "RES0", "none; a descriptor with one set is not valid", "0")

  static let typeValue: UInt64 = 0b0001
}

/// A level 1 descriptor of sixteen granules.
struct GPTGranules: Structure {
  static let table = GPTGranules()
  static let about = StructureFacts(
    "GPT granules descriptor", 8, "Arm ARM, Granule Protection Tables", "A GPI each for the 16 granules of 64 KiB.")

  let gpis = BitField(63, 0, "GPI", "16 of 4 bits: that of granule i, bits 15:12 of the PA, is in bits 4i+3:4i")

  /// The GPI of a granule in bits of its own.
  @inline(__always) static func gpi(of address: UInt64) -> BitField {
    let low = address.bits(15, 12) &* 4
    return BitField(low &+ 3, low, "GPI", "which accesses to the granule pass")
  }
}

/// Level 0 of the GPT: as long as the physical address space asks for.
struct GPTLevel0: Structure {
  static let table = GPTLevel0()
  static let about = StructureFacts(
    "GPT level 0", 32 << 20, "Arm ARM, Granule Protection Tables", "A descriptor for each gigabyte; this long for 52 bits of PA.")

  let entries = MemoryField(
    0x0, 8, "entries", .bits, "a block or a table descriptor each", count: 4 << 20, type: "GPT block descriptor")
}

/// A table of level 1 of the GPT.
struct GPTLevel1: Structure {
  static let table = GPTLevel1()
  static let about = StructureFacts(
    "GPT level 1", 128 << 10, "Arm ARM, Granule Protection Tables", "A descriptor for each 64 KiB of a gigabyte.")

  let entries = MemoryField(
    0x0, 8, "entries", .bits, "a granules or a contiguous descriptor each", count: 16384, type: "GPT granules descriptor")
}
