/// Virtual pages of one kind of access and what they lead to: where their bytes are in the host, or their decoded code.
///
/// An entry has been through stage 1, stage 2 and the granule protection check. The cache is emptied at every entry of the REC and by
/// every write of a register that translation depends on; TLBI empties it, or takes out the page it names. The RMM changes no table while
/// the Realm runs. There are three banks, for EL0, for EL1, and for EL1 with PSTATE.PAN.
final class TranslationCache {
  struct Entry {
    /// The page's address, or ``TranslationCache/empty``.
    var tag: UInt64
    /// From an address of the page to where it is in the host.
    var distance: UInt
  }

  /// What it is to those who look things up in it: they keep no count of references.
  let table: TranslationTable
  /// Entries of a bank.
  static let count = 1024
  /// No page's address, and no address masked as ``hit`` masks it.
  static let empty = ~UInt64(0)

  init() { table = TranslationTable() }

  deinit { table.deallocate() }

  func flush() { table.flush() }

  /// The entries of a bank.
  @inline(__always) func bank(_ level: UInt64) -> UnsafeMutablePointer<Entry> { table.bank(level) }

  @inline(__always) static func index(_ va: UInt64) -> Int { Int(truncatingIfNeeded: va >> 12 & UInt64(count - 1)) }

  /// The bytes at an address, if its page is known and the access is aligned to its size.
  @inline(__always) static func hit(_ bank: UnsafeMutablePointer<Entry>, _ va: UInt64, _ size: UInt64) -> UnsafeMutableRawPointer?
  {
    let entry = bank + index(va)
    guard entry.pointee.tag == va & (~0xFFF | size - 1) else { return nil }
    return UnsafeMutableRawPointer(bitPattern: UInt(va) &+ entry.pointee.distance)
  }

  /// Forgets what stands in the place of a page.
  func drop(_ va: UInt64, _ level: UInt64) { table.drop(va, level) }

  func put(_ va: UInt64, _ level: UInt64, _ page: UnsafeMutableRawPointer) { table.put(va, level, page) }
}

/// The entries of a ``TranslationCache``, which owns them.
struct TranslationTable {
  let entries: UnsafeMutablePointer<TranslationCache.Entry>
  private static let bankCount = 3

  /// How many places were filled since the last flush, and behind that number which, as long as they are few: most runs are short.
  private let filled: UnsafeMutablePointer<Int>
  private static let fewest = 64

  fileprivate init() {
    entries = .allocate(capacity: Self.bankCount * TranslationCache.count)
    entries.initialize(
      repeating: TranslationCache.Entry(tag: TranslationCache.empty, distance: 0),
      count: Self.bankCount * TranslationCache.count)
    filled = .allocate(capacity: 1 + Self.fewest)
    filled.initialize(repeating: 0, count: 1 + Self.fewest)
  }

  fileprivate func deallocate() {
    entries.deallocate()
    filled.deallocate()
  }

  func flush() {
    if filled[0] <= Self.fewest {
      for n in 0..<filled[0] { entries[filled[1 + n]].tag = TranslationCache.empty }
    } else {
      for n in 0..<Self.bankCount * TranslationCache.count { entries[n].tag = TranslationCache.empty }
    }
    filled[0] = 0
  }

  @inline(__always) func bank(_ level: UInt64) -> UnsafeMutablePointer<TranslationCache.Entry> {
    entries + Int(truncatingIfNeeded: level) &* TranslationCache.count
  }

  @inline(__always) func find(_ va: UInt64, _ level: UInt64) -> UnsafeMutableRawPointer? {
    let entry = bank(level) + TranslationCache.index(va)
    guard entry.pointee.tag == va & ~0xFFF else { return nil }
    return UnsafeMutableRawPointer(bitPattern: UInt(va & ~0xFFF) &+ entry.pointee.distance)
  }

  func drop(_ va: UInt64, _ level: UInt64) { bank(level)[TranslationCache.index(va)].tag = TranslationCache.empty }

  /// Forgets a page in every bank, whatever its top byte: bits 55:12 are its address.
  func forget(_ va: UInt64) {
    for level in 0..<UInt64(Self.bankCount) {
      let entry = bank(level) + TranslationCache.index(va)
      if ((entry.pointee.tag ^ va) << 8) >> 20 == 0 { entry.pointee.tag = TranslationCache.empty }
    }
  }

  func put(_ va: UInt64, _ level: UInt64, _ page: UnsafeMutableRawPointer) {
    let entry = bank(level) + TranslationCache.index(va)
    if filled[0] < Self.fewest { filled[1 + filled[0]] = entry - entries }
    filled[0] += 1
    entry.pointee = TranslationCache.Entry(
      tag: va & ~0xFFF, distance: UInt(bitPattern: page) &- UInt(truncatingIfNeeded: va & ~0xFFF))
  }
}

/// Which parts of the address space, by 2 MiB, have translations that came from a block: a TLBI of any address in a block is about all of
/// it. Parts that look alike share a mark.
struct BlockMarks {
  /// The last word is not 0 if there was one of 1 GiB, or more.
  private let words: UnsafeMutablePointer<UInt64>
  private static let count = 64

