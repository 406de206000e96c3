import Basics

/// An RTT walk for people: each hop, and what stands at its end.
package struct WalkReport: Sendable {
  package struct Hop: Sendable {
    package var level: Int
    package var table: UInt64
    package var index: Int
    package var raw: UInt64
    package var hipas: HIPAS
    package var ripas: RIPAS
    /// Fields of the descriptor in words.
    package var bits: String
    package var coverage: UInt64
  }
  package var ipa: UInt64
  package var isProtected: Bool
  package var hops: [Hop]
  /// Output address, if the walk gave one.
  package var address: UInt64?
  /// What the granule protection check says of it.
  package var check: Check
  /// What happens to a Realm's read at this IPA.
  package var verdict: Verdict

  package enum Check: Sendable, Equatable {
    case notReached
    /// Nothing there has an owner.
    case noMemory
    case passes(PAS, GPI)
    case fault(PAS, GPI)

    package var text: String {
      switch self {
      case .notReached: "not reached"
      case .noMemory: "no memory is there to protect"
      case .passes(let pas, let gpi): "\(pas.name) access, GPT says \(gpi.name): passes"
      case .fault(let pas, let gpi): "\(pas.name) access, GPT says \(gpi.name): granule protection fault"
      }
    }
  }

  package enum Verdict: Sendable, Equatable {
    case data(UInt64)
    /// The walk leads to an address where no memory is.
    case nothing
    /// An exception of the Realm or an exit to the Host, in words.
    case refused(String)

    package var text: String {
      switch self {
      case .data(let address): "a read gets the data at \(hex(address))"
      case .nothing: "no memory answers there: a read gives zero, a write is lost"
      case .refused(let words): words
      }
    }
  }
}

/// A run of alike entries of one table.
package struct EntryRun: Sendable, Equatable {
  package var first: Int
  package var last: Int
  package var ipa: UInt64
  package var hipas: HIPAS
  package var ripas: RIPAS
  /// Output address of the first entry, if it has one.
  package var address: UInt64?
}

extension Machine {
  /// Walks a Realm's tables for an IPA and says what is met. Nil if `rd` is no RD.
  package func walkReport(_ rd: UInt64, _ ipa: UInt64) -> WalkReport? {
    guard rd.isGranuleAligned, granuleIs(rd, .rd) else { return nil }
    let realm = realm(rd)
    guard ipa < realm.ipaTop else {
      return WalkReport(
        ipa: ipa, isProtected: false, hops: [], address: nil, check: .notReached,
        verdict: .refused(
          "beyond the IPA space (\(realm.ipaWidth) bits): \(policy.has(.accessBeyondIPASpaceIsSEA) ? "external abort" : "Address Size Fault") in the Realm"
        ))
    }
    var hops: [WalkReport.Hop] = []
    for level in realm.startLevel...3 {
      let walk = rttWalk(realm, ipa, to: level)
      guard walk.level == level else { break }
      hops.append(
        WalkReport.Hop(
          level: level, table: walk.table, index: walk.index, raw: walk.entry.raw, hipas: walk.entry.hipas(level),
          ripas: walk.entry.ripas, bits: describe(walk.entry, level, lpa2: realm.lpa2), coverage: rttEntrySize(level)))
      if !walk.entry.isTable(level) { break }
    }
    var report = WalkReport(
      ipa: ipa, isProtected: realm.isProtected(ipa), hops: hops, address: nil, check: .notReached, verdict: .nothing)
    guard let last = hops.last else { return report }
    switch last.hipas {
    case .assigned, .assignedNS:
      let start = RTTEntry(raw: last.raw).address(lpa2: realm.lpa2)
      report.address = start &+ (ipa & (last.coverage - 1))
    default: break
    }
    report.verdict = verdict(realm, ipa, last)
    if let address = report.address, last.raw & 1 != 0 {
      let pas: PAS = last.hipas == .assignedNS ? .nonSecure : .realm
      let gpi = gpi(address)
      report.check = report.verdict == .nothing ? .noMemory : gpi.admits(pas) ? .passes(pas, gpi) : .fault(pas, gpi)
    }
    return report
  }

