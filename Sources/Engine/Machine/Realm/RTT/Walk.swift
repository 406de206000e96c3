/// Where an RTT walk ended (DEN0137 B2, RttWalkResult).
package struct RTTWalk: Equatable {
  /// Level of the entry, -1 to 3.
  package var level: Int = 0
  /// PA of the table that holds the entry.
  package var table: UInt64 = 0
  /// Index of the entry in the table.
  package var index: Int = 0
  package var entry = RTTEntry(raw: 0)
}

extension Machine {
  /// Walks the stage 2 tables of a Realm towards `level`. `ipa` is inside the IPA space, `level` not above the start.
  @inline(__always) package func rttWalk(_ realm: RealmDescriptor, _ ipa: UInt64, to target: Int) -> RTTWalk {
    control.isWary
      ? waryRTTWalk(realm, ipa, to: target) : rttWalk(realm, ipa, to: target) { UnsafeRawPointer(memory.page($0)) }
  }

  /// The same where the tables may be anything.
  @inline(never) private func waryRTTWalk(_ realm: RealmDescriptor, _ ipa: UInt64, to target: Int) -> RTTWalk {
    rttWalk(realm, ipa, to: target) { ownPage($0) }
  }

  /// - Parameter page: where a table can be read.
  @inline(__always) private func rttWalk(
    _ realm: RealmDescriptor, _ ipa: UInt64, to target: Int, _ page: (UInt64) -> UnsafeRawPointer
  ) -> RTTWalk {
    func load(_ table: UInt64, _ index: Int) -> RTTEntry {
      RTTEntry(raw: UInt64(littleEndian: page(table).load(fromByteOffset: index &* 8, as: UInt64.self)))
    }
    var level = realm.startLevel
    let lpa2 = realm.lpa2
    let number = ipa >> UInt64(12 + 9 * (3 - level))
    var table = realm.rttBase &+ (number >> 9) << 12
    var index = Int(truncatingIfNeeded: number & 511)
    var entry = load(table, index)
    while level < target, entry.isTable(level) {
      table = entry.address(lpa2: lpa2)
      level += 1
      index = Int(truncatingIfNeeded: (ipa >> UInt64(12 + 9 * (3 - level))) & 511)
      entry = load(table, index)
    }
    return RTTWalk(level: level, table: table, index: index, entry: entry)
  }

  @inline(__always) func rttLoad(_ table: UInt64, _ index: Int) -> UInt64 {
    UInt64(littleEndian: ownPage(table).load(fromByteOffset: index &* 8, as: UInt64.self))
  }

  @inline(__always) mutating func rttStore(_ table: UInt64, _ index: Int, _ entry: RTTEntry) {
    if tracing {
      emit(.rttEntry, table &+ UInt64(index) &* 8, rttLoad(table, index), entry.raw, world: .realm)
    }
    ownWritablePage(table).storeBytes(of: entry.raw.littleEndian, toByteOffset: index &* 8, as: UInt64.self)
  }

  /// End of the non-live run that begins at the walk's entry (DEN0137 B2, RttSkipNonLiveEntries): `ipa` itself if that is live.
  @inline(__always) func walkTop(_ walk: RTTWalk, _ ipa: UInt64) -> UInt64 {
    let page = ownPage(walk.table)
    func raw(_ index: Int) -> UInt64 { UInt64(littleEndian: page.load(fromByteOffset: index &* 8, as: UInt64.self)) }
    func isLive(_ index: Int) -> Bool { RTTEntry(raw: raw(index)).isLive }
    if isLive(walk.index) { return ipa }
    // A level -1 table has 16 entries; TF-RMM counts 512 (D43).
    let count = walk.level == -1 && !policy.has(.walkTopOfLevelMinus1Counts512) ? 16 : 512
    var index = walk.index + 1
    // Four at a time as long as none of them is live: bits say it, whatever else stands there.
    while index + 4 <= count, !RTTEntry(raw: raw(index) | raw(index + 1) | raw(index + 2) | raw(index + 3)).isLive { index += 4 }
    while index < count, !isLive(index) { index += 1 }
    let size = rttEntrySize(walk.level)
    return (ipa & ~(size - 1)) &+ UInt64(index - walk.index) * size
  }

