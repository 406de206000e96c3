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
    walkTables(realm, table: { _, _, _ in }) { entry, level, ipa in
      guard ipa < top, ranges.count <= limit else { return false }
      let hipas = entry.hipas(level)
      if hipas == .unassignedNS || hipas == .unassigned && entry.ripas == .empty { return true }
      let range = MappedRange(
        ipa: ipa, size: rttEntrySize(level), hipas: hipas, ripas: entry.ripas,
        address: entry.isLive ? entry.address(lpa2: lpa2) : nil, access: hipas == .assignedNS ? entry.accessName : nil)
      if let last = ranges.last, range.continues(last) {
        ranges[ranges.count - 1].size &+= range.size
      } else {
        ranges.append(range)
      }
      return true
    }
    return Array(ranges.prefix(limit))
  }
}

extension RTTEntry {
  /// S2AP in words.
  var accessName: String { ["none", "RO", "WO", "RW"][Int(permissions)] }
}
