/// What the Host gives RMI_REC_CREATE.
package struct RmiRecParams: Structure {
  package static let table = RmiRecParams()
  package static let about = StructureFacts(
    "RmiRecParams", 4096, "DEN0137 B4.4.19", "What the Host gives RMI_REC_CREATE.", unused: .sbz)

  package let flags = MemoryField(
    0x000, 8, "flags", .bits, "whether the REC can run", type: "RmiRecCreateFlags", isMeasured: true)
  package let mpidr = MemoryField(
    0x100, 8, "mpidr", .bits, "which vCPU of its Realm it is", type: "RmiRecMpidr", rules: "mpidr_index")
  package let pc = MemoryField(0x200, 8, "pc", .ipa, "where it begins", isMeasured: true)
  package let gprs = MemoryField(0x300, 8, "gprs", .bits, "X0 to X7 as it begins", count: 8, isMeasured: true)
  package let numAux = MemoryField(
    0x800, 8, "num_aux", .number, "auxiliary granules", from: 0, to: 16, "what RMI_REC_AUX_COUNT gives", rules: "num_aux",
    inTFRMM: 4)
  package let aux = MemoryField(
    0x808, 8, "aux", .pa, "auxiliary granules, as many as num_aux says", count: 16, rules: "aux_align aux_alias aux_state")
}

/// How a REC is made.
package struct RmiRecCreateFlags: Structure {
  package static let table = RmiRecCreateFlags()
  package static let about = StructureFacts(
    "RmiRecCreateFlags", 8, "DEN0137 B4.4", "How a REC is made, in RmiRecParams.", unused: .sbz)

  package let runnable = BitField(0, "runnable", "it can be entered at once; else another vCPU turns it on by PSCI_CPU_ON")
}

/// Which vCPU of its Realm a REC is. The model's ``recIndex(mpidr:)`` makes one number of it.
package struct RmiRecMpidr: Structure {
  package static let table = RmiRecMpidr()
  package static let about = StructureFacts(
    "RmiRecMpidr", 8, "DEN0137 B4.4", "Which vCPU of its Realm a REC is.", unused: .sbz)

  package let aff0 = BitField(3, 0, "aff0", "affinity level 0")
  package let aff1 = BitField(15, 8, "aff1", "affinity level 1")
  package let aff2 = BitField(23, 16, "aff2", "affinity level 2")
  package let aff3 = BitField(31, 24, "aff3", "affinity level 3")

  /// Bits that can be set in one.
  static let all = table.aff0.mask | table.aff1.mask | table.aff2.mask | table.aff3.mask
}
