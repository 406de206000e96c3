/// Loads and stores of the interpreter, and the translation of their addresses: stage 1, then stage 2 (a Realm's RTT, or the Host's
/// tables), then the granule protection check.
extension Machine {
  /// Syndrome bits of a load or store of one register: ISV, SAS, SSE, SRT, SF, and WnR (Arm ARM, ESR_EL2, ISS of a Data Abort).
  func details(_ i: Instruction, isWrite: Bool) -> UInt64 {
    let shape = Instruction.MemoryShape(raw: i.x)
    // With write-back the syndrome is not valid: emulating it would need more than this.
    guard shape.mode != 1, shape.mode != 3 else { return isWrite ? Syndrome.wnr : 0 }
    let register = UInt64(i.d == A64Registers.trash ? 31 : i.d)
    return Syndrome.isv | UInt64(shape.sizeLog2) << 22 | (shape.isSigned ? 1 << 21 : 0) | register << 16
      | (shape.is64 ? 1 << 15 : 0) | (isWrite ? Syndrome.wnr : 0)
  }

  @inline(__always) mutating func transfer(_ i: Instruction, _ core: inout A64Core) throws(A64Stop) {
    let base = core.x[Int(i.n)]
    let mode = i.x >> 4 & 3
    let moved = base &+ UInt64(bitPattern: i.imm)
    if mode == 2, core.bank != 0, core.pstate & PSTATE.uao == 0 || !core.features.contains(.uao) {
      // LDTR and STTR at EL1, with the permissions of EL0.
      try transfer(i, moved, &core, bank: 0)
      return
    }
    try transfer(i, mode == 1 ? base : moved, &core, bank: core.bank)
    if mode & 1 == 1 { core.x[Int(i.n)] = moved }
  }

  @inline(__always) mutating func transfer(
    _ i: Instruction, _ address: UInt64, _ core: inout A64Core, bank: UInt64
  ) throws(A64Stop) {
    let shape = Instruction.MemoryShape(raw: i.x)
    if i.operation == .store || i.operation == .storeRegister {
      try store(address, shape.sizeLog2, core.x[Int(i.d)], &core, details: details(i, isWrite: true), bank: bank)
      return
    }
    let value = try load(address, shape.sizeLog2, &core, details: details(i, isWrite: false), bank: bank)
    core.x[Int(i.d)] = loaded(value, shape)
  }

  /// A value as its register gets it.
  @inline(__always) private func loaded(_ value: UInt64, _ shape: Instruction.MemoryShape) -> UInt64 {
    guard shape.isSigned else { return value }
    let value = A64Core.extended(value, 4 + UInt8(shape.sizeLog2), 0)
    return shape.is64 ? value : value & 0xFFFF_FFFF
  }

  mutating func pair(_ i: Instruction, _ core: inout A64Core) throws(A64Stop) {
    let shape = Instruction.MemoryShape(raw: i.x)
    let base = core.x[Int(i.n)]
    let moved = base &+ UInt64(bitPattern: i.imm)
    let address = shape.mode == 1 ? base : moved
    let size: UInt64 = 1 << UInt64(shape.sizeLog2)
    if i.operation == .storePair {
      try store(address, shape.sizeLog2, core.x[Int(i.d)], &core, details: Syndrome.wnr)
      try store(address &+ size, shape.sizeLog2, core.x[Int(i.m)], &core, details: Syndrome.wnr)
    } else {
      var first = try load(address, shape.sizeLog2, &core, details: 0)
      var second = try load(address &+ size, shape.sizeLog2, &core, details: 0)
      if shape.isSigned {
        first = A64Core.extended(first, 6, 0)
        second = A64Core.extended(second, 6, 0)
      }
      core.x[Int(i.d)] = first
      core.x[Int(i.m)] = second
    }
    if shape.mode & 1 == 1 { core.x[Int(i.n)] = moved }
  }

