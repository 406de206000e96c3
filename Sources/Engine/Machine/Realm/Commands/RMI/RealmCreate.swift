import Attestation
import Basics

package enum RealmCreate: Command {
  static let name: StaticString = "RMI_REALM_CREATE"
  static let section: StaticString = "DEN0137 B4.3.8"
  package static let fid: UInt32 = 0xC400_0158
  static let summary: StaticString = "Makes a Realm: its descriptor and its starting level tables."

  static let rd = Input("rd", 1, .delegatedPA, "PA of the granule that becomes the RD")
  static let paramsPtr = Input("params_ptr", 2, .nsPA, "PA of RmiRealmParams in Non-secure memory", of: "RmiRealmParams")
  static let inputs = [rd, paramsPtr]

  @inline(__always) static func conditions<W: Watcher>(
    _ m: borrowing Machine, _ c: inout Call, _ w: inout W
  ) throws(Refusal) {
    try w.nsGranule("params_align", "params_bound", "params_pas", m, c[paramsPtr], "params_ptr")
    try w.check(
      "params_valid", "a parameter has an encoding that does not exist", .rmiInput,
      "hash_algo = \(m.realmParams(c[paramsPtr]).hash)", m.realmParams(c[paramsPtr]).hash > 1)
    try w.check(
      "params_supp", "a parameter asks for what this machine does not have", .rmiInput,
      m.realmParams(c[paramsPtr]).unsupported(by: m.features) ?? "every parameter is supported",
      m.realmParams(c[paramsPtr]).unsupported(by: m.features) != nil)
    try w.check(
      "rtt_num_level", "IPA width, starting level and number of tables do not fit each other", .rmiInput,
      {
        let p = m.realmParams(c[paramsPtr])
        return "s2sz = \(p.s2sz), rtt_level_start = \(p.levelStart), rtt_num_start = \(p.numStart)"
      }(),
      {
        let p = m.realmParams(c[paramsPtr])
        return !m.startingLevelIsValid(width: p.s2sz, level: p.levelStart, tables: p.numStart, lpa2: p.lpa2)
      }())
    try w.check(
      "vmid_valid", "the VMID is out of range or in use", .rmiInput,
      "vmid = \(m.realmParams(c[paramsPtr]).vmid)", !m.vmidIsFree(m.realmParams(c[paramsPtr]).vmid))
    try w.check(
      "alias", "rd lies among the starting level tables", .rmiInput,
      "rd = \(hex(c[rd])), tables from \(hex(m.realmParams(c[paramsPtr]).rttBase))",
      {
        let p = m.realmParams(c[paramsPtr])
        return c[rd] >= p.rttBase && c[rd] &- p.rttBase <= (p.numStart &- 1) &* Granule.size
      }())
    try w.granule("rd_align", "rd_bound", "rd_state", m, c[rd], is: .delegated, "rd")
    try w.check(
      "rtt_align", "rtt_base is not a multiple of rtt_num_start * 4096", .rmiInput,
      "rtt_base = \(hex(m.realmParams(c[paramsPtr]).rttBase)), \(m.realmParams(c[paramsPtr]).numStart) tables",
      {
        let p = m.realmParams(c[paramsPtr])
        return !p.rttBase.isAligned(
          to: m.policy.has(.realmCreateAlignsTablesToGranules) ? Granule.size : p.numStart &* Granule.size)
      }())
    try w.check(
      "rtt_state", "a starting level table is not a DELEGATED granule", .rmiInput,
      {
        let p = m.realmParams(c[paramsPtr])
        let first = (0..<p.numStart).first { !m.granuleIs(p.rttBase &+ $0 &* Granule.size, .delegated) }
        guard let first else { return "all \(p.numStart) tables from \(hex(p.rttBase)) are DELEGATED" }
        let granule = p.rttBase &+ first &* Granule.size
        return m.isDelegable(granule)
          ? "granule \(hex(granule)) is \(m.granuleState(granule).name)" : "\(hex(granule)) is not delegable"
      }(),
      {
        let p = m.realmParams(c[paramsPtr])
        for i in 0..<p.numStart where !m.granuleIs(p.rttBase &+ i &* Granule.size, .delegated) { return true }
        return false
      }())
  }

  static func effect(_ m: inout Machine, _ c: inout Call) {
    let params = m.realmParams(c[paramsPtr])
    Memory.withCopy(of: params.page) { make(&m, c, RealmParams(page: $0, isWide: params.isWide)) }
  }

  private static func make(_ m: inout Machine, _ c: Call, _ p: RealmParams) {
    m.setGranuleState(c[rd], .rd)
    let realm = m.mutableRealm(c[rd])
    realm.hash = p.hash == 0 ? .sha256 : .sha512
    realm.lpa2 = p.lpa2
    realm.pmu = p.pmu
    realm.ipaWidth = p.s2sz
    realm.startLevel = Int(truncatingIfNeeded: p.levelStart)
    realm.rttCount = Int(truncatingIfNeeded: p.numStart)
    realm.rttBase = p.rttBase
    realm.vmid = p.vmid
    realm.pmuCounters = p.pmuCounters
    realm.flags = p.flags
    realm.rpv.copyMemory(from: p.page.bytes(RmiRealmParams.table.rpv))
    // UNASSIGNED and EMPTY is the all-zero entry; the Unprotected half needs its own.
    let size = rttEntrySize(realm.startLevel)
    var ipa: UInt64 = 0
    for table in 0..<realm.rttCount {
      let address = p.rttBase &+ UInt64(table) * Granule.size
      m.setGranuleState(address, .rtt)
      for index in 0..<512 where ipa < realm.ipaTop {
        if !realm.isProtected(ipa) {
          m.ownWritablePage(address).storeBytes(
            of: RTTEntry.unassignedNS.raw.littleEndian, toByteOffset: index * 8, as: UInt64.self)
        }
        ipa += size
      }
    }
    let isMeasured = m.measure(c[rd], .rimRealmCreate) { Measurement.initial(realm.hash, p.measured, into: $0) }
    m.reserveVMID(p.vmid, true)
    if m.isDRAM(c[rd]) { m.control.realms.insert(granule: c[rd].granuleBase) }
    if m.tracing { m.emit(.realmState, c[rd], 0xFF, UInt64(RealmState.new.rawValue), world: .realm) }
    if isMeasured { m.noteMeasurement(c[rd], 0, .create(p.measured)) }
  }
}

