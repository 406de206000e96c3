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

/// A stage 2 descriptor of a Realm: VMSAv8-64, 4 KiB granule, with FEAT_S2FWB (Arm ARM, D8.3).
///
/// ```
///  63      56 55 54 53 52  50 49       12 11 10 9 8 7 6 5   2 1 0
/// | software |NS| XN  | RES0 |  address  |nG|AF| SH|S2AP|Attr|type|
/// ```
/// Type 3 is a table above level 3 and a page at level 3; type 1 is a block. With LPA2 bits 9:8 are address bits 51:50 instead
/// of shareability, and 49:48 of the address are used.
///
/// A descriptor that is not valid (bit 0 clear) is the hardware's to ignore; the RMM keeps there what it must remember:
/// RIPAS in bits 3:2, ASSIGNED in bit 4, NS in bit 55, and the address of an ASSIGNED granule. So a table of zeroes reads as
/// UNASSIGNED and EMPTY throughout.
package struct RTTEntry: Equatable {
  package var raw: UInt64

  @inline(__always) package init(raw: UInt64) { self.raw = raw }

  static let nsBit: UInt64 = 1 << 55
  static let assignedBit: UInt64 = 1 << 4
  static let xn: UInt64 = 0b10 << 53
  static let af: UInt64 = 1 << 10
  static let innerShareable: UInt64 = 0b11 << 8
  static let outerShareable: UInt64 = 0b10 << 8
  /// MemAttr 0b0110 (Normal Write-Back), S2AP read and write.
  static let normalWB: UInt64 = 0b0110 << 2
  static let readWrite: UInt64 = 0b11 << 6
  static let hostAttributes: UInt64 = 0b111 << 2 | 0b11 << 6

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
    return RIPAS(rawValue: UInt8(raw.bits(3, 2))) ?? .empty
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
    lpa2 ? raw & 0x0003_FFFF_FFFF_F000 | raw.bits(9, 8) << 50 : raw & 0x0000_FFFF_FFFF_F000
  }

  /// S2AP of an ASSIGNED_NS entry: bit 0 read, bit 1 write.
  package var permissions: UInt64 { raw.bits(7, 6) }

  // MARK: Making one

  @inline(__always) static func addressBits(_ address: UInt64, lpa2: Bool) -> UInt64 {
    lpa2 ? address & 0x0003_FFFF_FFFF_F000 | address.bits(51, 50) << 8 : address
  }

  @inline(__always) static func unassigned(_ ripas: RIPAS) -> RTTEntry { RTTEntry(raw: UInt64(ripas.rawValue) << 2) }

  static let unassignedNS = RTTEntry(raw: nsBit)

  @inline(__always) static func table(_ address: UInt64, lpa2: Bool) -> RTTEntry {
    RTTEntry(raw: addressBits(address, lpa2: lpa2) | 3)
  }

  @inline(__always) static func assigned(_ address: UInt64, _ ripas: RIPAS, _ level: Int, lpa2: Bool) -> RTTEntry {
    let bits = addressBits(address, lpa2: lpa2)
    guard ripas == .ram else { return RTTEntry(raw: bits | assignedBit | UInt64(ripas.rawValue) << 2) }
    let type: UInt64 = level == 3 ? 3 : 1
    return RTTEntry(raw: bits | type | normalWB | readWrite | af | (lpa2 ? 0 : innerShareable))
  }

  /// - Parameter desc: the Host's descriptor (DEN0137 A5.5.5): MemAttr, S2AP and the address.
  static func assignedNS(_ desc: UInt64, _ level: Int, lpa2: Bool, policy: Policy) -> RTTEntry {
    let type: UInt64 = level == 3 ? 3 : 1
    var raw = desc & (hostAttributes | (lpa2 ? 0x0003_FFFF_FFFF_F300 : 0x0000_FFFF_FFFF_F000))
    raw |= type | af | nsBit | xn
    if !lpa2 {
      // Inner if cacheable, else Outer; TF-RMM says Inner always (D17).
      let cacheable = desc.bits(4, 2) >= 0b110
      raw |= cacheable || policy.has(.assignedNSInnerShareable) ? innerShareable : outerShareable
    }
    return RTTEntry(raw: raw)
  }

  /// The Host's view of an ASSIGNED_NS entry: address, MemAttr and S2AP.
  func hostDescriptor(lpa2: Bool) -> UInt64 {
    raw & (RTTEntry.hostAttributes | (lpa2 ? 0x0003_FFFF_FFFF_F300 : 0x0000_FFFF_FFFF_F000))
  }

  /// Entry `index` of the table that replaces this one: same state, and an address further on if there is one.
  @inline(__always) func child(_ index: Int, childLevel: Int, lpa2: Bool) -> RTTEntry {
    guard isLive else { return self }
    let offset = UInt64(index) * rttEntrySize(childLevel)
    let address = address(lpa2: lpa2) &+ offset
    var bits = raw & ~(lpa2 ? 0x0003_FFFF_FFFF_F300 : 0x0000_FFFF_FFFF_F000)
    bits |= RTTEntry.addressBits(address, lpa2: lpa2)
    if raw & 1 != 0, childLevel == 3 { bits |= 3 }
    return RTTEntry(raw: bits)
  }
}

/// Bytes of IPA space one entry of a level covers.
@inline(__always) package func rttEntrySize(_ level: Int) -> UInt64 { 1 << UInt64(12 + 9 * (3 - level)) }
