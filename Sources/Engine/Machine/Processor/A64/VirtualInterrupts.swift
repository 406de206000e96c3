/// The GICv3 virtual CPU interface (GIC architecture, ICV registers): what the list registers of an entry hold, as the Realm sees it
/// through ICC_*_EL1, and the maintenance interrupt that gives the PE back to the Host.
///
/// 5 bits of priority and of preemption, so one word of active priorities for each group.
package struct VirtualCPUInterface {
  var hcr: UInt64
  var vmcr: UInt64
  var lr: InlineArray<16, UInt64>
  /// ICH_AP0R0_EL2 and ICH_AP1R0_EL2: a bit for each active priority.
  package var active: (UInt64, UInt64)
  let count: Int

  static let none: UInt64 = 1023

  /// Fields of a list register.
  package enum LR {
    package static let pending: UInt64 = 1 << 62
    package static let active: UInt64 = 1 << 63
    package static let group1: UInt64 = 1 << 60
    package static let eoi: UInt64 = 1 << 41
    package static func intid(_ lr: UInt64) -> UInt64 { lr.bits(31, 0) }
    package static func priority(_ lr: UInt64) -> UInt64 { lr.bits(55, 48) }
  }

  /// Fields of ICH_VMCR_EL2.
  var enabled: (Bool, Bool) { (vmcr.bit(0), vmcr.bit(1)) }
  var mask: UInt64 { vmcr.bits(31, 24) }
  var dropsOnly: Bool { vmcr.bit(9) }
  func binaryPoint(_ group: Int) -> UInt64 {
    if group == 0 || vmcr.bit(4) {
      let point = max(vmcr.bits(23, 21), 2)
      return group == 0 ? point : min(point + 1, 7)
    }
    return max(vmcr.bits(20, 18), 3)
  }
  /// The bits of a priority that count for preemption.
  func groupMask(_ group: Int) -> UInt64 {
    group == 0 ? 0xFF & ~((2 << binaryPoint(0)) - 1) : 0xFF & ~((1 << binaryPoint(1)) - 1)
  }

  /// The highest active priority, 0xFF when there is none.
  var running: UInt64 {
    let all = active.0 | active.1
    return all == 0 ? 0xFF : UInt64(all.trailingZeroBitCount) << 3
  }

  /// The pending interrupt of highest priority in an enabled group, whatever the mask.
  func highestPending() -> (index: Int, group: Int)? {
    var found: (index: Int, group: Int)?
    var best: UInt64 = 0x100
    for n in 0..<count where lr[n] & (LR.pending | LR.active) == LR.pending {
      let group = lr[n] & LR.group1 != 0 ? 1 : 0
      guard group == 0 ? enabled.0 : enabled.1 else { continue }
      let priority = LR.priority(lr[n])
      if priority < best {
        best = priority
        found = (n, group)
      }
    }
    return found
  }

  /// The same, if it is signalled: below the mask, and of a preemption level above what is active.
  func signalled() -> (index: Int, group: Int)? {
    guard let (index, group) = highestPending() else { return nil }
    let priority = LR.priority(lr[index])
    guard priority < mask else { return nil }
    let all = active.0 | active.1
    guard all == 0 || priority & groupMask(group) < running else { return nil }
    return (index, group)
  }

  /// ICC_IARn_EL1.
  mutating func acknowledge(_ group: Int) -> UInt64 {
    guard let (index, found) = signalled(), found == group else { return Self.none }
    let bit: UInt64 = 1 << ((LR.priority(lr[index]) & groupMask(group)) >> 3)
    if group == 0 { active.0 |= bit } else { active.1 |= bit }
    let intid = LR.intid(lr[index])
    // An LPI has no active state.
    lr[index] = intid >= 8192 ? lr[index] & ~LR.pending : lr[index] & ~LR.pending | LR.active
    return intid
  }

  /// ICC_EOIRn_EL1: priority drop, and deactivation unless EOImode says otherwise.
  mutating func end(_ group: Int, _ value: UInt64) {
    let intid = value & 0xFF_FFFF
    guard intid < 1020 || intid >= 8192 else { return }
    let all = active.0 | active.1
    let lowest = all & (0 &- all)
    let dropped = lowest != 0 && (group == 0 ? active.0 : active.1) & lowest != 0
    if dropped {
      if group == 0 { active.0 &= ~lowest } else { active.1 &= ~lowest }
    }
    guard !dropsOnly, intid < 8192 else { return }
    if !deactivate(intid), dropped { countEOI() }
  }

  /// ICC_DIR_EL1.
  mutating func deactivateOnly(_ value: UInt64) {
    guard dropsOnly else { return }
    if !deactivate(value & 0xFF_FFFF) { countEOI() }
  }

  private mutating func countEOI() {
    let counted = (hcr.bits(31, 27) + 1) & 0x1F
    hcr = hcr & ~GIC.eoiCount | counted << 27
  }

  private mutating func deactivate(_ intid: UInt64) -> Bool {
    for n in 0..<count where lr[n] & LR.active != 0 && LR.intid(lr[n]) == intid {
      lr[n] &= ~LR.active
      return true
    }
    return false
  }

  /// ICH_MISR_EL2: why the Host is to look.
  var maintenance: UInt64 {
    guard hcr.bit(0) else { return 0 }
    var valid = 0
    var pending = false
    var ended = false
    for n in 0..<count {
      if lr[n] & (LR.pending | LR.active) != 0 { valid += 1 }
      if lr[n] & (LR.pending | LR.active) == LR.pending { pending = true }
      if lr[n] & (LR.pending | LR.active) == 0, lr[n] & LR.eoi != 0 { ended = true }
    }
    var result: UInt64 = ended ? 1 : 0
    if hcr.bit(1), valid <= 1 { result |= 1 << 1 }
    if hcr.bit(2), hcr & GIC.eoiCount != 0 { result |= 1 << 2 }
    if hcr.bit(3), !pending { result |= 1 << 3 }
    if hcr.bit(4), enabled.0 { result |= 1 << 4 }
    if hcr.bit(5), !enabled.0 { result |= 1 << 5 }
    if hcr.bit(6), enabled.1 { result |= 1 << 6 }
    if hcr.bit(7), !enabled.1 { result |= 1 << 7 }
    return result
  }
}

