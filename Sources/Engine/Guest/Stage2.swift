/// What a vCPU's access is.
enum Stage2Access {
  case read, write, fetch
}

/// What stage 2 and the granule protection check make of an IPA.
enum Stage2Outcome {
  /// The PA of the byte.
  case address(UInt64)
  /// Beyond the IPA space, and the Realm itself is to be told.
  case addressSize
  /// A fault to EL2, with the level at which the walk ended.
  case translation(level: Int)
  case permission(level: Int)
  /// The same, by tables a Host has made: a descriptor without the access flag, or with an address there is not.
  case accessFlag(level: Int)
  case outputAddressSize(level: Int)
  /// The PA's granule is not in the PAS the access carries.
  case granuleProtection(UInt64)
  /// A Host's table is in a granule that is not Non-secure.
  case granuleProtectionOnWalk(level: Int)
}

extension Machine {
  /// Translates an IPA for an access of the Realm as the hardware does: the tables, their permissions, then the granule check.
  func translateStage2(_ realm: RealmDescriptor, _ ipa: UInt64, _ kind: Stage2Access) -> Stage2Outcome {
    guard ipa < realm.ipaTop else { return policy.has(.d20) ? .translation(level: 0) : .addressSize }
    let walk = rttWalk(realm, ipa, to: 3)
    guard walk.entry.isValid else { return .translation(level: walk.level) }
    let offset = ipa & (rttEntrySize(walk.level) - 1)
    let address = walk.entry.address(lpa2: realm.lpa2) + offset
    let pas: PAS
    if walk.entry.hipas(walk.level) == .assignedNS {
      let allowed = walk.entry.permissions
      let needed: UInt64 = kind == .write ? 2 : 1
      if kind == .fetch || allowed & needed == 0 { return .permission(level: walk.level) }
      pas = .nonSecure
    } else {
      pas = .realm
    }
    // Where no memory is nothing answers: reads give zero, writes vanish. The host that ran TF-RMM had DRAM only.
    if pas == .nonSecure, !isDRAM(address), configuration.granuleFaultsExitToHost || !isBacked(address, 1) {
      return .address(memory.limit)
    }
    if granuleProtectionCheck(address, pas) != nil { return .granuleProtection(address) }
    return .address(address)
  }
}
