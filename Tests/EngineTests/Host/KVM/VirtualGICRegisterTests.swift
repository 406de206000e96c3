import Engine
import Testing

@testable import Host

/// The interrupt controller of a guest, by the registers it has for it (GIC architecture chapter 12) and what an entry of a vCPU gets.
struct VirtualGICRegisterTests {
  /// Registers by their offsets in their frames.
  private enum GICD {
    static let ctlr: UInt64 = 0x0
    static let typer: UInt64 = 0x4
    static let igroupr1: UInt64 = 0x84
    static let isenabler1: UInt64 = 0x104
    static let icenabler1: UInt64 = 0x184
    static let ispendr1: UInt64 = 0x204
    static let icpendr1: UInt64 = 0x284
    static let isactiver1: UInt64 = 0x304
    static let icactiver1: UInt64 = 0x384
    static let icfgr2: UInt64 = 0xC08
    static let pidr2: UInt64 = 0xFFE8
    static func ipriorityr(_ intid: UInt64) -> UInt64 { 0x400 + intid }
    static func irouter(_ intid: UInt64) -> UInt64 { 0x6000 + 8 * intid }
  }

  private enum GICR {
    static let typer: UInt64 = 0x8
    static let waker: UInt64 = 0x14
    static let igroupr0: UInt64 = 0x1_0080
    static let isenabler0: UInt64 = 0x1_0100
    static let icenabler0: UInt64 = 0x1_0180
    static let ispendr0: UInt64 = 0x1_0200
    static let isactiver0: UInt64 = 0x1_0300
    static let icactiver0: UInt64 = 0x1_0380
    static let icfgr0: UInt64 = 0x1_0C00
    static let icfgr1: UInt64 = 0x1_0C04
    static func ipriorityr(_ intid: UInt64) -> UInt64 { 0x1_0400 + intid }
  }

  /// Fields of ICH_LR<n>_EL2.
  private static let pending: UInt64 = 1 << 62
  private static let active: UInt64 = 1 << 63
  private static let group1: UInt64 = 1 << 60
  private static let eoi: UInt64 = 1 << 41

  private var gic = VirtualGIC(vcpus: 2, listRegisters: 4)

  private func distributor(_ offset: UInt64, size: UInt64 = 4) -> UInt64 {
    gic.read(.distributor(offset), size: size)
  }

  private mutating func setDistributor(_ offset: UInt64, _ value: UInt64, size: UInt64 = 4) {
    gic.write(.distributor(offset), size: size, value)
  }

  private func redistributor(_ vcpu: UInt64, _ offset: UInt64, size: UInt64 = 4) -> UInt64 {
    gic.read(.redistributor(Int(vcpu), offset), size: size)
  }

  private mutating func setRedistributor(_ vcpu: UInt64, _ offset: UInt64, _ value: UInt64, size: UInt64 = 4) {
    gic.write(.redistributor(Int(vcpu), offset), size: size, value)
  }

  /// What a guest's kernel does first: both groups on, each of these interrupts in group 1 and enabled.
  private mutating func enable(spis: [UInt64] = [], ppis: [UInt64] = [], of vcpu: UInt64 = 0) {
    setDistributor(GICD.ctlr, 0b11)
    let (spis, ppis) = (spis.reduce(0 as UInt64) { $0 | 1 << ($1 - 32) }, ppis.reduce(0 as UInt64) { $0 | 1 << $1 })
    setDistributor(GICD.igroupr1, spis)
    setDistributor(GICD.isenabler1, spis)
    setRedistributor(vcpu, GICR.igroupr0, ppis)
    setRedistributor(vcpu, GICR.isenabler0, ppis)
  }

  /// A vCPU leaves with these list registers; `ended` interrupts without one have ended since it was made.
  private mutating func exit(_ vcpu: Int, _ lists: [UInt64], ended: UInt64 = 0) {
    var bytes = [UInt8](repeating: 0, count: 2048)
    func store(_ offset: Int, _ value: UInt64) { for n in 0..<8 { bytes[offset + n] = UInt8(value >> UInt64(8 * n) & 0xFF) } }
    // RmiRecExit: gicv3_hcr, then gicv3_lrs.
    store(0x300, ended << 27)
    for (n, list) in lists.enumerated() { store(0x308 + 8 * n, list) }
    gic.noteExit(vcpu, RunExit(bytes))
  }

  @Test func itSaysWhatItIs() {
    // 64 interrupts, INTIDs of 16 bits; architecture 3.
    #expect(distributor(GICD.typer) == 1 | 15 << 19)
    #expect(distributor(GICD.pidr2) == 0x3B)
    // One Security state, affinity routing.
    #expect(distributor(GICD.ctlr) == 1 << 4 | 1 << 6)
    // The number of the vCPU, its affinity, and which is the last.
    #expect(redistributor(0, GICR.typer, size: 8) == 0)
    #expect(redistributor(1, GICR.typer, size: 8) == 1 << 32 | 1 << 8 | 1 << 4)
  }

