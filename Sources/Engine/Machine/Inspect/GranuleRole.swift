import Basics

extension Machine {
  /// What a granule is to its owner, and who that is.
  package func role(_ address: UInt64) -> (owner: UInt64?, text: String) {
    switch granuleState(address) {
    case .undelegated:
      if let text = partitionText(address) { return (nil, text) }
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
      guard found == nil else { return }
      forEachEntry(of: table) { index, entry in
        guard found == nil, entry.hipas(level) == .assigned else { return }
        let start = entry.address(lpa2: lpa2)
        guard address &- start < rttEntrySize(level) else { return }
        let ipa = base + UInt64(index) * rttEntrySize(level) + (address - start)
        found = "mapped at IPA \(hex(ipa)), \(entry.ripas.name)"
      }
    }
    return found
  }
}

extension Machine {
  /// Whose a granule of DRAM is that FF-A has something to say of; nil if it is the Host's.
  private func partitionText(_ address: UInt64) -> String? {
    guard control.secure != nil, isDRAM(address) else { return nil }
    let page = ownership(address).page
    let share = page.share.map { spm.shares[$0] }
    let owner = page.owner.map { $0 == FFAEndpointIndex.normal ? "the Host" : SecurePartition.all[$0 - 1].name } ?? "nobody"
    if let share {
      let receivers = share.receivers.map { hex($0.id) + ($0.granted == nil ? "" : ", retrieved") }.joined(separator: "; ")
      return "\(owner)'s, \(share.kind.name) to \(receivers)"
    }
    if page.isBuffer { return "\(owner)'s buffer for FF-A" }
    return page.owner == FFAEndpointIndex.normal ? nil : "\(owner)'s"
  }
}
