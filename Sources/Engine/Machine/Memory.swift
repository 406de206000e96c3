#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Physical memory, one granule at a time, for up to 2^48 bytes.
///
/// A two-level radix tree: a directory of 2 MiB chunks, each with 512 granules. What nobody wrote has no chunk and no page, and
/// reads as zero, so an idle machine of a terabyte costs what one of a megabyte does. Beside its contents every granule has one
/// byte of metadata: the RMM's granule state and a mirror of its GPI (see ``GranuleRecord``).
///
/// Invariants:
/// - a page that is absent and a page full of zeroes are the same state, and give the same digest;
/// - after ``checkpoint()`` the first change of a page or of a chunk's metadata moves what was there to the journal, so that
///   ``restore(to:)`` puts it back instead of computing backwards.
///
/// All unsafe storage of the machine is in this file.
package struct Memory: ~Copyable {
  /// 512 granules: contents, metadata, and what the journal and the digest need to know about them.
  struct Chunk {
    var pages: UnsafeMutablePointer<UnsafeMutableRawPointer?>
    var records: UnsafeMutablePointer<UInt8>
    /// Epoch in which a page was last saved to the journal.
    var saved: UnsafeMutablePointer<UInt32>
    var recordsSaved: UInt32 = 0
    /// Cached digest of each page; valid unless the page's bit in `stale` is set.
    var digests: UnsafeMutablePointer<UInt64>
    var stale: UnsafeMutablePointer<UInt8>
    var anyStale = true
    var digest: UInt64 = 0
  }

  enum SavedItem {
    case page(chunk: Int, index: Int, contents: UnsafeMutableRawPointer?)
    case records(chunk: Int, contents: UnsafeMutablePointer<UInt8>)
  }

  static let granulesPerChunk = 512
  static let chunkShift: UInt64 = 21

  /// One pointer a chunk; reserved, not committed, so its size is address space only.
  private let directory: UnsafeMutablePointer<UnsafeMutablePointer<Chunk>?>
  private let directoryCount: Int
  /// What an absent page reads as.
  private let zeroPage: UnsafeMutableRawPointer
  private var freePages: [UnsafeMutableRawPointer] = []
  private var journal: [SavedItem] = []
  private var checkpoints: [Int] = []
  private var epoch: UInt32 = 0
  /// Chunks that exist, in order of creation.
  private var live: [Int] = []
  /// First address beyond the physical address space.
  package let limit: UInt64
  /// Pages that hold contents now.
  package private(set) var pageCount = 0

  /// - Parameter width: the physical address width in bits, 32 to 48.
  package init(width: UInt64) {
    limit = 1 << width
    directoryCount = Int(limit >> Memory.chunkShift)
    let bytes = directoryCount * MemoryLayout<UnsafeMutableRawPointer>.stride
    guard
      let space = mmap(
        nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0),
      space != MAP_FAILED
    else { fatalError("no address space for the directory of a \(width)-bit physical address space") }
    directory = space.bindMemory(
      to: UnsafeMutablePointer<Chunk>?.self, capacity: directoryCount)
    zeroPage = .allocate(byteCount: 4096, alignment: 4096)
    zeroPage.initializeMemory(as: UInt8.self, repeating: 0, count: 4096)
  }

  deinit {
    for item in journal { Memory.release(item) }
    for index in live {
      guard let chunk = directory[index] else { continue }
      for granule in 0..<Memory.granulesPerChunk { chunk.pointee.pages[granule]?.deallocate() }
      chunk.pointee.pages.deallocate()
      chunk.pointee.records.deallocate()
      chunk.pointee.saved.deallocate()
      chunk.pointee.digests.deallocate()
      chunk.pointee.stale.deallocate()
      chunk.deallocate()
    }
    for page in freePages { page.deallocate() }
    zeroPage.deallocate()
    munmap(directory, directoryCount * MemoryLayout<UnsafeMutableRawPointer>.stride)
  }

  private static func release(_ item: SavedItem) {
    switch item {
    case .page(_, _, let contents): contents?.deallocate()
    case .records(_, let contents): contents.deallocate()
    }
  }

  // MARK: Granules

  /// The metadata byte of the granule that holds `address`, which is below ``limit``.
  @inline(__always) package func record(_ address: UInt64) -> UInt8 {
    guard let chunk = directory[Int(truncatingIfNeeded: address >> Memory.chunkShift)] else {
      return 0
    }
    return chunk.pointee.records[Int(truncatingIfNeeded: (address >> 12) & 511)]
  }

  @inline(__always) package mutating func setRecord(_ address: UInt64, _ value: UInt8) {
    let index = Int(truncatingIfNeeded: address >> Memory.chunkShift)
    let chunk = directory[index] ?? newChunk(index)
    if chunk.pointee.recordsSaved != epoch { saveRecords(index, chunk) }
    chunk.pointee.anyStale = true
    chunk.pointee.records[Int(truncatingIfNeeded: (address >> 12) & 511)] = value
  }

  /// Where the contents of a granule can be read: valid until the granule is next written. `address` is below ``limit``.
  @inline(__always) package func page(_ address: UInt64) -> UnsafeRawPointer {
    guard let chunk = directory[Int(truncatingIfNeeded: address >> Memory.chunkShift)],
      let page = chunk.pointee.pages[Int(truncatingIfNeeded: (address >> 12) & 511)]
    else { return UnsafeRawPointer(zeroPage) }
    return UnsafeRawPointer(page)
  }

  /// Whether two granules' contents are the same.
  static func isEqual(_ one: UnsafeRawPointer, _ other: UnsafeRawPointer) -> Bool { memcmp(one, other, 4096) == 0 }

  /// Whether the granule has contents of its own (otherwise it reads as zero).
  package func hasPage(_ address: UInt64) -> Bool { page(address) != UnsafeRawPointer(zeroPage) }

  /// Where the contents of a granule can be written. Its old contents are in the journal first, if a checkpoint wants them.
  @inline(__always) package mutating func writablePage(_ address: UInt64) -> UnsafeMutableRawPointer {
    let index = Int(truncatingIfNeeded: address >> Memory.chunkShift)
    let granule = Int(truncatingIfNeeded: (address >> 12) & 511)
    let chunk = directory[index] ?? newChunk(index)
    if chunk.pointee.saved[granule] != epoch { savePage(index, granule, chunk, keep: true) }
    chunk.pointee.stale[granule] = 1
    chunk.pointee.anyStale = true
    return chunk.pointee.pages[granule] ?? newPage(chunk, granule)
  }

  /// Makes a granule read as zero.
  @inline(__always) package mutating func wipe(_ address: UInt64) {
    let index = Int(truncatingIfNeeded: address >> Memory.chunkShift)
    guard let chunk = directory[index] else { return }
    let granule = Int(truncatingIfNeeded: (address >> 12) & 511)
    guard chunk.pointee.pages[granule] != nil else { return }
    if chunk.pointee.saved[granule] != epoch {
      savePage(index, granule, chunk, keep: false)
    } else if let page = chunk.pointee.pages[granule] {
      freePages.append(page)
      chunk.pointee.pages[granule] = nil
    }
    pageCount -= 1
    chunk.pointee.stale[granule] = 1
    chunk.pointee.anyStale = true
  }

  @inline(never) private mutating func newChunk(_ index: Int) -> UnsafeMutablePointer<Chunk> {
    func zeroed<T>(_ count: Int, _ zero: T) -> UnsafeMutablePointer<T> {
      let pointer = UnsafeMutablePointer<T>.allocate(capacity: count)
      pointer.initialize(repeating: zero, count: count)
      return pointer
    }
    let chunk = UnsafeMutablePointer<Chunk>.allocate(capacity: 1)
    let n = Memory.granulesPerChunk
    chunk.initialize(
      to: Chunk(
        pages: zeroed(n, nil), records: zeroed(n, 0), saved: zeroed(n, 0), digests: zeroed(n, 0),
        stale: zeroed(n, 0)))
    directory[index] = chunk
    live.append(index)
    return chunk
  }

  @inline(never) private mutating func newPage(_ chunk: UnsafeMutablePointer<Chunk>, _ granule: Int)
    -> UnsafeMutableRawPointer
  {
    let page = freePages.popLast() ?? .allocate(byteCount: 4096, alignment: 64)
    page.initializeMemory(as: UInt8.self, repeating: 0, count: 4096)
    chunk.pointee.pages[granule] = page
    pageCount += 1
    return page
  }

  // MARK: Checkpoints

  /// Marks the present contents as a place to come back to. Costs nothing until something changes.
  package mutating func checkpoint() -> Int {
    checkpoints.append(journal.count)
    epoch += 1
    return checkpoints.count - 1
  }

  /// Puts back what was there at the checkpoint, which stays in force; later checkpoints are forgotten.
  package mutating func restore(to checkpoint: Int) {
    while journal.count > checkpoints[checkpoint], let item = journal.popLast() {
      switch item {
      case .page(let index, let granule, let contents):
        guard let chunk = directory[index] else { continue }
        if let page = chunk.pointee.pages[granule] {
          freePages.append(page)
          pageCount -= 1
        }
        if contents != nil { pageCount += 1 }
        chunk.pointee.pages[granule] = contents
        chunk.pointee.saved[granule] = 0
        chunk.pointee.stale[granule] = 1
        chunk.pointee.anyStale = true
      case .records(let index, let contents):
        guard let chunk = directory[index] else { continue }
        chunk.pointee.records.deallocate()
        chunk.pointee.records = contents
        chunk.pointee.recordsSaved = 0
        chunk.pointee.anyStale = true
      }
    }
    checkpoints.removeLast(checkpoints.count - checkpoint - 1)
    epoch += 1
  }

  @inline(never) private mutating func savePage(
    _ index: Int, _ granule: Int, _ chunk: UnsafeMutablePointer<Chunk>, keep: Bool
  ) {
    chunk.pointee.saved[granule] = epoch
    guard !checkpoints.isEmpty else {
      if !keep, let page = chunk.pointee.pages[granule] {
        freePages.append(page)
        chunk.pointee.pages[granule] = nil
      }
      return
    }
    let old = chunk.pointee.pages[granule]
    journal.append(.page(chunk: index, index: granule, contents: old))
    guard keep, let old else {
      chunk.pointee.pages[granule] = nil
      return
    }
    let page = freePages.popLast() ?? .allocate(byteCount: 4096, alignment: 64)
    page.copyMemory(from: old, byteCount: 4096)
    chunk.pointee.pages[granule] = page
  }

  @inline(never) private mutating func saveRecords(_ index: Int, _ chunk: UnsafeMutablePointer<Chunk>) {
    chunk.pointee.recordsSaved = epoch
    guard !checkpoints.isEmpty else { return }
    let copy = UnsafeMutablePointer<UInt8>.allocate(capacity: Memory.granulesPerChunk)
    copy.initialize(from: chunk.pointee.records, count: Memory.granulesPerChunk)
    journal.append(.records(chunk: index, contents: copy))
  }

  // MARK: Digest and scans

  /// 64 bits that depend on every byte and every metadata byte, and not on how they came about.
  package mutating func digest() -> UInt64 {
    var sum: UInt64 = 0
    for index in live {
      guard let chunk = directory[index] else { continue }
      if chunk.pointee.anyStale { refreshDigest(UInt64(index) << Memory.chunkShift, chunk) }
      sum = sum &+ chunk.pointee.digest
    }
    return sum
  }

  private func refreshDigest(_ base: UInt64, _ chunk: UnsafeMutablePointer<Chunk>) {
    var sum: UInt64 = 0
    for granule in 0..<Memory.granulesPerChunk {
      let address = base + UInt64(granule) << 12
      if chunk.pointee.stale[granule] != 0 {
        chunk.pointee.stale[granule] = 0
        chunk.pointee.digests[granule] =
          chunk.pointee.pages[granule].map { Memory.digest(of: $0, at: address) } ?? 0
      }
      sum = sum &+ chunk.pointee.digests[granule]
      let record = chunk.pointee.records[granule]
      if record != 0 { sum = sum &+ mix(address ^ UInt64(record) << 56 ^ 0x6772_616e_756c_6500) }
    }
    chunk.pointee.digest = sum
    chunk.pointee.anyStale = false
  }

  private static func digest(of page: UnsafeRawPointer, at address: UInt64) -> UInt64 {
    var state: UInt64 = 0
    var any: UInt64 = 0
    for word in 0..<512 {
      let value = UInt64(littleEndian: page.load(fromByteOffset: word * 8, as: UInt64.self))
      any |= value
      state = (state ^ value) &* 0x9e37_79b9_7f4a_7c15
      state ^= state >> 29
    }
    return any == 0 ? 0 : mix(state ^ mix(address))
  }

  /// Calls `body` with the address and the 512 metadata bytes of each chunk in the range that differs from all zero.
  package func forEachChunk(
    from base: UInt64, to top: UInt64, _ body: (UInt64, UnsafePointer<UInt8>) -> Void
  ) {
    var index = Int(base >> Memory.chunkShift)
    let last = Int((top - 1) >> Memory.chunkShift)
    if last - index > live.count {
      for index in live.sorted() where index >= Int(base >> Memory.chunkShift) && index <= last {
        if let chunk = directory[index] {
          body(UInt64(index) << Memory.chunkShift, UnsafePointer(chunk.pointee.records))
        }
      }
      return
    }
    while index <= last {
      if let chunk = directory[index] {
        body(UInt64(index) << Memory.chunkShift, UnsafePointer(chunk.pointee.records))
      }
      index += 1
    }
  }

  // MARK: Words

  /// The 64-bit little-endian word at an 8-byte aligned address below ``limit``.
  @inline(__always) package func load64(_ address: UInt64) -> UInt64 {
    UInt64(
      littleEndian: page(address).load(
        fromByteOffset: Int(truncatingIfNeeded: address & 4095), as: UInt64.self))
  }

  @inline(__always) package mutating func store64(_ address: UInt64, _ value: UInt64) {
    writablePage(address).storeBytes(
      of: value.littleEndian, toByteOffset: Int(truncatingIfNeeded: address & 4095), as: UInt64.self)
  }
}

/// A bijective scrambler of 64 bits (the finaliser of SplitMix64).
@inline(__always) package func mix(_ value: UInt64) -> UInt64 {
  var z = value &+ 0x9e37_79b9_7f4a_7c15
  z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
  z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
  return z ^ (z >> 31)
}
