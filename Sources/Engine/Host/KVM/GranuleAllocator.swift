import Machine

/// Granules of the Host's, in the order in which KVM takes them: one that was a guest's is used again before one that never was.
struct GranuleAllocator: Sendable {
  /// The lowest that was never taken.
  var next: UInt64
  /// Those that were a guest's; the last is used again first.
  var free: [UInt64] = []

  /// So many side by side, aligned to all of them; nil if there is no room below an address.
  mutating func take(_ count: UInt64 = 1, below end: UInt64) -> UInt64? {
    if count == 1, let granule = free.popLast() { return granule }
    let size = count * Granule.size
    let address = (next + size - 1) & ~(size - 1)
    guard address + size <= end else { return nil }
    next = address + size
    return address
  }

  mutating func giveBack(_ granule: UInt64) { free.append(granule) }
}
