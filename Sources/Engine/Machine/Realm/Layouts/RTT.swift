/// A table of stage 2 in its granule.
struct RTT: Structure {
  static let table = RTT()
  static let about = StructureFacts("RTT", 4096, "Arm ARM, VMSAv8-64 stage 2", "A table of stage 2, in an RTT granule.")

  let entries = MemoryField(0x0, 8, "entries", .bits, "a descriptor each", count: 512, type: "stage 2 descriptor")
}
