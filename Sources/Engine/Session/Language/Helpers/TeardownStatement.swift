import Basics
import Machine

/// Takes a Realm apart, and all of its memory back.
struct TeardownStatement: HelperStatement {
  let rd: UInt64

  static let verbs = [
    Verb(
      "teardown", "RD", 1...1, help: "destroys a Realm with all it has, and undelegates its granules",
      details: "its RECs, what is mapped, its tables from below, the Realm; a block is unfolded first",
      examples: ["teardown 0x80100000"], places: .helpers
    ) { arguments throws(ScriptError) in TeardownStatement(rd: try arguments.number(0)) }
  ]

  var text: String { "teardown \(hex(rd))" }

  func expand(_ expansion: Expansion) throws(Expansion.Stop) -> Expansion.Achievement {
    try expansion.demand(rd: rd)
    var freed: Set<UInt64> = [rd]
    for (rec, aux) in expansion.read({ $0.recsWithAux(of: rd) }) {
      try expansion.call("RMI_REC_DESTROY", ["rec_ptr": rec])
      freed.formUnion([rec] + aux)
    }
    let start = expansion.read { $0.realm(rd).startLevel }
    // A table comes before those below it: backwards, all below one are gone when it is its turn.
    for table in expansion.read({ $0.tables(of: rd) }).reversed() {
      try empty(table, expansion, &freed)
      if table.level > start { try destroy(table, expansion) }
      freed.insert(table.address)
    }
    try expansion.call("RMI_REALM_DESTROY", ["rd": rd])
    let granules = freed.sorted().filter { granule in expansion.read { $0.granuleIs(granule, .delegated) } }
    for granule in granules { try expansion.call("RMI_GRANULE_UNDELEGATE", ["addr": granule]) }
    return Expansion.Achievement(
      sentence: "\(granules.count) granules are the Host's again: \(DelegateStatement.ranges(granules))",
      values: [UInt64(granules.count)])
  }

  /// Destroys, or unmaps, whatever a table maps.
  private func empty(_ table: Table, _ expansion: Expansion, _ freed: inout Set<UInt64>) throws(Expansion.Stop) {
    for index in 0..<512 {
      let (state, address) = expansion.read { machine in
        let entry = machine.entry(of: table, index)
        return (entry.hipas(table.level), entry.address(lpa2: machine.realm(rd).lpa2))
      }
      let ipa = table.base &+ UInt64(index) &* rttEntrySize(table.level)
      switch state {
      case .unassigned, .unassignedNS, .table: continue
      case .assignedNS:
        try expansion.call("RMI_RTT_UNMAP_UNPROTECTED", ["rd": rd, "ipa": ipa, "level": UInt64(table.level)])
      case .assigned where table.level == 3:
        try expansion.call("RMI_DATA_DESTROY", ["rd": rd, "ipa": ipa])
        freed.insert(address)
      case .assigned:
        // RMI_DATA_DESTROY takes pages alone: the block becomes a table of them.
        let granule = try expansion.delegated(1)[0]
        let below = Table(address: granule, level: table.level + 1, base: ipa)
        try expansion.call(
          "RMI_RTT_CREATE", ["rd": rd, "rtt": granule, "ipa": ipa, "level": UInt64(below.level)])
        try empty(below, expansion, &freed)
        try destroy(below, expansion)
        freed.insert(granule)
      }
    }
  }

  private func destroy(_ table: Table, _ expansion: Expansion) throws(Expansion.Stop) {
    try expansion.call("RMI_RTT_DESTROY", ["rd": rd, "ipa": table.base, "level": UInt64(table.level)])
  }

  /// A table of stage 2: where it is, and the first IPA it covers.
  fileprivate struct Table {
    let address: UInt64
    let level: Int
    let base: UInt64
  }
}

extension Machine {
  fileprivate func tables(of rd: UInt64) -> [TeardownStatement.Table] {
    var tables: [TeardownStatement.Table] = []
    forEachTable(realm(rd)) { tables.append(TeardownStatement.Table(address: $0, level: $1, base: $2)) }
    return tables
  }

  fileprivate func entry(of table: TeardownStatement.Table, _ index: Int) -> RTTEntry {
    RTTEntry(raw: memory.load64(table.address &+ UInt64(index) * 8))
  }

  /// RECs of a Realm, each with its auxiliary granules.
  fileprivate func recsWithAux(of rd: UInt64) -> [(rec: UInt64, aux: [UInt64])] {
    control.recs.filter { rec($0).owner == rd }.map { address in
      let rec = rec(address)
      return (address, (0..<rec.auxCount).map { rec.aux($0) })
    }
  }
}
