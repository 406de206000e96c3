import Attestation
import Basics

/// A rule of the model that does not hold.
public struct InvariantViolation: Sendable, Equatable {
  /// Short name of the rule.
  public var rule: String
  /// Where and how it is broken.
  public var detail: String

  package init(rule: String, detail: String) {
    self.rule = rule
    self.detail = detail
  }
}

/// What must be true between any two actions, whatever was done.
/// ``ModelRule/all`` has them by name.
///
/// A machine of the lab (``LabState``) is held to all of them: what breaks one there is a check that is off.
///
/// Software of the Realm and of the Root world that writes to memory by hand (``ControlState/isScribbled``) breaks by right whatever
/// an RD, a REC, an RTT, the GPT or a clean granule says. What EL3 and the RMM keep elsewhere must hold all the same: `lists`, and of
/// `running` that a PE is busy exactly when it runs something.
extension Machine {
  /// Evaluates every rule; empty when all hold.
  public func invariantViolations() -> [InvariantViolation] {
    var check = InvariantCheck()
    check.run(self)
    var secure = SecureInvariants()
    secure.run(self)
    return check.violations + secure.violations
  }
}

private struct InvariantCheck {
  var violations: [InvariantViolation] = []
  /// Where each granule the RMM uses was met.
  private var owners: [UInt64: Place] = [:]

  /// What a granule is to a Realm. In words only when something is wrong with it: the rules are evaluated millions of times.
  private enum Place {
    case rd
    case rec
    case auxiliary(Int, rec: UInt64)
    case table(level: Int, rd: UInt64, ipa: UInt64)
    case data(rd: UInt64, ipa: UInt64)

    var text: String {
      switch self {
      case .rd: "RD"
      case .rec: "REC"
      case .auxiliary(let n, let rec): "aux \(n) of REC \(hex(rec))"
      case .table(let level, let rd, let ipa): "level \(level) table of \(hex(rd)) at IPA \(hex(ipa))"
      case .data(let rd, let ipa): "DATA of \(hex(rd)) at IPA \(hex(ipa))"
      }
    }
  }

  /// Most that are told, and most granules that are looked at: on a machine of the lab tables may say anything.
  private static let violationLimit = 256
  private static let granuleLimit = 1 << 20

  mutating func fail(_ rule: String, _ detail: @autoclosure () -> String) {
    guard violations.count < Self.violationLimit else { return }
    let detail = detail()
    violations.append(InvariantViolation(rule: rule, detail: detail))
  }

  mutating func run(_ m: borrowing Machine) {
    // An RMM that has stopped did so in the middle of what it was doing.
    if m.control.panic == nil { checkLists(m) }
    checkBusyPEs(m)
    guard !m.control.isScribbled || m.isLab else { return }
    for (n, pe) in m.control.pes.enumerated() where pe.runningREC != 0 && !m.granuleIs(pe.runningREC, .rec) {
      fail("running", "PE \(n) runs \(hex(pe.runningREC)), which is no REC")
    }
    for rd in m.control.realms { checkRealm(m, rd) }
    checkRECs(m)
    checkVMIDs(m)
    checkGranules(m)
    if let lab = m.control.lab { check(lab, m) }
  }

  /// What only a machine of the lab is held to.
  private mutating func check(_ lab: LabState, _ m: borrowing Machine) {
    for rd in m.control.realms {
      let realm = m.realm(rd)
      let rim = realm.rimWords
      if let honest = lab.honestRIMs[rd], honest != rim {
        fail(LabRule.rimTrue.name.description, "the RIM of \(hex(rd)) does not follow from what was done to it")
      }
      if realm.state == .active, let old = lab.sealedRIMs[rd], old != rim {
        fail(LabRule.rimFrozen.name.description, "the RIM of \(hex(rd)) has changed since the Realm is ACTIVE")
      }
    }
    for old in lab.stale {
      fail(LabRule.tlbClean.name.description, "a PE may still translate IPA \(hex(old.ipa)) of VMID \(old.vmid)")
    }
  }

