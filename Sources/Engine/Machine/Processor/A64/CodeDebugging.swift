/// What a debugger wants of code that runs: places to stop at, and a count. It is no part of the machine's state: where it stops a
/// vCPU, the session notes that the PE was held after so many instructions, and needs no debugger to do it again.
package struct CodeDebugging: Sendable {
  package struct Hit: Equatable, Sendable {
    package let point: DebugPoint
    /// What was accessed, or the pc.
    package let address: UInt64
    /// Instructions executed before it, of those of this run.
    package let executed: Int
  }

  private struct Watched: Sendable {
    package let point: DebugPoint
    let range: Range<UInt64>
    let reads: Bool
    let writes: Bool
  }

  private var code: Set<UInt64> = []
  private var data: [Watched] = []
  /// A place it stands at already.
  private var passing: UInt64?
  /// Goes on at each hit, and only notes it.
  let onlyNotes: Bool
  package private(set) var executed = 0
  package private(set) var hits: [Hit] = []
  private var accessed: Hit?
  /// Stops before an SMC.
  package var stopsAtSMC = false
  /// Stops after so many instructions.
  package var most: Int?
  /// Whose code it is about, by the granule of its registers; nil: whichever runs.
  package var vcpu: UInt64?
  /// Bytes of a page of physical memory of which it notes ``stored``.
  package var memory: Range<UInt64>?
  /// The last store to them.
  package internal(set) var stored: Store?

  /// A store of a guest's code.
  package struct Store: Equatable, Sendable {
    /// Whose, by the granule of its registers.
    package let vcpu: UInt64
    /// Of the instruction.
    package let pc: UInt64
    /// The instruction; nil if it cannot be fetched any more.
    package let word: UInt32?
  }

  package init(_ points: [DebugPoint], passing: UInt64? = nil, onlyNotes: Bool = false) {
    self.passing = passing
    self.onlyNotes = onlyNotes
    for point in points {
      switch point {
      case .execute(let address): code.insert(address)
      case .write(let address, let count): watch(point, address, count, reads: false, writes: true)
      case .read(let address, let count): watch(point, address, count, reads: true, writes: false)
      case .access(let address, let count): watch(point, address, count, reads: true, writes: true)
      }
    }
  }

  private mutating func watch(_ point: DebugPoint, _ address: UInt64, _ count: UInt64, reads: Bool, writes: Bool) {
    let (end, overflow) = address.addingReportingOverflow(count)
    data.append(Watched(point: point, range: address..<(overflow ? .max : end), reads: reads, writes: writes))
  }

  var watches: Bool { !data.isEmpty || memory != nil }
  /// Whether it still has to get past the place it stands at.
  var isPassing: Bool { passing != nil }
  /// Which of the 1024 words of a page breakpoints are.
  var places: Set<Int> { Set(code.map { Int($0 >> 2 & 1023) }) }
  /// Whether something of the page of an address is watched.
  func watchesPage(_ va: UInt64) -> Bool {
    let page = va & ~0xFFF
    return data.contains { $0.range.overlaps(page..<(page < ~0xFFF ? page + 4096 : .max)) }
  }

  /// Whether bytes of a page of physical memory are.
  func watchesPage(physical pa: UInt64) -> Bool { memory.map { $0.lowerBound ^ pa < 4096 } ?? false }

  /// Instructions that were executed without a look at each.
  mutating func note(executed count: Int) { executed = count }

  /// Whether the instruction at the pc is not to be executed now; if it is, it counts.
  mutating func stops(before pc: UInt64, isSMC: Bool) -> Bool {
    let isPassed = passing == pc
    passing = nil
    accessed = nil
    if executed == most || !isPassed && (isSMC || code.contains(pc)) {
      hits.append(Hit(point: .execute(pc), address: pc, executed: executed))
      if !onlyNotes { return true }
    }
    executed += 1
    return false
  }

  /// SMC, whatever its immediate.
  package static func isSMC(_ word: UInt32) -> Bool { word & 0xFFE0_001F == 0xD400_0003 }

  /// The last instruction did not complete, and will be executed again.
  mutating func takeBackLast() { executed -= 1 }

  mutating func noteAccess(_ address: UInt64, _ size: Int, isWrite: Bool) {
    guard accessed == nil else { return }
    let range = address..<(address &+ UInt64(size) > address ? address + UInt64(size) : .max)
    guard let found = data.first(where: { (isWrite ? $0.writes : $0.reads) && $0.range.overlaps(range) }) else { return }
    accessed = Hit(point: found.point, address: max(address, found.range.lowerBound), executed: executed)
  }

  /// Whether the instruction that was executed has accessed what is watched.
  mutating func stopsAfterAccess() -> Bool {
    guard let accessed else { return false }
    hits.append(accessed)
    self.accessed = nil
    return !onlyNotes
  }
}

