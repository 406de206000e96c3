/// Pages of decoded code, by where their bytes are in the host.
///
/// A page is compared with its bytes when a run first enters it, so nothing that happens between two runs makes it stale. Within a
/// run its bytes change only by the guest's own stores: those to a page that is in use take the slow path and mark what they change
/// as not decoded.
final class CodeCache {
  /// 1024 instructions, one that leads to the next page, behind them the words they were decoded from, behind those the run in which
  /// they were last compared, how often compiled code of them was forgotten and whether there is any, and then where the compiled code of each begins.
  private struct Page {
    let instructions: UnsafeMutablePointer<FastInstruction>

    static let wordsOffset = 1025 * MemoryLayout<FastInstruction>.stride
    private static let runOffset = wordsOffset + 4096
    private static let changesOffset = runOffset + 8
    private static let isCompiledOffset = runOffset + 12
    static let entriesOffset = runOffset + 16
    private static let size = entriesOffset + 1025 * MemoryLayout<UInt>.stride

    var words: UnsafeMutablePointer<UInt32> { CodeCache.words(instructions) }
    var run: Int {
      get { UnsafeRawPointer(instructions).load(fromByteOffset: Self.runOffset, as: Int.self) }
      nonmutating set {
        UnsafeMutableRawPointer(instructions).storeBytes(of: newValue, toByteOffset: Self.runOffset, as: Int.self)
      }
    }

    /// How often the page has changed after some of it was compiled.
    var changes: Int32 {
      get { UnsafeRawPointer(instructions).load(fromByteOffset: Self.changesOffset, as: Int32.self) }
      nonmutating set {
        UnsafeMutableRawPointer(instructions).storeBytes(of: newValue, toByteOffset: Self.changesOffset, as: Int32.self)
      }
    }
    var isCompiled: Bool {
      get { UnsafeRawPointer(instructions).load(fromByteOffset: Self.isCompiledOffset, as: Bool.self) }
      nonmutating set {
        UnsafeMutableRawPointer(instructions).storeBytes(of: newValue, toByteOffset: Self.isCompiledOffset, as: Bool.self)
      }
    }

    init(_ instructions: UnsafeMutablePointer<FastInstruction>) { self.instructions = instructions }

    /// - Parameter notCompiled: what stands where nothing is compiled; nil if nothing ever is.
    init(_ notCompiled: UInt?) {
      let raw = UnsafeMutableRawPointer.allocate(byteCount: Self.size, alignment: 16)
      instructions = raw.initializeMemory(as: FastInstruction.self, repeating: FastInstruction(.decode), count: 1025)
      instructions[1024] = FastInstruction(.pageEnd)
      (raw + Self.wordsOffset).initializeMemory(as: UInt32.self, repeating: 0, count: 1024)
      run = 0
      changes = 0
      isCompiled = false
      if let notCompiled { forgetCompiled(notCompiled) }
    }

    func forgetCompiled(_ notCompiled: UInt) {
      CodeCache.entries(instructions).initialize(repeating: notCompiled, count: 1025)
      isCompiled = false
    }

    /// Takes over what is different in the page's bytes.
    func compare(_ host: UnsafeRawPointer, _ notCompiled: UInt?) {
      let now = host.assumingMemoryBound(to: UInt32.self)
      guard !Memory.isEqual(words, now) else { return }
      for n in 0..<1024 { take(now, n, notCompiled) }
    }

    /// A word that has changed; compiled code knows the page as it was.
    func take(_ now: UnsafePointer<UInt32>, _ n: Int, _ notCompiled: UInt?) {
      guard words[n] != now[n] else { return }
      if isCompiled, let notCompiled {
        forgetCompiled(notCompiled)
        changes += 1
      }
      words[n] = now[n]
      instructions[n].operation = .decode
      // It may have been one of a pair.
      if n > 0 { instructions[n - 1].operation = .decode }
    }
  }

  /// Decoded pages by where their bytes are: a table with open addressing, a power of two long and at most half full.
  private struct Place {
    var host: UnsafeMutableRawPointer
    var page: UnsafeMutablePointer<FastInstruction>?
  }

  /// Virtual pages and the decoded pages they lead to.
  let pages = TranslationCache()
  /// A page of one place, for a target that is still to be found.
  let missing: UnsafeMutablePointer<FastInstruction>
  private var known: UnsafeMutablePointer<Place>
  private var places = 1 << 10
  private var count = 0
  private var run = 1
  private var machine: MachineCode?
  /// Whether the host has been asked for a place for compiled code.
  private var isMachineKnown = false
  /// Instructions that are executed before any is compiled, and those that were: the start of a program is executed once.
  private static let coldest = 1 << 18
  private var warmth = 0

  /// Set when the page that is being executed may not be the one its address leads to any more.
  var isStale = false

  /// Places in a page at which a debugger may want to stop: the reference engine executes what lies there.
  private(set) var stops: Set<Int> = []

  /// What is decoded otherwise is decoded anew; what stays marked only costs time.
  func setStops(_ new: Set<Int>) {
    guard !new.isSubset(of: stops) else { return }
    stops = new
    clear()
  }

  /// Most pages that are kept.
  private static let limit = 4096

  init() {
    missing = .allocate(capacity: 1)
    missing.initialize(to: FastInstruction(.fetch))
    known = Self.table(places)
  }

  deinit {
    missing.deallocate()
    for n in 0..<places { known[n].page?.deallocate() }
    known.deallocate()
  }

