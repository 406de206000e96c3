/// What a sender says of memory it shares, lends or donates, and a receiver of memory it retrieves.
package struct FFAMemoryTransaction: Structure {
  package static let table = FFAMemoryTransaction()
  package static let about = StructureFacts(
    "ffa_memory_region", 48, "DEN0077A 1.1, table 10.20", "What memory of whose goes to whom.")

  package let sender = MemoryField(0x00, 2, "sender", .number, "id of the owner")
  package let attributes = MemoryField(
    0x02, 2, "attributes", .bits, "bits 1:0 shareability, 3:2 cacheability, 5:4 type, 6 security, 15:7 zero",
    type: "ffa_memory_attributes")
  package let flags = MemoryField(
    0x04, 4, "flags", .bits, "bit 0 zero the memory, bits 4:3 the kind of a transaction that is retrieved")
  package let handle = MemoryField(0x08, 8, "handle", .number, "of the transaction; zero where it is sent")
  package let tag = MemoryField(0x10, 8, "tag", .number, "a number both sides agree on")
  package let accessSize = MemoryField(0x18, 4, "access_size", .number, "of an access descriptor, 16", unit: "bytes", usual: 16)
  package let accessCount = MemoryField(0x1C, 4, "access_count", .number, "access descriptors: one a receiver", usual: 1)
  package let accessOffset = MemoryField(
    0x20, 4, "access_offset", .number, "where they begin, from here", unit: "bytes", usual: 48)
  package let reserved0 = MemoryField(0x24, 4, "reserved", .number, "zero")
  package let reserved1 = MemoryField(0x28, 8, "reserved_1", .number, "zero")
}

/// The attributes of memory in a transaction.
package struct FFAMemoryAttributes: Structure {
  package static let table = FFAMemoryAttributes()
  package static let about = StructureFacts(
    "ffa_memory_attributes", 2, "DEN0077A 1.1, table 10.18", "How a receiver maps the memory.")

  package let shareability = BitField(1, 0, "shareability", "0 none, 2 outer, 3 inner")
  package let cacheability = BitField(3, 2, "cacheability", "1 none, 3 write-back; of device memory 0 nGnRnE to 3 GRE")
  package let type = BitField(5, 4, "type", "0 not said, 1 device, 2 normal")
  package let security = BitField(6, "security", "set in a response if the memory is Non-secure; zero in what is sent")
  package let zero = BitField(15, 7, "zero", "none", "0")

  static let device: UInt64 = 1
  static let normal: UInt64 = 2
  /// Normal, write-back, inner shareable: how the SPMC maps memory.
  package static let usual = table.type.placed(normal) | table.cacheability.placed(3) | table.shareability.placed(3)
}

/// What one receiver may do with the memory.
package struct FFAMemoryAccess: Structure {
  package static let table = FFAMemoryAccess()
  package static let about = StructureFacts(
    "ffa_memory_access", 16, "DEN0077A 1.1, table 10.16", "Who gets the memory, with which permissions.")

  package let receiver = MemoryField(0x00, 2, "receiver", .number, "its id")
  package let permissions = MemoryField(
    0x02, 1, "permissions", .bits, "bits 1:0 data (1 read, 2 read and write), 3:2 instructions (1 not executable, 2 executable)",
    usual: 2)
  package let flags = MemoryField(0x03, 1, "flags", .bits, "bit 0: the receiver did not retrieve it itself")
  package let composite = MemoryField(
    0x04, 4, "composite_offset", .number,
    "where the memory is described, from the beginning of the transaction; zero to retrieve",
    unit: "bytes")
  package let reserved = MemoryField(0x08, 8, "reserved", .number, "zero")
}

/// The memory of a transaction.
package struct FFACompositeMemory: Structure {
  package static let table = FFACompositeMemory()
  package static let about = StructureFacts(
    "ffa_composite_memory_region", 16, "DEN0077A 1.1, table 10.13", "Which pages; the constituents follow.")

  package let pages = MemoryField(0x00, 4, "page_count", .number, "of all constituents")
  package let count = MemoryField(0x04, 4, "constituent_count", .number, "constituents")
  package let reserved = MemoryField(0x08, 8, "reserved", .number, "zero")
}

/// Pages that follow each other.
package struct FFAConstituent: Structure {
  package static let table = FFAConstituent()
  package static let about = StructureFacts(
    "ffa_memory_region_constituent", 16, "DEN0077A 1.1, table 10.14", "Pages that follow each other.")

  package let address = MemoryField(0x00, 8, "address", .pa, "of the first, a multiple of 4096")
  package let pages = MemoryField(0x08, 4, "page_count", .number, "how many, of 4 KiB")
  package let reserved = MemoryField(0x0C, 4, "reserved", .number, "zero")
}

/// What a borrower gives back.
package struct FFARelinquish: Structure {
  package static let table = FFARelinquish()
  package static let about = StructureFacts(
    "ffa_mem_relinquish", 18, "DEN0077A 1.1, table 16.25", "Which transaction's memory a borrower gives back.")

  package let handle = MemoryField(0x00, 8, "handle", .number, "of the transaction")
  package let flags = MemoryField(0x08, 4, "flags", .bits, "bit 0: zero the memory")
  package let count = MemoryField(0x0C, 4, "endpoint_count", .number, "endpoints, 1", usual: 1)
  package let endpoint = MemoryField(0x10, 2, "endpoint", .number, "the borrower's id")
}

/// A partition, as FFA_PARTITION_INFO_GET tells of it.
package struct FFAPartitionInfo: Structure {
  package static let table = FFAPartitionInfo()
  package static let about = StructureFacts(
    "ffa_partition_info", 24, "DEN0077A 1.1, table 6.1", "A partition with what it can do.")

  package let id = MemoryField(0x00, 2, "id", .number, "of the partition")
  package let contexts = MemoryField(0x02, 2, "execution_contexts", .number, "vCPUs it has")
  package let properties = MemoryField(
    0x04, 4, "properties", .bits, "bit 0 receives direct requests, 1 sends them, 8 runs in AArch64")
  package let uuid = MemoryField(0x08, 16, "uuid", .bytes, "of the service it offers")
}

/// The structures of FF-A in memory.
package enum FFAStructures {
  package static let all = [
    StructureTable(FFAMemoryTransaction.self), StructureTable(FFAMemoryAttributes.self), StructureTable(FFAMemoryAccess.self),
    StructureTable(FFACompositeMemory.self), StructureTable(FFAConstituent.self), StructureTable(FFARelinquish.self),
    StructureTable(FFAPartitionInfo.self),
  ]
}
