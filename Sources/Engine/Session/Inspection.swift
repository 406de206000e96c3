/// What there is to say about a granule: for the map's cursor.
public struct GranuleStory: Sendable, Equatable {
  public var address: UInt64
  public var gpi: GPI
  public var state: GranuleState
  /// The Realm it belongs to.
  public var owner: UInt64?
  /// What it is there: "level 3 table from IPA 0x0", "mapped at IPA 0x1000, RAM", "aux 3 of REC 0".
  public var role: String
  /// Steps that changed it, newest first, with what they did.
  public var history: [(step: Int, text: String)]

  public static func == (a: GranuleStory, b: GranuleStory) -> Bool {
    a.address == b.address && a.gpi == b.gpi && a.state == b.state && a.owner == b.owner && a.role == b.role
      && a.history.map(\.step) == b.history.map(\.step)
  }
}

/// A Realm as the tree shows it.
public struct RealmSummary: Sendable {
  public struct REC: Sendable {
    public var address: UInt64
    public var index: UInt64
    public var runnable: Bool
    public var running: Bool
    public var pc: UInt64
    /// What waits for the Host: "PSCI", "host call", "RIPAS change", "token".
    public var pending: String
  }
  public var rd: UInt64
  /// From 1, in the order of their RDs.
  public var number: Int
  public var state: RealmState
  public var vmid: UInt64
  public var ipaWidth: UInt64
  public var hash: HashAlgorithm
  public var startLevel: Int
  public var tables: Int
  /// Granules mapped: Protected pages and blocks, and Unprotected ones.
  public var assigned: UInt64
  public var assignedNS: UInt64
  /// RIM and REMs, hash length each.
  public var measurements: [[UInt8]]
  public var recs: [REC]
}

/// Bytes and words for one row of the granule map.
public struct MapCell: Sendable, Equatable {
  public var gpi: GPI
  public var state: GranuleState
  /// How much it wants to be seen: the highest in a cell wins.
  public var rank: UInt8

  public init(record: UInt8) {
    let record = GranuleRecord(raw: record)
    gpi = record.gpi
    state = record.state
    rank = MapCell.rank(state, gpi)
  }

  static func rank(_ state: GranuleState, _ gpi: GPI) -> UInt8 {
    switch state {
    case .rd: 9
    case .rec: 8
    case .rtt: 6
    case .recAux: 5
    case .data: 4
    case .delegated: 3
    case .undelegated:
      switch gpi {
      case .nonSecure: 0
      case .root, .secure, .any, .noAccess: 7
      case .realm: 10
      }
    }
  }
}

extension Machine {
  /// The most telling granule of each of `count` equal pieces of a range, each `granules` granules long.
  public func map(from base: UInt64, granules: UInt64, count: Int) -> [MapCell] {
    let ordinary = MapCell(record: 0)
    var cells = [MapCell](repeating: ordinary, count: count)
    let bytes = granules << Granule.shift
    let top = min(configuration.dramTop, base + bytes * UInt64(count))
    guard base < top else { return cells }
    // Ranks by metadata byte, so that the scan of a chunk is a table look-up a granule.
    let ranks = (0...255).map { MapCell(record: UInt8($0)).rank }
    memory.forEachChunk(from: base, to: top) { chunk, records in
      for index in 0..<512 where records[index] != 0 {
        let address = chunk + UInt64(index) << Granule.shift
        guard address >= base, address < top else { continue }
        let cell = Int((address - base) / bytes)
        if ranks[Int(records[index])] > cells[cell].rank { cells[cell] = MapCell(record: records[index]) }
      }
    }
    return cells
  }

  /// Every Realm, in the order of their descriptors.
  public func realmSummaries() -> [RealmSummary] {
    control.realms.enumerated().map { number, rd in
      let realm = realm(rd)
      var tables = 0
      var assigned: UInt64 = 0
      var assignedNS: UInt64 = 0
      forEachTable(realm) { table, level, _ in
        tables += 1
        guard memory.hasPage(table) else { return }
        for index in 0..<512 {
          switch RTTEntry(raw: rttLoad(table, index)).hipas(level) {
          case .assigned: assigned += rttEntrySize(level) >> 12
          case .assignedNS: assignedNS += rttEntrySize(level) >> 12
          default: break
          }
        }
      }
      let recs = control.recs.filter { rec($0).owner == rd }.map { address in
        let rec = rec(address)
        var pending: [String] = []
        if rec.psciPending { pending.append("PSCI") }
        if rec.hostCallPending { pending.append("host call") }
        if rec.ripasBase != rec.ripasTop { pending.append("RIPAS change") }
        if rec.attestState != .idle { pending.append("token") }
        return RealmSummary.REC(
          address: address, index: rec.index, runnable: rec.runnable, running: rec.running, pc: rec.pc,
          pending: pending.joined(separator: ", "))
      }.sorted { $0.index < $1.index }
      return RealmSummary(
        rd: rd, number: number + 1, state: realm.state, vmid: realm.vmid, ipaWidth: realm.ipaWidth, hash: realm.hash,
        startLevel: realm.startLevel, tables: tables, assigned: assigned, assignedNS: assignedNS,
        measurements: (0...4).map { Array(realm.measurement($0)[0..<realm.hash.length]) }, recs: recs)
    }
  }