  /// Exclusives and acquire and release. One PE runs at a time, so the order is given; what is left is the monitor.
  mutating func ordered(_ i: Instruction, _ core: inout A64Core) throws(A64Stop) {
    let shape = Instruction.MemoryShape(raw: i.x)
    // Only LDAPUR and STLUR have an offset.
    let address = core.x[Int(i.n)] &+ UInt64(bitPattern: i.imm)
    let isPair = i.operation == .loadExclusivePair || i.operation == .storeExclusivePair
    let size: UInt64 = 1 << UInt64(shape.sizeLog2)
    let isWrite = [.storeExclusive, .storeExclusivePair, .storeRelease, .storeOrdered].contains(i.operation)
    // Exclusives and ordered accesses are aligned to what they access, whatever SCTLR_EL1.A says.
    guard address & ((isPair ? 2 * size : size) - 1) == 0 else { throw alignmentFault(address, isWrite, core) }
    switch i.operation {
    case .loadAcquire, .loadOrdered:
      core.x[Int(i.d)] = loaded(try load(address, shape.sizeLog2, &core, details: details(i, isWrite: false)), shape)
    case .storeRelease, .storeOrdered:
      try store(address, shape.sizeLog2, core.x[Int(i.d)], &core, details: details(i, isWrite: true))
    case .loadExclusive, .loadExclusivePair:
      let first = try load(address, shape.sizeLog2, &core, details: 0)
      if isPair { core.x[Int(i.a)] = try load(address &+ size, shape.sizeLog2, &core, details: 0) }
      core.x[Int(i.d)] = first
      core.monitor = address & ~63
    default:
      guard core.monitor == address & ~63 else {
        core.monitor = nil
        core.x[Int(i.m)] = 1
        return
      }
      let (first, second) = (core.x[Int(i.d)], core.x[Int(i.a)])
      try store(address, shape.sizeLog2, first, &core, details: Syndrome.wnr)
      if isPair { try store(address &+ size, shape.sizeLog2, second, &core, details: Syndrome.wnr) }
      core.monitor = nil
      core.x[Int(i.m)] = 0
    }
  }

  func alignmentFault(_ va: UInt64, _ isWrite: Bool, _ core: A64Core) -> A64Stop {
    let level: UInt64 = core.exceptionLevel == 0 ? 0x24 : 0x25
    return .toEL1(esr: level << 26 | Syndrome.il | (isWrite ? Syndrome.wnr : 0) | 0x21, far: va)
  }

  // MARK: One access

  @inline(__always) mutating func load(
    _ va: UInt64, _ sizeLog2: Int, _ core: inout A64Core, details: UInt64
  ) throws(A64Stop) -> UInt64 {
    try load(va, sizeLog2, &core, details: details, bank: core.bank)
  }

  @inline(__always) mutating func load(
    _ va: UInt64, _ sizeLog2: Int, _ core: inout A64Core, details: UInt64, bank: UInt64
  ) throws(A64Stop) -> UInt64 {
    let size = 1 << sizeLog2
    let offset = Int(va & 4095)
    if offset + size <= 4096, !core.isStrict || offset & (size - 1) == 0,
      let page = core.reads.find(va, bank)
    {
      if core.isWatched { debugging?.noteAccess(va, size, isWrite: false) }
      return Self.number(page + offset, sizeLog2)
    }
    return try slowLoad(va, size, &core, details: details, bank: bank)
  }

  /// The little-endian number of 1, 2, 4 or 8 bytes, anywhere.
  @inline(__always) private static func number(_ bytes: UnsafeMutableRawPointer, _ sizeLog2: Int) -> UInt64 {
    switch sizeLog2 {
    case 0: UInt64(bytes.load(as: UInt8.self))
    case 1: UInt64(UInt16(littleEndian: bytes.loadUnaligned(as: UInt16.self)))
    case 2: UInt64(UInt32(littleEndian: bytes.loadUnaligned(as: UInt32.self)))
    default: UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
    }
  }

