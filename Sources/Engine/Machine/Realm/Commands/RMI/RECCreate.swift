import Basics

package enum RECCreate: Command {
  static let name: StaticString = "RMI_REC_CREATE"
  static let section: StaticString = "DEN0137 B4.3.12"
  package static let fid: UInt32 = 0xC400_015A
  static let summary: StaticString = "Makes a REC of a NEW Realm; a runnable one extends the RIM."

  static let rd = Input("rd", 1, .rdPA, "PA of the RD")
  static let rec = Input("rec", 2, .delegatedPA, "PA of the granule that becomes the REC")
  static let paramsPtr = Input("params_ptr", 3, .nsPA, "PA of RmiRecParams in Non-secure memory", of: "RmiRecParams")
  static let inputs = [rd, rec, paramsPtr]

  static let order = [Ordering(["rd_bound", "rd_state"], before: ["realm_state", "num_recs"])]

  @inline(__always) static func conditions<W: Watcher>(
    _ m: borrowing Machine, _ c: inout Call, _ w: inout W
  ) throws(Refusal) {
    try w.nsGranule("params_align", "params_bound", "params_pas", m, c[paramsPtr], "params_ptr")
    if m.policy.has(.order) {
      // TF-RMM takes the auxiliary granules before it looks at rec and rd.
      try w.check(
        "num_aux", "more than 16 auxiliary granules", .rmiInput, "num_aux = \(m.recParams(c[paramsPtr]).numAux)",
        m.recParams(c[paramsPtr]).numAux > 16)
      try w.auxiliaries(m, &c, paramsPtr: paramsPtr, rec: nil)
      try w.check(
        "rec_state", "rec is one of the auxiliary granules", .rmiInput, "rec = \(hex(c[rec]))",
        m.auxiliaryAlias(c[paramsPtr], c[rec]))
    }
    try w.granule("rec_align", "rec_bound", "rec_state", m, c[rec], is: .delegated, "rec")
    try w.granule("rd_align", "rd_bound", "rd_state", m, c[rd], is: .rd, "rd")
    if m.policy.has(.order) { try w.recLimit(m, &c, rd: rd) }
    try w.check(
      "realm_state", "the Realm is not NEW", .rmiRealm, "Realm is \(m.realm(c[rd]).state.name)",
      m.realm(c[rd]).state != .new)
    if !m.policy.has(.order) { try w.recLimit(m, &c, rd: rd) }
    try w.check(
      "mpidr_index", "the MPIDR is not that of the Realm's next REC", .rmiInput,
      "mpidr = \(hex(m.recParams(c[paramsPtr]).mpidr)), next index \(m.realm(c[rd]).recIndex)",
      {
        let mpidr = m.recParams(c[paramsPtr]).mpidr
        if m.policy.has(.recCreateRefusesReservedMPIDR), mpidr & ~RmiRecMpidr.all != 0 { return true }
        return recIndex(mpidr: mpidr) != m.realm(c[rd]).recIndex
      }())
    try w.check(
      "num_aux", "not the number of auxiliary granules RMI_REC_AUX_COUNT gives", .rmiInput,
      "num_aux = \(m.recParams(c[paramsPtr]).numAux), needed \(m.configuration.recAuxCount)",
      m.recParams(c[paramsPtr]).numAux != m.configuration.recAuxCount)
    if !m.policy.has(.order) { try w.auxiliaries(m, &c, paramsPtr: paramsPtr, rec: rec) }
  }

  static func caveat(_ m: borrowing Machine, _ c: Call) -> String? {
    let isRunnable = RmiRecCreateFlags.table.runnable.isSet(in: m.recParams(c[paramsPtr]).flags)
    return m.realm(c[rd]).recIndex == 0 && !isRunnable ? "the first REC is not runnable: no other is there to turn it on" : nil
  }

  static func effect(_ m: inout Machine, _ c: inout Call) {
    let params = m.recParams(c[paramsPtr])
    Memory.withCopy(of: params.page) { make(&m, c, RECParams(page: $0, auxCountIsCut: params.auxCountIsCut)) }
  }

  private static func make(_ m: inout Machine, _ c: Call, _ params: RECParams) {
    m.setGranuleState(c[rec], .rec)
    let new = m.mutableREC(c[rec])
    new.owner = c[rd]
    new.mpidr = params.mpidr & RmiRecMpidr.all
    new.runnable = RmiRecCreateFlags.table.runnable.isSet(in: params.flags)
    new.pc = params.pc
    new.pstate = RealmPSTATE.reset
    new[.sctlrEL1] = RealmPSTATE.sctlrReset
    new[.mdscrEL1] = 0x1000
    // TF-RMM's values, where the specification has none. PMCR_EL0: LC and DP. ICH_HCR_EL2: En, vSGIEOICount and DVIM.
    new[.pmcrEL0] = 0x60
    new[.ichHCR] = 0x8101
    new.auxCount = params.auxiliaries.count
    for n in 0..<RmiRecParams.table.gprs.count { new.setX(n, params.page[RmiRecParams.table.gprs, n]) }
    for n in params.auxiliaries {
      let aux = params.aux(n)
      new.setAux(n, aux)
      m.setGranuleState(aux, .recAux)
    }
    let realm = m.mutableRealm(c[rd])
    realm.recIndex &+= 1
    realm.recCount &+= 1
    if new.runnable,
      m.measure(
        c[rd], .rimRECCreate,
        {
          Measurement.rec(
            realm.hash, $0, flags: params.flags, pc: params.pc, gprs: params.page + RmiRecParams.table.gprs.offset)
        })
    {
      m.noteMeasurement(c[rd], 0, .rec(flags: params.flags, pc: params.pc, gprs: (0..<8).map { new.x($0) }))
    }
    if m.isDRAM(c[rec]) { m.control.recs.insert(granule: c[rec].granuleBase) }
  }
}

