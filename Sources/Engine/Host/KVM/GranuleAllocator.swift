import Machine

/// Granules of the Host's, in the order in which KVM takes them: one that was a guest's is used again before one that never was.
struct GranuleAllocator: Sendable {
  /// The lowest that was never taken.
  var next: UInt64
  /// Those that were a guest's; the last is used again first.
  var free: [UInt64] = []
  /// Those that nobody may use: leaked by guests that had them before.
  var unusable: Set<UInt64> = []

  /// So many side by side, aligned to all of them; nil if there is no room below an address.
  mutating func take(_ count: UInt64 = 1, below end: UInt64) -> UInt64? {
    if count == 1, let granule = free.popLast() { return granule }
    let size = count * Granule.size
    var address = (next + size - 1) & ~(size - 1)
    while !unusable.isEmpty, address + size <= end, hasUnusable(address..<address + size) { address += size }
    guard address + size <= end else { return nil }
    next = address + size
    return address
  }

  private func hasUnusable(_ range: Range<UInt64>) -> Bool {
    stride(from: range.lowerBound, to: range.upperBound, by: Int(Granule.size)).contains(where: unusable.contains)
  }

  mutating func giveBack(_ granule: UInt64) { free.append(granule) }
}