  @inline(__always) private static func setNumber(_ bytes: UnsafeMutableRawPointer, _ sizeLog2: Int, _ value: UInt64) {
    switch sizeLog2 {
    case 0: bytes.storeBytes(of: UInt8(truncatingIfNeeded: value), as: UInt8.self)
    case 1: bytes.storeBytes(of: UInt16(truncatingIfNeeded: value).littleEndian, as: UInt16.self)
    case 2: bytes.storeBytes(of: UInt32(truncatingIfNeeded: value).littleEndian, as: UInt32.self)
    default: bytes.storeBytes(of: value.littleEndian, as: UInt64.self)
    }
  }

  private mutating func slowLoad(
    _ va: UInt64, _ size: Int, _ core: inout A64Core, details: UInt64, bank: UInt64
  ) throws(A64Stop) -> UInt64 {
    try checkAlignment(va, size, false, core)
    var value: UInt64 = 0
    var done = 0
    // Both pages of an access that crosses are translated before a byte of it is used.
    while done < size {
      let address = va &+ UInt64(done)
      let page: UnsafeMutableRawPointer
      if let found = core.reads.find(address, bank) {
        page = found
      } else {
        page = try fill(core.reads, address, .read, &core, details: done == 0 ? details : 0, bank: bank)
      }
      let count = min(size - done, 4096 - Int(address & 4095))
      if count == size {
        value = Self.number(page + Int(address & 4095), size.trailingZeroBitCount)
        break
      }
      for n in 0..<count {
        value |= UInt64(page.load(fromByteOffset: Int(address & 4095) + n, as: UInt8.self)) << UInt64(8 * (done + n))
      }
      done += count
    }
    if core.isWatched { debugging?.noteAccess(va, size, isWrite: false) }
    return value
  }

  @inline(__always) mutating func store(
    _ va: UInt64, _ sizeLog2: Int, _ value: UInt64, _ core: inout A64Core, details: UInt64
  ) throws(A64Stop) {
    try store(va, sizeLog2, value, &core, details: details, bank: core.bank)
  }

  @inline(__always) mutating func store(
    _ va: UInt64, _ sizeLog2: Int, _ value: UInt64, _ core: inout A64Core, details: UInt64, bank: UInt64
  ) throws(A64Stop) {
    let size = 1 << sizeLog2
    let offset = Int(va & 4095)
    if offset + size <= 4096, !core.isStrict || offset & (size - 1) == 0,
      let page = core.writes.find(va, bank)
    {
      if core.isWatched { debugging?.noteAccess(va, size, isWrite: true) }
      return Self.setNumber(page + offset, sizeLog2, value)
    }
    try slowStore(va, size, value, &core, details: details, bank: bank)
  }

  private mutating func slowStore(
    _ va: UInt64, _ size: Int, _ value: UInt64, _ core: inout A64Core, details: UInt64, bank: UInt64
  ) throws(A64Stop) {
    try checkAlignment(va, size, true, core)
    let inFirst = min(size, 4096 - Int(va & 4095))
    let first = try writePage(va, &core, details, bank)
    let second = inFirst < size ? try writePage(va &+ UInt64(inFirst), &core, Syndrome.wnr, bank) : first
    if inFirst == size {
      Self.setNumber(first + Int(va & 4095), size.trailingZeroBitCount, value)
    } else {
      for n in 0..<size {
        let byte = UInt8(truncatingIfNeeded: value >> UInt64(8 * n))
        if n < inFirst {
          first.storeBytes(of: byte, toByteOffset: Int(va & 4095) + n, as: UInt8.self)
        } else {
          second.storeBytes(of: byte, toByteOffset: n - inFirst, as: UInt8.self)
        }
      }
    }
    if core.isWatched { debugging?.noteAccess(va, size, isWrite: true) }
    core.workspace.code.noteStore(first, offset: Int(va & 4095), count: inFirst)
    if inFirst < size { core.workspace.code.noteStore(second, offset: 0, count: size - inFirst) }
    if core.isWatched {
      noteStore(first, Int(va & 4095), inFirst, &core)
      noteStore(second, 0, size - inFirst, &core)
    }
  }

