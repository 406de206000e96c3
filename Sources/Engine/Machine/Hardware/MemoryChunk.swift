/// 512 granules in one block: where their contents are, their metadata, and what the journal and the digest need to know of them.
struct MemoryChunk {
  let base: UnsafeMutableRawPointer

  private enum Offset {
    static let pages = 0
    static let records = pages + 512 * 8
    static let stale = records + 512
    static let saved = stale + 512
    static let digests = saved + 512 * 4
    static let digest = digests + 512 * 8
    static let recordsSaved = digest + 8
    static let anyStale = recordsSaved + 4
    static let end = anyStale + 4
  }

  /// Bytes that a chunk takes, without its pages.
  static let size = Offset.end

  /// A chunk that nobody has written to.
  ///
  /// - Parameter pages: what each of its granules reads as.
  init(pages zeroPage: UnsafeMutableRawPointer) {
    base = .allocate(byteCount: Offset.end, alignment: 64)
    base.initializeMemory(as: UInt8.self, repeating: 0, count: Offset.end)
    pages.initialize(repeating: zeroPage, count: Memory.granulesPerChunk)
    anyStale = true
  }

  func deallocate() { base.deallocate() }

  /// Where each granule's contents are; the page of zeroes for one without contents of its own.
  @inline(__always) var pages: UnsafeMutablePointer<UnsafeMutableRawPointer> {
    (base + Offset.pages).assumingMemoryBound(to: UnsafeMutableRawPointer.self)
  }
  /// ``GranuleRecord`` of each granule.
  @inline(__always) var records: UnsafeMutablePointer<UInt8> { (base + Offset.records).assumingMemoryBound(to: UInt8.self) }
  /// Whether a page has changed since its digest was computed.
  @inline(__always) var stale: UnsafeMutablePointer<UInt8> { (base + Offset.stale).assumingMemoryBound(to: UInt8.self) }
  /// Epoch in which a page was last saved to the journal.
  @inline(__always) var saved: UnsafeMutablePointer<UInt32> { (base + Offset.saved).assumingMemoryBound(to: UInt32.self) }
  /// Cached digest of each page; valid unless it is stale.
  @inline(__always) var digests: UnsafeMutablePointer<UInt64> { (base + Offset.digests).assumingMemoryBound(to: UInt64.self) }
  /// Cached digest of the chunk; valid unless ``anyStale``.
  @inline(__always) var digest: UInt64 {
    get { base.load(fromByteOffset: Offset.digest, as: UInt64.self) }
    nonmutating set { base.storeBytes(of: newValue, toByteOffset: Offset.digest, as: UInt64.self) }
  }
  /// Epoch in which the records were last saved to the journal.
  @inline(__always) var recordsSaved: UInt32 {
    get { base.load(fromByteOffset: Offset.recordsSaved, as: UInt32.self) }
    nonmutating set { base.storeBytes(of: newValue, toByteOffset: Offset.recordsSaved, as: UInt32.self) }
  }
  @inline(__always) var anyStale: Bool {
    get { base.load(fromByteOffset: Offset.anyStale, as: UInt8.self) != 0 }
    nonmutating set { base.storeBytes(of: newValue ? 1 : 0, toByteOffset: Offset.anyStale, as: UInt8.self) }
  }
}
