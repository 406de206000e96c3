import Machine

/// Memory of the guest: pages on demand, pages it shares, changes of RIPAS.
extension KVMVirtualMachine {
  /// A page of the guest's RAM, on demand.
  ///
  /// - Returns: whether the guest has it: one that is DESTROYED cannot be given.
  func give(_ ipa: UInt64) throws(KVMError) -> Bool {
    guard isRAM(ipa) else { throw .noRAM(ipa) }
    guard isRealm else {
      try map(ipa, to: try zeroed())
      state.pagesGiven += 1
      return true
    }
    // X4 of RMI_RTT_READ_ENTRY is the RIPAS.
    guard try call("RMI_RTT_READ_ENTRY", rd, ipa, 3)[4] != UInt64(RIPAS.destroyed.rawValue) else { return false }
    let data = try delegated()
    try using([data]) { () throws(KVMError) in try callMakingTable("RMI_DATA_CREATE_UNKNOWN", at: ipa, [rd, data, ipa]) }
    state.given[ipa] = data
    state.pagesGiven += 1
    return true
  }

  /// A page of the Host's, where the guest shares.
  func share(_ ipa: UInt64) throws(KVMError) {
    let page: UInt64
    if let known = state.shared[ipa] {
      page = known
    } else {
      page = try zeroed()
      state.shared[ipa] = page
    }
    let descriptor = Self.sharedPage(page, isWritable: true)
    try callMakingTable("RMI_RTT_MAP_UNPROTECTED", at: ipa, [rd, ipa, 3, descriptor])
  }

  /// The descriptor of a shared page: Normal write-back, as FEAT_S2FWB has it.
  static func sharedPage(_ page: UInt64, isWritable: Bool) -> UInt64 {
    let descriptor = RttUnprotectedDescriptor.table
    return page | descriptor.memAttr.placed(0b110) | descriptor.s2ap.placed(isWritable ? 0b11 : 0b01)
  }

  /// Does what the Realm asked for: to the end, to a page that is DESTROYED and that the Realm does not want changed, or as far as
  /// ``callsForRIPAS`` go. The answer of RSI_IPA_STATE_SET tells the Realm how far that was, and the rest is the Realm's to ask for
  /// again (DEN0137 A5.4). Pages that become EMPTY are taken back.
  func changeRIPAS(_ exit: RunExit, _ turn: Int) throws(KVMError) {
    var base = exit.ripas.base
    let top = exit.ripas.top
    let first = base
    var calls = 0
    changing: while base < top, calls < callsForRIPAS {
      calls += 1
      let answer = send("RMI_RTT_SET_RIPAS", [rd, state.vcpus[turn].address, base, top])
      if answer[0] == 0 {
        guard answer[1] > base else { throw .noProgress("RMI_RTT_SET_RIPAS", base) }
        if !exit.ripas.isRAM { calls += 2 * pages(in: base..<answer[1]).count }
        base = answer[1]
      } else if answer[0] & 0xFF == Status.rmiRTT.value {
        // The walk ended above level 3, or at an entry that is not to be changed.
        guard let level = Self.missingLevel(answer[0]) else { break changing }
        try makeTable(base, level: level)
      } else {
        let change = "0x\(String(base, radix: 16)) - 0x\(String(top, radix: 16)), ripas: \(exit.ripas.isRAM ? 1 : 0)"
        kernelLog.add("Unable to satisfy RIPAS_CHANGE for \(change)", at: door.now, isProblem: true)
        break changing
      }
    }
    guard !exit.ripas.isRAM else {
      // What is RAM again can be given: who waits for it tries again.
      for n in state.vcpus.indices {
        if let page = state.vcpus[n].missing, (first..<base).contains(page) { state.vcpus[n].missing = nil }
      }
      return
    }
    for ipa in pages(in: first..<base) {
      let answer = send("RMI_DATA_DESTROY", [rd, ipa])
      if answer[0] == 0, answer[1] == state.given[ipa] { forget(ipa, answer[1]) }
    }
  }

  /// The pages of a range that the guest was given, by address.
  private func pages(in range: Range<UInt64>) -> [UInt64] {
    let count = (range.upperBound - range.lowerBound) / Granule.size
    guard count < UInt64(state.given.count) else { return state.given.map(\.key).filter(range.contains) }
    return stride(from: range.lowerBound, to: range.upperBound, by: Int(Granule.size)).filter { state.given[$0] != nil }
  }

  /// Takes a page of the guest's RAM away.
  func takeBack(_ ipa: UInt64) throws(KVMError) { forget(ipa, try call("RMI_DATA_DESTROY", rd, ipa)[1]) }

  private func forget(_ ipa: UInt64, _ granule: UInt64) {
    state.given[ipa] = nil
    undelegate(granule)
  }

  /// The PA of a page of the guest's: a Protected one it was given, or a shared one of the Host's.
  func hostAddress(of ipa: UInt64) -> UInt64? {
    (state.given[ipa.granuleBase] ?? state.shared[ipa.granuleBase]).map { $0 | ipa & 0xFFF }
  }

  /// The granule of the Host's behind a shared page.
  func sharedPage(at ipa: UInt64) -> UInt64? { state.shared[ipa.granuleBase] }
}
