/// Granules that fit a purpose in the present state, the lowest first: what forms offer and what helpers take.
extension Machine {
  /// Above the beginning of DRAM, up to here, lie pages a Host keeps for itself; what it gives away is taken from behind them.
  package static let hostArea: UInt64 = 1 << 20
  /// Most granules that are looked at to find some that the Host can use: 4 GiB of them.
  package static let searchLimit = 1 << 20

  /// DELEGATED granules: given to the RMM, and of no use yet.
  package func delegatedGranules(_ limit: Int = .max) -> [UInt64] {
    var found: [UInt64] = []
    memory.forEachChunk(from: configuration.dramBase, to: configuration.dramTop) { chunk, records in
      guard found.count < limit else { return }
      for index in 0..<Memory.granulesPerChunk where GranuleRecord(raw: records[index]).isState(.delegated) {
        found.append(chunk + UInt64(index) << Granule.shift)
      }
    }
    found.removeAll { !isDRAM($0) }
    return Array(found.prefix(limit))
  }

  /// Granules the Host can give away: its own, with nothing written in them, from an address on, or from behind its own pages.
  package func spareGranules(_ count: Int, from address: UInt64? = nil) -> [UInt64] {
    let (base, top) = (configuration.dramBase, configuration.dramTop)
    if let address { return untouched(count, max(base, address.granuleBase), top) }
    let start = min(base + Self.hostArea, top)
    let found = untouched(count, start, top)
    return found.count < count ? found + untouched(count - found.count, base, start) : found
  }

  /// Pages the Host can keep something in.
  package func hostPages(_ count: Int) -> [UInt64] {
    spareGranules(count, from: configuration.dramBase + Granule.size)
  }

  private func untouched(_ count: Int, _ base: UInt64, _ top: UInt64) -> [UInt64] {
    var found: [UInt64] = []
    var address = base
    var left = Self.searchLimit
    while found.count < count, left > 0, address < top {
      if granuleIs(address, .undelegated), gpi(address) == .nonSecure, isUnwritten(address), isHosts(address) {
        found.append(address)
      }
      address += Granule.size
      left -= 1
    }
    return found
  }

  /// Whether a page is nobody else's by FF-A, and no buffer.
  private func isHosts(_ address: UInt64) -> Bool {
    control.secure == nil || pageState(address, for: FFAEndpointIndex.normal).state == .exclusive
  }

  /// Whether nobody has written anything there: pages of zeroes are the same state as none.
  private func isUnwritten(_ address: UInt64) -> Bool {
    !memory.hasPage(address) || Memory.isZero(memory.page(address))
  }

  /// Puts bytes in a page, whoever may write there: for a look at what would be. Zeroes leave the page as if nobody had written.
  package mutating func overwrite(_ base: UInt64, _ bytes: [UInt8]) {
    guard !bytes.allSatisfy({ $0 == 0 }) || bytes.count < Int(Granule.size) else { return memory.wipe(base) }
    memory.writablePage(base).copyMemory(from: bytes, byteCount: min(bytes.count, Int(Granule.size)))
  }
}
