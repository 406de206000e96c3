/// Where a vCPU finds memory: what a debugger saves of it, and the registers beyond the general ones.
extension Machine {
  /// Most ranges that are told of, and entries of tables that are looked at for them.
  private static let mostMappings = 1 << 16
  private static let mostEntries = 1 << 22

  /// Ranges of virtual addresses that lead to memory by both stages, in their order, as EL1 has them; by stage 2 alone while stage 1 is
  /// off. What the Host has not given yet is left out.
  package func guestMappings(_ address: UInt64) -> [DebugMapping] {
    guard let regime = regime(address) else { return [] }
    let rec = regime.rec
    var found = FoundMappings()
    guard rec[.sctlrEL1] & 1 == 1 else {
      let width = ipaWidth(of: address) ?? 0
      for range in ramRanges(rec, width) {
        noteLeaf(range.lowerBound, range.lowerBound, range.upperBound &- range.lowerBound, 0, regime, &found)
      }
      return found.mappings
    }
    let tcr = rec[.tcrEL1]
    for isHigh in [false, true] where tcr >> (isHigh ? 23 : 7) & 1 == 0 {
      guard isHigh ? tcr >> 30 & 3 == 2 : tcr >> 14 & 3 == 0 else { continue }
      let size = max(16, min(39, isHigh ? tcr >> 16 & 0x3F : tcr & 0x3F))
      let level = size <= 24 ? 0 : size <= 33 ? 1 : 2
      let base: UInt64 = isHigh ? ~0 << (64 - size) : 0
      let table = rec[isHigh ? .ttbr1EL1 : .ttbr0EL1] & 0x0000_FFFF_FFFF_F000
      let count = 1 << min(9, 64 - Int(size) - (39 - 9 * level))
      noteTable(table, level, base, count, 0, regime, &found)
    }
    return found.mappings
  }

  private struct FoundMappings {
    var mappings: [DebugMapping] = []
    var entries = 0
    var isFull: Bool { mappings.count >= Machine.mostMappings || entries >= Machine.mostEntries }

    mutating func add(_ va: UInt64, isWritable: Bool, isExecutable: Bool) {
      // The last page of all has no end that 64 bits can say.
      guard va <= UInt64.max - 2 * Granule.size else { return }
      if let last = mappings.last, last.range.upperBound == va, last.isWritable == isWritable, last.isExecutable == isExecutable {
        mappings[mappings.count - 1].range = last.range.lowerBound..<va + Granule.size
      } else {
        mappings.append(DebugMapping(range: va..<va + Granule.size, isWritable: isWritable, isExecutable: isExecutable))
      }
    }
  }

  /// IPAs that can be RAM of a vCPU whose stage 1 is off.
  private func ramRanges(_ rec: REC, _ width: UInt64) -> [Range<UInt64>] {
    if granuleIs(rec.owner, .rd) {
      return mappedRanges(rec.owner).filter { $0.hipas == .assigned || $0.hipas == .assignedNS }.map { $0.ipa..<$0.end }
    }
    // An ordinary VM has its RAM where every guest of this Host has it, or at the bottom.
    return [0..<min(1 << width, 1 << 34)]
  }

  /// - Parameter barred: bits of the tables above that take permissions away: 62 (writing), 59 (executing at EL1).
  private func noteTable(
    _ table: UInt64, _ level: Int, _ base: UInt64, _ count: Int, _ barred: UInt64, _ regime: TranslationRegime,
    _ found: inout FoundMappings
  ) {
    guard !found.isFull, case .address(let pa) = translateStage2(regime.stage2, table, .read) else { return }
    let shift = UInt64(39 - 9 * level)
    for index in 0..<count where !found.isFull {
      found.entries += 1
      let entry = memory.load64(pa &+ UInt64(8 * index))
      let va = base &+ UInt64(index) << shift
      guard entry & 1 == 1 else { continue }
      if level < 3, entry & 2 == 2 {
        let bars = barred | entry & (1 << 62 | 1 << 59)
        noteTable(entry & 0x0000_FFFF_FFFF_F000, level + 1, va, 512, bars, regime, &found)
      } else if level > 0, level < 3 || entry & 2 == 2 {
        let size: UInt64 = 1 << shift
        noteLeaf(va, entry & 0x0000_FFFF_FFFF_F000 & ~(size - 1), size, entry | barred, regime, &found)
      }
    }
  }

  private func noteLeaf(
    _ va: UInt64, _ ipa: UInt64, _ size: UInt64, _ entry: UInt64, _ regime: TranslationRegime, _ found: inout FoundMappings
  ) {
    let isWritable = entry & (1 << 7 | 1 << 62) == 0
    let isExecutable = entry & (1 << 53 | 1 << 59) == 0
    for offset in stride(from: 0, to: size, by: Int(Granule.size)) where !found.isFull {
      found.entries += 1
      guard case .address(let pa) = translateStage2(regime.stage2, ipa &+ offset, .read), isDRAM(pa) else { continue }
      found.add(va &+ offset, isWritable: isWritable, isExecutable: isExecutable)
    }
  }

  // MARK: Registers

  /// V0 to V31, the low half of each first, then FPCR and FPSR.
  package func guestVectors(_ address: UInt64) -> [UInt64] {
    control.vectors[address] ?? [UInt64](repeating: 0, count: VectorUnit.wordCount)
  }

  private static let systemRegisters: [(name: String, register: RealmRegister)] =
    [
      ("SP_EL1", .spEL1), ("CNTP_CTL_EL0", .cntpctlEL0), ("CNTP_CVAL_EL0", .cntpcvalEL0), ("CNTV_CTL_EL0", .cntvctlEL0),
      ("CNTV_CVAL_EL0", .cntvcvalEL0),
    ]
    + SystemRegister.table.compactMap { row in
      switch row.contents {
      case .saved(let register), .translation(let register): ("\(row.name)", register)
      default: nil
      }
    }

  /// System registers of a vCPU, as the architecture calls them.
  package static var guestSystemRegisterNames: [String] { systemRegisters.map(\.name) }

  /// The same order; empty if there is no such vCPU.
  package func guestSystemRegisters(_ address: UInt64) -> [UInt64] {
    guard let rec = regime(address)?.rec else { return [] }
    return Self.systemRegisters.map { rec[$0.register] }
  }

  /// Where a vCPU's register is in memory: X0 to X30 are 0 to 30, 31 SP, 32 the pc, 33 PSTATE.
  package func guestRegisterPlace(_ address: UInt64, _ number: Int) -> UInt64? {
    guard let rec = regime(address)?.rec else { return nil }
    let table = RmmRec.table
    switch number {
    case 0..<31: return table.gprs.address(in: address, number)
    case 31:
      let stack = rec.pstate & 0xF == 0b0101 ? RealmRegister.spEL1 : .spEL0
      return table.sysregs.address(in: address, stack.number)
    case 32: return table.pc.address(in: address)
    case 33: return table.pstate.address(in: address)
    default: return nil
    }
  }

  /// The world whose memory a PA is; nil if no software may access it.
  package func worldOfMemory(_ pa: UInt64) -> World? {
    guard isDRAM(pa) else { return nil }
    return [World.normal, .secure, .realm].first { granuleProtectionCheck(pa, $0.ownPAS) == nil }
  }
}
