extension Machine {
  /// The level of an RTT granule, found from the Realms' roots.
  package func levelOfTable(_ table: UInt64) -> Int? {
    for rd in control.realms {
      let realm = realm(rd)
      var found: Int?
      forEachTable(realm) { address, level, _ in if address == table { found = level } }
      if let found { return found }
    }
    return nil
  }

  package static let mostTables = 4096

  /// Calls `body` with every table of a Realm: its PA, level, and the first IPA it covers.
  package func forEachTable(_ realm: RealmDescriptor, _ body: (UInt64, Int, UInt64) -> Void) {
    walkTables(realm, table: body, entry: nil)
  }

  /// Goes through a Realm's tables in the order of IPAs. Once somebody has written to tables by hand a table may lead to itself, or to
  /// millions: then at most ``mostTables`` are visited.
  ///
  /// - Parameters:
  ///   - table: called with each table before its entries: its PA, level, and the first IPA it covers.
  ///   - entry: called with each entry that leads to no table, its level and its IPA; false ends the walk. A table nobody has written to
  ///     has none.
  package func walkTables(
    _ realm: RealmDescriptor, table: (UInt64, Int, UInt64) -> Void, entry: ((RTTEntry, Int, UInt64) -> Bool)?
  ) {
    let lpa2 = realm.lpa2
    var left = control.isWary ? Machine.mostTables : .max
    /// False if the walk has ended.
    func visit(_ address: UInt64, _ level: Int, _ base: UInt64) -> Bool {
      guard left > 0 else { return false }
      left -= 1
      table(address, level, base)
      guard level < 3 || entry != nil, memory.hasPage(address) else { return true }
      let words = ownPage(address).assumingMemoryBound(to: UInt64.self)
      var next = 0
      while true {
        // What is zero leads to no table.
        let index = entry == nil ? Machine.firstUsed(words, from: next) : next
        guard index < 512 else { break }
        next = index + 1
        let found = RTTEntry(raw: UInt64(littleEndian: words[index]))
        let ipa = base &+ UInt64(index) &* rttEntrySize(level)
        if found.isTable(level) {
          guard visit(found.address(lpa2: lpa2), level + 1, ipa) else { return false }
        } else if let entry, !entry(found, level, ipa) {
          return false
        }
      }
      return true
    }
    for n in 0..<realm.rttCount {
      let base = UInt64(n) * 512 * rttEntrySize(realm.startLevel)
      guard visit(realm.rttBase &+ UInt64(n) * Granule.size, realm.startLevel, base) else { return }
    }
  }

  /// Calls `body` with every entry of a table and its index; with none of a table nobody has written to.
  @inline(__always) func forEachEntry(of table: UInt64, _ body: (Int, RTTEntry) -> Void) {
    guard memory.hasPage(table) else { return }
    for index in 0..<512 { body(index, RTTEntry(raw: rttLoad(table, index))) }
  }

  /// The same without those that are zero.
  @inline(__always) func forEachUsedEntry(of table: UInt64, _ body: (Int, RTTEntry) -> Void) {
    guard memory.hasPage(table) else { return }
    let words = ownPage(table).assumingMemoryBound(to: UInt64.self)
    var index = Machine.firstUsed(words, from: 0)
    while index < 512 {
      body(index, RTTEntry(raw: UInt64(littleEndian: words[index])))
      index = Machine.firstUsed(words, from: index + 1)
    }
  }

  /// The first of a page's words from an index on that is not zero; 512 if there is none. Eight that are zero, as most are, are passed over
  /// at once.
  @inline(__always) private static func firstUsed(_ words: UnsafePointer<UInt64>, from first: Int) -> Int {
    var n = first
    while n < 512 {
      if n & 7 == 0, areZero(words + n) {
        n &+= 8
      } else if words[n] != 0 {
        return n
      } else {
        n &+= 1
      }
    }
    return n
  }

  @inline(__always) private static func areZero(_ words: UnsafePointer<UInt64>) -> Bool {
    (words[0] | words[1] | words[2] | words[3]) | (words[4] | words[5] | words[6] | words[7]) == 0
  }
}