  @Test mutating func aRedistributorIsWoken() {
    // ProcessorSleep and ChildrenAsleep.
    #expect(redistributor(1, GICR.waker) == 0b110)
    setRedistributor(1, GICR.waker, 0)
    #expect(redistributor(1, GICR.waker) == 0)
    #expect(redistributor(0, GICR.waker) == 0b110)
    setRedistributor(1, GICR.waker, 0b10)
    #expect(redistributor(1, GICR.waker) == 0b110)
  }

  @Test mutating func oneRegisterSetsWhatTheOtherClears() {
    for (set, clear) in [(GICD.isenabler1, GICD.icenabler1), (GICD.ispendr1, GICD.icpendr1)] {
      setDistributor(set, 0xF0)
      setDistributor(set, 0x01)
      setDistributor(clear, 0x30)
      #expect(distributor(set) == 0xC1)
      #expect(distributor(clear) == 0xC1)
    }
    setRedistributor(1, GICR.isenabler0, 0xFF)
    setRedistributor(1, GICR.icenabler0, 0x0F)
    #expect(redistributor(1, GICR.isenabler0) == 0xF0)
    #expect(redistributor(0, GICR.isenabler0) == 0)
    // Those of the other half are not there: the distributor's first 32 are the redistributors'.
    setDistributor(0x100, 0xFF)
    #expect(distributor(0x100) == 0)
  }

  @Test mutating func prioritiesHaveFiveBitsAndTakeBytes() {
    setDistributor(GICD.ipriorityr(32), 0xFF80_4707)
    #expect(distributor(GICD.ipriorityr(32)) == 0xF880_4000)
    setDistributor(GICD.ipriorityr(33), 0xA5, size: 1)
    #expect(distributor(GICD.ipriorityr(33), size: 1) == 0xA0)
    #expect(distributor(GICD.ipriorityr(32)) == 0xF880_A000)
    setRedistributor(1, GICR.ipriorityr(27), 0x50, size: 1)
    #expect(redistributor(1, GICR.ipriorityr(24)) == 0x5000_0000)
  }

  @Test mutating func whatIsAnEdgeIsConfiguredButNotOfSGIs() {
    #expect(redistributor(0, GICR.icfgr0) == 0xAAAA_AAAA)
    setRedistributor(0, GICR.icfgr0, 0)
    #expect(redistributor(0, GICR.icfgr0) == 0xAAAA_AAAA)
    setRedistributor(0, GICR.icfgr1, 0x0000_000A)
    #expect(redistributor(0, GICR.icfgr1) == 0x0000_000A)
    setDistributor(GICD.icfgr2, 0x8000_0002)
    #expect(distributor(GICD.icfgr2) == 0x8000_0002)
  }

  @Test mutating func anSPIGoesToTheVCPUItIsRoutedTo() {
    enable(spis: [40])
    setDistributor(GICD.ispendr1, 1 << 8)
    #expect(gic.hasInterrupt(0) && !gic.hasInterrupt(1))
    setDistributor(GICD.irouter(40), 1, size: 8)
    #expect(distributor(GICD.irouter(40), size: 8) == 1)
    #expect(!gic.hasInterrupt(0) && gic.hasInterrupt(1))
    // Aff3 is in the upper word: nobody is there.
    setDistributor(GICD.irouter(40) + 4, 1)
    #expect(distributor(GICD.irouter(40), size: 8) == 1 << 32 | 1)
    #expect(!gic.hasInterrupt(0) && !gic.hasInterrupt(1))
  }

  @Test mutating func nothingComesThatIsDisabledOrWhoseGroupIs() {
    enable(spis: [32])
    setDistributor(GICD.ispendr1, 1)
    #expect(gic.hasInterrupt(0))
    setDistributor(GICD.icenabler1, 1)
    #expect(!gic.hasInterrupt(0))
    setDistributor(GICD.isenabler1, 1)
    // It is of group 1, and only group 0 is on.
    setDistributor(GICD.ctlr, 0b01)
    #expect(!gic.hasInterrupt(0))
    setDistributor(GICD.igroupr1, 0)
    #expect(gic.hasInterrupt(0))
    setDistributor(GICD.ctlr, 0)
    #expect(!gic.hasInterrupt(0))
  }

