import Basics

/// A range of a Realm's IPAs that its tables treat alike, over all tables: what it is, and where it leads.
public struct MappedRange: Sendable, Equatable {
  public var ipa: UInt64
  public var size: UInt64
  public var hipas: HIPAS
  public var ripas: RIPAS
  /// Output address of its first byte, if it has one.
  public var address: UInt64?
  /// For ASSIGNED_NS: what the Host allows.
  public var access: String?

  public var end: UInt64 { ipa &+ size }

  func continues(_ other: MappedRange) -> Bool {
    other.end == ipa && other.hipas == hipas && other.ripas == ripas && other.access == access
      && other.address.map { $0 &+ other.size } == address
  }
}

extension Machine {
  /// What a Realm's IPA space holds, in order: every range but those that are UNASSIGNED with RIPAS EMPTY, or UNASSIGNED_NS. Empty if
  /// `rd` is no RD.
  ///
  /// - Parameter limit: most ranges; what is behind them is left out.
  public func mappedRanges(_ rd: UInt64, limit: Int = 4096) -> [MappedRange] {
    guard rd.isGranuleAligned, granuleIs(rd, .rd) else { return [] }
    let realm = realm(rd)
    let (lpa2, top) = (realm.lpa2, realm.ipaTop)
    var ranges: [MappedRange] = []
    var left = Machine.mostTables * 64
    func visit(_ table: UInt64, _ level: Int, _ base: UInt64) {
      // Nobody wrote to it: UNASSIGNED and EMPTY all over.
      guard left > 0, memory.hasPage(table) else { return }
      left -= 1
      let size = rttEntrySize(level)
      for index in 0..<512 {
        let ipa = base &+ UInt64(index) &* size
        guard ipa < top, ranges.count <= limit else { return }
        let entry = RTTEntry(raw: rttLoad(table, index))
        if entry.isTable(level) {
          visit(entry.address(lpa2: lpa2), level + 1, ipa)
          continue
        }
        let hipas = entry.hipas(level)
        if hipas == .unassignedNS || hipas == .unassigned && entry.ripas == .empty { continue }
        let range = MappedRange(
          ipa: ipa, size: size, hipas: hipas, ripas: entry.ripas, address: entry.isLive ? entry.address(lpa2: lpa2) : nil,
          access: hipas == .assignedNS ? entry.accessName : nil)
        if let last = ranges.last, range.continues(last) { ranges[ranges.count - 1].size &+= size } else { ranges.append(range) }
      }
    }
    for n in 0..<realm.rttCount {
      visit(
        realm.rttBase &+ UInt64(n) * Granule.size, realm.startLevel, UInt64(n) * 512 * rttEntrySize(realm.startLevel))
    }
    return Array(ranges.prefix(limit))
  }
}

extension RTTEntry {
  /// S2AP in words.
  var accessName: String { ["none", "RO", "WO", "RW"][Int(permissions)] }
}