  init() {
    words = .allocate(capacity: Self.count + 1)
    words.initialize(repeating: 0, count: Self.count + 1)
  }

  func deallocate() { words.deallocate() }

  func clear() { words.update(repeating: 0, count: Self.count + 1) }

  /// A page was translated by a descriptor of this level, which is above 3.
  func note(_ va: UInt64, level: Int) {
    if level < 2 { words[Self.count] = 1 }
    words[Int(truncatingIfNeeded: va >> 27 & 63)] |= 1 &<< (va >> 21 & 63)
  }

  /// Whether the translations of an address may have come from a block.
  func has(_ va: UInt64) -> Bool {
    words[Self.count] != 0 || words[Int(truncatingIfNeeded: va >> 27 & 63)] &>> (va >> 21 & 63) & 1 != 0
  }
}

/// Pages of the IPA space and where stage 2 leads an access to them, for one run: a walk of stage 1 goes through the same tables again
/// and again. Nothing but the RMM or a hypervisor changes that, so a TLBI of the guest's leaves it. It has only what the tables and the
/// granule protection check let through, and the tables of level 3 on the way there.
struct Stage2Cache {
  private struct Entry {
    /// The page's IPA, with the kind of access in its lowest bits.
    var tag: UInt64
    /// Since which flush it is known.
    var flush: UInt64
    var page: UInt64
    /// Where the page can be read, if that is what the access is for.
    var bytes: UnsafeRawPointer?
  }

  /// A table of level 3.
  private struct Table {
    /// The number of its 2 MiB.
    var number: UInt64
    var flush: UInt64
    var bytes: UnsafeRawPointer?
  }

  private static let count = 512
  private static let tableCount = 64
  private let entries: UnsafeMutablePointer<Entry>
  private let tables: UnsafeMutablePointer<Table>
  /// The number of flushes.
  private let flushes: UnsafeMutablePointer<UInt64>

  init() {
    entries = .allocate(capacity: Self.count)
    entries.initialize(repeating: Entry(tag: 0, flush: 0, page: 0, bytes: nil), count: Self.count)
    tables = .allocate(capacity: Self.tableCount)
    tables.initialize(repeating: Table(number: 0, flush: 0, bytes: nil), count: Self.tableCount)
    flushes = .allocate(capacity: 1)
    flushes.initialize(to: 1)
  }

  func deallocate() {
    entries.deallocate()
    tables.deallocate()
    flushes.deallocate()
  }

  func flush() { flushes.pointee &+= 1 }

  @inline(__always) private static func tag(_ ipa: UInt64, _ kind: Stage2Access) -> UInt64 { ipa & ~0xFFF | kind.number }

  /// Its place: pages that are read and written have two.
  @inline(__always) private func entry(_ ipa: UInt64, _ kind: Stage2Access) -> UnsafeMutablePointer<Entry> {
    entries + Int(truncatingIfNeeded: (ipa >> 12 &+ kind.number &* 171) & UInt64(Self.count - 1))
  }

  /// The PA of an IPA, if it is known.
  @inline(__always) func find(_ ipa: UInt64, _ kind: Stage2Access) -> UInt64? {
    let entry = entry(ipa, kind)
    guard entry.pointee.tag == Self.tag(ipa, kind), entry.pointee.flush == flushes.pointee else { return nil }
    return entry.pointee.page | ipa & 0xFFF
  }

  /// Where the page of an IPA can be read, if it is known.
  @inline(__always) func bytes(_ ipa: UInt64) -> UnsafeRawPointer? {
    let entry = entry(ipa, .read)
    guard entry.pointee.tag == Self.tag(ipa, .read), entry.pointee.flush == flushes.pointee else { return nil }
    return entry.pointee.bytes
  }

  func put(_ ipa: UInt64, _ kind: Stage2Access, _ pa: UInt64, _ bytes: UnsafeRawPointer?) {
    entry(ipa, kind).pointee = Entry(tag: Self.tag(ipa, kind), flush: flushes.pointee, page: pa & ~0xFFF, bytes: bytes)
  }

  /// What was read here is somewhere else from now on.
  func forget(_ bytes: UnsafeRawPointer) {
    for n in 0..<Self.count where entries[n].bytes == bytes { entries[n].flush = 0 }
  }

  @inline(__always) private func table(_ ipa: UInt64) -> UnsafeMutablePointer<Table> {
    tables + Int(truncatingIfNeeded: ipa >> 21 & UInt64(Self.tableCount - 1))
  }

  /// The entry of level 3 for an IPA, if its table is known.
  @inline(__always) func lastEntry(_ ipa: UInt64) -> RTTEntry? {
    let table = table(ipa)
    guard table.pointee.number == ipa >> 21, table.pointee.flush == flushes.pointee, let bytes = table.pointee.bytes else {
      return nil
    }
    let offset = Int(truncatingIfNeeded: ipa >> 12 & 511) &* 8
    return RTTEntry(raw: UInt64(littleEndian: bytes.load(fromByteOffset: offset, as: UInt64.self)))
  }

  func putTable(_ ipa: UInt64, _ bytes: UnsafeRawPointer) {
    table(ipa).pointee = Table(number: ipa >> 21, flush: flushes.pointee, bytes: bytes)
  }
}
