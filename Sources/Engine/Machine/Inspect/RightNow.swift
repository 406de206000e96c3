import Basics

/// What would be right, in the present state, in the fields of a structure that nobody has named.
package struct RightNow: Sendable, Equatable {
  /// By the name of the field, with its index where there are several; what is not here is zero.
  package private(set) var values: [String: UInt64] = [:]
  /// Fields for which there is nothing right now, and why.
  package private(set) var missing: [(field: String, why: String)] = []

  package static func == (a: Self, b: Self) -> Bool {
    a.values == b.values && a.missing.elementsEqual(b.missing) { $0 == $1 }
  }

  fileprivate mutating func set(_ field: MemoryField, _ value: UInt64, _ index: Int = 0) { values[field.name(index)] = value }
  fileprivate mutating func miss(_ field: MemoryField, _ why: String, _ index: Int = 0) {
    missing.append((field.name(index), why))
  }
}

extension Machine {
  /// What a structure needs that asks for nothing special, where some of its fields have values already.
  ///
  /// - Parameter given: the value of a field that has one, by its name.
  package func rightNow(_ table: StructureTable, given: [String: UInt64]) -> RightNow {
    switch table.name {
    case RmiRealmParams.about.name.description: realmParamsNow(given)
    case RmiRecParams.about.name.description: recParamsNow(given)
    default: RightNow()
    }
  }

  private func realmParamsNow(_ given: [String: UInt64]) -> RightNow {
    let fields = RmiRealmParams.table
    func value(_ field: MemoryField) -> UInt64? { given[field.name.description] }
    var right = RightNow()
    let flags = value(fields.flags) ?? 0
    let width = value(fields.s2sz) ?? min(fields.s2sz.usual, features.s2sz)
    right.set(fields.s2sz, min(fields.s2sz.usual, features.s2sz))
    right.set(fields.numBPs, min(fields.numBPs.usual, features.numBPs))
    right.set(fields.numWPs, min(fields.numWPs.usual, features.numWPs))
    if RmiRealmFlags.table.sve.isSet(in: flags) { right.set(fields.sveVL, features.sveVL) }
    if RmiRealmFlags.table.pmu.isSet(in: flags) { right.set(fields.pmuNumCtrs, features.pmuCounters) }
    right.set(fields.hashAlgo, features.sha256 ? 0 : 1)
    if let vmid = lowestFreeVMID {
      right.set(fields.vmid, vmid)
    } else {
      right.miss(fields.vmid, "every VMID has its Realm")
    }
    let lpa2 = RmiRealmFlags.table.lpa2.isSet(in: flags)
    // Each follows from the other, if that is given.
    let level = value(fields.rttLevelStart).map { Int64(bitPattern: $0) }
    let start = startingLevel(width, level, nil, lpa2)
    right.set(fields.rttLevelStart, UInt64(bitPattern: startingLevel(width, nil, value(fields.rttNumStart), lpa2).level))
    right.set(fields.rttNumStart, start.tables)
    let tables = value(fields.rttNumStart) ?? start.tables
    if let base = tablesSideBySide(tables) {
      right.set(fields.rttBase, base)
    } else {
      right.miss(
        fields.rttBase,
        tables == 1 ? "no granule is DELEGATED" : "no \(tables) DELEGATED granules lie side by side, aligned to all of them")
    }
    return right
  }

  /// The starting level with the fewest tables, as far as neither is given; level 1 with one table if nothing fits.
  private func startingLevel(
    _ width: UInt64, _ level: Int64?, _ tables: UInt64?, _ lpa2: Bool
  ) -> (level: Int64, tables: UInt64) {
    let levels: [Int64] = level.map { [$0] } ?? [2, 1, 0, -1]
    let counts: [UInt64] = tables.map { [$0] } ?? [1, 2, 4, 8, 16]
    for count in counts {
      for level in levels where startingLevelIsValid(width: width, level: level, tables: count, lpa2: lpa2) {
        return (level, count)
      }
    }
    return (level ?? 1, tables ?? 1)
  }

  /// DELEGATED granules for starting level tables. The lowest granule is left for the RD, if there are others.
  private func tablesSideBySide(_ count: UInt64) -> UInt64? {
    let granules = delegatedGranules()
    guard count > 0, UInt64(granules.count) >= count else { return nil }
    let known = Set(granules)
    func fits(_ base: UInt64) -> Bool {
      base % (count * Granule.size) == 0 && (0..<count).allSatisfy { known.contains(base + $0 * Granule.size) }
    }
    return granules.dropFirst().first(where: fits) ?? granules.first(where: fits)
  }

  private func recParamsNow(_ given: [String: UInt64]) -> RightNow {
    let fields = RmiRecParams.table
    var right = RightNow()
    right.set(fields.flags, RmiRecCreateFlags.table.runnable.mask)
    let new = control.realms.first { realm($0).state == .new } ?? control.realms.last
    right.set(fields.mpidr, new.map { nextMPIDR(of: $0) } ?? 0)
    right.set(fields.numAux, configuration.recAuxCount)
    let count = min(given[fields.numAux.name.description] ?? configuration.recAuxCount, UInt64(fields.aux.count))
    // The lowest is left for the REC itself, as above.
    let granules = delegatedGranules(Int(count) + 1)
    for index in 0..<Int(count) {
      if index + 1 < granules.count {
        right.set(fields.aux, granules[index + 1], index)
      } else {
        right.miss(
          fields.aux, "a REC and its \(count) auxiliary granules need \(count + 1) DELEGATED ones; \(granules.count) are", index)
      }
    }
    return right
  }

  /// The lowest VMID no Realm has; 0 last.
  package var lowestFreeVMID: UInt64? { (1..<256).first { vmidIsFree($0) } ?? (vmidIsFree(0) ? 0 : nil) }

  /// RmiRecMpidr of the next REC of a Realm.
  package func nextMPIDR(of rd: UInt64) -> UInt64 { mpidr(ofREC: realm(rd).recIndex) }

  /// The MPIDR of a REC by its index: ``recIndex(mpidr:)`` backwards.
  private func mpidr(ofREC index: UInt64) -> UInt64 {
    let table = RmiRecMpidr.table
    return table.aff0.placed(index) | table.aff1.placed(index >> 4) | table.aff2.placed(index >> 12)
      | table.aff3.placed(index >> 20)
  }
}
