/// What the hash of a RIM's extension is taken of: what its three kinds have in common.
struct RmmMeasurementDescriptor: Structure {
  static let table = RmmMeasurementDescriptor()
  static let about = StructureFacts(
    "RmmMeasurementDescriptor", 256, "DEN0137 A7.1.1", "How each measurement descriptor begins; the RIM becomes its hash.")

  let descType = MemoryField(0x00, 1, "desc_type", .number, "0 data, 1 REC, 2 RIPAS", from: 0, to: 2, "there are three")
  let len = MemoryField(0x08, 8, "len", .number, "256", unit: "bytes")
  let rim = MemoryField(0x10, 64, "rim", .bytes, "the RIM before")
}

/// A page that RMI_DATA_CREATE has copied.
struct RmmMeasurementDescriptorData: Structure {
  static let table = RmmMeasurementDescriptorData()
  static let about = StructureFacts(
    "RmmMeasurementDescriptorData", 256, "DEN0137 A7.1.1", "What RMI_DATA_CREATE measures, behind what all have.")
  static let type: UInt64 = 0

  let ipa = MemoryField(0x50, 8, "ipa", .ipa, "where the page is mapped")
  let flags = MemoryField(0x58, 8, "flags", .bits, "flags of the call")
  let content = MemoryField(0x60, 64, "content", .bytes, "hash of the page, or zero if it is not measured")
}

/// A REC that is runnable.
struct RmmMeasurementDescriptorRec: Structure {
  static let table = RmmMeasurementDescriptorRec()
  static let about = StructureFacts(
    "RmmMeasurementDescriptorRec", 256, "DEN0137 A7.1.1", "What RMI_REC_CREATE measures, behind what all have.")
  static let type: UInt64 = 1

  let content = MemoryField(0x50, 64, "content", .bytes, "hash of an RmiRecParams in which only what is measured is left")
}

/// RIPAS of an RTT entry that has become RAM.
struct RmmMeasurementDescriptorRipas: Structure {
  static let table = RmmMeasurementDescriptorRipas()
  static let about = StructureFacts(
    "RmmMeasurementDescriptorRipas", 256, "DEN0137 A7.1.1", "What RMI_RTT_INIT_RIPAS measures, behind what all have.")
  static let type: UInt64 = 2

  let base = MemoryField(0x50, 8, "base", .ipa, "where the entry begins")
  let top = MemoryField(0x58, 8, "top", .ipa, "where it ends")
}
