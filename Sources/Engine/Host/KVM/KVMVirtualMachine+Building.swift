import Attestation
import Basics
import Machine

/// From KVM_CREATE_VM to the first KVM_RUN.
///
/// Each call is for some states of the Realm alone, and answers with the error number that KVM has for that (as openEuler's does).
extension KVMVirtualMachine {
  /// Flags of POPULATE.
  struct PopulateFlags: OptionSet, Sendable {
    let rawValue: UInt64
    /// The RMM measures the content; without it, the RIM has the address alone.
    static let measure = PopulateFlags(rawValue: 1 << 0)
  }

  /// Bytes of a personalization value.
  static let personalizationLength = RmiRealmParams.table.rpv.extent
  /// vCPUs of one VM.
  package static let mostVCPUs = 8

  /// Whether an ordinary VM's vCPUs have their interrupt controller.
  private var isMade: Bool { !isRealm && state.vcpus.contains { !$0.lists.isEmpty } }

  /// KVM_SET_USER_MEMORY_REGION: RAM of the guest's.
  func setMemoryRegion(_ base: UInt64, size: UInt64) throws(KVMError) {
    let region = try pages(.setMemoryRegion, base, size)
    guard region.upperBound <= 1 << (isRealm ? ipaBits - 1 : ipaBits) else {
      throw .range(.setMemoryRegion, base: base, size: size)
    }
    guard !regions.contains(where: { $0.overlaps(region) }) else { throw .overlap(base: base, size: size) }
    regions.append(region)
  }

  /// Bounds that are pages and do not wrap around.
  private func pages(_ call: KVMCall, _ base: UInt64, _ size: UInt64) throws(KVMError) -> Range<UInt64> {
    let (end, wraps) = base.addingReportingOverflow(size)
    guard !wraps, size > 0, base.isGranuleAligned, size.isGranuleAligned else { throw .range(call, base: base, size: size) }
    return base..<end
  }

  /// Whether RAM of the guest's is there.
  func isRAM(_ ipa: UInt64) -> Bool { regions.contains { $0.contains(ipa) } }

  func demand(_ state: KVMRealmState, for call: KVMCall) throws(KVMError) {
    guard isRealm else { throw .noRealm(call) }
    guard self.state.realm == state else { throw .outOfOrder(call, self.state.realm) }
  }

  // MARK: The Realm

  /// CONFIG_REALM with HASH_ALGO, in KVM's numbers.
  func configure(hash number: UInt32) throws(KVMError) {
    try demand(.none, for: .configure)
    guard let hash = UInt8(exactly: number).flatMap(HashAlgorithm.init(rawValue:)) else { throw .unknownHash(number) }
    self.hash = hash
  }

  /// CONFIG_REALM with RPV.
  func configure(personalization value: [UInt8]) throws(KVMError) {
    try demand(.none, for: .configure)
    guard value.count == Self.personalizationLength else { throw .personalizationLength(value.count) }
    personalization = value
  }

  /// CREATE_REALM: its descriptor, and the tables its walk begins with, side by side.
  func createRealm() throws(KVMError) {
    try demand(.none, for: .createRealm)
    let descriptor = try delegated()
    let tables = KVMStage2.startTables(ipaBits: ipaBits)
    var listRegisters = 0
    try using([descriptor]) { () throws(KVMError) in
      listRegisters = Int(try call("RMI_FEATURES", 0)[1].bits(37, 34)) + 1
      let root = try delegated(tables)
      let granules = (0..<tables).map { root + $0 * Granule.size }
      try using(granules) { () throws(KVMError) in
        writeParameters(root, tables)
        try call("RMI_REALM_CREATE", descriptor, params)
      }
      startTables = root..<root + tables * Granule.size
    }
    state.rd = descriptor
    state.gic = VirtualGIC(vcpus: state.vcpus.count, listRegisters: listRegisters)
    for n in state.vcpus.indices { state.vcpus[n].lists = [UInt64](repeating: 0, count: listRegisters) }
    state.realm = .new
  }

  /// RmiRealmParams of what it was configured with.
  private func writeParameters(_ root: UInt64, _ tables: UInt64) {
    let fields = RmiRealmParams.table
    // What was written for another Realm is still there.
    let size = RmiRealmParams.about.size
    if features != nil || door.read(params, size)?.contains(where: { $0 != 0 }) == true {
      door.write(params, [UInt8](repeating: 0, count: size))
    }
    for (field, value) in [
      (fields.s2sz, ipaBits), (fields.numBPs, features?[fields.numBPs] ?? 1), (fields.numWPs, features?[fields.numWPs] ?? 1),
      (fields.hashAlgo, UInt64(hash.rawValue)), (fields.vmid, vmid), (fields.rttBase, root),
      (fields.rttLevelStart, UInt64(KVMStage2.startLevel(ipaBits: ipaBits))),
      (fields.rttNumStart, tables),
    ] { door.write64(field.address(in: params), value) }
    for field in [fields.flags, fields.sveVL, fields.pmuNumCtrs] {
      if let value = features?[field], value != 0 { door.write64(field.address(in: params), value) }
    }
    if let personalization { door.write(fields.rpv.address(in: params), personalization) }
  }

  /// INIT_RIPAS: RIPAS RAM for a range. A call of the RMM's does no more than one table, and says how far it came; where a
  /// table's entry is larger than what is left, KVM makes a table below.
  func initRIPAS(_ base: UInt64, size: UInt64) throws(KVMError) {
    try demand(.new, for: .initRIPAS)
    let range = try pages(.initRIPAS, base, size)
    var base = base
    while base < range.upperBound {
      let answer = send("RMI_RTT_INIT_RIPAS", [rd, base, range.upperBound])
      if let level = Self.missingLevel(answer[0]) {
        try makeTable(base, level: level)
        continue
      }
      guard answer[0] == 0 else {
        throw .refused("RMI_RTT_INIT_RIPAS", .arguments([rd, base, range.upperBound]), status: answer[0])
      }
      guard answer[1] > base else { throw .noProgress("RMI_RTT_INIT_RIPAS", base) }
      base = answer[1]
    }
  }