  private static func table(_ places: Int) -> UnsafeMutablePointer<Place> {
    let table = UnsafeMutablePointer<Place>.allocate(capacity: places)
    table.initialize(repeating: Place(host: UnsafeMutableRawPointer(table), page: nil), count: places)
    return table
  }

  /// Where a page of bytes is in the table, or would be.
  @inline(__always) private func place(_ host: UnsafeMutableRawPointer) -> UnsafeMutablePointer<Place> {
    let hash = (UInt64(UInt(bitPattern: host)) >> 12) &* 0x9E37_79B9_7F4A_7C15
    var index = Int(truncatingIfNeeded: hash >> 32)
    while true {
      let place = known + (index & (places - 1))
      if place.pointee.page == nil || place.pointee.host == host { return place }
      index &+= 1
    }
  }

  @inline(__always) private func find(_ host: UnsafeMutableRawPointer) -> Page? { place(host).pointee.page.map { Page($0) } }

  private func clear() {
    for n in 0..<places {
      known[n].page?.deallocate()
      known[n].page = nil
    }
    count = 0
  }

  private func grow() {
    let old = (known, places)
    places *= 2
    known = Self.table(places)
    for n in 0..<old.1 where old.0[n].page != nil { place(old.0[n].host).pointee = old.0[n] }
    old.0.deallocate()
  }

  /// The words that a page's instructions were decoded from.
  @inline(__always) static func words(_ instructions: UnsafeMutablePointer<FastInstruction>) -> UnsafeMutablePointer<UInt32> {
    (UnsafeMutableRawPointer(instructions) + Page.wordsOffset).assumingMemoryBound(to: UInt32.self)
  }

  /// Where the compiled code of each of a page's instructions begins.
  @inline(__always) static func entries(_ instructions: UnsafeMutablePointer<FastInstruction>) -> UnsafeMutablePointer<UInt> {
    (UnsafeMutableRawPointer(instructions) + Page.entriesOffset).assumingMemoryBound(to: UInt.self)
  }

  /// From a page's instructions to ``entries(_:)``, in bytes.
  static var entriesOffset: Int { Page.entriesOffset }

  /// A page that is written over more often while it is executed is not worth compiling.
  private static let mostChanges: Int32 = 64

  /// Whether a page of code changes so often that it is better executed as it is decoded.
  @inline(__always) static func changesOften(_ instructions: UnsafeMutablePointer<FastInstruction>) -> Bool {
    Page(instructions).changes >= mostChanges
  }

  static func noteCompiled(_ instructions: UnsafeMutablePointer<FastInstruction>) { Page(instructions).isCompiled = true }

  /// The place for compiled code: nil if the host has none, or if it is not worth it yet.
  @inline(__always) func machine(_ engine: CodeEngine) -> MachineCode? {
    isMachineKnown ? machine : warmth >= Self.coldest || engine == .compiled ? firstMachine() : nil
  }

  private func firstMachine() -> MachineCode? {
    isMachineKnown = true
    machine = MachineCode()
    if let machine {
      for n in 0..<places { known[n].page.map { Page($0).forgetCompiled(machine.notCompiled) } }
    }
    return machine
  }

  /// Instructions were executed as they were decoded.
  @inline(__always) func noteExecuted(_ count: Int) { warmth += count }

  /// Forgets all compiled code.
  func forgetCompiled(isStrict: Bool) {
    guard let machine else { return }
    for n in 0..<places {
      guard let page = known[n].page.map({ Page($0) }), page.isCompiled else { continue }
      page.forgetCompiled(machine.notCompiled)
    }
    machine.clear(isStrict: isStrict)
  }

  func flush() {
    pages.flush()
    isStale = true
  }

  func beginRun() {
    run &+= 1
    if count > Self.limit { clear() }
  }

  /// Code is fetched through a new translation: with either engine, so that both know the same pages and translations in the same
  /// moments, and a guest that forgets a TLBI finds the same.
  ///
  /// - Returns: whether the page's bytes come into use as code in this run.
  func noteFetch(_ va: UInt64, _ level: UInt64, _ host: UnsafeMutableRawPointer) -> Bool {
    pages.drop(va, level)
    let isNew = !isInUse(host)
    _ = page(host)
    return isNew
  }

  /// The decoded page of a page's bytes, which is in use from now on.
  func page(_ host: UnsafeMutableRawPointer) -> UnsafeMutablePointer<FastInstruction> {
    var place = place(host)
    if place.pointee.page == nil {
      if 2 * count >= places {
        grow()
        place = self.place(host)
      }
      place.pointee = Place(host: host, page: Page(machine?.notCompiled).instructions)
      count += 1
    }
    guard let instructions = place.pointee.page else { preconditionFailure("a page was put there") }
    let page = Page(instructions)
    guard page.run != run else { return instructions }
    page.compare(host, machine?.notCompiled)
    page.run = run
    return instructions
  }

  /// Whether code of a page is in use in this run: stores to it must be seen.
  func isInUse(_ host: UnsafeMutableRawPointer) -> Bool { find(host)?.run == run }

  /// Bytes of a page were stored to.
  func noteStore(_ host: UnsafeMutableRawPointer, offset: Int, count: Int) {
    guard let page = find(host), page.run == run else { return }
    let now = UnsafePointer(host.assumingMemoryBound(to: UInt32.self))
    for n in offset / 4...(offset + count - 1) / 4 { page.take(now, n, machine?.notCompiled) }
  }

  /// The bytes are somewhere else from now on, and others may come to lie here.
  func forget(_ host: UnsafeMutableRawPointer) { find(host)?.run = 0 }
}