  /// Notes that code has stored bytes, if they are watched by their place in physical memory.
  private mutating func noteStore(_ page: UnsafeMutableRawPointer, _ offset: Int, _ count: Int, _ core: inout A64Core) {
    guard let watched = debugging?.memory, memory.page(watched.lowerBound) == UnsafeRawPointer(page) else { return }
    let first = Int(watched.lowerBound & 4095)
    guard offset < first + watched.count, first < offset + count else { return }
    let code = try? fetchPage(&core)
    let word = code.map { UInt32(littleEndian: $0.load(fromByteOffset: Int(core.pc & 4095), as: UInt32.self)) }
    debugging?.stored = CodeDebugging.Store(vcpu: progress.vcpu ?? 0, pc: core.pc, word: word)
  }

  private mutating func writePage(
    _ va: UInt64, _ core: inout A64Core, _ details: UInt64, _ bank: UInt64
  ) throws(A64Stop) -> UnsafeMutableRawPointer {
    if let found = core.writes.find(va, bank) { return found }
    return try fill(core.writes, va, .write, &core, details: details, bank: bank)
  }

  /// SCTLR_EL1.A asks for alignment; with the MMU off all data is Device memory, which cannot be accessed unaligned.
  private func checkAlignment(_ va: UInt64, _ size: Int, _ isWrite: Bool, _ core: A64Core) throws(A64Stop) {
    if va & UInt64(size - 1) != 0, core.isStrict { throw alignmentFault(va, isWrite, core) }
  }

  // MARK: Translation

  /// Translates a page, remembers that, and returns its bytes. It remembers nothing where no memory is, only zeroes to read and a place
  /// for what is written, and of a page to write whose code is in use, so that each store to it comes here. What a translation stops
  /// ends in an exception.
  mutating func fill(
    _ cache: TranslationTable, _ va: UInt64, _ kind: Stage2Access, _ core: inout A64Core, details: UInt64, bank: UInt64
  ) throws(A64Stop) -> UnsafeMutableRawPointer {
    let regime = TranslationRegime(rec: core.rec, stage2: core.stage2, exceptionLevel: core.exceptionLevel, bank: bank)
    let known = core.stage2Cache
    let (ipa, descriptor, level) = try walkStage1(va, kind, regime, knownIn: known)
    if kind == .fetch, core.features.contains(.bti) { core.workspace.noteGuard(va, descriptor) }
    let pa: UInt64
    switch translateStage2(core.stage2, ipa, kind, knownIn: known) {
    case .address(let address): pa = address
    case .nothing: return memory.noPage
    case let outcome: throw stage2Stop(outcome, va, ipa, kind, regime, details: details)
    }
    let host: UnsafeMutableRawPointer
    if kind == .write {
      let before = memory.page(pa)
      host = memory.writablePage(pa)
      if before != UnsafeRawPointer(host) { forgetPlace(before, core) }
      // Stores to code that is in use are to be seen.
      if core.workspace.code.isInUse(host) { return host }
    } else {
      host = UnsafeMutableRawPointer(mutating: memory.page(pa))
      if host == memory.zeroPage { core.workspace.readsZeroPage = true }
    }
    // What is watched is looked at each time.
    if core.isWatched, kind != .fetch, debugging?.watchesPage(va) == true || debugging?.watchesPage(physical: pa) == true {
      return host
    }
    if level < 3 { core.workspace.blocks.note(va, level: level) }
    cache.put(va, bank, host)
    if kind == .fetch, core.workspace.code.noteFetch(va, core.exceptionLevel, host) {
      // Stores to it are to be seen from now on.
      core.writes.flush()
    }
    return host
  }