  /// - Parameter rule: what is broken if the granule is another, or was met elsewhere.
  private mutating func own(
    _ m: borrowing Machine, _ address: UInt64, _ state: GranuleState, _ place: Place, rule: String = "one_owner"
  ) {
    if !m.granuleIs(address, state) {
      fail(rule, "\(hex(address)), \(place.text), is \(m.granuleState(address).name), not \(state.name)")
    }
    if let other = owners[address] { fail(rule, "\(hex(address)) is \(place.text) and \(other.text)") }
    owners[address] = place
  }

  private mutating func checkRealm(_ m: borrowing Machine, _ rd: UInt64) {
    own(m, rd, .rd, .rd)
    let realm = m.realm(rd)
    for n in 0..<5 where realm.measurement(n)[realm.hash.length...].contains(where: { $0 != 0 }) {
      fail("rim_hash", "measurement \(n) of \(hex(rd)) has bytes beyond \(realm.hash.length)")
    }
    let count = UInt64(m.control.recs.count { m.rec($0).owner == rd })
    if realm.recCount != count || realm.recIndex < count {
      fail("rec_count", "\(hex(rd)) counts \(realm.recCount) RECs, next index \(realm.recIndex), there are \(count)")
    }
    var tables: [(UInt64, Int, UInt64)] = []
    m.forEachTable(realm) { table, level, base in tables.append((table, level, base)) }
    for (table, level, base) in tables {
      own(m, table, .rtt, .table(level: level, rd: rd, ipa: base), rule: "table_rtt")
      checkEntries(m, rd, table, level, base)
    }
  }

  private mutating func checkEntries(_ m: borrowing Machine, _ rd: UInt64, _ table: UInt64, _ level: Int, _ base: UInt64) {
    let realm = m.realm(rd)
    let lpa2 = realm.lpa2
    m.forEachUsedEntry(of: table) { index, entry in
      let ipa = base &+ UInt64(index) &* rttEntrySize(level)
      guard ipa < realm.ipaTop else { return }
      switch entry.hipas(level) {
      case .table: return
      case .unassigned, .assigned:
        if !realm.isProtected(ipa) { fail("half", "Unprotected IPA \(hex(ipa)) of \(hex(rd)) is \(entry.hipas(level).name)") }
      case .unassignedNS, .assignedNS:
        if realm.isProtected(ipa) { fail("half", "Protected IPA \(hex(ipa)) of \(hex(rd)) is \(entry.hipas(level).name)") }
      }
      guard entry.hipas(level) == .assigned else { return }
      let address = entry.address(lpa2: lpa2)
      guard level >= 2 else {
        return fail("assigned_data", "IPA \(hex(ipa)) of \(hex(rd)) is ASSIGNED at level \(level), where no block can be")
      }
      guard owners.count < Self.granuleLimit else { return }
      for n in 0..<(rttEntrySize(level) >> 12) {
        own(m, address + n << 12, .data, .data(rd: rd, ipa: ipa + n << 12), rule: "assigned_data")
      }
    }
  }

  private mutating func checkRECs(_ m: borrowing Machine) {
    for address in m.control.recs {
      own(m, address, .rec, .rec)
      let rec = m.rec(address)
      // Of one that is none any more nothing can be read.
      if m.granuleIs(address, .rec), !m.control.realms.contains(rec.owner) {
        fail("one_owner", "REC \(hex(address)) is owned by \(hex(rec.owner)), no RD")
      }
      for n in 0..<rec.auxCount { own(m, rec.aux(n), .recAux, .auxiliary(n, rec: address)) }
      let runs = m.control.pes.contains { $0.runningREC == address }
      if runs != rec.running { fail("running", "REC \(hex(address)) is \(rec.running ? "" : "not ")RUNNING") }
      if rec.ripasAddr > rec.ripasTop {
        fail("ripas_range", "REC \(hex(address)): \(hex(rec.ripasAddr)) beyond \(hex(rec.ripasTop))")
      }
    }
  }