/// The registers of the CPU interface that code has, ICC_*_EL1; with a number, those of an interrupt group.
enum CPUInterfaceRegister: Sendable {
  case priorityMask, runningPriority, control, systemRegisters, deactivate
  case acknowledge(Int), end(Int), highestPending(Int), binaryPoint(Int), active(Int), groupEnable(Int)
  /// Words of active priorities that 5 bits of preemption do not fill.
  case moreActive
}

extension Machine {
  /// The virtual CPU interface of the PE that runs a Realm.
  var virtualCPUInterface: VirtualCPUInterface {
    get {
      let pe = control.pes[control.currentPE]
      return VirtualCPUInterface(
        hcr: pe.ichHCR, vmcr: pe.ichVMCR, lr: pe.ichLR, active: (pe.ichAP0R, pe.ichAP1R), count: features.listRegisters)
    }
    set {
      let pe = control.currentPE
      control.pes[pe].ichHCR = newValue.hcr
      control.pes[pe].ichVMCR = newValue.vmcr
      control.pes[pe].ichLR = newValue.lr
      (control.pes[pe].ichAP0R, control.pes[pe].ichAP1R) = newValue.active
    }
  }

  /// What the RMM restores of a REC's interrupts at entry and saves at exit, beside the list registers.
  mutating func restoreInterrupts(_ rec: REC) {
    let pe = control.currentPE
    control.pes[pe].ichVMCR = rec[.ichVMCR]
    control.pes[pe].ichAP0R = rec[.ichAP0R]
    control.pes[pe].ichAP1R = rec[.ichAP1R]
  }

  mutating func saveInterrupts(_ rec: REC) {
    let pe = control.currentPE
    control.pes[pe].ichMISR = virtualCPUInterface.maintenance
    rec[.ichVMCR] = control.pes[pe].ichVMCR
    rec[.ichAP0R] = control.pes[pe].ichAP0R
    rec[.ichAP1R] = control.pes[pe].ichAP1R
  }

  /// MRS of a register of the CPU interface.
  mutating func readInterruptRegister(_ register: CPUInterfaceRegister) -> UInt64 {
    var interface = virtualCPUInterface
    switch register {
    case .priorityMask: return interface.mask
    case .acknowledge(let group):
      let intid = interface.acknowledge(group)
      virtualCPUInterface = interface
      return intid
    case .highestPending(let wanted):
      guard let (index, group) = interface.highestPending(), group == wanted else { return VirtualCPUInterface.none }
      return VirtualCPUInterface.LR.intid(interface.lr[index])
    case .binaryPoint(let group): return interface.binaryPoint(group)
    case .active(let group): return group == 0 ? interface.active.0 : interface.active.1
    case .runningPriority: return interface.running
    // CBPR, EOImode, PRIbits.
    case .control: return interface.vmcr.bits(4, 4) | interface.vmcr.bits(9, 9) << 1 | GIC.priorityBits << 8
    // System registers, no bypass.
    case .systemRegisters: return 0b111
    case .groupEnable(let group): return interface.vmcr.bit(UInt64(group)) ? 1 : 0
    case .moreActive, .end, .deactivate: return 0
    }
  }

  /// MSR to one.
  mutating func writeInterruptRegister(_ register: CPUInterfaceRegister, _ value: UInt64) {
    var interface = virtualCPUInterface
    func put(_ high: UInt64, _ low: UInt64, _ field: UInt64) {
      let mask: UInt64 = (1 << (high - low + 1)) - 1
      interface.vmcr = interface.vmcr & ~(mask << low) | (field & mask) << low
    }
    switch register {
    case .priorityMask: put(31, 24, value & 0xF8)
    case .end(let group): interface.end(group, value)
    case .deactivate: interface.deactivateOnly(value)
    case .binaryPoint(0): put(23, 21, max(value & 7, 2))
    case .binaryPoint: if !interface.vmcr.bit(4) { put(20, 18, max(value & 7, 3)) }
    case .active(0): interface.active.0 = value & 0xFFFF_FFFF
    case .active: interface.active.1 = value & 0xFFFF_FFFF
    case .control:
      put(4, 4, value)
      put(9, 9, value >> 1)
    case .groupEnable(let group): put(UInt64(group), UInt64(group), value)
    case .moreActive, .systemRegisters, .acknowledge, .highestPending, .runningPriority: break
    }
    virtualCPUInterface = interface
  }
}
