/// REC entry and exit of a machine of the lab.
extension Machine {
  /// Which rules an entry breaks that a check was to keep.
  mutating func judgeEntry(_ rec: REC, _ address: UInt64, _ run: UInt64) {
    let state = realm(rec.owner).state
    let reason: UInt64? =
      rec.running ? 0 : state == .new ? 1 : state == .systemOff ? 2 : !rec.runnable ? 3 : rec.psciPending ? 4 : nil
    if let reason { breaks(.recEntry, address, reason) }
    if gicProblem(run) != nil { breaks(.listRegisters, address) }
    let flags = enterFlags(run)
    if flags.emulMMIO, !flags.injectSEA, !lastExitWasEmulatable(rec) { breaks(.mmioAnswer, address) }
  }

  /// What an exit record has of a Realm besides, where a protection of it is off.
  mutating func reveal(_ exception: RealmException, _ rec: REC, _ address: UInt64, _ exit: inout ExitRecord) {
    if !applies(.exitGPRs) {
      var count: UInt64 = 0
      for n in 0..<31 where exit.gprs[n] != rec.x(n) {
        exit.gprs[n] = rec.x(n)
        count += 1
      }
      if count > 0 { breaks(.exitRecord, address, count) }
    }
    if case .sync(let esr, let far, let hpfar) = exception, exit.reason == .sync, !applies(.exitESR) {
      if (exit.esr, exit.far, exit.hpfar) != (esr, far, hpfar) { breaks(.exitRecord, address) }
      (exit.esr, exit.far, exit.hpfar) = (esr, far, hpfar)
    }
  }
}

extension Machine {
  /// Has an exit record say of the physical timer what is true of the virtual one.
  @inline(never) mutating func confuseTimers(_ page: UnsafeMutableRawPointer, _ rec: UInt64) {
    let wrong = page[RmiRecExit.table.cntvCval]
    if page[RmiRecExit.table.cntpCval] != wrong { breaks(.exitRecord, rec) }
    page[RmiRecExit.table.cntpCval] = wrong
  }
}

/// Translations that a PE has and the tables no longer have.
extension Machine {
  /// To be asked before an entry is removed: the PEs forget its translation, unless that is off.
  ///
  /// - Parameter walk: where the entry is.
  @inline(__always) mutating func invalidate(_ rd: UInt64, _ ipa: UInt64, _ walk: RTTWalk, _ protection: Protection) {
    guard control.lab != nil, walk.entry.isValid, !walk.entry.isTable(walk.level),
      missesInvalidation(of: rd) || !applies(protection)
    else { return }
    let old = LabState.StaleTranslation(
      vmid: realm(rd).vmid, ipa: ipa & ~(rttEntrySize(walk.level) - 1), level: walk.level, entry: walk.entry.raw)
    control.lab?.keepStale(old)
  }

  /// What a PE still makes of an IPA, where it was not told to forget.
  func staleTranslation(_ realm: RealmDescriptor, _ ipa: UInt64) -> RTTWalk? {
    guard let lab = control.lab, !lab.stale.isEmpty else { return nil }
    let vmid = realm.vmid
    guard let old = lab.stale.first(where: { $0.vmid == vmid && ipa &- $0.ipa < rttEntrySize($0.level) }) else { return nil }
    return RTTWalk(level: old.level, table: 0, index: 0, entry: RTTEntry(raw: old.entry))
  }
}
