import Machine

/// The GICv3 a VMM gives its guest (GIC architecture chapter 12, one Security state): a distributor, a redistributor for each vCPU,
/// and what goes into the list registers of each entry. 64 interrupts: SGIs and PPIs of each vCPU, and 32 SPIs.
public struct VirtualGIC: Sendable {
  /// In the shared half: the places kvmtool gives them, with the shared bit of the standard layout's IPA space.
  public static let distributor: UInt64 = 0x1_3FFF_0000
  public static let redistributors: UInt64 = 0x1_3FEF_0000
  static let distributorSize: UInt64 = 0x1_0000
  static let redistributorSize: UInt64 = 0x2_0000
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
  init(vcpus: Int, listRegisters: Int) {
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
  func hasInterrupt(_ vcpu: Int) -> Bool {
    !waiting(vcpu).isEmpty || vcpus[vcpu].lists.contains { $0 & VirtualCPUInterface.LR.pending != 0 }
  }

  /// The level of a PPI of a vCPU.
  mutating func setLine(_ vcpu: Int, _ intid: Int, _ isHigh: Bool) {
    let bit: UInt32 = 1 << UInt32(intid)
    if isHigh { vcpus[vcpu].own.level |= bit } else { vcpus[vcpu].own.level &= ~bit }
  }

  /// A write to ICC_SGI1R_EL1 of a vCPU: INTID 27:24, IRM 40, Aff1 23:16 and up, target list 15:0.
  mutating func sendSGI(from vcpu: Int, _ value: UInt64) {
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
  mutating func listRegisters(_ vcpu: Int) -> [UInt64] {
    typealias LR = VirtualCPUInterface.LR
    let count = vcpus[vcpu].lists.count
    var active = (vcpus[vcpu].lists.filter { $0 != 0 } + vcpus[vcpu].spilled).sorted { LR.priority($0) < LR.priority($1) }
    let wanted = waiting(vcpu)
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
    vcpus[vcpu].spilled = Array(vcpus[vcpu].spilled.dropFirst(ended))
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

  // MARK: Registers

  /// What is active of 32 interrupts from `first`, in the list registers of a vCPU, or of all.
  private func active(_ vcpu: Int?, from first: UInt64) -> UInt32 {
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
  private mutating func activate(_ vcpu: Int?, from first: UInt64, _ bits: UInt32) {
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
  private mutating func deactivate(_ vcpu: Int?, from first: UInt64, _ bits: UInt32) {
    func isMeant(_ lr: UInt64) -> Bool {
      let intid = VirtualCPUInterface.LR.intid(lr)
      return intid & ~31 == first && bits >> UInt32(intid & 31) & 1 == 1
    }
    for n in vcpus.indices where vcpu == nil || n == vcpu {
      for k in vcpus[n].lists.indices where isMeant(vcpus[n].lists[k]) { vcpus[n].lists[k] = 0 }
      vcpus[n].spilled.removeAll(where: isMeant)
    }
  }

  /// Whether an IPA is of one of the frames.
  func contains(_ ipa: UInt64) -> Bool {
    (Self.distributor..<Self.distributor + Self.distributorSize).contains(ipa)
      || (Self.redistributors..<Self.redistributors + UInt64(vcpus.count) * Self.redistributorSize).contains(ipa)
  }

  /// A load of `size` bytes.
  func read(_ ipa: UInt64, size: UInt64) -> UInt64 {
    let word = ipa & ~3
    let low = UInt64(registerWord(word))
    let value = size == 8 ? low | UInt64(registerWord(word + 4)) << 32 : low >> (8 * (ipa & 3))
    return size == 8 ? value : value & ((1 << (8 * size)) - 1)
  }

  mutating func write(_ ipa: UInt64, size: UInt64, _ value: UInt64) {
    switch size {
    case 8:
      setWord(ipa, UInt32(truncatingIfNeeded: value))
      setWord(ipa + 4, UInt32(truncatingIfNeeded: value >> 32))
    case 4: setWord(ipa, UInt32(truncatingIfNeeded: value))
    default:
      // Only priorities take bytes.
      let shift = UInt32(8 * (ipa & 3))
      let mask: UInt32 = ((1 << UInt32(8 * size)) - 1) << shift
      let old = registerWord(ipa & ~3)
      setWord(ipa & ~3, old & ~mask | UInt32(truncatingIfNeeded: value) << shift & mask)
    }
  }

  /// Which frame an address is in; of a redistributor, which.
  private enum Frame {
    case distributor
    case redistributor(Int)
    case privateInterrupts(Int)
  }

  private func frame(_ ipa: UInt64) -> (Frame, offset: UInt64) {
    if ipa >= Self.distributor { return (.distributor, ipa - Self.distributor) }
    let offset = ipa - Self.redistributors
    let vcpu = Int(offset / Self.redistributorSize)
    let inFrame = offset % Self.redistributorSize
    return inFrame < 0x1_0000 ? (.redistributor(vcpu), inFrame) : (.privateInterrupts(vcpu), inFrame - 0x1_0000)
  }

  private func registerWord(_ ipa: UInt64) -> UInt32 {
    let (frame, offset) = frame(ipa)
    switch frame {
    case .distributor:
      switch offset {
      // GICD_CTLR: one Security state (DS), affinity routing.
      case 0x0: return UInt32(control & 0b11) | 1 << 4 | 1 << 6
      // GICD_TYPER: 64 interrupts, 16 bits of INTID.
      case 0x4: return 1 | 15 << 19
      case 0x8: return 0x43B
      case 0xFFE8: return 0x3B
      case 0x6100..<0x6200:
        let route = routes[Int(offset - 0x6100) / 8]
        return UInt32(truncatingIfNeeded: offset & 4 == 0 ? route : route >> 32)
      case 0x304, 0x384: return active(nil, from: 32)
      default: return bankWord(spis, offset, index: 1)
      }
    case .redistributor(let vcpu):
      switch offset {
      case 0x4: return 0x43B
      // GICR_TYPER: number, Last, and the affinity.
      case 0x8: return UInt32(vcpu) << 8 | (vcpu == vcpus.count - 1 ? 1 << 4 : 0)
      case 0xC: return UInt32(vcpu)
      case 0x14: return vcpus[vcpu].isAsleep ? 0b110 : 0
      case 0xFFE8: return 0x3B
      default: return 0
      }
    case .privateInterrupts(let vcpu):
      return offset == 0x300 || offset == 0x380 ? active(vcpu, from: 0) : bankWord(vcpus[vcpu].own, offset, index: 0)
    }
  }

  /// - Parameter index: which register of each array stands for the bank: 0 of a redistributor, 1 of the distributor.
  private func bankWord(_ bank: Bank, _ offset: UInt64, index: UInt64) -> UInt32 {
    if (0x400 + index * 32..<0x420 + index * 32).contains(offset) {
      let first = Int(offset - 0x400 - index * 32)
      return (0..<4).reduce(0) { $0 | UInt32(bank.priority[first + $1]) << UInt32(8 * $1) }
    }
    if (0xC00 + index * 8..<0xC08 + index * 8).contains(offset) {
      let half = bank.edge >> UInt32((offset - 0xC00 - index * 8) * 4)
      return (0..<16 as Range<UInt32>).reduce(0) { $0 | (half >> $1 & 1) << (2 * $1 + 1) }
    }
    guard offset >= 0x80, (offset & 0x7F) / 4 == index else { return 0 }
    switch offset & ~0x7F {
    case 0x080: return bank.group
    case 0x100, 0x180: return bank.enabled
    case 0x200, 0x280: return bank.pending | bank.level
    default: return 0
    }
  }

  private mutating func setWord(_ ipa: UInt64, _ value: UInt32) {
    let (frame, offset) = frame(ipa)
    switch frame {
    case .distributor:
      switch offset {
      case 0x0: control = UInt64(value & 0b11)
      case 0x6100..<0x6200:
        let n = Int(offset - 0x6100) / 8
        routes[n] = offset & 4 == 0 ? routes[n] & ~0xFFFF_FFFF | UInt64(value) : routes[n] & 0xFFFF_FFFF | UInt64(value) << 32
      case 0x304: activate(nil, from: 32, value)
      case 0x384: deactivate(nil, from: 32, value)
      default: Self.setBank(&spis, offset, index: 1, value)
      }
    case .redistributor(let vcpu):
      if offset == 0x14 { vcpus[vcpu].isAsleep = value & 0b10 != 0 }
    case .privateInterrupts(let vcpu):
      switch offset {
      case 0x300: activate(vcpu, from: 0, value)
      case 0x380: deactivate(vcpu, from: 0, value)
      default: Self.setBank(&vcpus[vcpu].own, offset, index: 0, value)
      }
    }
  }

  private static func setBank(_ bank: inout Bank, _ offset: UInt64, index: UInt64, _ value: UInt32) {
    if (0x400 + index * 32..<0x420 + index * 32).contains(offset) {
      let first = Int(offset - 0x400 - index * 32)
      // 5 bits of priority.
      for n in 0..<4 { bank.priority[first + n] = UInt8(truncatingIfNeeded: value >> UInt32(8 * n)) & 0xF8 }
      return
    }
    if (0xC00 + index * 8..<0xC08 + index * 8).contains(offset) {
      let shift = UInt32((offset - 0xC00 - index * 8) * 4)
      // SGIs stay edges.
      guard index == 1 || shift != 0 else { return }
      for n in 0..<16 as Range<UInt32> {
        bank.edge = bank.edge & ~(1 << (n + shift)) | (value >> (2 * n + 1) & 1) << (n + shift)
      }
      return
    }
    guard offset >= 0x80, (offset & 0x7F) / 4 == index else { return }
    switch offset & ~0x7F {
    case 0x080: bank.group = value
    case 0x100: bank.enabled |= value
    case 0x180: bank.enabled &= ~value
    case 0x200: bank.pending |= value
    case 0x280: bank.pending &= ~value
    default: break
    }
  }
}
