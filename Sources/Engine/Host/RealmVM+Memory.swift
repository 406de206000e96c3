import Basics
import Machine

/// Memory of the guest: pages on demand, pages it shares, changes of RIPAS.
extension RealmVM {
  /// A page of the guest's RAM, on demand.
  ///
  /// - Returns: whether the guest has it: one that is DESTROYED cannot be given.
  func give(_ ipa: UInt64) throws(Failure) -> Bool {
    guard (Self.ramBase..<Self.ramBase + options.memory).contains(ipa) else {
      throw Failure(message: "the guest wants \(hex(ipa)), which is no RAM of its own")
    }
    guard options.isRealm else {
      try map(ipa, to: try allocate())
      state.pagesGiven += 1
      return true
    }
    // X4 of RMI_RTT_READ_ENTRY is the RIPAS.
    guard try call("RMI_RTT_READ_ENTRY", rd, ipa, 3)[4] != UInt64(RIPAS.destroyed.rawValue) else { return false }
    let data = try delegated()
    let answer = send("RMI_DATA_CREATE_UNKNOWN", [rd, data, ipa])
    if answer[0] & 0xFF == Status.rmiRTT.value {
      try makeTable(ipa)
      try call("RMI_DATA_CREATE_UNKNOWN", rd, data, ipa)
    } else if answer[0] != 0 {
      throw Failure(message: "RMI_DATA_CREATE_UNKNOWN at \(hex(ipa)) answered \(Names.status(.rmi, answer[0]))")
    }
    state.given[ipa] = data
    state.pagesGiven += 1
    return true
  }

  /// A page of the Host's, where the guest shares.
  func share(_ ipa: UInt64) throws(Failure) {
    let page: UInt64
    if let known = state.shared[ipa] {
      page = known
    } else {
      page = try allocate()
      state.shared[ipa] = page
    }
    let descriptor = Self.sharedPage(page, isWritable: true)
    let answer = send("RMI_RTT_MAP_UNPROTECTED", [rd, ipa, 3, descriptor])
    if answer[0] & 0xFF == Status.rmiRTT.value {
      try makeTable(ipa)
      try call("RMI_RTT_MAP_UNPROTECTED", rd, ipa, 3, descriptor)
    } else if answer[0] != 0 {
      throw Failure(message: "RMI_RTT_MAP_UNPROTECTED at \(hex(ipa)) answered \(Names.status(.rmi, answer[0]))")
    }
  }

  /// The descriptor of a shared page: MemAttr 0b110, Normal write-back with FWB, in bits 4:2; S2AP in bits 7:6, bit 6 to read.
  static func sharedPage(_ page: UInt64, isWritable: Bool) -> UInt64 { page | 0b110 << 2 | (isWritable ? 0b11 : 0b01) << 6 }

  /// Does what the Realm asked for: to the end, to a page that is DESTROYED and that the Realm does not want changed, or as far as
  /// ``callsForRIPAS`` go. The answer of RSI_IPA_STATE_SET tells the Realm how far that was, and the rest is the Realm's to ask for
  /// again (DEN0137 A5.4). Pages that become EMPTY are taken back.
  func changeRIPAS(_ exit: RunExit, _ turn: Int) throws(Failure) {
    var base = exit.ripas.base
    let top = exit.ripas.top
    let first = base
    var calls = 0
    while base < top, calls < callsForRIPAS {
      calls += 1
      let answer = send("RMI_RTT_SET_RIPAS", [rd, state.vcpus[turn].rec, base, top])
      if answer[0] == 0 {
        guard answer[1] > base else { throw Failure(message: "RMI_RTT_SET_RIPAS at \(hex(base)) made no progress") }
        if !exit.ripas.isRAM { calls += 2 * pages(in: base..<answer[1]).count }
        base = answer[1]
      } else if answer[0] & 0xFF == Status.rmiRTT.value {
        // The walk ended above level 3, or at an entry that is not to be changed.
        if answer[0] >> 8 == 3 { break }
        try makeTable(base)
      } else {
        throw Failure(message: "RMI_RTT_SET_RIPAS at \(hex(base)) answered \(Names.status(.rmi, answer[0]))")
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
      if answer[0] == 0 { try forget(ipa, answer[1]) }
    }
  }

  /// The pages of a range that the guest was given, by address.
  private func pages(in range: Range<UInt64>) -> [UInt64] {
    let count = (range.upperBound - range.lowerBound) / Granule.size
    guard count < UInt64(state.given.count) else { return state.given.map(\.key).filter(range.contains) }
    return stride(from: range.lowerBound, to: range.upperBound, by: Int(Granule.size)).filter { state.given[$0] != nil }
  }

  /// Takes a page of the guest's RAM away.
  func takeBack(_ ipa: UInt64) throws(Failure) { try forget(ipa, try call("RMI_DATA_DESTROY", rd, ipa)[1]) }

  private func forget(_ ipa: UInt64, _ granule: UInt64) throws(Failure) {
    try call("RMI_GRANULE_UNDELEGATE", granule)
    state.given[ipa] = nil
    state.free.append(granule)
  }

  // MARK: What the guest and the Host show each other

  /// The PA of a page of the guest's: a Protected one it was given, or a shared one of the Host's.
  public func hostAddress(of ipa: UInt64) -> UInt64? {
    (state.given[ipa.granuleBase] ?? state.shared[ipa.granuleBase]).map { $0 | ipa & 0xFFF }
  }

  /// Bytes at a shared IPA; nil where nothing is shared.
  public func readShared(_ ipa: UInt64, _ count: Int) -> [UInt8]? {
    var bytes: [UInt8] = []
    while bytes.count < count {
      let at = ipa + UInt64(bytes.count)
      guard let page = state.shared[at.granuleBase],
        let piece = door.read(page | at & 0xFFF, min(count - bytes.count, Int(Granule.size - (at & 0xFFF))))
      else { return nil }
      bytes += piece
    }
    return bytes
  }

  /// Writes to a shared IPA; false where nothing is shared.
  public func writeShared(_ ipa: UInt64, _ bytes: [UInt8]) -> Bool {
    var done = 0
    while done < bytes.count {
      let at = ipa + UInt64(done)
      guard let page = state.shared[at.granuleBase] else { return false }
      let count = min(bytes.count - done, Int(Granule.size - (at & 0xFFF)))
      door.write(page | at & 0xFFF, Array(bytes[done..<done + count]))
      done += count
    }
    return true
  }

  /// The Host tries to read 8 bytes of its guest: what it got, or nil for a granule protection fault.
  public func peek(_ ipa: UInt64) -> UInt64? { hostAddress(of: ipa).flatMap { door.read64($0) } }
}