  /// A page that is to be written has moved: what was remembered of it to be read is another place now.
  private func forgetPlace(_ before: UnsafeRawPointer, _ core: borrowing A64Core) {
    core.stage2Cache.forget(before)
    // Nobody reads what most pages are before they are first written.
    if before == UnsafeRawPointer(memory.zeroPage), !core.workspace.readsZeroPage { return }
    core.reads.flush()
    core.fetches.flush()
    core.workspace.code.forget(UnsafeMutableRawPointer(mutating: before))
    core.workspace.code.flush()
  }

  /// The exception of an access that stage 2 stops.
  private func stage2Stop(
    _ outcome: Stage2Outcome, _ va: UInt64, _ ipa: UInt64, _ kind: Stage2Access, _ core: TranslationRegime, details: UInt64,
    isWalk: Bool = false
  ) -> A64Stop {
    if let fault = faultForEL3(outcome, va) { return .toEL3(fault, write: kind == .write) }
    let write = kind == .write ? Syndrome.wnr : 0
    let class2 = kind == .fetch ? Syndrome.ecInstructionAbort : Syndrome.ecDataAbort
    let own = (class2 + (core.exceptionLevel == 0 ? 0 : 1)) << 26 | Syndrome.il | write
    let code: UInt64
    switch outcome {
    case .address, .nothing: preconditionFailure("stage 2 did not stop it")
    case .addressSize: return .toEL1(esr: own, far: va)
    case .granuleProtection:
      guard granuleFaultsGoToEL2(core.stage2) else { return .toEL1(esr: own | Syndrome.granuleProtection, far: va) }
      code = Syndrome.granuleProtection
    case .granuleProtectionOnWalk(let level):
      guard granuleFaultsGoToEL2(core.stage2) else { return .toEL1(esr: own | Syndrome.granuleProtectionOnWalk(level), far: va) }
      code = Syndrome.granuleProtectionOnWalk(level)
    case .translation(let level): code = Syndrome.translationFault(level)
    case .permission(let level): code = Syndrome.permissionFault(level)
    case .accessFlag(let level): code = Syndrome.accessFlagFault(level)
    case .outputAddressSize(let level): code = Syndrome.addressSizeFault(level)
    }
    let iss = kind == .fetch || isWalk ? (isWalk ? Syndrome.s1ptw | write : 0) : details | write
    return .toEL2(
      .sync(esr: class2 << 26 | Syndrome.il | iss | code, far: va, hpfar: (ipa >> 12) << 4))
  }

  /// HCR_EL2.GPF: whether a granule protection fault of EL1 or EL0 is EL2's.
  private func granuleFaultsGoToEL2(_ stage2: Stage2Regime) -> Bool {
    switch stage2 {
    case .realm: configuration.granuleFaultsExitToHost
    case .normal(let tables): tables.hcr & HCR.gpf != 0
    case .secure: false
    }
  }

  /// Stage 1 of EL1&0: the IPA.
  func translateStage1(_ va: UInt64, _ kind: Stage2Access, _ core: TranslationRegime) throws(A64Stop) -> UInt64 {
    try walkStage1(va, kind, core).ipa
  }

