/// Building the GPT at boot, as TF-A's GPT library does it.
extension Machine {
  /// Writes the tables of level 0 and level 1.
  mutating func buildGPT(_ plan: GPTPlan) throws(GPTMisconfiguration) {
    if plan.makesL0 { try makeL0(plan) }
    for call in plan.calls.indices {
      guard plan.makesL0 else { throw .l0IsMissing }
      let first = plan.unnamed.map(GranuleProtectionTable.l0Block) ?? 0
      _ = try plan.check(call) { memory.load64(gpt.l0Base + $0 * 8) == first }
      for region in plan.calls[call] { write(region, plan.unnamed) }
    }
  }

  private mutating func makeL0(_ plan: GPTPlan) throws(GPTMisconfiguration) {
    try plan.checkL0()
    guard let unnamed = plan.unnamed else { return }
    memory.store64(gpt.l0Base, GranuleProtectionTable.l0Block(unnamed), count: plan.l0Size / 8)
  }

  private mutating func write(_ region: PASRegion, _ unnamed: GPI?) {
    typealias GPT = GranuleProtectionTable
    for gigabyte in region.gigabytes {
      let l0Address = gpt.l0Base + gigabyte * 8
      guard region.mapping != .block else {
        memory.store64(l0Address, GPT.l0Block(region.gpi))
        continue
      }
      var l0 = memory.load64(l0Address)
      if GPTTable.table.type.of(l0) != GPTTable.typeValue {
        let table = control.nextL1Table
        control.nextL1Table += GPT.l1Size
        if let unnamed { memory.store64(table, GPT.granules(unnamed), count: GPT.l1Size / 8) }
        l0 = GPT.l0Table(table)
        memory.store64(l0Address, l0)
      }
      let start = gigabyte << GPT.regionShift
      let part = max(region.base, start)..<min(region.end, start + 1 << GPT.regionShift)
      fill(l0 & GPTTable.table.address.mask, part, region)
    }
  }

  /// The entries of one table of level 1 for a part of a region.
  private mutating func fill(_ table: UInt64, _ part: Range<UInt64>, _ region: PASRegion) {
    typealias GPT = GranuleProtectionTable
    var address = part.lowerBound
    while address < part.upperBound {
      let left = part.upperBound - address
      let index = address.bits(GPT.regionShift - 1, 16)
      // The largest contiguous descriptor that fits here.
      let size =
        region.mapping == .granules
        ? nil
        : (1...3).last {
          let bytes = GPT.contiguousEntries[$0] << 16
          return address.isAligned(to: bytes) && left >= bytes
        }
      if let size {
        let count = GPT.contiguousEntries[size]
        memory.store64(table + index * 8, GPT.contiguous(region.gpi, UInt64(size)), count: count)
        address += count << 16
      } else if address.isAligned(to: 1 << 16), left >= 1 << 16 {
        // Up to where a contiguous descriptor may begin.
        let room = region.mapping == .granules ? left : min(left, (address | (2 << 20 - 1)) + 1 - address)
        memory.store64(table + index * 8, GPT.granules(region.gpi), count: room >> 16)
        address += room & ~0xFFFF
      } else {
        let own = GPTGranules.gpi(of: address)
        let entry = memory.load64(table + index * 8)
        memory.store64(table + index * 8, entry & ~own.mask | own.placed(UInt64(region.gpi.rawValue)))
        address += Granule.size
      }
    }
  }
}
