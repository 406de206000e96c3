import Basics

/// The GPT as firmware means to build it, with the checks TF-A makes before it does (lib/gpt_rme/gpt_rme.c: validate_l0_params,
/// validate_pas_mappings, validate_l1_params).
package struct GPTPlan: Sendable {
  /// Bits of physical address it protects.
  package var width: UInt64
  package var l0: Range<UInt64>
  package var l1: Range<UInt64>
  /// What level 0 says at first of everything; nil: nothing.
  package var unnamed: GPI?
  /// The regions of each call of gpt_init_pas_l1_tables.
  package var calls: [[PASRegion]]
  /// Whether gpt_init_l0_tables is called before.
  package var makesL0 = true

  init(_ map: MemoryMap, _ configuration: MachineConfiguration) {
    width = map.width ?? configuration.paWidth
    (l0, l1, unnamed) = (map.l0, map.l1, map.unnamed)
    calls = [map.regions]
    configuration.firmware?.misconfigure(&self, map)
  }

  package var regions: [PASRegion] { calls.flatMap(\.self) }

  /// What TF-A finds wrong with it; nil: nothing.
  package var problem: GPTMisconfiguration? {
    do throws(GPTMisconfiguration) {
      guard makesL0 else { throw .l0IsMissing }
      try checkL0()
      var touched: Set<UInt64> = []
      for call in calls.indices {
        _ = try check(call) { !touched.contains($0) }
        // One call is enough for most: what it describes is of no interest then.
        if call + 1 < calls.count { for region in calls[call] { touched.formUnion(region.gigabytes) } }
      }
      return nil
    } catch {
      return error
    }
  }

  /// Bytes of the table of level 0: an entry for each gigabyte.
  var l0Size: UInt64 { (1 << (width - GranuleProtectionTable.regionShift)) * 8 }

  /// What is wrong with the table of level 0.
  func checkL0() throws(GPTMisconfiguration) {
    guard l0.lowerBound != 0, l0.lowerBound.isAligned(to: max(Granule.size, l0Size)) else { throw .l0Base(l0.lowerBound) }
    guard l0.upperBound - l0.lowerBound >= l0Size else { throw .l0Memory(needed: l0Size, l0.upperBound - l0.lowerBound) }
  }

  /// The tables of level 1 that the regions of a call need, as TF-A counts them.
  ///
  /// - Parameter isUntouched: whether an entry of level 0 still says what it did at first.
  func check(_ call: Int, isUntouched: (UInt64) -> Bool) throws(GPTMisconfiguration) -> UInt64 {
    let regions = calls[call]
    var tables: UInt64 = 0
    for (n, region) in regions.enumerated() {
      try check(region, n, regions)
      if call > 0, let entry = region.gigabytes.first(where: { !isUntouched($0) }) { throw .touched(n, entry: entry) }
      switch region.mapping {
      case .block:
        let unit = UInt64(1) << GranuleProtectionTable.regionShift
        guard region.base.isAligned(to: unit), region.size.isAligned(to: unit) else { throw .blockAlignment(n) }
      case .contiguous, .granules:
        guard region.base.isGranuleAligned, region.size.isGranuleAligned else { throw .granuleAlignment(n) }
        tables += Self.newTables(region, regions[..<n])
      }
    }
    try checkL1(tables)
    return tables
  }

  private func check(_ region: PASRegion, _ n: Int, _ regions: [PASRegion]) throws(GPTMisconfiguration) {
    guard UInt64.max - region.base >= region.size else { throw .overflow(n) }
    guard region.size > 0, region.end <= 1 << width else { throw .invalid(n) }
    for other in regions.indices.dropFirst(n + 1) where region.overlaps(regions[other]) { throw .overlap(other, with: n) }
  }

  /// Tables of level 1 that a region is the first to need: its own gigabytes, but for the first and the last if one before it is there.
  private static func newTables(_ region: PASRegion, _ before: ArraySlice<PASRegion>) -> UInt64 {
    let gigabytes = region.gigabytes
    var count = UInt64(gigabytes.count)
    func isTaken(_ gigabyte: UInt64) -> Bool { before.contains { $0.gigabytes.contains(gigabyte) } }
    if count > 1, isTaken(gigabytes.upperBound) { count -= 1 }
    if isTaken(gigabytes.lowerBound) { count -= 1 }
    return count
  }

  private func checkL1(_ tables: UInt64) throws(GPTMisconfiguration) {
    guard tables > 0 else { return }
    guard l1.lowerBound.isAligned(to: GranuleProtectionTable.l1Size) else { throw .l1Base(l1.lowerBound) }
    let needed = tables * GranuleProtectionTable.l1Size
    guard l1.upperBound - l1.lowerBound >= needed else { throw .l1Memory(needed: needed, l1.upperBound - l1.lowerBound) }
  }
}

/// What TF-A finds wrong with a GPT that it is to build. None of it can be mended: the stage that builds the table panics.
package enum GPTMisconfiguration: Error, Sendable, Equatable {
  case l0Base(UInt64)
  case l0Memory(needed: UInt64, UInt64)
  /// Level 1 is made before level 0 is there.
  case l0IsMissing
  case overflow(Int)
  case invalid(Int)
  case overlap(Int, with: Int)
  /// A call before this one has described the gigabyte.
  case touched(Int, entry: UInt64)
  case blockAlignment(Int)
  case granuleAlignment(Int)
  case l1Base(UInt64)
  case l1Memory(needed: UInt64, UInt64)

  /// What firmware prints of it.
  package var lines: [String] {
    switch self {
    case .l0Base(let base): ["GPT: Invalid L0 base address: \(hex(base))"]
    case .l0Memory(let needed, let there): ["GPT: Inadequate L0 memory", Self.memory(needed, there)]
    case .l0IsMissing: ["GPT: L0 tables must be initialized first!"]
    case .overflow(let n): ["GPT: Address overflow in PAS[\(n)]!"]
    case .invalid(let n): ["GPT: PAS[\(n)] is invalid!"]
    case .overlap(let n, let other): ["GPT: PAS[\(n)] overlaps with PAS[\(other)]"]
    case .touched(let n, let entry): ["GPT: PAS[\(n)] overlaps with previous L0[\(entry)]!"]
    case .blockAlignment(let n): ["GPT: PAS[\(n)] is not block-aligned!"]
    case .granuleAlignment(let n): ["GPT: PAS[\(n)] is not granule-aligned!"]
    case .l1Base(let base): ["GPT: Unaligned L1 GPT base address: \(hex(base))"]
    case .l1Memory(let needed, let there): ["GPT: Inadequate L1 GPTs memory", Self.memory(needed, there)]
    }
  }

  private static func memory(_ needed: UInt64, _ there: UInt64) -> String {
    "      Expected \(hex(needed)) bytes, got \(hex(there))"
  }

  /// The function of the GPT library that fails.
  package var function: String {
    switch self {
    case .l0Base, .l0Memory: "gpt_init_l0_tables"
    default: "gpt_init_pas_l1_tables"
    }
  }
}
