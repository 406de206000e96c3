/// Function identifiers of the RMM's calls to EL3 (RMM-EL3 interface 0.4).
enum ServiceFID {
  static let rmiRequestComplete: UInt32 = 0xC400_018F
  static let gtsiDelegate: UInt32 = 0xC400_01B0
  static let gtsiUndelegate: UInt32 = 0xC400_01B1
  static let attestGetRealmKey: UInt32 = 0xC400_01B2
  static let attestGetPlatformToken: UInt32 = 0xC400_01B3
  static let bootComplete: UInt32 = 0xC400_01CF

  static func name(_ fid: UInt64) -> String? {
    switch fid {
    case UInt64(rmiRequestComplete): "RMM_RMI_REQ_COMPLETE"
    case UInt64(gtsiDelegate): "RMM_GTSI_DELEGATE"
    case UInt64(gtsiUndelegate): "RMM_GTSI_UNDELEGATE"
    case UInt64(attestGetRealmKey): "RMM_ATTEST_GET_REALM_KEY"
    case UInt64(attestGetPlatformToken): "RMM_ATTEST_GET_PLAT_TOKEN"
    case UInt64(bootComplete): "RMM_BOOT_COMPLETE"
    default: nil
    }
  }
}

/// Errors of EL3's services, as it returns them in x0.
public enum EL3Error: Int64, Sendable {
  case ok = 0
  case unknown = -1
  case badAddress = -2
  case badPAS = -3
  case invalid = -5

  package var name: String {
    switch self {
    case .ok: "E_RMM_OK"
    case .unknown: "E_RMM_UNK"
    case .badAddress: "E_RMM_BAD_ADDR"
    case .badPAS: "E_RMM_BAD_PAS"
    case .invalid: "E_RMM_INVAL"
    }
  }
}

/// EL3's granule transition service (GTSI).
enum GranuleTransition {
  case delegate
  case undelegate
}

extension Machine {
  /// The RMM asks EL3 to move a granule between the Non-secure and the Realm PAS. EL3 trusts nobody: the granule must be one,
  /// and must be in the space it is to leave.
  mutating func granuleTransition(_ transition: GranuleTransition, _ address: UInt64) -> EL3Error {
    let (from, to): (GPI, GPI) =
      transition == .delegate ? (.nonSecure, .realm) : (.realm, .nonSecure)
    let result: EL3Error
    if !address.isGranuleAligned || !isDRAM(address) {
      result = .badAddress
    } else if gpi(address) != from {
      result = .badPAS
    } else if !canSetGPI(address) {
      result = .unknown
    } else {
      result = .ok
      changeGPI(address, to)
    }
    if tracing {
      let fid = transition == .delegate ? ServiceFID.gtsiDelegate : ServiceFID.gtsiUndelegate
      emit(.service, UInt64(fid), address, UInt64(bitPattern: result.rawValue), world: .root, detail: 3)
    }
    if result != .ok {
      let fid = transition == .delegate ? ServiceFID.gtsiDelegate : ServiceFID.gtsiUndelegate
      say(.transitionFailed, address, UInt64(fid) | (result == .badPAS ? 0 : 1 << 32))
    }
    return result
  }

  /// Writes the GPT, and says so.
  private mutating func changeGPI(_ address: UInt64, _ new: GPI) {
    let old = gpi(address)
    setGPI(address, new)
    if tracing { emit(.gpi, address, UInt64(old.rawValue), UInt64(new.rawValue), world: .root) }
  }

  /// EL3 moves a granule for somebody outside (a test, a lesson): any space but into or out of the RMM's hands.
  ///
  /// A granule in the Realm PAS belongs to the RMM and leaves it by RMI_GRANULE_UNDELEGATE alone; one enters it by
  /// RMI_GRANULE_DELEGATE alone. One the SPMC has taken for what was lent or donated leaves the Secure PAS by the SPMC alone.
  mutating func assignGranule(_ address: UInt64, _ pas: GPI) -> EL3Error {
    let granule = address.granuleBase
    guard isDRAM(granule) else { return .badAddress }
    guard gpi(granule) != .realm, pas != .realm, !isTakenBySPMC(granule) else { return .badPAS }
    guard canSetGPI(granule) else { return .unknown }
    changeGPI(granule, pas)
    return .ok
  }
}