  /// Whether a table refers to an RMM object: some entry is ASSIGNED or TABLE (DEN0137 B2, RttIsLive).
  package func rttIsLive(_ table: UInt64, _ level: Int) -> Bool {
    guard memory.hasPage(table) else { return false }
    let page = ownPage(table)
    // Most tables that are asked about hold no address at all.
    var any: UInt64 = 0
    for index in 0..<512 { any |= UInt64(littleEndian: page.load(fromByteOffset: index &* 8, as: UInt64.self)) }
    if !RTTEntry(raw: any).isLive { return false }
    for index in 0..<512 {
      let entry = RTTEntry(raw: UInt64(littleEndian: page.load(fromByteOffset: index &* 8, as: UInt64.self)))
      if entry.holdsReference(level) { return true }
    }
    return false
  }

  /// How many entries of a table are ASSIGNED or TABLE.
  package func rttReferences(_ table: UInt64, _ level: Int) -> Int {
    let page = ownPage(table)
    var count = 0
    for index in 0..<512 {
      let entry = RTTEntry(raw: UInt64(littleEndian: page.load(fromByteOffset: index &* 8, as: UInt64.self)))
      if entry.holdsReference(level) { count += 1 }
    }
    return count
  }

  /// Whether (s2sz, level, tables) are a starting level the architecture and this machine have (chapter "RTT starting level").
  func startingLevelIsValid(width: UInt64, level: Int64, tables: UInt64, lpa2: Bool) -> Bool {
    guard level >= (lpa2 ? -1 : 0), level <= 2, width <= (lpa2 ? 52 : 48) else { return false }
    if level == 0, configuration.paWidth < 44 { return false }
    let least = UInt64(12 + 9 * (3 - level) + 1)
    let most = level == -1 ? least + 3 : least + 12
    guard width >= least, width <= most else { return false }
    return tables == (width <= least + 8 ? 1 : 1 << (width - (least + 8)))
  }

  /// The entry a table's 512 entries fold into, if they are homogeneous (DEN0137 B2, RttIsHomogeneous).
  func foldedEntry(_ table: UInt64, _ level: Int, lpa2: Bool) -> RTTEntry? {
    let first = RTTEntry(raw: rttLoad(table, 0))
    switch first.hipas(level) {
    case .table:
      return nil
    case .unassigned, .unassignedNS:
      for index in 1..<512 where rttLoad(table, index) != first.raw { return nil }
      return first
    case .assigned, .assignedNS:
      guard level >= 2 else { return nil }
      return foldedBlock(table, level, lpa2: lpa2)
    }
  }

  /// As ``foldedEntry(_:_:lpa2:)`` for 512 contiguous ASSIGNED or ASSIGNED_NS entries, whatever the level.
  func foldedBlock(_ table: UInt64, _ level: Int, lpa2: Bool) -> RTTEntry? {
    let first = RTTEntry(raw: rttLoad(table, 0))
    let address = first.address(lpa2: lpa2)
    guard first.isLive, address.isAligned(to: rttEntrySize(level - 1)) else { return nil }
    for index in 1..<512 where rttLoad(table, index) != first.child(index, childLevel: level, lpa2: lpa2).raw {
      return nil
    }
    guard first.isValid, level == 3 else { return first }
    return RTTEntry(raw: first.raw & ~2)
  }

  /// What a table is folded into whose entries are not alike, where nobody checks that: its first entry, as one of the level above.
  func firstAsBlock(_ table: UInt64) -> RTTEntry {
    let first = RTTEntry(raw: rttLoad(table, 0))
    return first.isValid ? RTTEntry(raw: first.raw & ~2) : first
  }
}
