import Machine

/// The same guest outside a Realm, as KVM runs any other: its memory and its vCPUs' registers are granules of the Host's, the Host
/// itself makes the tables of stage 2, enters the vCPUs and answers their SMCs. No RMI call is made.
extension KVMVirtualMachine {
  /// VTCR_EL2: T0SZ, the walk begins at level 1, inner shareable and write-back, 4 KiB granules, PAs of 48 bits.
  private var vtcr: UInt64 { (64 - ipaBits) | 1 << 6 | 0b01 << 8 | 0b01 << 10 | 0b11 << 12 | 0b101 << 16 | 1 << 31 }
  /// HCR_EL2: besides what the model needs, SErrors and granule protection faults come to the Host.
  static let hcr = HCR.needed | HCR.amo | HCR.gpf
  /// Bits of a descriptor of stage 2: valid table, valid page; Normal write-back (without FEAT_S2FWB), S2AP readable and writable,
  /// inner shareable, AF.
  static let tableDescriptor = Stage2Descriptor.table.valid.mask | Stage2Descriptor.table.isTable.mask
  static let pageDescriptor =
    tableDescriptor | Stage2Descriptor.table.memAttr.placed(0b1111) | Stage2Descriptor.table.s2ap.mask
    | Stage2Descriptor.table.sh.placed(0b11) | Stage2Descriptor.table.af.mask

  /// Content of RAM before the first entry; user space has it in memory that is the guest's as well.
  func fill(_ base: UInt64, _ page: [UInt8]) throws(KVMError) {
    let isReadOnly = isReadOnly(base)
    guard isReadOnly || isRAM(base) else { throw .noRAM(base) }
    if state.root == 0 { state.root = try zeroed() }
    let data = try allocate()
    door.write(data, page)
    try map(base, to: data, isWritable: !isReadOnly)
  }

  /// A granule for the registers of a vCPU, and one for its entries and exits.
  func makeRegisters(_ number: Int) throws(KVMError) {
    state.vcpus[number].address = try allocate()
    state.vcpus[number].run = try zeroed()
    reset(number, pc: starts[number].pc, context: starts[number].x0)
  }

  /// Before the first entry: its interrupt controller, and the PE's registers of stage 2.
  func loadStage2() {
    let listRegisters = door.listRegisters
    state.gic = VirtualGIC(vcpus: state.vcpus.count, listRegisters: listRegisters)
    for n in state.vcpus.indices { state.vcpus[n].lists = [UInt64](repeating: 0, count: listRegisters) }
    writeStage2Registers()
  }

  /// VTTBR_EL2: what tells its translations apart, and where its walk begins.
  private var vttbr: UInt64 { vmid << 48 | state.root }

  private func writeStage2Registers() {
    door.setRegister("vttbr_el2", vttbr)
    door.setRegister("vtcr_el2", vtcr)
    door.setRegister("hcr_el2", Self.hcr)
  }

  /// Before an entry: the PE may have run another VM since (__load_stage2).
  func loadStage2Registers() {
    if door.register("vttbr_el2") != vttbr || door.register("vtcr_el2") != vtcr { writeStage2Registers() }
  }

  /// Registers of a vCPU that starts: EL1h, exceptions masked, MMU off.
  func reset(_ number: Int, pc: UInt64, context: UInt64) {
    let registers = state.vcpus[number].address
    door.write(registers, [UInt8](repeating: 0, count: Int(Granule.size)))
    // As the model has them in a REC.
    let fields = RmmRec.table
    for (field, index, value) in [
      (fields.mpidr, 0, UInt64(number)), (fields.pc, 0, pc), (fields.pstate, 0, RealmPSTATE.reset),
      (fields.sysregs, RealmRegister.sctlrEL1.number, RealmPSTATE.sctlrReset), (fields.gprs, 0, context),
    ] { door.write64(field.address(in: registers, index), value) }
  }

  /// KVM_ARM_VCPU_INIT again of all of them, and their registers as at the start; the interrupt controller begins anew.
  func resetVCPUs() {
    let listRegisters = door.listRegisters
    state.gic = VirtualGIC(vcpus: state.vcpus.count, listRegisters: listRegisters)
    for n in state.vcpus.indices {
      reset(n, pc: starts[n].pc, context: starts[n].x0)
      (state.vcpus[n].isOn, state.vcpus[n].isWaiting, state.vcpus[n].deadline) = (n == 0, false, nil)
      // What stands in the run granule is written anew at the next entry, flags too.
      state.vcpus[n].flags = nil
    }
  }

  /// Maps a page of the guest's at a granule of the Host's: an entry of level 3, and the tables that lead to it.
  func map(_ ipa: UInt64, to page: UInt64, isWritable: Bool = true) throws(KVMError) {
    if state.root == 0 { state.root = try zeroed() }
    var table = state.root
    for level in [1, 2] {
      let shift = UInt64(39 - 9 * level)
      let region = ipa >> shift
      let known = TableKey(level: level, region: region)
      if let next = state.tables[known] {
        table = next
      } else {
        let next = try zeroed()
        door.write64(table + (level == 1 ? region : region & 511) * 8, next | Self.tableDescriptor)
        state.tables[known] = next
        table = next
      }
    }
    let descriptor = isWritable ? Self.pageDescriptor : Self.pageDescriptor & ~Stage2Descriptor.table.s2ap.placed(0b10)
    door.write64(table + (ipa >> 12 & 511) * 8, page | descriptor)
    state.given[ipa] = page
  }

  // MARK: Memory to be read

  func isReadOnly(_ ipa: UInt64) -> Bool { readOnly.contains { $0.contains(ipa) } }

  /// A page of it, with what user space has there, where the guest reads.
  func giveReadOnly(_ ipa: UInt64) throws(KVMError) {
    try map(ipa, to: try backing(ipa), isWritable: false)
    state.pagesGiven += 1
  }

  /// KVM_SET_USER_MEMORY_REGION that takes it away: nothing of it is mapped any more, and user space keeps what is in it.
  func removeReadOnly(_ region: Range<UInt64>) {
    readOnly.removeAll { $0 == region }
    let unit = UInt64(2 << 20)
    for base in stride(from: region.lowerBound, to: region.upperBound, by: Int(unit)) {
      guard let table = state.tables[TableKey(level: 2, region: base / unit)], let entries = door.read(table, Int(Granule.size))
      else { continue }
      for index in 0..<512 where entries[8 * index] & 1 != 0 { door.write64(table + UInt64(8 * index), 0) }
    }
  }

  /// The Host's page behind a page of the guest's that need not be mapped.
  func backing(_ ipa: UInt64) throws(KVMError) -> UInt64 {
    if let page = state.given[ipa] { return page }
    let page = try zeroed()
    state.given[ipa] = page
    return page
  }
}
