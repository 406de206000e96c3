/// What the Host gives RMI_REALM_CREATE.
package struct RmiRealmParams: Structure {
  package static let table = RmiRealmParams()
  package static let about = StructureFacts(
    "RmiRealmParams", 4096, "DEN0137 B4.4.12", "What the Host gives RMI_REALM_CREATE.", unused: .sbz)

  package let flags = MemoryField(
    0x000, 8, "flags", .bits, "features of the Realm", type: "RmiRealmFlags", rules: "params_supp", isMeasured: true)
  package let s2sz = MemoryField(
    0x008, 1, "s2sz", .number, "width of the IPA space", unit: "bits", from: 32, to: 52, "the bits of an IPA", usual: 33,
    rules: "params_supp rtt_num_level", isMeasured: true, inTFRMM: 4)
  package let sveVL = MemoryField(
    0x010, 1, "sve_vl", .number, "SVE vector length, (sve_vl + 1) * 128 bits", from: 0, to: 15, "4 bits of RmiFeatureRegister0",
    with: RmiRealmFlags.table.sve.mask, rules: "params_supp", isMeasured: true, inTFRMM: 4)
  package let numBPs = MemoryField(
    0x018, 1, "num_bps", .number, "breakpoints, less one", from: 1, to: 63, "6 bits of RmiFeatureRegister0, 0 is reserved",
    usual: 1, rules: "params_supp", isMeasured: true, inTFRMM: 4)
  package let numWPs = MemoryField(
    0x020, 1, "num_wps", .number, "watchpoints, less one", from: 1, to: 63, "6 bits of RmiFeatureRegister0, 0 is reserved",
    usual: 1, rules: "params_supp", isMeasured: true, inTFRMM: 4)
  package let pmuNumCtrs = MemoryField(
    0x028, 1, "pmu_num_ctrs", .number, "event counters of the PMU", from: 0, to: 31, "5 bits of RmiFeatureRegister0",
    with: RmiRealmFlags.table.pmu.mask, rules: "params_supp", isMeasured: true, inTFRMM: 4)
  package let hashAlgo = MemoryField(
    0x030, 1, "hash_algo", .hashAlgorithm, "how the Realm is measured", rules: "params_valid params_supp", isMeasured: true)
  package let rpv = MemoryField(0x400, 64, "rpv", .bytes, "Realm personalization value: tells Realms of one RIM apart")
  package let vmid = MemoryField(0x800, 2, "vmid", .number, "VMID, which no other Realm has", rules: "vmid_valid")
  package let rttBase = MemoryField(
    0x808, 8, "rtt_base", .pa, "first of the starting level tables", rules: "alias rtt_align rtt_state")
  package let rttLevelStart = MemoryField(
    0x810, 8, "rtt_level_start", .signed, "level the walk of stage 2 begins at", from: -1, to: 2, "-1 with LPA2 alone",
    rules: "rtt_num_level")
  package let rttNumStart = MemoryField(
    0x818, 4, "rtt_num_start", .number, "starting level tables, side by side", rules: "rtt_num_level alias rtt_align rtt_state")

  /// The fields that go into the RIM (DEN0137 A7.1.1).
  package static let measured = StructureTable(RmiRealmParams.self).fields.filter(\.isMeasured)
}

/// What a Realm has.
package struct RmiRealmFlags: Structure {
  package static let table = RmiRealmFlags()
  package static let about = StructureFacts(
    "RmiRealmFlags", 8, "DEN0137 B4.4", "Features of a Realm, in RmiRealmParams.", unused: .sbz)

  package let lpa2 = BitField(0, "lpa2", "PAs and IPAs of more than 48 bits", rules: "params_supp rtt_num_level")
  package let sve = BitField(1, "sve", "SVE, with the vector length of sve_vl", rules: "params_supp")
  package let pmu = BitField(2, "pmu", "a PMU, with pmu_num_ctrs counters", rules: "params_supp")

  /// Bits that mean something.
  package static let all = table.lpa2.mask | table.sve.mask | table.pmu.mask
}
