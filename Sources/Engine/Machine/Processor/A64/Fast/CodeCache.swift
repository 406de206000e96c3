/// Pages of decoded code, by where their bytes are in the host.
///
/// A page is compared with its bytes when a run first enters it, so nothing that happens between two runs makes it stale. Within a
/// run its bytes change only by the guest's own stores: those to a page that is in use take the slow path and mark what they change
/// as not decoded.
final class CodeCache {
  final class Page {
    /// 1024 instructions, one that leads to the next page, and behind them the words they were decoded from.
    let instructions: UnsafeMutablePointer<FastInstruction>
    /// The run in which it was last compared.
    fileprivate(set) var run = 0

    static let wordsOffset = 1025 * MemoryLayout<FastInstruction>.stride
    var words: UnsafeMutablePointer<UInt32> { CodeCache.words(instructions) }

    init() {
      let raw = UnsafeMutableRawPointer.allocate(byteCount: Self.wordsOffset + 4096, alignment: 16)
      instructions = raw.initializeMemory(as: FastInstruction.self, repeating: FastInstruction(.decode), count: 1025)
      instructions[1024] = FastInstruction(.pageEnd)
      (raw + Self.wordsOffset).initializeMemory(as: UInt32.self, repeating: 0, count: 1024)
    }

    deinit { UnsafeMutableRawPointer(instructions).deallocate() }

    /// Takes over what is different in the page's bytes.
    fileprivate func compare(_ host: UnsafeRawPointer) {
      let now = host.assumingMemoryBound(to: UInt32.self)
      guard !Memory.isEqual(words, now) else { return }
      for n in 0..<1024 { take(now, n) }
    }

    fileprivate func take(_ now: UnsafePointer<UInt32>, _ n: Int) {
      guard words[n] != now[n] else { return }
      words[n] = now[n]
      instructions[n].operation = .decode
      // It may have been one of a pair.
      if n > 0 { instructions[n - 1].operation = .decode }
    }
  }

  /// Virtual pages and the decoded pages they lead to.
  let pages = TranslationCache()
  /// A page of one place, for a target that is still to be found.
  let missing: UnsafeMutablePointer<FastInstruction>
  private var known: [UnsafeMutableRawPointer: Page] = [:]
  private var run = 1
  /// Set when the page that is being executed may not be the one its address leads to any more.
  var isStale = false

  /// Places in a page at which a debugger may want to stop: the reference engine executes what lies there.
  private(set) var stops: Set<Int> = []

  /// What is decoded otherwise is decoded anew; what stays marked only costs time.
  func setStops(_ new: Set<Int>) {
    guard !new.isSubset(of: stops) else { return }
    stops = new
    known = [:]
  }

  /// Most pages that are kept.
  private static let limit = 4096

  init() {
    missing = .allocate(capacity: 1)
    missing.initialize(to: FastInstruction(.fetch))
  }

  deinit { missing.deallocate() }

  /// The words that a page's instructions were decoded from.
  @inline(__always) static func words(_ instructions: UnsafeMutablePointer<FastInstruction>) -> UnsafeMutablePointer<UInt32> {
    (UnsafeMutableRawPointer(instructions) + Page.wordsOffset).assumingMemoryBound(to: UInt32.self)
  }

  func flush() {
    pages.flush()
    isStale = true
  }

  func beginRun() {
    run &+= 1
    if known.count > Self.limit { known = [:] }
  }

  /// Code is fetched through a new translation: with either engine, so that both know the same pages and translations in the same
  /// moments, and a guest that forgets a TLBI finds the same.
  ///
  /// - Returns: whether the page's bytes come into use as code in this run.
  func noteFetch(_ va: UInt64, _ level: UInt64, _ host: UnsafeMutableRawPointer) -> Bool {
    pages.drop(va, level)
    let isNew = known[host]?.run != run
    _ = page(host)
    return isNew
  }

  /// The decoded page of a page's bytes, which is in use from now on.
  func page(_ host: UnsafeMutableRawPointer) -> Page {
    let page: Page
    if let found = known[host] {
      page = found
    } else {
      page = Page()
      known[host] = page
    }
    guard page.run != run else { return page }
    page.compare(host)
    page.run = run
    return page
  }

  /// Whether code of a page is in use in this run: stores to it must be seen.
  func isInUse(_ host: UnsafeMutableRawPointer) -> Bool { known[host]?.run == run }

  /// Bytes of a page were stored to.
  func noteStore(_ host: UnsafeMutableRawPointer, offset: Int, count: Int) {
    guard let page = known[host], page.run == run else { return }
    let now = UnsafePointer(host.assumingMemoryBound(to: UInt32.self))
    for n in offset / 4...(offset + count - 1) / 4 { page.take(now, n) }
  }

  /// The bytes are somewhere else from now on, and others may come to lie here.
  func forget(_ host: UnsafeMutableRawPointer) { known[host]?.run = 0 }
}
