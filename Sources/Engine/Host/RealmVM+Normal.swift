import Machine

/// The same guest outside a Realm, as KVM runs any other: its memory and its vCPUs' registers are granules of the Host's, the Host
/// itself makes the tables of stage 2, enters the vCPUs and answers their SMCs. No RMI call is made.
extension RealmVM {
  /// Where a vCPU's registers are in its granule: as the model has them in a REC.
  private enum Context {
    static let mpidr: UInt64 = 0x18
    static let pc: UInt64 = 0x20
    static let pstate: UInt64 = 0x28
    static let gprs = UInt64(REC.gprOffset)
    static let sctlr: UInt64 = 0x400 + UInt64(RealmRegister.sctlrEL1.rawValue) * 8
  }

  /// VTCR_EL2: T0SZ, the walk begins at level 1, inner shareable and write-back, 4 KiB granules, PAs of 48 bits.
  private var vtcr: UInt64 { (64 - layout.width) | 1 << 6 | 0b01 << 8 | 0b01 << 10 | 0b11 << 12 | 0b101 << 16 | 1 << 31 }
  /// HCR_EL2: besides what the model needs, SErrors and granule protection faults come to the Host.
  static let hcr = HCR.needed | HCR.amo | HCR.gpf
  /// Bits of a descriptor of stage 2: valid table, valid page; Normal write-back, S2AP readable and writable, inner shareable, AF.
  static let tableDescriptor: UInt64 = 0b11
  static let pageDescriptor: UInt64 = 0b11 | 0b1111 << 2 | 0b11 << 6 | 0b11 << 8 | 1 << 10

  /// Everything up to the first entry.
  func buildNormal(_ image: BootImage) throws(Failure) {
    state.root = try allocate()
    let listRegisters = door.listRegisters
    state.gic = VirtualGIC(vcpus: options.vcpus, listRegisters: listRegisters)
    try image.forEachPage { (page) throws(Failure) in
      let data = try allocate()
      door.write(data, page.bytes)
      try map(page.address, to: data)
    }
    for number in 0..<options.vcpus {
      let registers = try allocate()
      let run = try allocate()
      state.vcpus.append(
        VCPU(rec: registers, run: run, isOn: number == 0, lists: [UInt64](repeating: 0, count: listRegisters)))
      reset(number, pc: number == 0 ? image.entry : 0, context: number == 0 ? image.x0 : 0)
    }
    door.setRegister("vttbr_el2", 1 << 48 | state.root)
    door.setRegister("vtcr_el2", vtcr)
    door.setRegister("hcr_el2", Self.hcr)
  }

  /// Registers of a vCPU that starts: EL1h, exceptions masked, MMU off.
  private func reset(_ number: Int, pc: UInt64, context: UInt64) {
    let registers = state.vcpus[number].rec
    door.write(registers, [UInt8](repeating: 0, count: Int(Granule.size)))
    for (offset, value) in [
      (Context.mpidr, UInt64(number)), (Context.pc, pc), (Context.pstate, RealmPSTATE.reset),
      (Context.sctlr, RealmPSTATE.sctlrReset), (Context.gprs, context),
    ] { door.write64(registers + offset, value) }
  }

  /// Maps a page of the guest's at a granule of the Host's: an entry of level 3, and the tables that lead to it.
  func map(_ ipa: UInt64, to page: UInt64) throws(Failure) {
    var table = state.root
    for level in [1, 2] {
      let shift = UInt64(39 - 9 * level)
      let region = ipa >> shift
      let known = TableKey(level: level, region: region)
      if let next = state.tables[known] {
        table = next
      } else {
        let next = try allocate()
        door.write64(table + (level == 1 ? region : region & 511) * 8, next | Self.tableDescriptor)
        state.tables[known] = next
        table = next
      }
    }
    door.write64(table + (ipa >> 12 & 511) * 8, page | Self.pageDescriptor)
    state.given[ipa] = page
  }

  /// An SMC or HVC: PSCI and SMCCC, as KVM answers them; whatever else there is, RSI too, is not supported.
  func answerCall(_ exit: RunExit, _ turn: Int) -> Ending? {
    let function = UInt32(truncatingIfNeeded: exit.gpr(0))
    var result: Int64 = 0
    switch function {
    case 0x8000_0000: result = 0x1_0001  // SMCCC_VERSION: 1.1
    case PSCIVersion.fid: result = 0x1_0001  // 1.1
    case PSCIFeatures.fid: result = Self.isPSCI(UInt32(truncatingIfNeeded: exit.gpr(1))) ? 0 : notSupported
    case 0x8400_0006: result = 2  // MIGRATE_INFO_TYPE: nothing there to migrate
    case PSCISystemOff.fid: return .poweredOff
    case PSCISystemReset.fid: return .reset
    case PSCICPUOff.fid:
      state.vcpus[turn].isOn = false
      passOn(turn)
      return nil
    case PSCICPUOn.fid, PSCICPUOn.fid32: result = turnOn(exit)
    case PSCIAffinityInfo.fid, PSCIAffinityInfo.fid32:
      result = vcpu(exit.gpr(1)).map { state.vcpus[$0].isOn ? 0 : 1 } ?? invalidParameters
    case PSCICPUSuspend.fid, PSCICPUSuspend.fid32:
      // An interrupt lets it go on, and it has lost nothing.
      state.vcpus[turn].isWaiting = true
      passOn(turn)
    default: result = notSupported
    }
    // X0, and zero in X1 to X3.
    let bytes = (0..<8).map { UInt8(truncatingIfNeeded: result >> (8 * $0)) } + [UInt8](repeating: 0, count: 24)
    door.write(state.vcpus[turn].rec + Context.gprs, bytes)
    return nil
  }

  private var notSupported: Int64 { -1 }
  private var invalidParameters: Int64 { -2 }
  private var alreadyOn: Int64 { -4 }

  private static func isPSCI(_ function: UInt32) -> Bool {
    [
      0x8000_0000, PSCIVersion.fid, PSCIFeatures.fid, 0x8400_0006, PSCISystemOff.fid, PSCISystemReset.fid, PSCICPUOff.fid,
      PSCICPUOn.fid, PSCICPUOn.fid32, PSCIAffinityInfo.fid, PSCIAffinityInfo.fid32, PSCICPUSuspend.fid, PSCICPUSuspend.fid32,
    ].contains(function)
  }

  /// The vCPU a PSCI target names.
  private func vcpu(_ target: UInt64) -> Int? { state.vcpus.indices.first { UInt64($0) == target } }

  private func turnOn(_ exit: RunExit) -> Int64 {
    guard let target = vcpu(exit.gpr(1)) else { return invalidParameters }
    guard !state.vcpus[target].isOn else { return alreadyOn }
    reset(target, pc: exit.gpr(2), context: exit.gpr(3))
    state.vcpus[target].isOn = true
    state.vcpus[target].isWaiting = false
    state.vcpus[target].deadline = nil
    return 0
  }
}
