/// Realm IPA state (DEN0137 A5.2.2).
public enum RIPAS: UInt8, Sendable {
  case empty = 0
  case ram = 1
  case destroyed = 2

  public var name: String {
    switch self {
    case .empty: "EMPTY"
    case .ram: "RAM"
    case .destroyed: "DESTROYED"
    }
  }
}

/// Host IPA state, with the two Unprotected ones and TABLE: RmmRttEntryState (DEN0137 A5.5.2).
public enum HIPAS: UInt8, Sendable {
  case unassigned, assigned, unassignedNS, assignedNS, table

  public var name: String {
    switch self {
    case .unassigned: "UNASSIGNED"
    case .assigned: "ASSIGNED"
    case .unassignedNS: "UNASSIGNED_NS"
    case .assignedNS: "ASSIGNED_NS"
    case .table: "TABLE"
    }
  }
}

/// A stage 2 descriptor of a Realm: ``Stage2Descriptor``, with LPA2 and the address of ``Stage2Address52``, where it is valid.
///
/// Type 3 is a table above level 3 and a page at level 3; type 1 is a block. A descriptor that is not valid (bit 0 clear) is the
/// hardware's to ignore; the RMM keeps there what it must remember (``RTTNotValid``). So a table of zeroes reads as UNASSIGNED and
/// EMPTY throughout.
package struct RTTEntry: Equatable {
  package var raw: UInt64

  @inline(__always) package init(raw: UInt64) { self.raw = raw }

  static let nsBit = Stage2Descriptor.table.ns.mask
  static let assignedBit = RTTNotValid.table.assigned.mask
  static let xn = Stage2Descriptor.table.xn.placed(0b10)
  static let af = Stage2Descriptor.table.af.mask
  static let innerShareable = Stage2Descriptor.table.sh.placed(0b11)
  static let outerShareable = Stage2Descriptor.table.sh.placed(0b10)
  /// Normal Write-Back.
  static let normalWB = Stage2Descriptor.table.memAttr.placed(0b0110)
  static let readWrite = Stage2Descriptor.table.s2ap.mask
  /// What the Host says of an Unprotected mapping beside its address.
  static let hostAttributes = RttUnprotectedDescriptor.table.memAttr.mask | RttUnprotectedDescriptor.table.s2ap.mask
  /// Bits of the address.
  static let address48 = Stage2Descriptor.table.address.mask
  static let address52 = Stage2Address52.table.low.mask | Stage2Address52.table.high.mask

  // MARK: What it says

  @inline(__always) package var isValid: Bool { raw & 1 != 0 }

  @inline(__always) package func isTable(_ level: Int) -> Bool { raw & 3 == 3 && level < 3 }

  @inline(__always) package func hipas(_ level: Int) -> HIPAS {
    if raw & 1 != 0 {
      if raw & 2 != 0, level < 3 { return .table }
      return raw & RTTEntry.nsBit != 0 ? .assignedNS : .assigned
    }
    if raw & RTTEntry.nsBit != 0 { return .unassignedNS }
    return raw & RTTEntry.assignedBit != 0 ? .assigned : .unassigned
  }

  /// RIPAS of an UNASSIGNED or ASSIGNED entry; EMPTY for the others.
  @inline(__always) package var ripas: RIPAS {
    if raw & 1 != 0 { return raw & RTTEntry.nsBit != 0 ? .empty : .ram }
    return RIPAS(rawValue: UInt8(RTTNotValid.table.ripas.of(raw))) ?? .empty
  }

  /// Whether it holds a PA: ASSIGNED, ASSIGNED_NS or TABLE (DEN0137 A5.5.3, RttEntryIsLive).
  @inline(__always) package var isLive: Bool { raw & (1 | RTTEntry.assignedBit) != 0 }

  /// Whether it refers to an RMM object: ASSIGNED or TABLE.
  @inline(__always) package func holdsReference(_ level: Int) -> Bool {
    if raw & 1 != 0 { return raw & RTTEntry.nsBit == 0 || (raw & 2 != 0 && level < 3) }
    return raw & (RTTEntry.assignedBit | RTTEntry.nsBit) == RTTEntry.assignedBit
  }

  /// Output address.
  @inline(__always) package func address(lpa2: Bool) -> UInt64 {
    let long = Stage2Address52.table
    return lpa2 ? raw & long.low.mask | long.high.of(raw) << 50 : raw & RTTEntry.address48
  }

  /// S2AP of an ASSIGNED_NS entry: bit 0 read, bit 1 write.
  package var permissions: UInt64 { Stage2Descriptor.table.s2ap.of(raw) }

  /// MemAttr of an ASSIGNED_NS entry, as the Host gave it.
  var hostMemAttr: UInt64 { RttUnprotectedDescriptor.table.memAttr.of(raw) }

  // MARK: Making one

  @inline(__always) static func addressBits(_ address: UInt64, lpa2: Bool) -> UInt64 {
    let long = Stage2Address52.table
    return lpa2 ? address & long.low.mask | long.high.placed(address.bits(51, 50)) : address
  }

  @inline(__always) static func unassigned(_ ripas: RIPAS) -> RTTEntry { RTTEntry(raw: ripasBits(ripas)) }

  @inline(__always) private static func ripasBits(_ ripas: RIPAS) -> UInt64 {
    RTTNotValid.table.ripas.placed(UInt64(ripas.rawValue))
  }

  static let unassignedNS = RTTEntry(raw: nsBit)

  @inline(__always) static func table(_ address: UInt64, lpa2: Bool) -> RTTEntry {
    RTTEntry(raw: addressBits(address, lpa2: lpa2) | 3)
  }

  @inline(__always) static func assigned(_ address: UInt64, _ ripas: RIPAS, _ level: Int, lpa2: Bool) -> RTTEntry {
    let bits = addressBits(address, lpa2: lpa2)
    guard ripas == .ram else { return RTTEntry(raw: bits | assignedBit | ripasBits(ripas)) }
    let type: UInt64 = level == 3 ? 3 : 1
    return RTTEntry(raw: bits | type | normalWB | readWrite | af | (lpa2 ? 0 : innerShareable))
  }

  /// - Parameter desc: the Host's descriptor (DEN0137 A5.5.5): MemAttr, S2AP and the address.
  static func assignedNS(_ desc: UInt64, _ level: Int, lpa2: Bool, policy: Policy) -> RTTEntry {
    let type: UInt64 = level == 3 ? 3 : 1
    var raw = desc & (hostAttributes | (lpa2 ? address52 : address48))
    raw |= type | af | nsBit | xn
    if !lpa2 {
      // Inner if cacheable, else Outer; TF-RMM says Inner always (D17).
      let cacheable = RttUnprotectedDescriptor.table.memAttr.of(desc) >= 0b110
      raw |= cacheable || policy.has(.assignedNSInnerShareable) ? innerShareable : outerShareable
    }
    return RTTEntry(raw: raw)
  }

  /// The Host's view of an ASSIGNED_NS entry: address, MemAttr and S2AP.
  func hostDescriptor(lpa2: Bool) -> UInt64 {
    raw & (RTTEntry.hostAttributes | (lpa2 ? RTTEntry.address52 : RTTEntry.address48))
  }

  /// Entry `index` of the table that replaces this one: same state, and an address further on if there is one.
  @inline(__always) func child(_ index: Int, childLevel: Int, lpa2: Bool) -> RTTEntry {
    guard isLive else { return self }
    let offset = UInt64(index) * rttEntrySize(childLevel)
    let address = address(lpa2: lpa2) &+ offset
    var bits = raw & ~(lpa2 ? RTTEntry.address52 : RTTEntry.address48)
    bits |= RTTEntry.addressBits(address, lpa2: lpa2)
    if raw & 1 != 0, childLevel == 3 { bits |= 3 }
    return RTTEntry(raw: bits)
  }
}

/// Bytes of IPA space one entry of a level covers; of a level that is none, a power of two that an address can be aligned to, or 0.
@inline(__always) package func rttEntrySize(_ level: Int) -> UInt64 { 1 << UInt64(truncatingIfNeeded: 12 &+ 9 &* (3 &- level)) }
