import Basics

/// RmiRecRun (DEN0137 B4.4.22): what the Host gives at entry in its first half and finds at exit in its second.
package enum RecRun {
  static let flags = 0x0
  static let enterGPRs = 0x200
  static let enterHCR = 0x300
  static let enterLRs = 0x308
  package static let exitBase = 0x800
}

/// RmiRecExitReason.
public enum ExitReason: UInt8, Sendable, CaseIterable {
  case sync = 0, irq, fiq, psci, ripasChange, hostCall, serror

  public var name: String {
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

/// The exit record while it is being filled, with offsets of RmiRecExit. Everything not set is zero.
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
public struct ExitFields: Sendable, Equatable {
  public var reason: ExitReason
  public var fields: [(name: String, value: UInt64)]

  public static func == (a: ExitFields, b: ExitFields) -> Bool {
    a.reason == b.reason && a.fields.map(\.name) == b.fields.map(\.name)
      && a.fields.map(\.value) == b.fields.map(\.value)
  }

  static let layout: [(name: String, offset: Int, size: Int)] = {
    var rows: [(String, Int, Int)] = [("esr", 0x100, 8), ("far", 0x108, 8), ("hpfar", 0x110, 8)]
    for n in 0...30 { rows.append(("gpr\(n)", 0x200 + n * 8, 8)) }
    rows.append(("gicv3_hcr", 0x300, 8))
    for n in 0...15 { rows.append(("gicv3_lr\(n)", 0x308 + n * 8, 8)) }
    rows += [
      ("gicv3_misr", 0x388, 8), ("gicv3_vmcr", 0x390, 8), ("cntp_ctl", 0x400, 8), ("cntp_cval", 0x408, 8),
      ("cntv_ctl", 0x410, 8), ("cntv_cval", 0x418, 8), ("ripas_base", 0x500, 8), ("ripas_top", 0x508, 8),
      ("ripas_value", 0x510, 1), ("imm", 0x600, 4), ("pmu_ovf_status", 0x700, 1),
    ]
    return rows
  }()
}

extension Machine {
  /// Decodes the exit record of a run granule.
  package func exitFields(_ run: UInt64) -> ExitFields {
    let page = memory.page(run) + RecRun.exitBase
    var fields: [(String, UInt64)] = []
    for row in ExitFields.layout {
      var value: UInt64 = 0
      for i in 0..<row.size {
        value |= UInt64(page.load(fromByteOffset: row.offset + i, as: UInt8.self)) << UInt64(8 * i)
      }
      if value != 0 { fields.append((row.name, value)) }
    }
    return ExitFields(reason: ExitReason(rawValue: page.load(as: UInt8.self)) ?? .sync, fields: fields)
  }

  @inline(__always) func runWord(_ run: UInt64, _ offset: Int) -> UInt64 {
    UInt64(littleEndian: memory.page(run).load(fromByteOffset: offset, as: UInt64.self))
  }

  @inline(__always) func enterFlags(_ run: UInt64) -> UInt64 { runWord(run, RecRun.flags) }

  /// Writes an exit record over the second half of the run granule.
  mutating func writeExit(_ exit: borrowing ExitRecord, _ recAddress: UInt64, to run: UInt64) {
    let rec = rec(recAddress)
    progress.run = run
    let page = memory.writablePage(run) + RecRun.exitBase
    page.initializeMemory(as: UInt8.self, repeating: 0, count: 2048)
    func put(_ offset: Int, _ value: UInt64) {
      page.storeBytes(of: value.littleEndian, toByteOffset: offset, as: UInt64.self)
    }
    page.storeBytes(of: exit.reason.rawValue, as: UInt8.self)
    put(0x100, exit.esr)
    put(0x108, exit.far)
    put(0x110, exit.hpfar)
    for n in 0..<31 { put(0x200 + n * 8, exit.gprs[n]) }
    put(0x500, exit.ripasBase)
    put(0x508, exit.ripasTop)
    page.storeBytes(of: exit.ripasValue, toByteOffset: 0x510, as: UInt8.self)
    page.storeBytes(of: exit.imm.littleEndian, toByteOffset: 0x600, as: UInt32.self)
    guard !exit.bare else { return }
    let pe = control.currentPE
    put(0x300, control.pes[pe].ichHCR & (GIC.hostHCR | GIC.eoiCount))
    for n in 0..<features.listRegisters { put(0x308 + n * 8, control.pes[pe].ichLR[n]) }
    put(0x388, control.pes[pe].ichMISR)
    put(0x390, control.pes[pe].ichVMCR)
    put(0x400, rec[.cntpctlEL0])
    put(0x408, rec[.cntpcvalEL0] &- rec[.cntpoffEL2])
    put(0x410, rec[.cntvctlEL0])
    put(0x418, rec[.cntvcvalEL0] &- rec[.cntvoffEL2])
    let overflow = rec[.pmovsEL0] & rec[.pmintenEL1] & rec[.pmcntenEL0] != 0 && rec[.pmcrEL0].bit(0)
    page.storeBytes(
      of: overflow && granuleIs(recAddress, .rec) && realm(rec.owner).pmu ? 1 : 0, toByteOffset: 0x700, as: UInt8.self)
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
    let hcr = runWord(run, RecRun.enterHCR)
    if hcr & ~GIC.hostHCR != 0 { return "gicv3_hcr = \(hex(hcr)), allowed \(hex(GIC.hostHCR))" }
    let count = features.listRegisters
    // The host that ran TF-RMM, whose answers a queue gives, had one bit of priority (ICH_VTR_EL2.PRIbits = 0).
    let priorityBits = configuration.vcpu == .code ? GIC.priorityBits + 1 : 1
    for n in 0..<count {
      let lr = runWord(run, RecRun.enterLRs + n * 8)
      if let problem = GIC.problem(lr, priorityBits: priorityBits) { return "gicv3_lrs[\(n)] = \(hex(lr)): \(problem)" }
      guard lr.bits(63, 62) != 0 else { continue }
      for k in (n + 1)..<max(count, n + 1) {
        let other = runWord(run, RecRun.enterLRs + k * 8)
        if other.bits(63, 62) != 0, other.bits(31, 0) == lr.bits(31, 0) {
          return "gicv3_lrs[\(n)] and [\(k)] name the same vINTID \(lr.bits(31, 0))"
        }
      }
    }
    return nil
  }
}
