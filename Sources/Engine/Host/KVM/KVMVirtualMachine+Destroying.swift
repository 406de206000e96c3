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
      if !destroyRealm() { leakAll() }
    } else if !isRealm {
      giveBackOrdinary()
    }
    (startTables, auxiliaryGranules) = (0..<0, [:])
    (state.vcpus, state.given, state.shared, state.tables, state.held) = ([], [:], [:], [:], nil)
    (state.rd, state.root) = (0, 0)
    state.realm = isRealm ? .dead : .none
  }

  /// Everything of an ordinary VM's is the Host's own.
  private func giveBackOrdinary() {
    for vcpu in state.vcpus { [vcpu.address, vcpu.run].forEach { state.granules.giveBack($0) } }
    for (_, page) in state.given { state.granules.giveBack(page) }
    for table in state.tables.values.sorted() { state.granules.giveBack(table) }
    if state.root != 0 { state.granules.giveBack(state.root) }
  }

  /// Where a REC or the Realm itself stays, so does all that belongs to it, and its VMID stays taken.
  ///
  /// - Returns: whether the Realm is gone.
  private func destroyRealm() -> Bool {
    for (number, vcpu) in state.vcpus.enumerated() where vcpu.address != 0 {
      guard send("RMI_REC_DESTROY", [vcpu.address])[0] == 0 else {
        kernelLog.warn("rec_destroy failed", at: door.now)
        return false
      }
      undelegate(vcpu.address)
      auxiliaryGranules[number]?.forEach(undelegate)
      state.granules.giveBack(vcpu.run)
    }
    for (ipa, page) in state.given.sorted(by: { $0.key < $1.key }) {
      let answer = send("RMI_DATA_DESTROY", [rd, ipa])
      if answer[0] == 0, answer[1] == page {
        undelegate(page)
      } else {
        leak(page, "data_destroy of IPA \(hex(ipa)) failed")
      }
    }
    // They are gone from the Realm with the tables.
    for (_, page) in state.shared { state.granules.giveBack(page) }
    let first = KVMStage2.startLevel(ipaBits: ipaBits)
    for level in stride(from: 3, to: first, by: -1) { destroyTables(level) }
    guard send("RMI_REALM_DESTROY", [rd])[0] == 0 else {
      kernelLog.warn("realm_destroy failed", at: door.now)
      return false
    }
    undelegate(rd)
    for table in stride(from: startTables.lowerBound, to: startTables.upperBound, by: Int(Granule.size)) { undelegate(table) }
    return true
  }

  /// The Realm stays, and every granule that it may still have: all that were taken for it and have not come back.
  private func leakAll() {
    isStuck = true
    let free = Set(state.granules.free + leaked)
    let known = memory.lowerBound + Self.reserved
    let left = stride(from: known, to: state.granules.next, by: Int(Granule.size)).filter {
      !free.contains($0) && !state.granules.unusable.contains($0)
    }
    leaked += left
    guard let first = left.first, let last = left.last else { return }
    kernelLog.warn("\(left.count) granules from \(hex(first)) to \(hex(last)) are leaked", at: door.now)
  }

  /// All tables of a level, by what the RMM says of where the next can be.
  private func destroyTables(_ level: Int) {
    let span = rttEntrySize(level - 1)
    var ipa: UInt64 = 0
    while ipa < 1 << ipaBits {
      let answer = send("RMI_RTT_DESTROY", [rd, ipa, UInt64(level)])
      if answer[0] == 0 { undelegate(answer[1]) }
      // It is no Realm any more: somebody else has destroyed it.
      guard answer[0] == 0 || answer[0] & 0xFF == Status.rmiRTT.value else { return }
      // The end of the run that holds nothing: there the next table can be.
      ipa = max(ipa + span, answer[2])
    }
  }

  /// A delegated granule is the Host's again, or nobody's.
  func undelegate(_ granule: UInt64) {
    if send("RMI_GRANULE_UNDELEGATE", [granule])[0] == 0 {
      // A table that somebody else on this Host has made is not of this VM's memory.
      if memory.contains(granule) { state.granules.giveBack(granule) }
    } else {
      leak(granule, "free_delegated_granule")
    }
  }

  private func leak(_ granule: UInt64, _ why: String) {
    kernelLog.warn("\(why): \(hex(granule)) is leaked", at: door.now)
    leaked.append(granule)
  }
}
