import Basics

/// Prints of the states of a small machine: 64 bits of what calls, guests and rules can tell apart, for whoever explores all states.
///
/// The granules that can be given away, the pool, are alike: which of them is an RD and which a table makes no difference. So a print does not
/// depend on where things lie: a granule is what it says of itself, what it refers to, and what refers to it. Each begins with a colour
/// made of the first; four times each takes the colours of its neighbours in (Weisfeiler and Leman). What refers to each other in a Realm is a tree whose
/// longest path has seven granules (REC, RD, three tables, DATA and what it lies beside), so after that a colour has seen all of it. The print is the sum of the colours, and of what belongs to no granule.
///
/// What is not in it, because nothing that can be done next depends on it, or shows only in registers nobody compares: registers of PEs; a REC's pc,
/// general and system registers (of what is pending the call that made it pending is in it); measurements, challenge and token; what
/// exactly DATA and the Host's granules hold, but whether it is zero; pages beside the pool.
package struct StatePrinter: ~Copyable {
  /// A reference of one granule of the pool to another.
  private struct Reference {
    var key: UInt64
    var target: Int
  }

  private struct Sight {
    var content: UInt64 = 0
    /// What the granule is and refers to, and which of the pool it is.
    var placed: UInt64 = 0
    var record: UInt8 = 0
    var gpi: UInt8 = 0
    var count = 0
    var references = InlineArray<24, Reference>(repeating: Reference(key: 0, target: 0))
  }

  /// The first granule of the pool.
  package let base: UInt64
  /// How many there are.
  package let count: Int
  /// Whether equal granules count as one another.
  package let isSymmetric: Bool
  private let sights: UnsafeMutablePointer<Sight>
  private let saved: UnsafeMutablePointer<Sight>
  private var savedGranules: UInt64 = 0
  private let colours: UnsafeMutablePointer<UInt64>
  private let next: UnsafeMutablePointer<UInt64>
  private let degrees: UnsafeMutablePointer<Int>
  /// The sum of what is placed, and what it was before the changes.
  private var placed: UInt64 = 0
  private var savedPlaced: UInt64 = 0
  /// What a state that was looked at whole is where it lies, and its print.
  private var origin: (key: UInt64, print: UInt64) = (0, 0)
  /// Prints of states that changes led to, by what they are where they lie: of two in one place the later.
  private let recent: UnsafeMutablePointer<(key: UInt64, print: UInt64)>
  /// Of each granule of the pool a bit: whether its contents have been written since the checkpoint in force.
  package private(set) var writtenGranules: UInt64 = 0
  /// Words of an RD, of a REC and of a table that count, a mask each.
  private let masks: UnsafeMutablePointer<UInt64>

  /// Most granules of a pool.
  package static let mostGranules = 32
  private static let rounds = 4
  private static let recentCount = 1 << 14
  /// Of a pool below 2^48 the bits of an address that every entry of a table has in its place.
  private let addressMask: UInt64

  package init(base: UInt64, count: Int, isSymmetric: Bool) {
    precondition((1...Self.mostGranules).contains(count))
    self.base = base
    self.count = count
    self.isSymmetric = isSymmetric
    addressMask = base >> 48 == 0 ? 0x0000_FFFF_FFFF_F000 : 0x000F_FFFF_FFFF_F000
    sights = .allocate(capacity: count)
    sights.initialize(repeating: Sight(), count: count)
    saved = .allocate(capacity: count)
    saved.initialize(repeating: Sight(), count: count)
    colours = .allocate(capacity: count)
    colours.initialize(repeating: 0, count: count)
    next = .allocate(capacity: count)
    next.initialize(repeating: 0, count: count)
    degrees = .allocate(capacity: count)
    degrees.initialize(repeating: 0, count: count)
    recent = .allocate(capacity: Self.recentCount)
    recent.initialize(repeating: (0, 0), count: Self.recentCount)
    masks = .allocate(capacity: 3 * 512)
    masks.initialize(repeating: .max, count: 3 * 512)
    let rd = RmmRealm.table
    Self.leaveOut([rd.measurements], masks)
    let rec = RmmRec.table
    Self.leaveOut(
      [rec.pc, rec.pstate, rec.traps, rec.runPointer, rec.monitor, rec.gprs, rec.sysregs, rec.challenge, rec.token], masks + 512)
  }

  deinit {
    for list in [sights, saved] { list.deallocate() }
    for list in [colours, next, masks] { list.deallocate() }
    degrees.deallocate()
    recent.deallocate()
  }

  private static func leaveOut(_ fields: [MemoryField], _ masks: UnsafeMutablePointer<UInt64>) {
    for field in fields { for byte in field.range { masks[byte / 8] = 0 } }
  }

  /// The granule of the pool that an address lies in.
  @inline(__always) package func granule(_ address: UInt64) -> Int? {
    let n = (address &- base) >> 12
    return n < UInt64(count) ? Int(n) : nil
  }

  // MARK: Looking

  /// Looks at every granule of the pool.
  package mutating func lookAtAll(_ machine: borrowing Machine) {
    placed = 0
    for n in 0..<count {
      look(n, machine)
      placed &+= sights[n].placed
    }
    savedPlaced = placed
    savedGranules = 0
    writtenGranules = 0
  }

  /// Looks at what has changed since the checkpoint in force. ``forgetChanges()`` undoes it.
  ///
  /// - Returns: the first address that was written beside the pool, the pages that are the world's and the granule protection table; nil
  ///   if there is none.
  package mutating func lookAtChanges(
    _ machine: borrowing Machine, apartFrom known: ClosedRange<UInt64>
  ) -> UInt64? {
    var changed: UInt64 = 0
    var hasTables = false
    var stray: UInt64?
    let (base, count) = (base, count)
    let tables = machine.gpt.l0Base..<machine.gpt.l1Top
    machine.memory.forEachChange { address in
      let n = (address &- base) >> 12
      if n < UInt64(count) {
        changed |= 1 << n
      } else if tables.contains(address) {
        hasTables = true
      } else if !known.contains(address), stray == nil {
        stray = address
      }
    } records: {
      hasTables = true
    }
    writtenGranules = changed
    if hasTables { for n in 0..<count where changed >> UInt64(n) & 1 == 0 && hasMoved(n, machine) { changed |= 1 << UInt64(n) } }
    while changed != 0 {
      let n = changed.trailingZeroBitCount
      changed &= changed &- 1
      if savedGranules >> UInt64(n) & 1 == 0 {
        saved[n] = sights[n]
        savedGranules |= 1 << UInt64(n)
      }
      placed &-= sights[n].placed
      look(n, machine)
      placed &+= sights[n].placed
    }
    return stray
  }

  /// Whether a granule's metadata or its entry of the GPT differ from what was seen.
  private func hasMoved(_ n: Int, _ machine: borrowing Machine) -> Bool {
    let address = base &+ UInt64(n) << 12
    return machine.memory.record(address) != sights[n].record || Self.gpi(address, machine) != sights[n].gpi
  }

  /// What was seen before ``lookAtChanges(_:apartFrom:)``.
  package mutating func forgetChanges() {
    var left = savedGranules
    while left != 0 {
      let n = left.trailingZeroBitCount
      sights[n] = saved[n]
      left &= left - 1
    }
    savedGranules = 0
    writtenGranules = 0
    placed = savedPlaced
  }

  private static func gpi(_ address: UInt64, _ machine: borrowing Machine) -> UInt8 {
    machine.gptWalk(address).gpi?.rawValue ?? 0xFF
  }

  private func look(_ n: Int, _ machine: borrowing Machine) {
    let address = base &+ UInt64(n) << 12
    let record = machine.memory.record(address)
    sights[n].record = record
    sights[n].gpi = Self.gpi(address, machine)
    sights[n].count = 0
    sights[n].content = 0
    var targets: UInt64 = 0
    if machine.memory.hasPage(address) {
      let words = machine.memory.page(address).assumingMemoryBound(to: UInt64.self)
      switch GranuleRecord(raw: record).state {
      case .rd: targets = read(words, masks, n)
      case .rec: targets = read(words, masks + 512, n)
      case .rtt: targets = read(words, masks + 1024, n)
      case .undelegated, .delegated, .data, .recAux: sights[n].content = Self.isZero(words) ? 0 : 1
      }
    }
    let own = UInt64(record) | UInt64(sights[n].gpi) << 8 | UInt64(n + 1) << 32
    sights[n].placed = Self.fold(sights[n].content ^ mix(own), mix(targets) | 1)
  }

  private static func isZero(_ words: UnsafePointer<UInt64>) -> Bool {
    var n = 0
    while n < 512 {
      if words[n] | words[n &+ 1] | words[n &+ 2] | words[n &+ 3] != 0 { return false }
      n &+= 4
    }
    return true
  }

  /// Takes a page in: each word with its place; of one that is an address of the pool what it has beside the address, and where it leads.
  ///
  /// - Returns: 64 bits of where they lead.
  private func read(_ words: UnsafePointer<UInt64>, _ masks: UnsafePointer<UInt64>, _ n: Int) -> UInt64 {
    let size = UInt64(count) << 12
    var sum: UInt64 = 0
    var targets: UInt64 = 0
    var references = 0
    var first = 0
    while first < 512 {
      var any: UInt64 = 0
      var k = first
      while k < first &+ 8 {
        any |= words[k] & masks[k]
        k &+= 1
      }
      guard any != 0 else {
        first &+= 8
        continue
      }
      k = first
      while k < first &+ 8 {
        var word = UInt64(littleEndian: words[k]) & masks[k]
        if word != 0 {
          let place = UInt64(k) &* 0x9E37_79B9_7F4A_7C15 &+ 0x632B_E59B_D9B4_E019
          let offset = (word & addressMask) &- base
          if offset < size, references < 24 {
            word &= ~addressMask
            sights[n].references[references] = Reference(
              key: Self.fold(word ^ 0x6C62_272E_07BB_0142, place), target: Int(offset >> 12))
            references &+= 1
            targets &+= Self.fold(offset ^ 0xD6E8_FEB8_6659_FD93, place)
            word ^= 0x2545_F491_4F6C_DD1D
          }
          sum &+= Self.fold(word ^ 0x1656_67B1_9E37_79F9, place)
        }
        k &+= 1
      }
      first &+= 8
    }
    sights[n].content = sum
    sights[n].count = references
    return targets
  }

  /// 64 bits that depend on all of both.
  @inline(__always) private static func fold(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let product = a.multipliedFullWidth(by: b)
    return product.high ^ product.low
  }

  // MARK: Print

  /// The print of what was looked at last, with the machine's state beside its memory. Leaves ``colour(_:)`` and ``isLinked(_:)``.
  package mutating func fingerprint(_ machine: borrowing Machine) -> UInt64 {
    let key = placedPrint(machine)
    origin = (key, isSymmetric ? colouredPrint(machine) : key)
    return origin.print
  }

  /// The same of the changes that were looked at last, without colours. Most lead to a state that has been seen a short while ago in this very
  /// place, or to the one they come from: that needs no colours to be known.
  package mutating func fingerprintOfChanges(_ machine: borrowing Machine) -> UInt64 {
    let key = placedPrint(machine)
    guard isSymmetric, key != origin.key else { return key == origin.key ? origin.print : key }
    let place = Int(truncatingIfNeeded: key & UInt64(Self.recentCount - 1))
    if recent[place].key == key { return recent[place].print }
    let print = colouredPrint(machine)
    recent[place] = (key, print)
    return print
  }

  /// 64 bits of all that a print depends on, and of where it lies.
  private func placedPrint(_ machine: borrowing Machine) -> UInt64 {
    var hash = StateHash()
    hash.add(placed)
    for rd in machine.control.realms { hash.add(rd ^ 0x5244) }
    for rec in machine.control.recs { hash.add(rec ^ 0x524) }
    for n in machine.control.pes.indices {
      hash.add(machine.control.pes[n].placePrint)
      hash.add(machine.control.pes[n].runningREC)
    }
    if machine.control.guestQueue.hasDepartures {
      machine.control.guestQueue.forEachDeparture { hash.add($0.rec ^ mix(Self.digest($0, machine))) }
    }
    addRest(machine, &hash)
    return max(hash.value, 1)
  }

  private mutating func colouredPrint(_ machine: borrowing Machine) -> UInt64 {
    for n in 0..<count {
      let own = UInt64(sights[n].record) | UInt64(sights[n].gpi) << 8
      colours[n] = mix(sights[n].content ^ mix(own))
      degrees[n] = sights[n].count
    }
    var rest = StateHash()
    markLists(machine, &rest)
    for _ in 0..<Self.rounds {
      for n in 0..<count { next[n] = colours[n] }
      for n in 0..<count {
        for k in 0..<sights[n].count {
          let reference = sights[n].references[k]
          next[n] &+= Self.fold(reference.key ^ colours[reference.target], 0x9FB2_1C65_1E98_DF25)
          next[reference.target] &+= Self.fold(~reference.key ^ colours[n], 0xA24B_AED4_963E_E407)
        }
      }
      for n in 0..<count { colours[n] = mix(next[n]) }
    }
    var sum: UInt64 = 0
    for n in 0..<count {
      sum &+= mix(colours[n] ^ 0x5851_F42D_4C95_7F2D)
      for k in 0..<sights[n].count { degrees[sights[n].references[k].target] &+= 1 }
    }
    rest.add(sum)
    // 0 is what a set of prints has where there is none.
    return max(rest.value, 1)
  }

  /// What the machine knows of granules beside their memory.
  private func markLists(_ machine: borrowing Machine, _ rest: inout StateHash) {
    func mark(_ address: UInt64, _ salt: UInt64, _ rest: inout StateHash) {
      if let n = granule(address) {
        colours[n] &+= mix(salt ^ address & 0xFFF)
        degrees[n] &+= 1
      } else {
        rest.add(address)
      }
    }
    for rd in machine.control.realms { mark(rd, 0x5244, &rest) }
    for rec in machine.control.recs { mark(rec, 0x5245_43, &rest) }
    for n in machine.control.pes.indices {
      rest.add(machine.control.pes[n].placePrint)
      let rec = machine.control.pes[n].runningREC
      if rec != 0 { mark(rec, 0x5045 &+ UInt64(n) << 32, &rest) }
    }
    if machine.control.guestQueue.hasDepartures {
      machine.control.guestQueue.forEachDeparture { mark($0.rec, Self.digest($0, machine), &rest) }
    }
    addRest(machine, &rest)
  }

  /// Where it left from counts as far as its REC has come since.
  private static func digest(_ departure: borrowing GuestQueue.Departure, _ machine: borrowing Machine) -> UInt64 {
    let pc = machine.granuleIs(departure.rec, .rec) ? machine.rec(departure.rec).pc &- departure.pc : 1
    return departure.action.digest(pc == 0 || pc == 4 ? pc : 1)
  }

  /// What has nothing to do with a granule.
  private func addRest(_ machine: borrowing Machine, _ rest: inout StateHash) {
    rest.add(UInt64(machine.control.currentPE) | UInt64(machine.control.busyPEs) << 8)
    for word in machine.control.vmids { rest.add(word) }
    rest.add(machine.control.panic == nil ? 0 : 1)
    rest.add(machine.control.isScribbled ? 1 : 0)
    // What a TLB may still have. Which checks are off is no part of it: somebody may compare with a machine that has all of them.
    if machine.control.lab != nil {
      for old in machine.control.lab?.stale ?? [] {
        rest.add([old.vmid, old.ipa, UInt64(bitPattern: Int64(old.level)), old.entry])
      }
    }
  }

  /// A granule's colour: that of another is the same if they are alike.
  @inline(__always) package func colour(_ n: Int) -> UInt64 { colours[n] }

  /// What the GPT says of a granule, in the state before the changes that were looked at last.
  @inline(__always) package func gpi(_ n: Int) -> UInt8 { sights[n].gpi }

  /// Whether it refers to another granule, or another to it, or the machine's lists do.
  @inline(__always) package func isLinked(_ n: Int) -> Bool { degrees[n] != 0 }
}

extension ProcessingElement {
  /// Where it is, and what is pending there.
  fileprivate var placePrint: UInt64 { UInt64(world.rawValue) | UInt64(exceptionLevel) << 8 | isrEL1 << 16 }
}

extension ControlState {
  /// 64 bits of what ``StatePrinter`` does not leave out, and of where it lies: two that have the same are as good as each other in one
  /// place of memory.
  package func placedPrint() -> UInt64 {
    var hash = StateHash()
    hash.add(realms)
    hash.add(recs)
    hash.add(vmids)
    hash.add(UInt64(currentPE) | UInt64(busyPEs) << 8)
    hash.add(nextL1Table)
    for n in pes.indices {
      hash.add(pes[n].runningREC)
      hash.add(pes[n].placePrint)
    }
    hash.add(isScribbled ? 1 : 0)
    hash.add(panic?.address)
    hash.add(guestQueue.digest())
    lab?.add(to: &hash)
    return hash.value
  }
}
