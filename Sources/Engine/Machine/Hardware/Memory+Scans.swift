import Basics

/// The digest, and going through what is there.
extension Memory {
  /// 64 bits that depend on every byte and every metadata byte, and not on how they came about.
  package mutating func digest() -> UInt64 {
    var sum: UInt64 = 0
    for index in directory.live {
      let chunk = directory.chunk(index)
      if chunk.anyStale { refreshDigest(UInt64(index) << Memory.chunkShift, chunk) }
      sum = sum &+ chunk.digest
    }
    return sum
  }

  private func refreshDigest(_ base: UInt64, _ chunk: MemoryChunk) {
    var sum: UInt64 = 0
    for granule in 0..<Memory.granulesPerChunk {
      let address = base + UInt64(granule) << 12
      if chunk.stale[granule] != 0 {
        chunk.stale[granule] = 0
        let page = chunk.pages[granule]
        chunk.digests[granule] =
          page == zeroPage
          ? 0 : isShared(page) ? Memory.digest(UniformPages.all.folded(page), address) : Memory.digest(of: page, at: address)
      }
      sum = sum &+ chunk.digests[granule]
      let record = chunk.records[granule]
      if record != 0 { sum = sum &+ mix(address ^ UInt64(record) << 56 ^ 0x6772_616e_756c_6500) }
    }
    chunk.digest = sum
    chunk.anyStale = false
  }

  /// 64 bits that depend on every byte of a page, and on where it is; 0 if all are zero.
  package static func digest(of page: UnsafeRawPointer, at address: UInt64) -> UInt64 {
    let (state, any) = fold(page)
    return any == 0 ? 0 : digest(state, address)
  }

  /// - Parameter state: what the contents come to, which are not all zero: see ``fold(_:)``.
  private static func digest(_ state: UInt64, _ address: UInt64) -> UInt64 { mix(state ^ mix(address)) }

  /// 64 bits that depend on every byte of a page, wherever it is, and all its words in one.
  @inline(__always) static func fold(_ page: UnsafeRawPointer) -> (state: UInt64, any: UInt64) {
    var state: UInt64 = 0
    var any: UInt64 = 0
    for word in 0..<512 {
      let value = UInt64(littleEndian: page.load(fromByteOffset: word * 8, as: UInt64.self))
      any |= value
      state = (state ^ value) &* 0x9e37_79b9_7f4a_7c15
      state ^= state >> 29
    }
    return (state, any)
  }

  /// Calls `body` with the address and the 512 metadata bytes of each chunk in the range that differs from all zero.
  package func forEachChunk(
    from base: UInt64, to top: UInt64, _ body: (UInt64, UnsafePointer<UInt8>) -> Void
  ) {
    let first = Int(base >> Memory.chunkShift)
    let last = Int((top - 1) >> Memory.chunkShift)
    let indices =
      last - first > directory.live.count ? directory.live.sorted().filter { (first...last).contains($0) } : Array(first...last)
    for index in indices {
      let chunk = directory.chunk(index)
      if chunk.base != directory.emptyChunk.base { body(UInt64(index) << Memory.chunkShift, UnsafePointer(chunk.records)) }
    }
  }

  /// The granules of a chunk whose metadata byte is not zero. Eight that are zero, as most are, are passed over at once.
  @inline(__always) static func forEachUsed(_ records: UnsafePointer<UInt8>, _ body: (Int) -> Void) {
    let words = UnsafeRawPointer(records)
    for word in 0..<granulesPerChunk / 8 where words.loadUnaligned(fromByteOffset: word * 8, as: UInt64.self) != 0 {
      for index in word * 8..<word * 8 + 8 where records[index] != 0 { body(index) }
    }
  }

  /// Calls `body` with the address, the contents (nil: zeroes) and the metadata byte of each granule that anybody has touched, in
  /// order of addresses.
  package func forEachGranule(_ body: (UInt64, UnsafeRawPointer?, UInt8) -> Void) {
    for index in directory.live.sorted() {
      let chunk = directory.chunk(index)
      for granule in 0..<Memory.granulesPerChunk {
        let page = chunk.pages[granule]
        guard page != zeroPage || chunk.records[granule] != 0 else { continue }
        body(
          UInt64(index) << Memory.chunkShift + UInt64(granule) << 12, page == zeroPage ? nil : UnsafeRawPointer(page),
          chunk.records[granule])
      }
    }
  }
}
