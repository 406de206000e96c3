import Libc

/// Physical memory, one granule at a time, for up to 2^52 bytes.
///
/// A radix tree (``MemoryDirectory``): regions of 1 GiB, in them chunks of 2 MiB, each with 512 granules. What nobody wrote has no
/// region, no chunk and no page, and reads as zero, so an idle machine of a terabyte costs what one of a megabyte does. Beside its
/// contents every granule has one byte of metadata: the RMM's granule state and a mirror of its GPI (see ``GranuleRecord``).
///
/// Memory is total: every function takes every address. Beyond ``limit`` there is nothing: it reads as zero, what is written
/// vanishes, and ``strayed`` says so, for whoever must not go there.
///
/// Invariants:
/// - a page that is absent and a page full of zeroes are the same state, and give the same digest;
/// - so are a page of ``UniformPages`` and one of its own with the same bytes; nothing is written to the former;
/// - after ``checkpoint(keepsLater:)`` the first change of a page or of a chunk's metadata moves what was there to the journal, so that
///   ``travel(to:)`` puts it back instead of computing backwards, and what it takes away forwards.
package struct Memory: ~Copyable {
  static let granulesPerChunk = 512
  static let chunkShift = MemoryDirectory.chunkShift

  var directory: MemoryDirectory
  var pages = PageArena()
  var journal = MemoryJournal()
  /// Begins at 1: a chunk's marks begin at 0, so the first write after anything is a slow one.
  var epoch: UInt32 = 1
  /// First address beyond ``limit`` that was touched since ``forgetStray()``; 0 if none was.
  private let stray: UnsafeMutablePointer<UInt64>
  /// What an absent page reads as.
  let zeroPage: UnsafeMutableRawPointer
  /// First address beyond the physical address space.
  package let limit: UInt64
  /// Pages that hold contents now, also those of ``UniformPages``.
  package internal(set) var pageCount = 0
  /// Pages the journal holds.
  package internal(set) var savedPages = 0
  /// Bytes of all these pages, and of what finds them.
  package var size: UInt64 { UInt64((pageCount + savedPages) * 4096 + directory.size) }
  /// Never used. A type with an existential in it has no value apart from its place in memory, so whoever only reads a memory, or a
  /// machine, is given its address. Without it each such call that is not inlined is handed a copy of all its fields: a kilobyte of a
  /// machine's, several times an SMC.
  private let place: (any Sendable)? = nil

  /// - Parameter width: the physical address width in bits, 32 to 52.
  package init(width: UInt64) {
    directory = MemoryDirectory(width: width)
    limit = directory.limit
    zeroPage = directory.zeroPage
    stray = .allocate(capacity: 1)
    stray.initialize(to: 0)
  }

  deinit {
    journal.deallocateRecords()
    stray.deallocate()
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

  /// See ``MemoryDirectory/noPage``.
  package var noPage: UnsafeMutableRawPointer { directory.noPage }

  // MARK: Granules

  @inline(__always) static func granule(_ address: UInt64) -> Int { MemoryDirectory.granule(address) }

  /// The chunk of an address, or the empty one; nil without a region.
  @inline(__always) private func find(_ address: UInt64) -> MemoryChunk? { directory.find(address) }

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
    let index = MemoryDirectory.index(address)
    var chunk = find(address) ?? directory.emptyChunk
    if chunk.recordsSaved != epoch { chunk = saveRecords(index) }
    chunk.anyStale = true
    chunk.records[Memory.granule(address)] = value
  }

  /// Where the contents of a granule can be read: valid until the granule is next written.
  @inline(__always) package func page(_ address: UInt64) -> UnsafeRawPointer {
    guard let chunk = find(address) else { return absent(address) }
    return UnsafeRawPointer(chunk.pages[Memory.granule(address)])
  }

  /// Whether a page is one of ``UniformPages``.
  @inline(__always) func isShared(_ page: UnsafeMutableRawPointer) -> Bool {
    UInt(bitPattern: page) &- UInt(bitPattern: zeroPage) < UInt(UniformPages.size)
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

  /// Whether the granule has contents (otherwise it reads as zero).
  package func hasPage(_ address: UInt64) -> Bool { page(address) != UnsafeRawPointer(zeroPage) }

  /// Where the contents of a granule can be written. Its old contents are in the journal first, if a checkpoint wants them.
  @inline(__always) package mutating func writablePage(_ address: UInt64) -> UnsafeMutableRawPointer {
    let granule = Memory.granule(address)
    if let chunk = find(address), chunk.saved[granule] == epoch {
      let page = chunk.pages[granule]
      if !isShared(page) {
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
    replace(MemoryDirectory.index(address), granule, chunk, with: zeroPage)
    pageCount -= 1
  }

  /// Makes a granule read as a page of ``UniformPages``: it gets one of its own when somebody writes to it.
  mutating func share(_ page: UnsafeMutableRawPointer, at address: UInt64) {
    guard page != zeroPage else { return wipe(address) }
    guard address < limit else { return noteStray(address) }
    let index = MemoryDirectory.index(address)
    let granule = Memory.granule(address)
    let chunk = directory.liveChunk(index)
    let old = chunk.pages[granule]
    guard old != page else { return }
    replace(index, granule, chunk, with: page)
    if old == zeroPage { pageCount += 1 }
  }

  /// Puts a page of ``UniformPages`` in the place of what is there, which goes to the journal if a checkpoint wants it; else it is free.
  private mutating func replace(_ index: Int, _ granule: Int, _ chunk: MemoryChunk, with page: UnsafeMutableRawPointer) {
    let old = chunk.pages[granule]
    if chunk.saved[granule] != epoch, journal.isKept {
      journal.open.append(.page(chunk: index, index: granule, contents: old))
      if old != zeroPage { savedPages += 1 }
    } else {
      free(old)
    }
    chunk.saved[granule] = epoch
    chunk.pages[granule] = page
    chunk.stale[granule] = 1
    chunk.anyStale = true
  }

  /// A page that is wanted no more.
  mutating func free(_ page: UnsafeMutableRawPointer) { if !isShared(page) { pages.free(page) } }

  /// The slow way to a page that can be written: the first write since a checkpoint, or since it was last wiped.
  @inline(never) private mutating func makePage(_ address: UInt64, isOverwritten: Bool) -> UnsafeMutableRawPointer {
    guard address < limit else {
      noteStray(address)
      return noPage
    }
    let index = MemoryDirectory.index(address)
    let granule = Memory.granule(address)
    let chunk = directory.liveChunk(index)
    chunk.stale[granule] = 1
    chunk.anyStale = true
    let old = chunk.pages[granule]
    let isWanted = chunk.saved[granule] != epoch && journal.isKept
    chunk.saved[granule] = epoch
    if isWanted {
      journal.open.append(.page(chunk: index, index: granule, contents: old))
      if old != zeroPage { savedPages += 1 }
    } else if !isShared(old) {
      return old
    }
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

  @inline(never) private mutating func saveRecords(_ index: Int) -> MemoryChunk {
    let chunk = directory.liveChunk(index)
    chunk.recordsSaved = epoch
    guard journal.isKept else { return chunk }
    let copy = UnsafeMutablePointer<UInt8>.allocate(capacity: Memory.granulesPerChunk)
    copy.initialize(from: chunk.records, count: Memory.granulesPerChunk)
    journal.open.append(.records(chunk: index, contents: copy))
    return chunk
  }
}