  /// What POPULATE demands before it looks into user space's memory.
  func demandPopulate(_ base: UInt64, _ size: UInt64) throws(KVMError) {
    try demand(.new, for: .populate)
    let range = try pages(.populate, base, size)
    guard let region = regions.first(where: { $0.contains(base) }) else { throw .noMemory(.populate, base) }
    guard range.upperBound <= region.upperBound else { throw .range(.populate, base: base, size: size) }
  }

  /// POPULATE: pages with content, and what is done with them.
  func populate(_ base: UInt64, _ bytes: [UInt8], _ flags: PopulateFlags) throws(KVMError) {
    try demand(.new, for: .populate)
    let range = try pages(.populate, base, UInt64(bytes.count))
    guard flags.isSubset(of: .measure) else { throw .unknownFlags(flags.rawValue) }
    try demandPopulate(base, UInt64(bytes.count))
    try forEachPage(range, bytes) { (ipa, page) throws(KVMError) in
      door.write(scratch, page)
      let data = try delegated()
      try using([data]) { () throws(KVMError) in
        try callMakingTable("RMI_DATA_CREATE", at: ipa, [rd, data, ipa, scratch, flags.rawValue])
      }
      state.given[ipa] = data
    }
  }

  private func forEachPage(
    _ range: Range<UInt64>, _ bytes: [UInt8], _ body: (UInt64, [UInt8]) throws(KVMError) -> Void
  ) throws(KVMError) {
    let size = Int(Granule.size)
    guard bytes.count > size else { return try body(range.lowerBound, bytes) }
    for start in stride(from: 0, to: bytes.count, by: size) {
      try body(range.lowerBound + UInt64(start), Array(bytes[start..<start + size]))
    }
  }

  /// ACTIVATE.
  func activate() throws(KVMError) {
    try demand(.new, for: .activate)
    try call("RMI_REALM_ACTIVATE", rd)
    state.realm = .active
  }

  // MARK: vCPUs

  /// KVM_CREATE_VCPU, and the registers it starts with. The first is on; the others are turned on by PSCI.
  ///
  /// - Returns: its number.
  @discardableResult
  func createVCPU(pc: UInt64 = 0, x0: UInt64 = 0, features: VCPUFeatures = .psci02) throws(KVMError) -> Int {
    // An interrupt controller is made for those there are (vgic_initialized).
    guard state.realm == .none, !isMade else { throw .outOfOrder(.createVCPU, state.realm) }
    let number = state.vcpus.count
    guard number < Self.mostVCPUs else { throw .noVCPU(.createVCPU, number) }
    state.vcpus.append(VCPU(address: 0, run: 0, isOn: number == 0))
    starts.append(Start(pc: pc, x0: x0, features: features))
    if !isRealm { try makeRegisters(number) }
    return number
  }

  /// KVM_ARM_VCPU_FINALIZE(REC): what the RMM keeps of a vCPU.
  func finalizeVCPU(_ number: Int) throws(KVMError) {
    try demand(.new, for: .finalizeVCPU)
    guard state.vcpus.indices.contains(number) else { throw .noVCPU(.finalizeVCPU, number) }
    guard state.vcpus[number].address == 0 else { throw .alreadyFinalized(number) }
    let hasPMU = (features?[RmiRealmParams.table.flags] ?? 0) & RmiRealmFlags.table.pmu.mask != 0
    guard starts[number].features.contains(.psci02) else { throw .unfit(number, .noPSCI) }
    guard starts[number].features.contains(.pmuV3) == hasPMU else { throw .unfit(number, .otherPMU) }
    let auxCount = try auxiliaryCount()
    let rec = try delegated()
    var run: UInt64?
    var auxiliary: [UInt64] = []
    do throws(KVMError) {
      run = try zeroed()
      writeRECParameters(number, auxCount)
      for n in 0..<Int(auxCount) {
        auxiliary.append(try delegated())
        door.write64(RmiRecParams.table.aux.address(in: recParams, n), auxiliary[n])
      }
      try call("RMI_REC_CREATE", rd, rec, recParams)
    } catch {
      for granule in auxiliary.reversed() { undelegate(granule) }
      if let run { state.granules.giveBack(run) }
      undelegate(rec)
      throw error
    }
    (state.vcpus[number].address, state.vcpus[number].run) = (rec, run ?? 0)
    auxiliaryGranules[number] = auxiliary
  }

  /// RmiRecParams of a vCPU, without the auxiliary granules' addresses.
  private func writeRECParameters(_ number: Int, _ auxCount: UInt64) {
    let start = starts[number]
    door.write(recParams, [UInt8](repeating: 0, count: RmiRecParams.about.size))
    let fields = RmiRecParams.table
    door.write64(fields.flags.address(in: recParams), number == 0 ? RmiRecCreateFlags.table.runnable.mask : 0)
    door.write64(fields.mpidr.address(in: recParams), UInt64(number))
    door.write64(fields.pc.address(in: recParams), start.pc)
    if start.x0 != 0 { door.write64(fields.gprs.address(in: recParams), start.x0) }
    door.write64(fields.numAux.address(in: recParams), auxCount)
  }

  /// Auxiliary granules of each REC.
  private func auxiliaryCount() throws(KVMError) -> UInt64 {
    if let known = auxiliaries { return known }
    let count = try call("RMI_REC_AUX_COUNT", rd)[1]
    auxiliaries = count
    return count
  }
}
