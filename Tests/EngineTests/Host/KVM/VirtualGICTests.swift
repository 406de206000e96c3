import Engine
import Testing

/// The distributor and the redistributors, register by register, and what the list registers of an entry are filled with.
struct VirtualGICTests {
  private var gic = VirtualGIC(vcpus: 2, listRegisters: 4)

  private mutating func write(_ name: String, _ value: UInt64, vcpu: Int = 0, size: UInt64 = 4) throws {
    gic.write(try #require(VirtualGIC.place(of: name, vcpu: vcpu)), size: size, value)
  }

  private func read(_ name: String, vcpu: Int = 0, size: UInt64 = 4) throws -> UInt64 {
    gic.read(try #require(VirtualGIC.place(of: name, vcpu: vcpu)), size: size)
  }

  private mutating func enable(_ intid: Int, vcpu: Int = 0) throws {
    try write("GICD_CTLR", 0b10)
    let names = intid < 32 ? ("GICR_IGROUPR0", "GICR_ISENABLER0") : ("GICD_IGROUPR1", "GICD_ISENABLER1")
    try write(names.0, 0xFFFF_FFFF, vcpu: vcpu)
    try write(names.1, 1 << UInt64(intid & 31), vcpu: vcpu)
  }

  @Test func identificationSaysWhatThereIs() throws {
    #expect(try read("GICD_TYPER") & 0x1F == 1, "ITLinesNumber: 64 interrupts")
    #expect(try read("GICD_PIDR2") >> 4 & 0xF == 3, "GICv3")
    #expect(try read("GICD_CTLR") == 0b101_0000, "DS and ARE")
    #expect(try read("GICR_TYPER", vcpu: 0, size: 8) == 0, "the first: number 0, affinity 0, not the last")
    #expect(try read("GICR_TYPER", vcpu: 1, size: 8) == 1 << 32 | 1 << 8 | 1 << 4, "affinity 1, number 1, Last")
    #expect(try read("GICR_WAKER", vcpu: 1) == 0b110, "asleep")
  }

  @Test mutating func setAndClearRegistersShowOneState() throws {
    for (set, clear) in [
      ("GICD_ISENABLER1", "GICD_ICENABLER1"), ("GICD_ISPENDR1", "GICD_ICPENDR1"), ("GICR_ISENABLER0", "GICR_ICENABLER0"),
      ("GICR_ISPENDR0", "GICR_ICPENDR0"),
    ] {
      try write(set, 0b1011)
      try write(clear, 0b0010)
      #expect(try read(set) == 0b1001 && read(clear) == 0b1001, "\(set)")
    }
    #expect(try read("GICR_ISENABLER0", vcpu: 1) == 0, "the other vCPU has its own")
  }

  @Test mutating func prioritiesHaveFiveBitsAndAreWrittenByBytes() throws {
    try write("GICR_IPRIORITYR0", 0xFFFF_FFFF)
    #expect(try read("GICR_IPRIORITYR0") == 0xF8F8_F8F8)
    let second = try #require(VirtualGIC.place(of: "GICR_IPRIORITYR0")).advanced(by: 1)
    gic.write(second, size: 1, 0x47)
    #expect(try read("GICR_IPRIORITYR0") == 0xF8F8_40F8)
    #expect(gic.read(second, size: 1) == 0x40)
  }

  /// A store that is not aligned is one to the word it begins in, at the end of an array too.
  @Test mutating func anUnalignedStoreStaysInItsWord() throws {
    let last = try #require(VirtualGIC.place(of: "GICR_IPRIORITYR0")).advanced(by: 28)
    gic.write(last.advanced(by: 1), size: 4, 0x0808_0808)
    #expect(gic.read(last, size: 4) == 0x0808_0808)
  }

  @Test mutating func anSGIStaysAnEdge() throws {
    try write("GICR_ICFGR0", 0)
    #expect(try read("GICR_ICFGR0") == 0xAAAA_AAAA)
    try write("GICD_ICFGR2", 0b1000)
    #expect(try read("GICD_ICFGR2") == 0b1000, "SPI 33 is an edge")
  }

  @Test mutating func anEdgeComesOnceAndALevelAsLongAsItIsHigh() throws {
    try enable(27)
    gic.setLine(0, 27, true)
    #expect(gic.hasInterrupt(0))
    #expect(try read("GICR_ISPENDR0") == 1 << 27)
    let level = gic.listRegisters(0)[0]
    #expect(level & 0xFFFF_FFFF == 27 && level >> 62 == 1 && level >> 60 & 1 == 1, "pending, group 1")
    #expect(level >> 41 & 1 == 1, "the Host wants to know of the end of a level")
    gic.setLine(0, 27, false)
    #expect(try read("GICR_ISPENDR0") == 0)
  }

  @Test mutating func anSGIGoesToItsTargets() throws {
    try enable(3, vcpu: 0)
    try enable(3, vcpu: 1)
    gic.sendSGI(from: 0, 3 << 24 | 0b10)
    #expect(!gic.hasInterrupt(0) && gic.hasInterrupt(1))
    // IRM: all but the one that sends.
    gic.sendSGI(from: 1, 3 << 24 | 1 << 40)
    #expect(gic.hasInterrupt(0))
  }

  @Test mutating func anSPIGoesWhereItIsRouted() throws {
    try enable(32)
    try write("GICD_IROUTER32", 1, size: 8)
    #expect(try read("GICD_IROUTER32", size: 8) == 1)
    try write("GICD_ISPENDR1", 1)
    #expect(!gic.hasInterrupt(0) && gic.hasInterrupt(1))
  }

  /// With more interrupts than list registers, those of the highest priority go first.
  @Test mutating func theHighestPrioritiesGetTheListRegisters() throws {
    try write("GICD_CTLR", 0b10)
    try write("GICR_IGROUPR0", 0xFFFF_FFFF)
    try write("GICR_ISENABLER0", 0xFF)
    try write("GICR_ISPENDR0", 0xFF)
    let priorities = try #require(VirtualGIC.place(of: "GICR_IPRIORITYR0"))
    for n in 0..<8 as Range<UInt64> { gic.write(priorities.advanced(by: n), size: 1, (8 - n) << 3) }
    #expect(gic.listRegisters(0).map { $0 & 0xFFFF_FFFF } == [7, 6, 5, 4])
  }

  @Test mutating func activeStateIsSetAndClearedByTheGuest() throws {
    try write("GICD_ISACTIVER1", 0b100)
    #expect(try read("GICD_ICACTIVER1") == 0b100)
    try write("GICD_ICACTIVER1", 0b100)
    #expect(try read("GICD_ISACTIVER1") == 0)
  }

  @Test func whatIsNoRegisterReadsAsZero() {
    for offset in [0x40, 0x80, 0x100, 0x2000, 0xFFD0] as [UInt64] {
      #expect(gic.read(.distributor(offset), size: 4) == 0)
    }
  }
}
