import Basics

/// Stage 2 as an access of a vCPU goes through it.
enum Stage2Regime {
  /// The RTTs of a Realm; an access carries the Realm or the Non-secure PAS as the entry says.
  case realm(RealmDescriptor)
  /// The tables a hypervisor of the Normal world has made; every access is Non-secure.
  case normal(NormalStage2)
  /// What the SPMC has for a partition, by its number.
  case secure(Int)

  /// Whose EL1 it is.
  var world: World {
    switch self {
    case .realm: .realm
    case .normal: .normal
    case .secure: .secure
    }
  }
}

/// The registers of NS-EL2 that stage 2 of a VM of the Normal world depends on.
struct NormalStage2 {
  let vttbr: UInt64
  let vtcr: UInt64
  let hcr: UInt64

  /// Bits of the IPA space: 64 less VTCR_EL2.T0SZ.
  var width: UInt64 { 64 - vtcr.bits(5, 0) }
  /// Level the walk starts at, by VTCR_EL2.SL0 with 4 KiB granules: 2, 1 or 0.
  var startLevel: Int { 2 - Int(vtcr.bits(7, 6)) }
  /// Where the first table is: VTTBR_EL2.BADDR.
  var base: UInt64 { vttbr & 0x0000_FFFF_FFFF_F000 }

  /// What is wrong with VTCR_EL2, or nil: 4 KiB granules, and at most 16 tables side by side at the starting level.
  var problem: String? {
    guard vtcr.bits(15, 14) == 0 else { return "VTCR_EL2.TG0 is \(vtcr.bits(15, 14)); there are 4 KiB granules only, 0" }
    guard vtcr.bits(7, 6) < 3, (16...39).contains(vtcr.bits(5, 0)) else {
      return "VTCR_EL2 = \(hex(vtcr)): T0SZ must be 16 to 39, SL0 0 to 2"
    }
    let index = Int(width) - (39 - 9 * startLevel)
    guard (1...13).contains(index), startLevel > 0 || index <= 9 else {
      return "VTCR_EL2 = \(hex(vtcr)): an IPA space of \(width) bits cannot begin at level \(startLevel)"
    }
    return nil
  }
}

/// Bits of HCR_EL2.
package enum HCR {
  static let vm: UInt64 = 1 << 0
  static let fmo: UInt64 = 1 << 3
  static let imo: UInt64 = 1 << 4
  package static let amo: UInt64 = 1 << 5
  static let twi: UInt64 = 1 << 13
  static let twe: UInt64 = 1 << 14
  static let tid3: UInt64 = 1 << 18
  static let tsc: UInt64 = 1 << 19
  static let rw: UInt64 = 1 << 31
  package static let gpf: UInt64 = 1 << 48
  /// What a VM is modelled with: stage 2, physical interrupts and SMCs to EL2, EL1 in AArch64.
  package static let needed = vm | fmo | imo | tsc | rw
}

extension Machine {
  /// The same for a vCPU that runs, which knows where it has been led. The tables of a machine in which somebody has written to what is
  /// not his are walked each time.
  @inline(__always) func translateStage2(
    _ regime: Stage2Regime, _ ipa: UInt64, _ kind: Stage2Access, knownIn cache: Stage2Cache?
  ) -> Stage2Outcome {
    if let known = cache?.find(ipa, kind) { return .address(known) }
    guard let cache, !control.isWary else { return translateStage2(regime, ipa, kind) }
    let outcome: Stage2Outcome
    if case .realm(let realm) = regime {
      outcome = translateStage2(realm, ipa, kind, through: cache)
    } else {
      outcome = translateStage2(regime, ipa, kind)
    }
    if case .address(let pa) = outcome { cache.put(ipa, kind, pa, kind == .read ? memory.page(pa) : nil) }
    return outcome
  }

  /// Translates an IPA for an access of a vCPU, Realm or not.
  func translateStage2(_ regime: Stage2Regime, _ ipa: UInt64, _ kind: Stage2Access) -> Stage2Outcome {
    switch regime {
    case .realm(let realm): translateStage2(realm, ipa, kind)
    case .normal(let tables): translateStage2(tables, ipa, kind)
    case .secure(let partition): translateStage2(partition: partition, ipa, kind)
    }
  }

  /// Stage 2 of a VM of the Normal world (Arm ARM D8, VMSAv8-64 stage 2, 4 KiB granules): the tables are read through the
  /// Non-secure PAS, and so is what they lead to; the granule protection check looks at each of these accesses.
  private func translateStage2(_ tables: NormalStage2, _ ipa: UInt64, _ kind: Stage2Access) -> Stage2Outcome {
    guard ipa >> tables.width == 0 else { return .translation(level: 0) }
    let descriptor = Stage2Descriptor.table
    var level = tables.startLevel
    var table = tables.base
    var shift = UInt64(39 - 9 * level)
    var index = ipa >> shift
    while true {
      let address = table &+ index * 8
      if granuleProtectionCheck(address, .nonSecure) != nil { return .granuleProtectionOnWalk(level: level) }
      let entry = isBacked(address, 8, .nonSecure) ? memory.load64(address) : 0
      let isTable = descriptor.isTable.isSet(in: entry)
      guard descriptor.valid.isSet(in: entry), isTable || (1...2).contains(level) else { return .translation(level: level) }
      let next = entry & descriptor.address.mask
      guard next >> configuration.paWidth == 0 else { return .outputAddressSize(level: level) }
      if level < 3, isTable {
        table = next
        level += 1
        shift -= 9
        index = ipa >> shift & 511
        continue
      }
      guard descriptor.af.isSet(in: entry) else { return .accessFlag(level: level) }
      let (mayRead, mayWrite) = (descriptor.s2ap.of(entry) & 0b01 != 0, descriptor.s2ap.of(entry) & 0b10 != 0)
      let isAllowed =
        switch kind {
        case .read: mayRead
        case .write: mayWrite
        // Without FEAT_XNX: the upper bit of XN alone.
        case .fetch: mayRead && descriptor.xn.of(entry) & 0b10 == 0
        }
      guard isAllowed else { return .permission(level: level) }
      let mask: UInt64 = (1 << shift) - 1
      let output = next & ~mask | ipa & mask
      if granuleProtectionCheck(output, .nonSecure) != nil { return .granuleProtection(output) }
      // Where no memory is nothing answers: reads give zero, writes vanish.
      return isBacked(output, 1, .nonSecure) ? .address(output) : .nothing
    }
  }
}

extension ProcessingElement {
  var stage2: NormalStage2 { NormalStage2(vttbr: vttbrEL2, vtcr: vtcrEL2, hcr: hcrEL2) }
}