extension Machine {
  /// The fast engine, which leaves to the reference engine where it may have to stop: instructions at breakpoints, and accesses to pages of
  /// which something is watched. The rest of a slice, or all of it, with a look at each instruction.
  mutating func runDebugged(_ core: inout A64Core) -> A64Stop? {
    core.isWatched = debugging?.watches == true
    do throws(A64Stop) {
      if debugging?.isPassing == true, core.left > 0, try stepDebugged(&core) { return .held }
      // Where a branch lands, the fast engine looks at no breakpoint.
      if codeEngine != .reference, debugging?.most == nil, !core.features.contains(.bti), core.left >= FastContext.longestStretch
      {
        let before = (debugging?.executed ?? 0) - (core.slice - core.left)
        let stop = runFast(&core)
        debugging?.note(executed: before + core.slice - core.left)
        if let stop { throw stop }
      }
      while core.left > 0 {
        if try stepDebugged(&core) { return .held }
      }
      return nil
    } catch {
      if case .toEL2(let exception) = error, exception.isAbort { debugging?.takeBackLast() }
      return error
    }
  }

  /// - Returns: whether it is held, before the instruction or after it.
  private mutating func stepDebugged(_ core: inout A64Core) throws(A64Stop) -> Bool {
    let isSMC = debugging?.stopsAtSMC == true && isSMC(&core)
    if debugging?.stops(before: core.pc, isSMC: isSMC) == true { return true }
    try stepCode(&core)
    return core.isWatched && debugging?.stopsAfterAccess() == true
  }

  /// Whether an SMC comes next; what cannot be fetched is none.
  private mutating func isSMC(_ core: inout A64Core) -> Bool {
    guard let page = try? fetchPage(&core) else { return false }
    return CodeDebugging.isSMC(UInt32(littleEndian: page.load(fromByteOffset: Int(core.pc & 4095), as: UInt32.self)))
  }

  /// The PA of a virtual address that a vCPU can read.
  package func guestMemory(_ rec: UInt64, _ address: UInt64) -> UInt64? {
    regime(rec).flatMap { translate(address, .read, $0).pa }
  }

  /// The PA from which a vCPU would read a virtual address; nil where it could not.
  package func guestPlace(_ vcpu: UInt64, _ address: UInt64) -> UInt64? {
    regime(vcpu).flatMap { translate(address, .read, $0).pa }
  }

  /// Bytes at a virtual address as a vCPU would read them; shorter where a page is missing.
  package func guestBytes(_ rec: UInt64, _ address: UInt64, _ count: Int) -> [UInt8] {
    guard let regime = regime(rec) else { return [] }
    var bytes: [UInt8] = []
    while bytes.count < count {
      let (at, overflow) = address.addingReportingOverflow(UInt64(bytes.count))
      guard !overflow, let pa = translate(at, .read, regime).pa else { break }
      let piece = min(count - bytes.count, 4096 - Int(at & 4095))
      let page = memory.page(pa)
      bytes += (0..<piece).map { page.load(fromByteOffset: Int(at & 4095) + $0, as: UInt8.self) }
    }
    return bytes
  }
}