  /// What a granule is to its owner, and who that is.
  package func role(_ address: UInt64) -> (owner: UInt64?, text: String) {
    switch granuleState(address) {
    case .undelegated:
      return (nil, gpi(address) == .nonSecure ? "the Host's" : "in the \(gpi(address).name) PAS, not the Host's")
    case .delegated: return (nil, "the RMM's, unused")
    case .rd: return (address, "Realm descriptor")
    case .rec:
      let rec = rec(address)
      return (rec.owner, "REC \(rec.index)")
    case .recAux:
      for candidate in control.recs {
        let rec = rec(candidate)
        for n in 0..<rec.auxCount where rec.aux(n) == address { return (rec.owner, "aux \(n) of REC \(rec.index)") }
      }
      return (nil, "auxiliary granule")
    case .rtt, .data:
      for rd in control.realms { if let text = place(address, in: rd) { return (rd, text) } }
      return (nil, "")
    }
  }

  /// What an RTT or DATA granule is in a Realm, if it is in it.
  private func place(_ address: UInt64, in rd: UInt64) -> String? {
    let realm = realm(rd)
    let lpa2 = realm.lpa2
    var found: String?
    forEachTable(realm) { table, level, base in
      if table == address { found = "level \(level) table from IPA \(hex(base))" }
      guard found == nil, memory.hasPage(table) else { return }
      for index in 0..<512 {
        let entry = RTTEntry(raw: rttLoad(table, index))
        guard entry.hipas(level) == .assigned else { continue }
        let start = entry.address(lpa2: lpa2)
        guard address &- start < rttEntrySize(level) else { continue }
        let ipa = base + UInt64(index) * rttEntrySize(level) + (address - start)
        found = "mapped at IPA \(hex(ipa)), \(entry.ripas.name)"
        return
      }
    }
    return found
  }
}

extension Session {
  /// A granule's state, owner, place and history.
  public func story(_ address: UInt64) -> GranuleStory {
    let address = address.granuleBase
    var history: [(step: Int, text: String)] = []
    for index in (0..<position).reversed() {
      for event in steps[index].events.reversed() where event.a == address {
        switch event.kind {
        case .granule: history.append((index + 1, event.text))
        case .gpi: history.append((index + 1, event.text))
        default: break
        }
      }
      if history.count >= 16 { break }
    }
    return read { machine in
      let role = machine.role(address)
      return GranuleStory(
        address: address, gpi: machine.gpi(address), state: machine.granuleState(address), owner: role.owner,
        role: role.text, history: history)
    }
  }

  /// Why a step answered what it answered: the conditions of its call in the state before it. For a guest's call, in the state in
  /// which its REC made it; if it has not been made yet, in the present state.
  ///
  /// - Parameter step: from 1.
  public func explanation(ofStep step: Int) -> Explanation? {
    guard step >= 1, step <= steps.count, case .perform(let action) = steps[step - 1].deed else { return nil }
    switch action {
    case .smc(.normal, let x):
      guard let entry = Commands.called(x[0]) else { return nil }
      let here = position
      seek(step - 1)
      defer { seek(here) }
      return read { $0.explain(entry, x, rec: $0.callingREC) }
    case .guest(let guest) where guest.kind == .smc:
      guard let entry = Commands.called(guest.x[0]) else { return nil }
      return explanation(ofGuest: guest, queuedAt: step) ?? read { $0.explain(entry, guest.x, rec: $0.callingREC) }
    default: return nil
    }
  }

  /// Runs the step in which a queued call was made once more, with its conditions noted.
  private func explanation(ofGuest guest: GuestAction, queuedAt step: Int) -> Explanation? {
    let made = steps[step...].firstIndex { later in later.result.guestResults.contains { $0.action.tag == guest.tag } }
    guard let made, made < position else { return nil }
    let here = position
    let call = Decoder.call({ $0 < guest.count ? guest.x[$0] : 0 }, count: 11)
    // A call that left the Realm was made in an earlier entry than the one that completed it.
    for candidate in step...made {
      guard case .perform(.smc(.normal, let x)) = steps[candidate].deed, x[0] & ~0x1_0000 == UInt64(RECEnter.fid) else {
        continue
      }
      seek(candidate)
      let found = explanations(redoingTo: candidate + 1).first { $0.call == call }
      if let found {
        seek(here)
        return found
      }
    }
    seek(here)
    return nil
  }

  /// Why a call would answer what it would, now.
  public func explanation(of entry: CommandEntry, _ x: InlineArray<18, UInt64>) -> Explanation {
    read { $0.explain(entry, x, rec: $0.callingREC) }
  }
}

extension Session {
  /// The last step in force that is a call with conditions, from 1.
  public var lastCallStep: Int? {
    for index in (0..<position).reversed() {
      guard case .perform(.smc(.normal, let x)) = steps[index].deed else { continue }
      if Commands.called(x[0]) != nil { return index + 1 }
    }
    return nil
  }
}

extension Machine {
  /// Granules that have contents of their own.
  public var pagesInUse: Int { memory.pageCount }
}
