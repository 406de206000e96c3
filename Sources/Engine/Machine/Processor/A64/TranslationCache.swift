/// Virtual pages of one kind of access and what they lead to: where their bytes are in the host, or their decoded code.
///
/// An entry has been through stage 1, stage 2 and the granule protection check. The cache is emptied at every entry of the REC, by
/// every TLBI and by every write of a register that translation depends on; the RMM changes no table while the Realm runs. There are
/// three banks, for EL0, for EL1, and for EL1 with PSTATE.PAN.
final class TranslationCache {
  struct Entry {
    /// The page's address, or ``TranslationCache/empty``.
    var tag: UInt64
    /// From an address of the page to where it is in the host.
    var distance: UInt
  }

  let entries: UnsafeMutablePointer<Entry>
  /// Entries of a bank.
  static let count = 1024
  private static let bankCount = 3
  /// No page's address, and no address masked as ``hit`` masks it.
  static let empty = ~UInt64(0)

  /// Places that were filled since the last flush, as long as they are few: most runs are short.
  private let filled: UnsafeMutablePointer<Int>
  private var filledCount = 0
  private static let fewest = 64

  init() {
    entries = .allocate(capacity: Self.bankCount * Self.count)
    entries.initialize(repeating: Entry(tag: Self.empty, distance: 0), count: Self.bankCount * Self.count)
    filled = .allocate(capacity: Self.fewest)
    filled.initialize(repeating: 0, count: Self.fewest)
  }

  deinit {
    entries.deallocate()
    filled.deallocate()
  }

  func flush() {
    if filledCount <= Self.fewest {
      for n in 0..<filledCount { entries[filled[n]].tag = Self.empty }
    } else {
      for n in 0..<Self.bankCount * Self.count { entries[n].tag = Self.empty }
    }
    filledCount = 0
  }

  /// The entries of a bank.
  @inline(__always) func bank(_ level: UInt64) -> UnsafeMutablePointer<Entry> { entries + Int(level) * Self.count }

  @inline(__always) static func index(_ va: UInt64) -> Int { Int(truncatingIfNeeded: va >> 12 & UInt64(count - 1)) }

  /// The bytes at an address, if its page is known and the access is aligned to its size.
  @inline(__always) static func hit(_ bank: UnsafeMutablePointer<Entry>, _ va: UInt64, _ size: UInt64) -> UnsafeMutableRawPointer?
  {
    let entry = bank + index(va)
    guard entry.pointee.tag == va & (~0xFFF | size - 1) else { return nil }
    return UnsafeMutableRawPointer(bitPattern: UInt(va) &+ entry.pointee.distance)
  }

  /// The page an address is in.
  @inline(__always) func find(_ va: UInt64, _ level: UInt64) -> UnsafeMutableRawPointer? {
    let entry = bank(level) + Self.index(va)
    guard entry.pointee.tag == va & ~0xFFF else { return nil }
    return UnsafeMutableRawPointer(bitPattern: UInt(va & ~0xFFF) &+ entry.pointee.distance)
  }

  /// Forgets what stands in the place of a page.
  func drop(_ va: UInt64, _ level: UInt64) { entries[Int(level) * Self.count + Self.index(va)].tag = Self.empty }

  func put(_ va: UInt64, _ level: UInt64, _ page: UnsafeMutableRawPointer) {
    let index = Int(level) * Self.count + Self.index(va)
    if filledCount < Self.fewest { filled[filledCount] = index }
    filledCount += 1
    entries[index] = Entry(tag: va & ~0xFFF, distance: UInt(bitPattern: page) &- UInt(va & ~0xFFF))
  }
}

/// Pages of the IPA space and where stage 2 leads an access to them, for one run: a walk of stage 1 goes through the same tables again
/// and again. It is emptied whenever the translations are, and has only what the tables and the granule protection check let through.
final class Stage2Cache {
  private struct Entry {
    /// The page's IPA, with the kind of access in its lowest bits.
    var tag: UInt64
    /// Since which flush it is known.
    var flush: UInt64
    var page: UInt64
  }

  private static let count = 256
  private let entries: UnsafeMutablePointer<Entry>
  private var flushes: UInt64 = 1

  init() {
    entries = .allocate(capacity: Self.count)
    entries.initialize(repeating: Entry(tag: 0, flush: 0, page: 0), count: Self.count)
  }

  deinit { entries.deallocate() }

  func flush() { flushes &+= 1 }

  @inline(__always) private static func tag(_ ipa: UInt64, _ kind: Stage2Access) -> UInt64 { ipa & ~0xFFF | kind.number }

  @inline(__always) private func entry(_ ipa: UInt64) -> UnsafeMutablePointer<Entry> {
    entries + Int(truncatingIfNeeded: ipa >> 12 & UInt64(Self.count - 1))
  }

  /// The PA of an IPA, if it is known.
  @inline(__always) func find(_ ipa: UInt64, _ kind: Stage2Access) -> UInt64? {
    let entry = entry(ipa)
    guard entry.pointee.tag == Self.tag(ipa, kind), entry.pointee.flush == flushes else { return nil }
    return entry.pointee.page | ipa & 0xFFF
  }

  func put(_ ipa: UInt64, _ kind: Stage2Access, _ pa: UInt64) {
    entry(ipa).pointee = Entry(tag: Self.tag(ipa, kind), flush: flushes, page: pa & ~0xFFF)
  }
}
