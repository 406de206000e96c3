import Machine

/// What a VM has of the Host's memory, granule by granule, as KVM keeps count of it.
package struct KVMLedger: Sendable {
  package struct Entry: Sendable {
    package let granule: UInt64
    /// What it is to the VM.
    package let what: String
    /// What it is to the RMM.
    package let state: GranuleState
  }

  package fileprivate(set) var entries: [Entry] = []
  /// Those that were the guest's, and are to be used again.
  package let free: [UInt64]
  /// Those that the RMM did not give back.
  package let leaked: [UInt64]
  /// Granules that have been taken so far.
  package let taken: Range<UInt64>
  /// Where some of them may have been passed over: tables side by side are aligned to all of them.
  package let passedOver: Range<UInt64>
  /// Those of them that are another's, who has leaked them.
  package let unusable: Set<UInt64>
}

extension KVMVirtualMachine {
  /// A Realm's tables below the first are not in it: the RMM keeps count of those.
  package var ledger: KVMLedger {
    let tables = UInt64(startTables.count) / Granule.size
    let first = startTables.isEmpty ? 0 : startTables.lowerBound - (tables - 1) * Granule.size
    var ledger = KVMLedger(
      free: state.granules.free, leaked: leaked, taken: memory.lowerBound + Self.reserved..<state.granules.next,
      passedOver: first..<startTables.lowerBound, unusable: state.granules.unusable)
    func add(_ granule: UInt64, _ what: String, _ state: GranuleState = .undelegated) {
      if granule != 0 { ledger.entries.append(KVMLedger.Entry(granule: granule, what: what, state: state)) }
    }
    add(rd, "RD", .rd)
    for table in stride(from: startTables.lowerBound, to: startTables.upperBound, by: Int(Granule.size)) {
      add(table, "table", .rtt)
    }
    for (number, vcpu) in state.vcpus.enumerated() {
      add(vcpu.address, "vCPU \(number)", isRealm ? .rec : .undelegated)
      add(vcpu.run, "run page of vCPU \(number)")
      for granule in auxiliaryGranules[number] ?? [] { add(granule, "auxiliary granule of vCPU \(number)", .recAux) }
    }
    for (ipa, page) in state.given { add(page, "page at \(ipa)", isRealm ? .data : .undelegated) }
    for (ipa, page) in state.shared { add(page, "shared page at \(ipa)") }
    for table in state.tables.values { add(table, "table") }
    add(state.root, "table")
    return ledger
  }
}