  @Test mutating func theMostUrgentComesFirstAndAnEdgeOnce() {
    enable(spis: [32, 33, 34], ppis: [1])
    setDistributor(GICD.icfgr2, 0b10_10_10)
    setDistributor(GICD.ipriorityr(32), 0x00_20_80_A0)
    setRedistributor(0, GICR.ipriorityr(1), 0x40, size: 1)
    setDistributor(GICD.ispendr1, 0b111)
    setRedistributor(0, GICR.ispendr0, 0b10)
    let lists = gic.listRegisters(0)
    #expect(lists == [(34, 0x20), (1, 0x40), (33, 0x80), (32, 0xA0)].map { Self.pending | Self.group1 | $1 << 48 | $0 })
    // They are on their way: the distributor has none of them any more.
    #expect(distributor(GICD.ispendr1) == 0 && redistributor(0, GICR.ispendr0) == 0)
    // What came back pending is its again, in time to be cleared.
    exit(0, [lists[0] & ~Self.pending | Self.active, lists[1], 0, lists[3]])
    #expect(distributor(GICD.ispendr1) == 0b001 && redistributor(0, GICR.ispendr0) == 0b10)
    #expect(distributor(GICD.isactiver1) == 0b100)
    setDistributor(GICD.icpendr1, 0b001)
    let next = gic.listRegisters(0)
    #expect(next.map { $0 & 0xFFFF_FFFF } == [34, 1, 0, 0])
    #expect(next[0] & Self.active != 0)
  }

  /// A level is asked again when its handler has ended: the list register brings the end to the Host.
  @Test mutating func aLineIsPendingAsLongAsItIsHigh() {
    enable(ppis: [27])
    gic.setLine(0, 27, true)
    #expect(redistributor(0, GICR.ispendr0) == 1 << 27)
    // A write does not clear what a line says.
    setRedistributor(0, 0x1_0280, 1 << 27)
    #expect(redistributor(0, GICR.ispendr0) == 1 << 27)
    let lists = gic.listRegisters(0)
    #expect(lists[0] == Self.pending | Self.group1 | Self.eoi | 27)
    exit(0, [0])
    #expect(!gic.hasInterrupt(0))
    gic.setLine(0, 27, true)
    #expect(gic.hasInterrupt(0))
    gic.setLine(0, 27, false)
    #expect(!gic.hasInterrupt(0))
  }

  @Test mutating func anSGIReachesWhomItIsFor() {
    enable(ppis: [5], of: 0)
    enable(ppis: [5], of: 1)
    // INTID 5 to the vCPUs 0 and 1 of the cluster; then to all others.
    gic.sendSGI(from: 0, 5 << 24 | 0b11)
    #expect(gic.hasInterrupt(0) && gic.hasInterrupt(1))
    _ = (gic.listRegisters(0), gic.listRegisters(1))
    exit(0, [])
    exit(1, [])
    #expect(!gic.hasInterrupt(0) && !gic.hasInterrupt(1))
    gic.sendSGI(from: 0, 5 << 24 | 1 << 40)
    #expect(!gic.hasInterrupt(0) && gic.hasInterrupt(1))
    // Another cluster has nobody.
    gic.sendSGI(from: 1, 5 << 24 | 1 << 16 | 0b11)
    #expect(!gic.hasInterrupt(0))
  }

  /// With more than there is room for, one register is for what is pending, and the Host hears of each end.
  @Test mutating func moreThanThereIsRoomForComesAfterAnother() {
    let intids = Array(32..<38 as Range<UInt64>)
    enable(spis: intids)
    setDistributor(GICD.icfgr2, 0xAAAA_AAAA)
    setDistributor(GICD.ispendr1, 0b111111)
    let first = gic.listRegisters(0)
    #expect(first.map { $0 & 0xFFFF_FFFF } == [32, 33, 34, 35])
    #expect(first.allSatisfy { $0 & Self.eoi != 0 })
    // All four are being handled; then 36 takes the place of one, which ends without a list register.
    exit(0, first.map { $0 & ~Self.pending | Self.active })
    let second = gic.listRegisters(0)
    #expect(second.map { $0 & 0xFFFF_FFFF } == [32, 33, 34, 36])
    #expect(distributor(GICD.isactiver1) == 0b1111)
    exit(0, Array(second.prefix(3)) + [0], ended: 1)
    #expect(distributor(GICD.isactiver1) == 0b0111)
    #expect(distributor(GICD.ispendr1) == 1 << 5)
  }

  @Test mutating func whatIsActiveCanBeSetAndCleared() {
    enable(spis: [50], ppis: [20])
    setDistributor(GICD.isactiver1, 1 << 18)
    setRedistributor(1, GICR.isactiver0, 1 << 20)
    #expect(distributor(GICD.isactiver1) == 1 << 18 && distributor(GICD.icactiver1) == 1 << 18)
    #expect(redistributor(1, GICR.isactiver0) == 1 << 20 && redistributor(0, GICR.isactiver0) == 0)
    #expect(gic.listRegisters(0)[0] & ~(Self.group1) == Self.active | 50)
    setDistributor(GICD.icactiver1, 1 << 18)
    setRedistributor(1, GICR.icactiver0, 1 << 20)
    #expect(distributor(GICD.isactiver1) == 0 && redistributor(1, GICR.isactiver0) == 0)
    #expect(gic.listRegisters(0) == [0, 0, 0, 0])
  }
}