  /// Stage 1 of EL1&0 (Arm ARM D8): 4 KiB granules, 48 bits. The IPA, and the descriptor of its page or block if the MMU is on, with its
  /// level; without it 3, as nothing larger than a page stands for anything.
  func walkStage1(
    _ va: UInt64, _ kind: Stage2Access, _ core: TranslationRegime, knownIn cache: Stage2Cache? = nil
  ) throws(A64Stop) -> (ipa: UInt64, descriptor: UInt64?, level: Int) {
    let rec = core.rec
    let sctlr = rec[.sctlrEL1]
    let isFetch = kind == .fetch
    let class1: UInt64 = (isFetch ? 0x20 : 0x24) + (core.exceptionLevel == 0 ? 0 : 1)
    func fault(_ code: UInt64) -> A64Stop {
      .toEL1(esr: class1 << 26 | Syndrome.il | (kind == .write ? Syndrome.wnr : 0) | code, far: va)
    }
    guard sctlr & 1 == 1 else {
      guard va >> 48 == 0 else { throw fault(0x00) }
      return (va, nil, 3)
    }
    let tcr = rec[.tcrEL1]
    let isHigh = va >> 55 & 1 == 1
    let ignoresTop = tcr >> (isHigh ? 38 : 37) & 1 == 1
    let size = max(16, min(39, isHigh ? tcr >> 16 & 0x3F : tcr & 0x3F))
    let top = va &>> (64 &- size)
    let sign: UInt64 = ignoresTop ? (isHigh ? (1 << (size - 8)) - 1 : 0) : isHigh ? (1 << size) - 1 : 0
    guard (ignoresTop ? top & ((1 << (size - 8)) - 1) : top) == sign else { throw fault(0x04) }
    guard tcr >> (isHigh ? 23 : 7) & 1 == 0, isHigh ? tcr >> 30 & 3 == 2 : tcr >> 14 & 3 == 0 else { throw fault(0x04) }
    var table = rec[isHigh ? .ttbr1EL1 : .ttbr0EL1] & 0x0000_FFFF_FFFF_F000
    var level = size <= 24 ? 0 : size <= 33 ? 1 : 2
    var shift = UInt64(39 &- 9 &* level)
    // The first table may be shorter than those behind it.
    var index = va &>> shift & (1 &<< (min(shift &+ 9, 64 &- size) &- shift) &- 1)
    // Everything that the descriptors of tables say.
    var tables: UInt64 = 0
    while true {
      let entryIPA = table &+ index &* 8
      let entry: UInt64
      if let bytes = cache?.bytes(entryIPA) {
        entry = UInt64(littleEndian: bytes.load(fromByteOffset: Int(truncatingIfNeeded: entryIPA & 4088), as: UInt64.self))
      } else {
        switch translateStage2(core.stage2, entryIPA, .read, knownIn: cache) {
        case .address(let pa): entry = memory.load64(pa)
        case .nothing: entry = 0
        case let outcome: throw stage2Stop(outcome, va, entryIPA, kind, core, details: 0, isWalk: true)
        }
      }
      guard entry & 1 == 1, level < 3 || entry & 2 == 2, level > 0 || entry & 2 == 2 else { throw fault(0x04 + UInt64(level)) }
      if level < 3, entry & 2 == 2 {
        tables |= entry
        table = entry & 0x0000_FFFF_FFFF_F000
        level &+= 1
        shift &-= 9
        index = va &>> shift & 511
        continue
      }
      guard entry >> 10 & 1 == 1 else { throw fault(0x08 + UInt64(level)) }
      // APTable, UXNTable and PXNTable take away what the page's own bits give.
      let isReadOnly = (tables >> 62 | entry >> 7) & 1 == 1
      let forEL0 = tables >> 61 & 1 == 0 && entry >> 6 & 1 == 1
      let isEL0 = core.bank == 0
      // PSTATE.PAN: what EL0 can access, EL1 can not.
      let isKept = core.bank == 2 && forEL0
      let neverExecuted = isEL0 ? (tables >> 60 | entry >> 54) & 1 == 1 : (tables >> 59 | entry >> 53) & 1 == 1
      // What EL0 can write, EL1 does not execute; with WXN nobody executes what he can write.
      let isWritable = !isReadOnly && (isEL0 ? forEL0 : !isKept)
      let isBarred =
        neverExecuted || (!isEL0 && forEL0 && !isReadOnly) || (sctlr >> 19 & 1 == 1 && isWritable) || (isEL0 && !forEL0)
      let isAllowed =
        switch kind {
        case .fetch: !isBarred
        case .read: isEL0 ? forEL0 : !isKept
        case .write: isWritable
        }
      guard isAllowed else { throw fault(0x0C + UInt64(level)) }
      let mask: UInt64 = 1 &<< shift &- 1
      return (entry & 0x0000_FFFF_FFFF_F000 & ~mask | va & mask, entry, level)
    }
  }
}