extension Machine {
  /// EL3 moves pages between the Non-secure and the Secure PAS for the SPMC (``PlatProtectMem``): those that are in the other one.
  mutating func movePages(_ range: Range<UInt64>, to new: GPI) {
    let old: GPI = new == .secure ? .nonSecure : .secure
    for address in stride(from: range.lowerBound, to: range.upperBound, by: Int(Granule.size))
    where gpi(address) == old && canSetGPI(address) {
      changeGPI(address, new == .secure ? .secure : .nonSecure)
    }
  }
}

/// Nothing but the services above changes an entry of the GPT once it is built: the RMM asks for it, as on hardware.
extension Machine {
  /// Whether the GPI of a granule can be changed: its region has an L1 table that EL3 has made, or is a block and Root memory has room
  /// for a table. EL3 follows no descriptor that is not its own (TF-A, `get_gpi_params`).
  func canSetGPI(_ address: UInt64) -> Bool {
    typealias GPT = GranuleProtectionTable
    let l0 = memory.load64(gpt.l0Base + (address >> GPT.regionShift) * 8)
    switch GPTBlock.table.type.of(l0) {
    case GPTTable.typeValue:
      let table = l0 & GPTTable.table.address.mask
      return l0 & GPTTable.reserved == 0 && table >= gpt.l1Base && (table - gpt.l1Base) % GPT.l1Size == 0
        && table < control.nextL1Table
    case GPTBlock.typeValue: return control.nextL1Table + GPT.l1Size <= gpt.l1Top
    default: return false
    }
  }

  /// Writes the GPI of one granule into the tables and the mirror: splits blocks on the way down, and joins 2 MiB again when
  /// they have become alike. To be asked before: ``canSetGPI(_:)``.
  private mutating func setGPI(_ address: UInt64, _ gpi: GPI) {
    typealias GPT = GranuleProtectionTable
    let region = address >> GPT.regionShift
    let l0Address = gpt.l0Base + region * 8
    var l0 = memory.load64(l0Address)
    if GPTTable.table.type.of(l0) != GPTTable.typeValue {
      let old = GPI(rawValue: UInt8(GPTBlock.table.gpi.of(l0))) ?? .noAccess
      let table = control.nextL1Table
      control.nextL1Table += GPT.l1Size
      memory.store64(table, GPT.contiguous(old, 3), count: 16384)
      l0 = GPT.l0Table(table)
      memory.store64(l0Address, l0)
    }
    let table = l0 & GPTTable.table.address.mask
    let index = address.bits(GPT.regionShift - 1, 16)
    var entry = memory.load64(table + index * 8)
    while GPTContiguous.table.type.of(entry) == GPTContiguous.typeValue {
      let old = GPI(rawValue: UInt8(GPTContiguous.table.gpi.of(entry))) ?? .noAccess
      let size = GPTContiguous.table.contig.of(entry)
      let count = GPT.contiguousEntries[Int(size)]
      let first = index & ~(count - 1)
      // Size 0 is reserved: nobody but a hand from outside writes it, and it stands for its 64 KiB alone.
      let smaller = size <= 1 ? GPT.granules(old) : GPT.contiguous(old, size - 1)
      memory.store64(table + first * 8, smaller, count: count)
      entry = smaller
    }
    let own = GPTGranules.gpi(of: address)
    entry = entry & ~own.mask | own.placed(UInt64(gpi.rawValue))
    memory.store64(table + index * 8, entry)
    if entry == GPT.granules(gpi) { joinGPT(table, index, gpi) }
    memory.setRecord(
      address, GranuleRecord(state: GranuleRecord(raw: memory.record(address)).state, gpi: gpi).raw)
  }

  private mutating func joinGPT(_ table: UInt64, _ index: UInt64, _ gpi: GPI) {
    typealias GPT = GranuleProtectionTable
    let first = index & ~31
    let alike = GPT.granules(gpi)
    // 32 entries never cross a granule of the table.
    let page = memory.page(table + first * 8) + Int((table + first * 8) & 4095)
    for i in 0..<32 where UInt64(littleEndian: page.load(fromByteOffset: i &* 8, as: UInt64.self)) != alike { return }
    memory.store64(table + first * 8, GPT.contiguous(gpi, 1), count: 32)
  }
}
