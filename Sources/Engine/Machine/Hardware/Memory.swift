import Basics
import Libc

/// Physical memory, one granule at a time, for up to 2^52 bytes.
///
/// A radix tree: regions of 1 GiB, in them chunks of 2 MiB, each with 512 granules. What nobody wrote has no region, no chunk and no
/// page, and reads as zero, so an idle machine of a terabyte costs what one of a megabyte does. Beside its contents every granule
/// has one byte of metadata: the RMM's granule state and a mirror of its GPI (see ``GranuleRecord``).
///
/// Memory is total: every function takes every address. Beyond ``limit`` there is nothing: it reads as zero, what is written
/// vanishes, and ``strayed`` says so, for whoever must not go there.
///
/// Invariants:
/// - a page that is absent and a page full of zeroes are the same state, and give the same digest;
/// - after ``checkpoint(keepsLater:)`` the first change of a page or of a chunk's metadata moves what was there to the journal, so that
///   ``travel(to:)`` puts it back instead of computing backwards, and what it takes away forwards.
///
/// All storage of the machine's state that is unsafe is in this file, in `MemoryChunk.swift` and in `PageArena.swift`.
package struct Memory: ~Copyable {
  typealias Region = UnsafeMutablePointer<MemoryChunk>

  static let granulesPerChunk = 512
  static let chunkShift: UInt64 = 21
  static let regionShift: UInt64 = 30

  /// One pointer a region; reserved, not committed: address space only, 2 MiB of it for 48 bits.
  private let regions: UnsafeMutablePointer<Region?>
  private let regionCount: Int
  private var pages = PageArena()
  /// What an absent page reads as.
  let zeroPage: UnsafeMutableRawPointer
  /// Where what is written beyond ``limit`` goes.
  private let nowhere: UnsafeMutableRawPointer
  /// What stands for each chunk that is absent: all its pages are `zeroPage`. Never written.
  private let emptyChunk: MemoryChunk
  /// First address beyond ``limit`` that was touched since ``forgetStray()``; 0 if none was.
  private let stray: UnsafeMutablePointer<UInt64>
  private(set) var journal = MemoryJournal()
  /// Begins at 1: a chunk's marks begin at 0, so the first write after anything is a slow one.
  private(set) var epoch: UInt32 = 1
  /// Chunks that exist, in order of creation.
  private var live: [Int] = []
  /// First address beyond the physical address space.
  package let limit: UInt64
  /// Pages that hold contents now.
  package internal(set) var pageCount = 0
  /// Pages the journal holds.
  package private(set) var savedPages = 0
  /// Never used. A type with an existential in it has no value apart from its place in memory, so whoever only reads a memory, or a
  /// machine, is given its address. Without it each such call that is not inlined is handed a copy of all its fields: a kilobyte of a
  /// machine's, several times an SMC.
  private let place: (any Sendable)? = nil

  /// - Parameter width: the physical address width in bits, 32 to 52.
  package init(width: UInt64) {
    limit = 1 << width
    regionCount = Int(limit >> Memory.regionShift)
    let bytes = regionCount * MemoryLayout<Region?>.stride
    guard
      let space = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0),
      space != MAP_FAILED
    else { fatalError("no address space for a \(width)-bit physical address space") }
    regions = space.bindMemory(to: Region?.self, capacity: regionCount)
    zeroPage = .allocate(byteCount: 4096, alignment: 4096)
    zeroPage.initializeMemory(as: UInt8.self, repeating: 0, count: 4096)
    nowhere = .allocate(byteCount: 4096, alignment: 4096)
    nowhere.initializeMemory(as: UInt8.self, repeating: 0, count: 4096)
    emptyChunk = MemoryChunk(pages: zeroPage)
    stray = .allocate(capacity: 1)
    stray.initialize(to: 0)
  }

  deinit {
    journal.deallocateRecords()
    for index in live { chunk(index).deallocate() }
    for index in Set(live.map { $0 >> 9 }) { regions[index]?.deallocate() }
    emptyChunk.deallocate()
    stray.deallocate()
    nowhere.deallocate()
    zeroPage.deallocate()
    munmap(regions, regionCount * MemoryLayout<Region?>.stride)
  }

  // MARK: Beyond the end

  /// The first address beyond ``limit`` that was touched since ``forgetStray()``, if one was.
  package var strayed: UInt64? { stray.pointee == 0 ? nil : stray.pointee }

  @inline(__always) package func forgetStray() { stray.pointee = 0 }

  /// Notes that somebody followed an address that leads nowhere.
  @inline(never) package func noteStray(_ address: UInt64) { if stray.pointee == 0 { stray.pointee = max(address, 1) } }

  /// The page of an address without a region: zeroes.
  @inline(never) private func absent(_ address: UInt64) -> UnsafeRawPointer {
    if address >= limit { noteStray(address) }
    return UnsafeRawPointer(zeroPage)
  }

  /// A page that is nobody's: what a vCPU that is led beyond the physical address space reads, and where its writes vanish.
  package var noPage: UnsafeMutableRawPointer {
    nowhere.initializeMemory(as: UInt8.self, repeating: 0, count: 4096)
    return nowhere
  }

  // MARK: Granules

  @inline(__always) static func granule(_ address: UInt64) -> Int { Int(truncatingIfNeeded: (address >> 12) & 511) }

  /// The chunk of an index, which exists.
  private func chunk(_ index: Int) -> MemoryChunk { regions[index >> 9]?[index & 511] ?? emptyChunk }

  /// The chunk of an address, or the empty one; nil without a region.
  @inline(__always) private func find(_ address: UInt64) -> MemoryChunk? {
    guard address < limit, let region = regions[Int(truncatingIfNeeded: address >> Memory.regionShift)] else { return nil }
    return region[Int(truncatingIfNeeded: (address >> Memory.chunkShift) & 511)]
  }

  /// The metadata byte of the granule that holds `address`; 0 beyond ``limit``.
  @inline(__always) package func record(_ address: UInt64) -> UInt8 {
    guard let chunk = find(address) else {
      if address >= limit { noteStray(address) }
      return 0
    }
    return chunk.records[Memory.granule(address)]
  }

  @inline(__always) package mutating func setRecord(_ address: UInt64, _ value: UInt8) {
    guard address < limit else { return noteStray(address) }
    let index = Int(truncatingIfNeeded: address >> Memory.chunkShift)
    var chunk = find(address) ?? emptyChunk
    if chunk.recordsSaved != epoch { chunk = saveRecords(index) }
    chunk.anyStale = true
    chunk.records[Memory.granule(address)] = value
  }

  /// Where the contents of a granule can be read: valid until the granule is next written.
  @inline(__always) package func page(_ address: UInt64) -> UnsafeRawPointer {
    guard let chunk = find(address) else { return absent(address) }
    return UnsafeRawPointer(chunk.pages[Memory.granule(address)])
  }

  /// Whether two granules' contents are the same.
  static func isEqual(_ one: UnsafeRawPointer, _ other: UnsafeRawPointer) -> Bool { memcmp(one, other, 4096) == 0 }

  static func isZero(_ page: UnsafeRawPointer) -> Bool {
    for word in 0..<512 where page.load(fromByteOffset: word * 8, as: UInt64.self) != 0 { return false }
    return true
  }

  /// Calls `body` with a copy of a granule: it stays as it is, whatever is written meanwhile.
  static func withCopy(of page: UnsafeRawPointer, _ body: (UnsafeRawPointer) -> Void) {
    withUnsafeTemporaryAllocation(byteCount: Int(Granule.size), alignment: 8) { copy in
      copy.copyMemory(from: UnsafeRawBufferPointer(start: page, count: copy.count))
      if let base = copy.baseAddress { body(UnsafeRawPointer(base)) }
    }
  }

  /// Whether the granule has contents of its own (otherwise it reads as zero).
  package func hasPage(_ address: UInt64) -> Bool { page(address) != UnsafeRawPointer(zeroPage) }

  /// Where the contents of a granule can be written. Its old contents are in the journal first, if a checkpoint wants them.
  @inline(__always) package mutating func writablePage(_ address: UInt64) -> UnsafeMutableRawPointer {
    let granule = Memory.granule(address)
    if let chunk = find(address), chunk.saved[granule] == epoch {
      let page = chunk.pages[granule]
      if page != zeroPage {
        chunk.stale[granule] = 1
        chunk.anyStale = true
        return page
      }
    }
    return makePage(address, isOverwritten: false)
  }

  /// The same for whoever writes the granule from its first byte to its last: what is there now may be anything.
  @inline(__always) package mutating func overwrittenPage(_ address: UInt64) -> UnsafeMutableRawPointer {
    makePage(address, isOverwritten: true)
  }

  /// Makes a granule read as zero.
  @inline(__always) package mutating func wipe(_ address: UInt64) {
    let granule = Memory.granule(address)
    guard let chunk = find(address) else {
      if address >= limit { noteStray(address) }
      return
    }
    guard chunk.pages[granule] != zeroPage else { return }
    drop(Int(truncatingIfNeeded: address >> Memory.chunkShift), granule, chunk)
    pageCount -= 1
    chunk.stale[granule] = 1
    chunk.anyStale = true
  }

  /// Takes a page out of its chunk: to the journal if a checkpoint wants it, else it is free.
  private mutating func drop(_ index: Int, _ granule: Int, _ chunk: MemoryChunk) {
    let page = chunk.pages[granule]
    if chunk.saved[granule] != epoch, journal.isKept {
      journal.open.append(.page(chunk: index, index: granule, contents: page))
      savedPages += 1
    } else {
      pages.free(page)
    }
    chunk.saved[granule] = epoch
    chunk.pages[granule] = zeroPage
  }

  /// The chunk of an index, made if it is absent.
  mutating func liveChunk(_ index: Int) -> MemoryChunk {
    let region: Region
    if let known = regions[index >> 9] {
      region = known
    } else {
      region = .allocate(capacity: 512)
      region.initialize(repeating: emptyChunk, count: 512)
      regions[index >> 9] = region
    }
    if region[index & 511].base == emptyChunk.base {
      region[index & 511] = MemoryChunk(pages: zeroPage)
      live.append(index)
    }
    return region[index & 511]
  }

  /// The slow way to a page that can be written: the first write since a checkpoint, or since it was last wiped.
  @inline(never) private mutating func makePage(_ address: UInt64, isOverwritten: Bool) -> UnsafeMutableRawPointer {
    guard address < limit else {
      noteStray(address)
      return noPage
    }
    let index = Int(truncatingIfNeeded: address >> Memory.chunkShift)
    let granule = Memory.granule(address)
    let chunk = liveChunk(index)
    chunk.stale[granule] = 1
    chunk.anyStale = true
    let old = chunk.pages[granule]
    let isWanted = chunk.saved[granule] != epoch && journal.isKept
    chunk.saved[granule] = epoch
    guard isWanted else {
      if old != zeroPage { return old }
      pageCount += 1
      chunk.pages[granule] = isOverwritten ? pages.take() : pages.takeZeroed()
      return chunk.pages[granule]
    }
    journal.open.append(.page(chunk: index, index: granule, contents: old))
    if old != zeroPage { savedPages += 1 }
    let page: UnsafeMutableRawPointer
    if old == zeroPage {
      pageCount += 1
      page = isOverwritten ? pages.take() : pages.takeZeroed()
    } else {
      page = pages.take()
      if !isOverwritten { page.copyMemory(from: old, byteCount: 4096) }
    }
    chunk.pages[granule] = page
    return page
  }

  // MARK: Checkpoints

  /// How many checkpoints there are, and the one in force: the last that the present contents came from.
  package var checkpoints: (count: Int, present: Int) { (journal.count, journal.present) }

  /// Whether a granule may have been written to between a checkpoint that is not the last and the one after it.
  package func isSaved(_ address: UInt64, between checkpoint: Int) -> Bool {
    journal.isSaved(Int(truncatingIfNeeded: address >> Memory.chunkShift), Memory.granule(address), between: checkpoint)
  }

  /// Marks the present contents as a place to come back to. Costs nothing until something changes.
  ///
  /// - Parameter keepsLater: whether what follows is what followed before, so that later checkpoints remain: they have other numbers
  ///   then. If not, they are forgotten.
  package mutating func checkpoint(keepsLater: Bool = false) -> Int {
    if !keepsLater { forgetCheckpoints(after: journal.present) }
    journal.insert()
    beginEpoch()
    return journal.present
  }

  /// The contents are again what they were at the checkpoint after the one in force, which is in force from now on.
  package mutating func arrive() {
    free(journal.arrive())
    beginEpoch()
  }

  /// Puts back what was there at the checkpoint, which stays in force; later checkpoints are forgotten.
  package mutating func restore(to checkpoint: Int) {
    travel(to: checkpoint)
    forgetCheckpoints(after: checkpoint)
  }

  /// Puts back what was there at a checkpoint, before or after the one in force. All of them stay.
  package mutating func travel(to checkpoint: Int) {
    for var item in journal.takeOpen() {
      exchange(&item)
      free(item)
    }
    while journal.present > checkpoint {
      journal.present -= 1
      exchangeSpan()
    }
    while journal.present < checkpoint {
      exchangeSpan()
      journal.present += 1
    }
    beginEpoch()
  }

  /// From here on nothing counts as saved. After four thousand million epochs the count begins anew, and so do the chunks' marks.
  private mutating func beginEpoch() {
    if epoch == .max {
      for index in live {
        let chunk = chunk(index)
        chunk.recordsSaved = 0
        for granule in 0..<Memory.granulesPerChunk { chunk.saved[granule] = 0 }
      }
      epoch = 0
    }
    epoch += 1
  }

  /// Forgets a checkpoint that is neither the first nor in force. Those after it have other numbers then.
  package mutating func forget(checkpoint: Int) { free(journal.merge(checkpoint)) }

  /// Forgets all later ones; the one that is named is in force, or after it.
  package mutating func forgetCheckpoints(after checkpoint: Int) { free(journal.cut(checkpoint)) }

  /// Puts the contents at the other end of the span that begins with the checkpoint in force in place, and keeps those that were there.
  private mutating func exchangeSpan() {
    var span = journal.takeSpan()
    for index in span.indices { exchange(&span[index]) }
    journal.putSpan(span)
  }

  private mutating func exchange(_ item: inout MemoryJournal.Item) {
    switch item {
    case .page(let index, let granule, let contents):
      let chunk = chunk(index)
      let old = chunk.pages[granule]
      if old != zeroPage {
        pageCount -= 1
        savedPages += 1
      }
      if contents != zeroPage {
        pageCount += 1
        savedPages -= 1
      }
      chunk.pages[granule] = contents
      chunk.saved[granule] = 0
      chunk.stale[granule] = 1
      chunk.anyStale = true
      item = .page(chunk: index, index: granule, contents: old)
    case .records(let index, let contents):
      let chunk = chunk(index)
      for granule in 0..<Memory.granulesPerChunk { swap(&chunk.records[granule], &contents[granule]) }
      chunk.recordsSaved = 0
      chunk.anyStale = true
    }
  }

  /// What is not wanted any more.
  private mutating func free(_ items: [MemoryJournal.Item]) { for item in items { free(item) } }

  private mutating func free(_ item: MemoryJournal.Item) {
    switch item {
    case .page(_, _, let contents) where contents == zeroPage: break
    case .page(_, _, let contents):
      pages.free(contents)
      savedPages -= 1
    case .records(_, let contents): contents.deallocate()
    }
  }

  @inline(never) private mutating func saveRecords(_ index: Int) -> MemoryChunk {
    let chunk = liveChunk(index)
    chunk.recordsSaved = epoch
    guard journal.isKept else { return chunk }
    let copy = UnsafeMutablePointer<UInt8>.allocate(capacity: Memory.granulesPerChunk)
    copy.initialize(from: chunk.records, count: Memory.granulesPerChunk)
    journal.open.append(.records(chunk: index, contents: copy))
    return chunk
  }

  // MARK: Digest and scans

  /// 64 bits that depend on every byte and every metadata byte, and not on how they came about.
  package mutating func digest() -> UInt64 {
    var sum: UInt64 = 0
    for index in live {
      let chunk = chunk(index)
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
        chunk.digests[granule] = page == zeroPage ? 0 : Memory.digest(of: page, at: address)
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
    let first = Int(base >> Memory.chunkShift)
    let last = Int((top - 1) >> Memory.chunkShift)
    let indices = last - first > live.count ? live.sorted().filter { (first...last).contains($0) } : Array(first...last)
    for index in indices {
      let chunk = chunk(index)
      if chunk.base != emptyChunk.base { body(UInt64(index) << Memory.chunkShift, UnsafePointer(chunk.records)) }
    }
  }

  /// Calls `body` with the address, the contents (nil: zeroes) and the metadata byte of each granule that anybody has touched, in
  /// order of addresses.
  package func forEachGranule(_ body: (UInt64, UnsafeRawPointer?, UInt8) -> Void) {
    for index in live.sorted() {
      let chunk = chunk(index)
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
