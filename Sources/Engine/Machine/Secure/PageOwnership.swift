/// What the SPMC knows of a page: whose it is, and what has become of it.
package struct PageOwnership: Sendable, Equatable {
  /// By ``FFAEndpointIndex``; nil where nobody's memory is.
  package var owner: Int?
  package var isDevice = false
  /// Whether its owner may only read it.
  package var isReadOnly = false
  /// Whether it is a buffer its owner shares with the SPMC.
  package var isBuffer = false
  /// The place of its transaction in the list, if it is in one.
  package var share: Int?
}

/// A page as one endpoint has it (DEN0077A 1.1, 10.3: owner or not, access exclusive, shared or none).
package enum PageState: String, Sendable, CaseIterable {
  /// Neither its owner nor a borrower.
  case unmapped = "not mapped"
  /// Owner, and nobody else has access.
  case exclusive = "owned exclusively"
  /// The same, but it may only read it: so a donation was retrieved.
  case readOnly = "owned exclusively, read-only"
  /// The same, of device memory.
  case device = "owned exclusively, device memory"
  /// Owner, and others have access.
  case shared = "shared"
  /// Owner without access.
  case lent = "lent"
  /// Owner no longer; nobody has retrieved it.
  case donated = "donated"
  /// Owner; the SPMC has it mapped as a buffer.
  case buffer = "a buffer"
  /// Access without owning it.
  case borrowed = "borrowed"

  /// Whether the endpoint is its owner and nobody else has access: it may be sent.
  package var isExclusive: Bool { self == .exclusive || self == .readOnly || self == .device }
}

extension Machine {
  /// Memory that is not in the beginning somebody else's: the Normal world's is the DRAM, as the SPMC's manifest has it.
  private func firstOwner(_ address: UInt64) -> (owner: Int?, end: UInt64) {
    if isDRAM(address) { return (FFAEndpointIndex.normal, configuration.dramTop) }
    for (index, partition) in SecurePartition.all.enumerated() where partition.memory.contains(address) {
      return (index + 1, partition.memory.upperBound)
    }
    let starts = SecurePartition.all.map(\.memory.lowerBound) + [dramBase, memory.limit]
    return (nil, starts.filter { $0 > address }.min() ?? ~0)
  }

  /// What a page is, and the address up to which the pages behind it are the same.
  package func ownership(_ address: UInt64) -> (page: PageOwnership, end: UInt64) {
    let state = spm
    let first = firstOwner(address)
    var page = PageOwnership(owner: first.owner)
    var end = first.end
    func bound(_ range: PageRange) -> Bool {
      if range.contains(address) {
        end = min(end, range.end)
        return true
      }
      if range.base > address { end = min(end, range.base) }
      return false
    }
    for owned in state.owned where bound(owned.range) {
      page.owner = owned.owner
      page.isReadOnly = owned.isReadOnly
    }
    for (index, share) in state.shares.enumerated() {
      for range in share.constituents where bound(range) { page.share = index }
    }
    for partition in SecurePartition.all where !partition.device.isEmpty {
      let device = PageRange(
        base: partition.device.lowerBound, pages: UInt64(partition.device.count) >> Granule.shift)
      if bound(device) { page.isDevice = true }
    }
    for endpoint in state.endpoints {
      for buffer in [endpoint.tx, endpoint.rx] where buffer != 0 {
        if bound(PageRange(base: buffer, pages: 1)) { page.isBuffer = true }
      }
    }
    return (page, end)
  }

  /// A page as an endpoint has it.
  package func pageState(_ address: UInt64, for endpoint: Int) -> (state: PageState, end: UInt64) {
    let (page, end) = ownership(address)
    return (pageState(page, for: endpoint), end)
  }

  private func pageState(_ page: PageOwnership, for endpoint: Int) -> PageState {
    let share = page.share.map { spm.shares[$0] }
    guard page.owner == endpoint else {
      let borrows = share?.receivers.contains { FFAEndpointIndex.of($0.id) == endpoint && $0.granted != nil } == true
      return borrows ? .borrowed : .unmapped
    }
    if let share {
      return switch share.kind {
      case .share: .shared
      case .lend: .lent
      case .donate: .donated
      }
    }
    return page.isBuffer ? .buffer : page.isDevice ? .device : page.isReadOnly ? .readOnly : .exclusive
  }

  /// The state all pages of some ranges have for an endpoint; nil if they differ, or there is no page.
  func commonState(_ ranges: [PageRange], for endpoint: Int) -> PageState? {
    var found: PageState?
    for range in ranges {
      var address = range.base
      while address < range.end {
        let (state, end) = pageState(address, for: endpoint)
        if found != nil, found != state { return nil }
        found = state
        address = end
      }
    }
    return found
  }

  /// What an endpoint may do with a page: the permissions its stage 2 has, nil if the page is not in it.
  package func access(_ address: UInt64, of endpoint: Int) -> FFAPermissions? {
    let page = ownership(address).page
    let share = page.share.map { spm.shares[$0] }
    guard page.owner == endpoint else {
      return share?.receivers.first { FFAEndpointIndex.of($0.id) == endpoint && $0.granted != nil }?.granted
    }
    if let share, share.kind != .share { return nil }
    let data = page.isReadOnly ? FFAPermissions.read : FFAPermissions.readWrite
    return FFAPermissions(
      data: data, instruction: page.isDevice || page.isBuffer ? FFAPermissions.neverExecuted : FFAPermissions.executable)
  }

  /// The ranges with another owner as they are once these have one.
  func owned(_ ranges: [PageRange], by owner: Int, isReadOnly: Bool) -> [OwnedRange] {
    var result = spm.owned
    for range in ranges {
      result = result.flatMap { $0.without(range) }
      // What has come back to whose it was from the beginning needs no note.
      if firstOwner(range.base).owner != owner || isReadOnly {
        result.append(OwnedRange(range: range, owner: owner, isReadOnly: isReadOnly))
      }
    }
    return result.sorted { $0.range.base < $1.range.base }
  }
}

extension OwnedRange {
  /// What is left of it without some pages.
  fileprivate func without(_ other: PageRange) -> [OwnedRange] {
    guard range.overlaps(other) else { return [self] }
    var left: [OwnedRange] = []
    func keep(_ base: UInt64, _ end: UInt64) {
      guard base < end else { return }
      left.append(
        OwnedRange(range: PageRange(base: base, pages: (end - base) >> Granule.shift), owner: owner, isReadOnly: isReadOnly))
    }
    keep(range.base, other.base)
    keep(max(range.base, other.end), range.end)
    return left
  }
}
