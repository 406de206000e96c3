import Basics

/// RmiRecEnterFlags as the Host gave them.
struct EnterFlags {
  let raw: UInt64

  private typealias Flags = RmiRecEnterFlags
  @inline(__always) var emulMMIO: Bool { Flags.table.emulMMIO.isSet(in: raw) }
  @inline(__always) var injectSEA: Bool { Flags.table.injectSEA.isSet(in: raw) }
  @inline(__always) var rejectsRIPAS: Bool { Flags.table.ripasResponse.isSet(in: raw) }
  /// What holds until the exit: trap_wfi and trap_wfe.
  @inline(__always) var traps: UInt64 { raw & (Flags.table.trapWFI.mask | Flags.table.trapWFE.mask) }
}

/// RmiRecExitReason.
package enum ExitReason: UInt8, Sendable, CaseIterable {
  case sync = 0, irq, fiq, psci, ripasChange, hostCall, serror

  package var name: String {
    switch self {
    case .sync: "SYNC"
    case .irq: "IRQ"
    case .fiq: "FIQ"
    case .psci: "PSCI"
    case .ripasChange: "RIPAS_CHANGE"
    case .hostCall: "HOST_CALL"
    case .serror: "SERROR"
    }
  }
}

/// The exit record while it is being filled. Everything not set is zero.
struct ExitRecord {
  var reason = ExitReason.sync
  var esr: UInt64 = 0
  var far: UInt64 = 0
  var hpfar: UInt64 = 0
  var gprs = InlineArray<31, UInt64>(repeating: 0)
  var ripasBase: UInt64 = 0
  var ripasTop: UInt64 = 0
  var ripasValue: UInt8 = 0
  var imm: UInt32 = 0
  /// Whether gicv3, timer and PMU fields are left zero (D38).
  var bare = false
}

/// The exit record as the Host reads it, decoded: every field that is not zero, in the order of the record.
package struct ExitFields: Sendable, Equatable {
  package var reason: ExitReason
  package var fields: [(name: String, value: UInt64)]

  package init(reason: ExitReason, fields: [(name: String, value: UInt64)]) {
    self.reason = reason
    self.fields = fields
  }

  package static func == (a: ExitFields, b: ExitFields) -> Bool {
    a.reason == b.reason && a.fields.map(\.name) == b.fields.map(\.name)
      && a.fields.map(\.value) == b.fields.map(\.value)
  }

  /// All but the reason; of several each, by a name of its own: `gpr0`.
  package static let rows: [(name: String, offset: Int, size: Int)] = StructureTable(RmiRecExit.self).fields.dropFirst().flatMap {
    field in
    // TF-RMM writes an immediate of 32 bits (D45).
    let size = max(field.width, field.widthInTFRMM)
    let name = field.name.description
    guard field.count > 1 else { return [(name, field.offset, size)] }
    return (0..<field.count).map { ("\(name.dropLast())\($0)", field.offset + $0 * field.width, size) }
  }
}

extension Machine {
  /// The exit record of a run granule.
  @inline(__always) package func exitRecord(_ run: UInt64) -> UnsafeRawPointer { memory.page(run) + RmiRecRun.table.exit.offset }

  /// Why a run granule says a vCPU has left.
  package func exitReason(_ run: UInt64) -> ExitReason {
    ExitReason(rawValue: UInt8(truncatingIfNeeded: exitRecord(run)[RmiRecExit.table.exitReason])) ?? .sync
  }

  /// Decodes the exit record of a run granule.
  package func exitFields(_ run: UInt64) -> ExitFields {
    let page = exitRecord(run)
    var fields: [(name: String, value: UInt64)] = []
    fields.reserveCapacity(16)
    for row in ExitFields.rows {
      let value = page.number(row.offset, row.size)
      if value != 0 { fields.append((row.name, value)) }
    }
    return ExitFields(reason: exitReason(run), fields: fields)
  }

  /// What the Host says in a run granule: its first half, RmiRecEnter.
  @inline(__always) func enterRecord(_ run: UInt64) -> UnsafeRawPointer { memory.page(run) + RmiRecRun.table.enter.offset }

  @inline(__always) func enterFlags(_ run: UInt64) -> EnterFlags { EnterFlags(raw: enterRecord(run)[RmiRecEnter.table.flags]) }

