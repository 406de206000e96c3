import Machine

/// What KVM makes of an IPA space of so many bits.
package enum KVMStage2 {
  /// The level KVM has the walk of stage 2 begin at: tables that would have 16 entries or fewer at the first level are left out, and
  /// as many of the next lie side by side (stage2_pgtable_levels).
  package static func startLevel(ipaBits: UInt64) -> Int { 4 - Int((ipaBits - 8) / 9) }

  /// How many tables lie side by side at that level.
  package static func startTables(ipaBits: UInt64) -> UInt64 {
    let shift = UInt64(12 + 9 * (4 - startLevel(ipaBits: ipaBits)))
    return ipaBits > shift ? 1 << (ipaBits - shift) : 1
  }

  /// The entries a range's RIPAS is set by: each as large as a table's entry can be that begins there and ends within. The RMM extends
  /// the RIM once for each (RMI_RTT_INIT_RIPAS).
  package static func entries(of range: Range<UInt64>, ipaBits: UInt64) -> some Sequence<Range<UInt64>> {
    let sizes = (startLevel(ipaBits: ipaBits)...3).map { rttEntrySize($0) }
    return sequence(state: range.lowerBound) { (base: inout UInt64) -> Range<UInt64>? in
      guard base < range.upperBound else { return nil }
      let first = base
      let size = sizes.first { first.isAligned(to: $0) && range.upperBound - first >= $0 } ?? Granule.size
      base = first + size
      return first..<base
    }
  }
}
