import Machine

/// The GICv3 a VMM gives its guest (GIC architecture chapter 12, one Security state): a distributor, a redistributor for each vCPU,
/// and what goes into the list registers of each entry. 64 interrupts: SGIs and PPIs of each vCPU, and 32 SPIs.
package struct VirtualGIC: Sendable {
  static let distributorSize: UInt64 = 0x1_0000
  static let redistributorSize: UInt64 = 0x2_0000
  /// Where SGI_base is in a redistributor.
  static let privateFrame: UInt64 = 0x1_0000
  static let virtualTimer = 27
  static let physicalTimer = 30

  /// 32 interrupts, a bit each.
  struct Bank: Sendable {
    var enabled: UInt32 = 0
    var pending: UInt32 = 0
    /// Lines that are high now: pending as long as they are.
    var level: UInt32 = 0
    var group: UInt32 = 0
    var edge: UInt32 = 0
    var priority = [UInt8](repeating: 0, count: 32)
  }

  struct VCPU: Sendable {
    /// SGIs and PPIs.
    var own = Bank()
    var lists: [UInt64]
    /// Active, but what is pending needed the list register: its end shows in ICH_HCR_EL2.EOIcount.
    var spilled: [UInt64] = []
    var eoiCount: UInt64 = 0
    var isAsleep = true
  }

  var control: UInt64 = 0
  var spis = Bank()
  var routes = [UInt64](repeating: 0, count: 32)
  var vcpus: [VCPU]

  /// - Parameter listRegisters: how many the machine has.
  package init(vcpus: Int, listRegisters: Int) {
    self.vcpus = (0..<vcpus).map { _ in VCPU(lists: [UInt64](repeating: 0, count: listRegisters)) }
    // SGIs are edges.
    for n in self.vcpus.indices { self.vcpus[n].own.edge = 0xFFFF }
  }

  // MARK: Interrupts

  /// The vCPU an SPI goes to.
  private func target(_ spi: Int) -> Int { Int(clamping: recIndex(target: routes[spi] & 0xFF_00FF_FFFF)) }

  /// What is pending and enabled for a vCPU: INTID and priority.
  private func waiting(_ vcpu: Int) -> [(intid: Int, priority: UInt8)] {
    guard control & 0b11 != 0 else { return [] }
    var found: [(Int, UInt8)] = []
    func collect(_ bank: Bank, _ base: Int, _ isMine: (Int) -> Bool) {
      var bits = (bank.pending | bank.level) & bank.enabled
      while bits != 0 {
        let n = bits.trailingZeroBitCount
        bits &= bits - 1
        let isEnabled = bank.group >> UInt32(n) & 1 == 1 ? control & 2 != 0 : control & 1 != 0
        if isEnabled, isMine(n) { found.append((base + n, bank.priority[n])) }
      }
    }
    collect(vcpus[vcpu].own, 0) { _ in true }
    collect(spis, 32) { target($0) == vcpu }
    return found.sorted { ($0.1, $0.0) < ($1.1, $1.0) }
  }

  /// Whether an entry of this vCPU has an interrupt for it.
  package func hasInterrupt(_ vcpu: Int) -> Bool {
    !waiting(vcpu).isEmpty || vcpus[vcpu].lists.contains { $0 & VirtualCPUInterface.LR.pending != 0 }
  }

  /// The level of a PPI of a vCPU.
  package mutating func setLine(_ vcpu: Int, _ intid: Int, _ isHigh: Bool) {
    let bit: UInt32 = 1 << UInt32(intid)
    if isHigh { vcpus[vcpu].own.level |= bit } else { vcpus[vcpu].own.level &= ~bit }
  }

  /// The level of an SPI, counted from 0.
  package mutating func setLine(spi: Int, _ isHigh: Bool) {
    let bit: UInt32 = 1 << UInt32(spi)
    if isHigh { spis.level |= bit } else { spis.level &= ~bit }
  }

  /// A write to ICC_SGI1R_EL1 of a vCPU: INTID 27:24, IRM 40, Aff1 23:16 and up, target list 15:0.
  package mutating func sendSGI(from vcpu: Int, _ value: UInt64) {
    let bit: UInt32 = 1 << UInt32(value.bits(27, 24))
    let toOthers = value.bit(40)
    let cluster = value.bits(23, 16) << 4 | value.bits(39, 32) << 12 | value.bits(55, 48) << 20
    for n in vcpus.indices {
      let isTarget = toOthers ? n != vcpu : UInt64(n) & ~15 == cluster && value >> UInt64(n & 15) & 1 == 1
      if isTarget { vcpus[n].own.pending |= bit }
    }
  }

  /// Fills the list registers for an entry: what is active, and what is pending by priority. With more than there is room for, one
  /// register at least is for what is pending, and each end of an interrupt comes to the Host, which has the next.
  package mutating func listRegisters(_ vcpu: Int) -> [UInt64] {
    typealias LR = VirtualCPUInterface.LR
    let count = vcpus[vcpu].lists.count
    let wanted = waiting(vcpu)
    if wanted.isEmpty, vcpus[vcpu].spilled.isEmpty, vcpus[vcpu].lists.allSatisfy({ $0 == 0 }) { return vcpus[vcpu].lists }
    var active = (vcpus[vcpu].lists.filter { $0 != 0 } + vcpus[vcpu].spilled).sorted { LR.priority($0) < LR.priority($1) }
    let fresh = wanted.filter { wanted in !active.contains { LR.intid($0) == UInt64(wanted.intid) } }
    let room = fresh.isEmpty ? count : count - 1
    vcpus[vcpu].spilled = Array(active.dropFirst(room))
    active = Array(active.prefix(room))
    var lists = active
    // An edge may come again while it is handled; a level is looked at again when it has been.
    for n in lists.indices {
      let intid = Int(LR.intid(lists[n]))
      guard isEdge(vcpu, intid), wanted.contains(where: { $0.intid == intid }) else { continue }
      lists[n] |= LR.pending
      clearPending(vcpu, intid)
    }
    let isFull = fresh.count > count - lists.count
    for (intid, priority) in fresh.prefix(count - lists.count) {
      let edge = isEdge(vcpu, intid)
      let group = (intid < 32 ? vcpus[vcpu].own.group >> UInt32(intid) : spis.group >> UInt32(intid - 32)) & 1
      lists.append(
        LR.pending | UInt64(group) << 60 | UInt64(priority & 0xF8) << 48 | (edge && !isFull ? 0 : LR.eoi) | UInt64(intid))
      if edge { clearPending(vcpu, intid) }
    }
    lists += [UInt64](repeating: 0, count: count - lists.count)
    vcpus[vcpu].lists = lists
    return lists
  }

  mutating func noteExit(_ vcpu: Int, _ exit: RunExit) {
    typealias LR = VirtualCPUInterface.LR
    for n in vcpus[vcpu].lists.indices {
      let before = vcpus[vcpu].lists[n]
      var after = exit.listRegister(n)
      let intid = Int(LR.intid(after))
      // What is still pending is the distributor's again, which can have it disabled, cleared or given a place behind another.
      if after & LR.pending != 0 {
        if isEdge(vcpu, intid) { setPending(vcpu, intid) }
        after &= ~LR.pending
      } else if before & LR.pending != 0, !isEdge(vcpu, intid) {
        // A level that was made pending by a write is no longer, once acknowledged.
        clearPending(vcpu, intid)
      }
      // What ended is free.
      vcpus[vcpu].lists[n] = after & LR.active == 0 ? 0 : after
    }
    // Those that ended without a list register did so by priority.
    let count = exit.gicHCR.bits(31, 27)
    let ended = Int((count &- vcpus[vcpu].eoiCount) & 0x1F)
    vcpus[vcpu].eoiCount = count
    if ended > 0, !vcpus[vcpu].spilled.isEmpty { vcpus[vcpu].spilled = Array(vcpus[vcpu].spilled.dropFirst(ended)) }
    // A timer's line is high while ISTATUS is set and not masked.
    setLine(vcpu, Self.virtualTimer, exit.virtualTimer.control & 0b111 == 0b101)
    setLine(vcpu, Self.physicalTimer, exit.physicalTimer.control & 0b111 == 0b101)
  }

  private func isEdge(_ vcpu: Int, _ intid: Int) -> Bool {
    (intid < 32 ? vcpus[vcpu].own.edge >> UInt32(intid) : spis.edge >> UInt32(intid - 32)) & 1 == 1
  }

  private mutating func clearPending(_ vcpu: Int, _ intid: Int) {
    if intid < 32 { vcpus[vcpu].own.pending &= ~(1 << UInt32(intid)) } else { spis.pending &= ~(1 << UInt32(intid - 32)) }
  }

  private mutating func setPending(_ vcpu: Int, _ intid: Int) {
    if intid < 32 { vcpus[vcpu].own.pending |= 1 << UInt32(intid) } else { spis.pending |= 1 << UInt32(intid - 32) }
  }

  // MARK: Active interrupts

  /// What is active of 32 interrupts from `first`, in the list registers of a vCPU, or of all.
  func active(_ vcpu: Int?, from first: UInt64) -> UInt32 {
    var bits: UInt32 = 0
    for n in vcpus.indices where vcpu == nil || n == vcpu {
      for lr in vcpus[n].lists + vcpus[n].spilled where lr & VirtualCPUInterface.LR.active != 0 {
        let intid = VirtualCPUInterface.LR.intid(lr)
        if intid & ~31 == first { bits |= 1 << UInt32(intid & 31) }
      }
    }
    return bits
  }

  /// ISACTIVER: what is not active yet is, and needs a list register from the next entry on.
  mutating func activate(_ vcpu: Int?, from first: UInt64, _ bits: UInt32) {
    typealias LR = VirtualCPUInterface.LR
    var new = bits & ~active(vcpu, from: first)
    while new != 0 {
      let n = new.trailingZeroBitCount
      new &= new - 1
      let owner = vcpu ?? target(n)
      guard vcpus.indices.contains(owner) else { continue }
      let bank = vcpu == nil ? spis : vcpus[owner].own
      let group = UInt64(bank.group >> UInt32(n) & 1)
      vcpus[owner].spilled.append(LR.active | group << 60 | UInt64(bank.priority[n] & 0xF8) << 48 | first + UInt64(n))
    }
  }

  /// ICACTIVER.
  mutating func deactivate(_ vcpu: Int?, from first: UInt64, _ bits: UInt32) {
    func isMeant(_ lr: UInt64) -> Bool {
      let intid = VirtualCPUInterface.LR.intid(lr)
      return intid & ~31 == first && bits >> UInt32(intid & 31) & 1 == 1
    }
    for n in vcpus.indices where vcpu == nil || n == vcpu {
      for k in vcpus[n].lists.indices where isMeant(vcpus[n].lists[k]) { vcpus[n].lists[k] = 0 }
      vcpus[n].spilled.removeAll(where: isMeant)
    }
  }
}
