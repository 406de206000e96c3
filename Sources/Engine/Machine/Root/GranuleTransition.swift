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
  mutating func changeGPI(_ address: UInt64, _ new: GPI) {
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
