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

  /// Calls `body` with every table of a Realm: its PA, level, and the first IPA it covers. Once somebody has written to tables by
  /// hand a table may lead to itself, or to millions: then at most ``mostTables`` are visited.
  package func forEachTable(_ realm: RealmDescriptor, _ body: (UInt64, Int, UInt64) -> Void) {
    let lpa2 = realm.lpa2
    var left = control.isScribbled ? Machine.mostTables : .max
    func visit(_ table: UInt64, _ level: Int, _ base: UInt64) {
      guard left > 0 else { return }
      left -= 1
      body(table, level, base)
      guard level < 3, memory.hasPage(table) else { return }
      for index in 0..<512 {
        let entry = RTTEntry(raw: rttLoad(table, index))
        if entry.isTable(level) {
          visit(entry.address(lpa2: lpa2), level + 1, base &+ UInt64(index) &* rttEntrySize(level))
        }
      }
    }
    for n in 0..<realm.rttCount {
      visit(
        realm.rttBase &+ UInt64(n) * Granule.size, realm.startLevel,
        UInt64(n) * 512 * rttEntrySize(realm.startLevel))
    }
  }
}