  /// Writes an exit record over the second half of the run granule.
  mutating func writeExit(_ exit: borrowing ExitRecord, _ recAddress: UInt64, to run: UInt64) {
    let rec = rec(recAddress)
    progress.run = run
    if isLab, granuleProtectionFault(run, .nonSecure) != nil { breaks(.isolation, run, UInt64(World.realm.rawValue) | 1 << 8) }
    let page = memory.writablePage(run) + RmiRecRun.table.exit.offset
    page.initializeMemory(as: UInt8.self, repeating: 0, count: RmiRecRun.table.exit.width)
    page[RmiRecExit.table.exitReason] = UInt64(exit.reason.rawValue)
    page[RmiRecExit.table.esr] = exit.esr
    page[RmiRecExit.table.far] = exit.far
    page[RmiRecExit.table.hpfar] = exit.hpfar
    let gprs = exit.gprs.span
    for n in gprs.indices { page[RmiRecExit.table.gprs, n] = gprs[n] }
    page[RmiRecExit.table.ripasBase] = exit.ripasBase
    page[RmiRecExit.table.ripasTop] = exit.ripasTop
    page[RmiRecExit.table.ripasValue] = UInt64(exit.ripasValue)
    // As wide as TF-RMM has it; by the specification its upper half is zero.
    page.put(RmiRecExit.table.imm.offset, RmiRecExit.table.imm.widthInTFRMM, UInt64(exit.imm))
    guard !exit.bare else { return }
    let pe = control.currentPE
    page[RmiRecExit.table.gicv3HCR] = control.pes[pe].ichHCR & (GIC.hostHCR | GIC.eoiCount)
    for n in 0..<features.listRegisters { page[RmiRecExit.table.gicv3LRs, n] = control.pes[pe].ichLR[n] }
    page[RmiRecExit.table.gicv3MISR] = control.pes[pe].ichMISR
    page[RmiRecExit.table.gicv3VMCR] = control.pes[pe].ichVMCR
    page[RmiRecExit.table.cntpCtl] = rec[.cntpctlEL0]
    page[RmiRecExit.table.cntpCval] = rec[.cntpcvalEL0] &- rec[.cntpoffEL2]
    page[RmiRecExit.table.cntvCtl] = rec[.cntvctlEL0]
    page[RmiRecExit.table.cntvCval] = rec[.cntvcvalEL0] &- rec[.cntvoffEL2]
    if has(.timerRegister) { confuseTimers(page, recAddress) }
    let overflow = rec[.pmovsEL0] & rec[.pmintenEL1] & rec[.pmcntenEL0] != 0 && rec[.pmcrEL0].bit(0)
    page[RmiRecExit.table.pmuOvfStatus] = overflow && granuleIs(recAddress, .rec) && realm(rec.owner).pmu ? 1 : 0
  }
}

/// The GICv3 virtual CPU interface as REC entry and exit use it (DEN0137 A6.1).
enum GIC {
  /// ICH_VTR_EL2.PRIbits and PREbits, less one, where code runs.
  static let priorityBits: UInt64 = 4
  /// Bits of ICH_HCR_EL2 the Host may set: UIE, LRENPIE, NPIE, VGrp0EIE, VGrp0DIE, VGrp1EIE, VGrp1DIE, TDIR.
  static let hostHCR: UInt64 = 0x40FE
  static let eoiCount: UInt64 = 0x1F << 27
  static let enable: UInt64 = 1

  /// Why a list register is not valid at entry, or nil. One with State 0 may hold anything.
  ///
  /// - Parameter priorityBits: how many bits of priority there are, from bit 7 down: ICH_VTR_EL2.PRIbits and one.
  static func problem(_ lr: UInt64, priorityBits: UInt64) -> String? {
    guard lr.bits(63, 62) != 0 else { return nil }
    if lr.bit(61) { return "HW is 1" }
    if lr.bits(55, 48) & (0xFF >> priorityBits) != 0 { return "unimplemented priority bits are set" }
    if lr.bits(44, 32) & ~(1 << 9) != 0 { return "pINTID has bits other than EOI" }
    let intid = lr.bits(31, 0)
    // SGI, PPI and SPI, and LPIs of 16 bits; no extended ranges.
    if intid > 1019, intid < 8192 || intid > 0xFFFF { return "vINTID \(intid) is not one" }
    return nil
  }
}

extension Machine {
  /// Why the GIC state of an entry is refused, or nil.
  func gicProblem(_ run: UInt64) -> String? {
    let enter = enterRecord(run)
    let hcr = enter[RmiRecEnter.table.gicv3HCR]
    if hcr & ~GIC.hostHCR != 0 { return "gicv3_hcr = \(hex(hcr)), allowed \(hex(GIC.hostHCR))" }
    let count = features.listRegisters
    // The host that ran TF-RMM, whose answers a queue gives, had one bit of priority (ICH_VTR_EL2.PRIbits = 0).
    let priorityBits = configuration.vcpu == .code ? GIC.priorityBits + 1 : 1
    for n in 0..<count {
      let lr = enter[RmiRecEnter.table.gicv3LRs, n]
      if let problem = GIC.problem(lr, priorityBits: priorityBits) { return "gicv3_lrs[\(n)] = \(hex(lr)): \(problem)" }
      guard lr.bits(63, 62) != 0 else { continue }
      for k in (n + 1)..<max(count, n + 1) {
        let other = enter[RmiRecEnter.table.gicv3LRs, k]
        if other.bits(63, 62) != 0, other.bits(31, 0) == lr.bits(31, 0) {
          return "gicv3_lrs[\(n)] and [\(k)] name the same vINTID \(lr.bits(31, 0))"
        }
      }
    }
    return nil
  }
}
