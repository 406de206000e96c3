/// What a vCPU's access is.
enum Stage2Access {
  case read, write, fetch

  @inline(__always) var number: UInt64 { self == .read ? 0 : self == .write ? 1 : 2 }
}

/// What stage 2 and the granule protection check make of an IPA.
enum Stage2Outcome {
  /// The PA of the byte.
  case address(UInt64)
  /// A PA where no memory is and nothing answers: reads give zero, writes vanish.
  case nothing
  /// Beyond the IPA space, and the Realm itself is to be told.
  case addressSize
  /// A fault to EL2, with the level at which the walk ended.
  case translation(level: Int)
  case permission(level: Int)
  /// The same, by tables that a Host or a hand from outside has made: a descriptor without the access flag, or with an address there
  /// is not.
  case accessFlag(level: Int)
  case outputAddressSize(level: Int)
  /// The PA's granule is not in the PAS the access carries.
  case granuleProtection(UInt64)
  /// A table is in a granule that is not in the PAS the walk carries.
  case granuleProtectionOnWalk(level: Int)
}

extension Machine {
  /// Translates an IPA for an access of the Realm as the hardware does: the tables, their permissions, then the granule check.
  func translateStage2(_ realm: RealmDescriptor, _ ipa: UInt64, _ kind: Stage2Access) -> Stage2Outcome {
    guard ipa < realm.ipaTop else { return policy.has(.accessBeyondIPASpaceIsSEA) ? .translation(level: 0) : .addressSize }
    var known: RTTWalk?
    if control.isWary {
      known = staleTranslation(realm, ipa)
      if known == nil, let level = foreignTable(realm, ipa) { return .granuleProtectionOnWalk(level: level) }
    }
    let walk = known ?? rttWalk(realm, ipa, to: 3)
    return stage2Outcome(realm, ipa, kind, walk.entry, walk.level)
  }

  /// The same where tables of level 3 are kept: nobody has written to what is not his.
  func translateStage2(
    _ realm: RealmDescriptor, _ ipa: UInt64, _ kind: Stage2Access, through cache: Stage2Cache
  ) -> Stage2Outcome {
    guard ipa < realm.ipaTop else { return translateStage2(realm, ipa, kind) }
    if let entry = cache.lastEntry(ipa) { return stage2Outcome(realm, ipa, kind, entry, 3) }
    let walk = rttWalk(realm, ipa, to: 3)
    if walk.level == 3 { cache.putTable(ipa, memory.page(walk.table)) }
    return stage2Outcome(realm, ipa, kind, walk.entry, walk.level)
  }

  /// What an entry and the granule protection check make of an IPA.
  @inline(__always) private func stage2Outcome(
    _ realm: RealmDescriptor, _ ipa: UInt64, _ kind: Stage2Access, _ entry: RTTEntry, _ level: Int
  ) -> Stage2Outcome {
    guard entry.isValid else { return .translation(level: level) }
    let offset = ipa & (rttEntrySize(level) - 1)
    let address = entry.address(lpa2: realm.lpa2) &+ offset
    let pas: PAS
    if entry.hipas(level) == .assignedNS {
      let allowed = entry.permissions
      let needed: UInt64 = kind == .write ? 2 : 1
      if kind == .fetch || allowed & needed == 0 { return .permission(level: level) }
      pas = .nonSecure
    } else {
      pas = .realm
    }
    // Where no memory is nothing answers: reads give zero, writes vanish. The host that ran TF-RMM had DRAM only.
    if pas == .nonSecure, !isDRAM(address), configuration.granuleFaultsExitToHost || !isBacked(address, 1, .nonSecure) {
      return .nothing
    }
    guard address < memory.limit else { return .outputAddressSize(level: level) }
    if granuleProtectionCheck(address, pas) != nil { return .granuleProtection(address) }
    // The Realm PAS has nothing but DRAM and the RMM's memory; only an entry that the RMM did not write leads elsewhere.
    return isBacked(address, 1, pas) ? .address(address) : .nothing
  }

  /// The granule protection fault that an access comes to, where SCR_EL3.GPF routes it to EL3.
  func faultForEL3(_ outcome: Stage2Outcome, _ va: UInt64) -> GranuleProtectionFault? {
    guard configuration.gpf == .el3 else { return nil }
    switch outcome {
    case .granuleProtection(let pa):
      return granuleProtectionCheckByWalk(pa, .nonSecure) ?? granuleProtectionCheckByWalk(pa, .realm)
    case .granuleProtectionOnWalk: return GranuleProtectionFault(kind: .protection, level: 1, address: va, pas: .nonSecure)
    default: return nil
    }
  }

  /// The level at which the walk of an IPA meets a table that is not in the Realm PAS: somebody has written to a table or to the RD.
  private func foreignTable(_ realm: RealmDescriptor, _ ipa: UInt64) -> Int? {
    var level = realm.startLevel
    let number = ipa >> UInt64(12 + 9 * (3 - level))
    var table = realm.rttBase &+ (number >> 9) << 12
    var index = number & 511
    while true {
      guard table < memory.limit, granuleProtectionCheckByWalk(table, .realm) == nil else { return level }
      let entry = RTTEntry(raw: memory.load64(table.granuleBase + index * 8))
      guard level < 3, entry.isTable(level) else { return nil }
      table = entry.address(lpa2: realm.lpa2)
      level += 1
      index = (ipa >> UInt64(12 + 9 * (3 - level))) & 511
    }
  }
}