  private mutating func checkBusyPEs(_ m: borrowing Machine) {
    for (n, pe) in m.control.pes.enumerated() {
      let isBusy = m.control.busyPEs >> UInt8(n) & 1 == 1
      if isBusy != (pe.runningREC | pe.runningVCPU != 0 || pe.hasStopped || m.runsPartition(n)) {
        fail("running", "PE \(n) is \(isBusy ? "" : "not ")busy")
      }
      if pe.runningREC != 0, pe.runningVCPU != 0 { fail("running", "PE \(n) runs a REC and a vCPU of the Normal world") }
      if pe.runningREC != 0, m.control.panic != nil { fail("running", "PE \(n) runs a REC without an RMM") }
    }
  }

  private mutating func checkLists(_ m: borrowing Machine) {
    var realms: [UInt64] = []
    var recs: [UInt64] = []
    m.memory.forEachChunk(from: m.configuration.dramBase, to: m.configuration.dramTop) { chunk, records in
      Memory.forEachUsed(records) { index in
        let address = chunk + UInt64(index) << 12
        switch GranuleRecord(raw: records[index]).state {
        case .rd: realms.append(address)
        case .rec: recs.append(address)
        default: break
        }
      }
    }
    if realms != m.control.realms { fail("lists", "RDs are \(realms.map(hex)), the RMM lists \(m.control.realms.map(hex))") }
    if recs != m.control.recs { fail("lists", "RECs are \(recs.map(hex)), the RMM lists \(m.control.recs.map(hex))") }
  }

  private mutating func checkVMIDs(_ m: borrowing Machine) {
    let vmids = m.control.realms.map { m.realm($0).vmid }
    if vmids.count > 1, Set(vmids).count != vmids.count { fail("vmid", "two Realms have the same VMID") }
    let marked = m.control.vmids.reduce(0) { $0 + $1.nonzeroBitCount }
    if marked != vmids.count || vmids.contains(where: { m.vmidIsFree($0) }) {
      fail("vmid", "marked VMIDs differ from those in use")
    }
  }

  private mutating func checkGranules(_ m: borrowing Machine) {
    let base = m.configuration.dramBase
    let top = m.configuration.dramTop
    var records: [(UInt64, UInt8)] = []
    m.memory.forEachChunk(from: base, to: top) { chunk, bytes in
      Memory.forEachUsed(bytes) { index in
        let address = chunk + UInt64(index) << 12
        if address >= base, address < top { records.append((address, bytes[index])) }
      }
    }
    for (address, raw) in records {
      let record = GranuleRecord(raw: raw)
      if (record.state == .undelegated) == (record.gpi == .realm) {
        fail("pas_state", "\(hex(address)) is \(record.state.name) with GPI \(record.gpi.name)")
      }
      if let walked = m.gptWalk(address).gpi, walked != record.gpi {
        fail("gpt_mirror", "\(hex(address)): mirror \(record.gpi.name), GPT \(walked.name)")
      }
      if record.gpi != .nonSecure, record.gpi != .any, m.granuleProtectionCheck(address, .nonSecure) == nil {
        fail("normal_cannot_read", "\(hex(address)), \(record.gpi.name), passes a Non-secure access")
      }
      switch record.state {
      case .undelegated: break
      case .delegated:
        if m.memory.hasPage(address), !Memory.isZero(m.memory.page(address)) {
          fail("delegated_zero", "\(hex(address)) holds something")
        }
      case .rd, .rec, .recAux, .data, .rtt:
        if owners[address] == nil { fail("one_owner", "\(hex(address)), \(record.state.name), belongs to nobody") }
      }
    }
  }
}
