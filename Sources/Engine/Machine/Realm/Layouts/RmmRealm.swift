/// A realm descriptor as the model has it in the RD granule. The specification names what there is (RmmRealm), not where.
package struct RmmRealm: Structure {
  package static let table = RmmRealm()
  package static let about = StructureFacts(
    "RmmRealm", 4096, "DEN0137 A2.1.4; the places are the model's own", "A realm descriptor, in the RD granule.")

  let state = MemoryField(
    0x00, 1, "state", .realmState, "where the Realm is in its life", rules: "realm_state realm_new system_off")
  let hashAlgo = MemoryField(0x01, 1, "hash_algo", .hashAlgorithm, "how it is measured")
  let featLPA2 = MemoryField(0x02, 1, "feat_lpa2", .flag, "LPA2")
  let featPMU = MemoryField(0x03, 1, "feat_pmu", .flag, "a PMU")
  let ipaWidth = MemoryField(
    0x04, 1, "ipa_width", .number, "width of the IPA space", unit: "bits", from: 1, to: 52, "a PA's width")
  let rttLevelStart = MemoryField(
    0x05, 1, "rtt_level_start", .signed, "level the walk of stage 2 begins at", from: -1, to: 2, "-1 with LPA2 alone")
  let rttNumStart = MemoryField(
    0x06, 1, "rtt_num_start", .number, "starting level tables, side by side", from: 0, to: 16, "4 bits beyond one table")
  package let rttBase = MemoryField(0x08, 8, "rtt_base", .pa, "first of the starting level tables")
  let recIndex = MemoryField(0x10, 8, "rec_index", .number, "index of the next REC", rules: "mpidr_index")
  let numRECs = MemoryField(0x18, 8, "num_recs", .number, "RECs there are", rules: "num_recs realm_live")
  let vmid = MemoryField(0x20, 8, "vmid", .number, "VMID")
  let pmuNumCtrs = MemoryField(0x28, 8, "pmu_num_ctrs", .number, "event counters of the PMU")
  let flags = MemoryField(0x30, 8, "flags", .bits, "as they were given", type: "RmiRealmFlags")
  package let rpv = MemoryField(0x40, 64, "rpv", .bytes, "Realm personalization value")
  let measurements = MemoryField(
    0x80, 64, "measurements", .bytes, "the RIM and four REMs, zero beyond the length of the hash", count: 5)
}