extension Watcher {
  @inline(__always) mutating func recLimit(_ m: borrowing Machine, _ c: inout Call, rd: Input) throws(Refusal) {
    try check(
      "num_recs", "the Realm has as many RECs as it can", .rmiRealm,
      "\(m.realm(c[rd]).recCount) RECs, at most \((1 << m.features.maxRecsOrder) - 1)",
      m.realm(c[rd]).recCount >= (1 << m.features.maxRecsOrder) - 1)
  }

  /// - Parameter rec: nil when TF-RMM's way applies: the granules are taken one by one, so an alias shows as a wrong state.
  @inline(__always) mutating func auxiliaries(
    _ m: borrowing Machine, _ c: inout Call, paramsPtr: Input, rec: Input?
  ) throws(Refusal) {
    try check(
      "aux_align", "an auxiliary granule's address is not a multiple of 4096", .rmiInput,
      m.firstAuxiliary(c[paramsPtr]) { m, address, _ in !address.isGranuleAligned } ?? "all aligned",
      m.firstAuxiliary(c[paramsPtr]) { m, address, _ in !address.isGranuleAligned } != nil)
    try check(
      "aux_alias", "an auxiliary granule is given twice, or is rec", .rmiInput,
      "rec = \(rec.map { hex(c[$0]) } ?? "-")",
      m.auxiliaryTwice(c[paramsPtr]) || (rec.map { m.auxiliaryAlias(c[paramsPtr], c[$0]) } ?? false))
    try check(
      "aux_state", "an auxiliary granule is not a DELEGATED granule", .rmiInput,
      m.firstAuxiliary(c[paramsPtr]) { m, address, _ in !m.granuleIs(address, .delegated) } ?? "all DELEGATED",
      m.firstAuxiliary(c[paramsPtr]) { m, address, _ in !m.granuleIs(address, .delegated) } != nil)
  }
}

/// RmiRecParams as the Host wrote them: a look at their page.
struct RECParams {
  let page: UnsafeRawPointer
  /// TF-RMM takes 32 bits of num_aux (D42).
  let auxCountIsCut: Bool

  var flags: UInt64 { page[RmiRecParams.table.flags] }
  var mpidr: UInt64 { page[RmiRecParams.table.mpidr] }
  var pc: UInt64 { page[RmiRecParams.table.pc] }
  var numAux: UInt64 { auxCountIsCut ? page.inTFRMM(RmiRecParams.table.numAux) : page[RmiRecParams.table.numAux] }
  func aux(_ n: Int) -> UInt64 { page[RmiRecParams.table.aux, n] }

  /// How many of its auxiliary granules there is room for.
  var auxiliaries: Range<Int> { 0..<Int(min(numAux, UInt64(RmiRecParams.table.aux.count))) }
}

/// Processor state of a vCPU that starts.
package enum RealmPSTATE {
  /// EL1h, DAIF masked.
  package static let reset: UInt64 = 0x3C5
  /// SCTLR_EL1 with MMU and caches off (what TF-RMM gives).
  package static let sctlrReset: UInt64 = 0xC5_0878
}

extension Machine {
  func recParams(_ address: UInt64) -> RECParams {
    RECParams(page: memory.page(address), auxCountIsCut: policy.has(.auxCountIsCut))
  }

  /// Says which auxiliary granule fails `test`, or nil.
  func firstAuxiliary(_ params: UInt64, _ test: (borrowing Machine, UInt64, Int) -> Bool) -> String? {
    let params = recParams(params)
    for n in params.auxiliaries {
      let address = params.aux(n)
      if test(self, address, n) { return "aux[\(n)] = \(hex(address)), \(granuleState(address).name)" }
    }
    return nil
  }

  func auxiliaryTwice(_ params: UInt64) -> Bool {
    let params = recParams(params)
    for n in params.auxiliaries {
      for k in 0..<n where params.aux(n) == params.aux(k) { return true }
    }
    return false
  }

  func auxiliaryAlias(_ params: UInt64, _ rec: UInt64) -> Bool {
    let params = recParams(params)
    for n in params.auxiliaries where params.aux(n) == rec { return true }
    return false
  }
}

extension [UInt64] {
  /// Puts a granule's address into an ascending list.
  mutating func insert(granule: UInt64) {
    let place = firstIndex { $0 >= granule } ?? endIndex
    // Only where a check is off it can be there already.
    if place == endIndex || self[place] != granule { insert(granule, at: place) }
  }
}