  private func verdict(_ realm: RealmDescriptor, _ ipa: UInt64, _ hop: WalkReport.Hop) -> WalkReport.Verdict {
    switch translateStage2(realm, ipa, .read) {
    case .address(let pa): return .data(pa)
    case .nothing: return .nothing
    case .addressSize: return .refused("Address Size Fault in the Realm")
    case .granuleProtection:
      return .refused(
        configuration.granuleFaultsExitToHost
          ? "a read exits to the Host: granule protection fault" : "a read takes a granule protection fault in the Realm")
    case .permission: return .refused("a read exits to the Host: permission fault")
    // The RMM makes no such entries; software of Realm or Root that writes to the tables may.
    case .accessFlag: return .refused("a read exits to the Host: access flag fault")
    case .outputAddressSize:
      return .refused("a read exits to the Host: address size fault, the PA is beyond the physical address space")
    case .granuleProtectionOnWalk(let level):
      return .refused("the table of level \(level) is not in the Realm PAS: granule protection fault")
    case .translation:
      guard realm.isProtected(ipa) else { return .refused("a read exits to the Host: emulatable Data Abort") }
      return .refused(
        hop.ripas == .empty
          ? "RIPAS EMPTY: a read takes an external abort in the Realm"
          : "RIPAS \(hop.ripas.name): a read exits to the Host: Data Abort")
    }
  }

  private func describe(_ entry: RTTEntry, _ level: Int, lpa2: Bool) -> String {
    let address = entry.address(lpa2: lpa2)
    switch entry.hipas(level) {
    case .table: return "valid, table \(hex(address))"
    case .unassigned: return "invalid"
    case .unassignedNS: return "invalid, NS"
    case .assigned:
      return entry.isValid
        ? "valid \(level == 3 ? "page" : "block") \(hex(address)), Normal WB, RW" : "invalid, remembers \(hex(address))"
    case .assignedNS:
      return "valid \(level == 3 ? "page" : "block") \(hex(address)), NS, XN, \(entry.accessName), MemAttr \(entry.hostMemAttr)"
    }
  }

  /// The entries of a table as runs of alike ones. At most `limit` runs.
  package func entryRuns(_ rd: UInt64, table: UInt64, level: Int, base: UInt64, limit: Int = 64) -> [EntryRun] {
    let lpa2 = realm(rd).lpa2
    var runs: [EntryRun] = []
    let ipaTop = realm(rd).ipaTop
    for index in 0..<512 {
      // A starting level table can be larger than the IPA space.
      guard base + UInt64(index) * rttEntrySize(level) < ipaTop else { break }
      let entry = RTTEntry(raw: rttLoad(table, index))
      let hipas = entry.hipas(level)
      let address = entry.isLive ? entry.address(lpa2: lpa2) : nil
      if let last = runs.last, last.hipas == hipas, last.ripas == entry.ripas, hipas != .table,
        address == last.address.map({ $0 + UInt64(index - last.first) * rttEntrySize(level) })
      {
        runs[runs.count - 1].last = index
        continue
      }
      if runs.count == limit { break }
      runs.append(
        EntryRun(
          first: index, last: index, ipa: base + UInt64(index) * rttEntrySize(level), hipas: hipas, ripas: entry.ripas,
          address: address))
    }
    return runs
  }

  /// Entries of a table one by one around one of them, those of which the IPA is in the Realm's space.
  package func entries(_ rd: UInt64, of hop: WalkReport.Hop, ipa: UInt64, count: Int) -> [(
    index: Int, raw: UInt64, run: EntryRun
  )] {
    let realm = realm(rd)
    let base = tableBase(hop, ipa: ipa)
    let size = rttEntrySize(hop.level)
    let all = Int(min(512, (realm.ipaTop - base + size - 1) / size))
    let first = max(0, min(hop.index - count / 2, all - count))
    return (first..<min(all, first + count)).map { index in
      let entry = RTTEntry(raw: rttLoad(hop.table, index))
      let run = EntryRun(
        first: index, last: index, ipa: base + UInt64(index) * size, hipas: entry.hipas(hop.level), ripas: entry.ripas,
        address: entry.isLive ? entry.address(lpa2: realm.lpa2) : nil)
      return (index, entry.raw, run)
    }
  }

  /// The fields of an entry by their names: its bits, what they are, and what that means.
  package func entryFields(_ rd: UInt64, _ raw: UInt64) -> [(bits: String, name: String, value: String, meaning: String)] {
    let isLong = realm(rd).lpa2
    let valid = StructureTable(Stage2Descriptor.self).bits
    let rows: [BitField] =
      if raw & 1 == 0 {
        StructureTable(RTTNotValid.self).bits
      } else if isLong {
        valid.filter { !["SH", "Address"].contains($0.name.description) } + StructureTable(Stage2Address52.self).bits
      } else {
        valid
      }
    return rows.sorted { $0.high > $1.high }.map { field in
      let bits = field.high == field.low ? "\(field.high)" : "\(field.high):\(field.low)"
      let meaning = field.allowed.description.isEmpty ? "\(field.meaning)" : "\(field.meaning): \(field.allowed)"
      return (bits, "\(field.name)", hex(field.of(raw)), meaning)
    }
  }

  /// First IPA a hop's table covers.
  package func tableBase(_ hop: WalkReport.Hop, ipa: UInt64) -> UInt64 {
    ipa & ~(hop.coverage - 1) &- UInt64(hop.index) * hop.coverage
  }
}
