import Basics
import Machine

/// The end of a VM: the last reference to its file descriptor is gone, and KVM gives back what it was made of.
extension KVMVirtualMachine {
  /// RECs first, then what is mapped, tables from below, the Realm; each granule is undelegated, and one the RMM does not let go is
  /// leaked on purpose: a Host that used it would fault (kvm_destroy_realm, free_delegated_granule).
  package func destroy() {
    door.beginLayer("close(VM)")
    defer { door.endLayer() }
    returnToPE()
    if isRealm, state.rd != 0 {
      state.realm = .dying
      destroyRealm()
    }
    (state.vcpus, state.given, state.shared, state.tables, state.held) = ([], [:], [:], [:], nil)
    (state.rd, state.root) = (0, 0)
    state.realm = isRealm ? .dead : .none
  }

  /// Where a REC or the Realm itself stays, so does all that belongs to it.
  private func destroyRealm() {
    for (number, vcpu) in state.vcpus.enumerated() where vcpu.address != 0 {
      guard send("RMI_REC_DESTROY", [vcpu.address])[0] == 0 else {
        kernelLog.warn("rec_destroy failed", at: door.now)
        return leaked.append(vcpu.address)
      }
      undelegate(vcpu.address)
      if auxiliaryGranules.indices.contains(number) { auxiliaryGranules[number].forEach(undelegate) }
      state.granules.giveBack(vcpu.run)
    }
    for (ipa, _) in state.given.sorted(by: { $0.key < $1.key }) {
      let answer = send("RMI_DATA_DESTROY", [rd, ipa])
      if answer[0] == 0 { undelegate(answer[1]) }
    }
    // They are gone from the Realm with the tables.
    for (_, page) in state.shared { state.granules.giveBack(page) }
    let first = KVMStage2.startLevel(ipaBits: ipaBits)
    for level in stride(from: 3, to: first, by: -1) { destroyTables(level) }
    guard send("RMI_REALM_DESTROY", [rd])[0] == 0 else {
      kernelLog.warn("realm_destroy failed", at: door.now)
      return leaked.append(rd)
    }
    undelegate(rd)
    for table in stride(from: startTables.lowerBound, to: startTables.upperBound, by: Int(Granule.size)) { undelegate(table) }
  }

  /// All tables of a level, by what the RMM says of where the next can be.
  private func destroyTables(_ level: Int) {
    let span = rttEntrySize(level - 1)
    var ipa: UInt64 = 0
    while ipa < 1 << ipaBits {
      let answer = send("RMI_RTT_DESTROY", [rd, ipa, UInt64(level)])
      if answer[0] == 0 { undelegate(answer[1]) }
      // The end of the run that holds nothing: there the next table can be.
      ipa = max(ipa + span, answer[0] & 0xFF == Status.rmiRTT.value || answer[0] == 0 ? answer[2] : 0)
    }
  }

  private func undelegate(_ granule: UInt64) {
    if send("RMI_GRANULE_UNDELEGATE", [granule])[0] == 0 {
      state.granules.giveBack(granule)
    } else {
      kernelLog.warn("free_delegated_granule: \(hex(granule)) is leaked", at: door.now)
      leaked.append(granule)
    }
  }
}