/// RmiRealmParams as the Host wrote them: a look at their page.
struct RealmParams {
  let page: UnsafeRawPointer
  /// TF-RMM reads the byte-sized numbers as 32 bits (D26).
  let isWide: Bool

  @inline(__always) subscript(_ field: MemoryField) -> UInt64 { isWide ? page.inTFRMM(field) : page[field] }

  var flags: UInt64 { self[RmiRealmParams.table.flags] }
  var s2sz: UInt64 { self[RmiRealmParams.table.s2sz] }
  var sveVL: UInt64 { self[RmiRealmParams.table.sveVL] }
  var numBPs: UInt64 { self[RmiRealmParams.table.numBPs] }
  var numWPs: UInt64 { self[RmiRealmParams.table.numWPs] }
  var pmuCounters: UInt64 { self[RmiRealmParams.table.pmuNumCtrs] }
  var hash: UInt64 { self[RmiRealmParams.table.hashAlgo] }
  var vmid: UInt64 { self[RmiRealmParams.table.vmid] }
  var rttBase: UInt64 { self[RmiRealmParams.table.rttBase] }
  var levelStart: Int64 { Int64(bitPattern: self[RmiRealmParams.table.rttLevelStart]) }
  var numStart: UInt64 { self[RmiRealmParams.table.rttNumStart] }

  var lpa2: Bool { RmiRealmFlags.table.lpa2.isSet(in: flags) }
  var sve: Bool { RmiRealmFlags.table.sve.isSet(in: flags) }
  var pmu: Bool { RmiRealmFlags.table.pmu.isSet(in: flags) }

  /// What the RIM begins with.
  var measured: MeasurementStep.RealmParameters { MeasurementStep.RealmParameters { self[$0] } }

  /// What is asked for and not there, or nil.
  func unsupported(by features: FeatureRegister0) -> String? {
    if lpa2, !features.lpa2 { return "LPA2 is not supported" }
    if s2sz < 32 || s2sz > features.s2sz { return "s2sz = \(s2sz), supported 32 to \(features.s2sz)" }
    if s2sz > 48, !lpa2 { return "s2sz = \(s2sz) needs flags.lpa2" }
    if numBPs == 0 || numBPs > features.numBPs { return "num_bps = \(numBPs), supported 1 to \(features.numBPs)" }
    if numWPs == 0 || numWPs > features.numWPs { return "num_wps = \(numWPs), supported 1 to \(features.numWPs)" }
    if sve {
      if !features.sve { return "SVE is not supported" }
      if sveVL > features.sveVL { return "sve_vl = \(sveVL), supported up to \(features.sveVL)" }
    }
    if pmu {
      if !features.pmu { return "the PMU is not supported" }
      // Without FEAT_HPMN0 a Realm with a PMU has at least one counter.
      if pmuCounters == 0 || pmuCounters > features.pmuCounters {
        return "pmu_num_ctrs = \(pmuCounters), supported 1 to \(features.pmuCounters)"
      }
    }
    if hash == 0, !features.sha256 { return "SHA-256 is not supported" }
    if hash == 1, !features.sha512 { return "SHA-512 is not supported" }
    return nil
  }
}

extension Machine {
  func realmParams(_ address: UInt64) -> RealmParams {
    RealmParams(page: memory.page(address), isWide: policy.has(.realmCreateTakesWideParameters))
  }

  /// VMIDs are 8 bits wide: there is no FEAT_VMID16 here.
  func vmidIsFree(_ vmid: UInt64) -> Bool {
    vmid < 256 && control.vmids[Int(vmid >> 6)] >> (vmid & 63) & 1 == 0
  }

  mutating func reserveVMID(_ vmid: UInt64, _ on: Bool) {
    let bit: UInt64 = 1 << (vmid & 63)
    let word = Int(vmid >> 6 & 3)
    if on { control.vmids[word] |= bit } else { control.vmids[word] &= ~bit }
  }
}
