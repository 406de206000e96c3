/// The RMM's state of a granule (DEN0137 A2.2.2, D-GranuleState).
///
/// Invariants:
/// - a state other than UNDELEGATED goes with GPI REALM and the reverse (D "delegated granules");
/// - RD, REC, REC_AUX, RTT and DATA granules belong to exactly one Realm;
/// - a DELEGATED granule holds zeroes in this model.
public enum GranuleState: UInt8, Sendable, CaseIterable {
  case undelegated = 0
  case delegated = 1
  case rd = 2
  case rec = 3
  case recAux = 4
  case data = 5
  case rtt = 6

  public var name: String {
    switch self {
    case .undelegated: "UNDELEGATED"
    case .delegated: "DELEGATED"
    case .rd: "RD"
    case .rec: "REC"
    case .recAux: "REC_AUX"
    case .data: "DATA"
    case .rtt: "RTT"
    }
  }
}

/// A granule's metadata byte: RMM state in bits 2:0, a mirror of the GPI in bits 7:4, stored so that Non-secure and
/// UNDELEGATED is zero. The mirror is the fast path of the granule protection check; ``GranuleProtectionTable`` holds the truth.
package struct GranuleRecord: Equatable {
  package var raw: UInt8

  @inline(__always) package init(raw: UInt8) { self.raw = raw }

  @inline(__always) package init(state: GranuleState, gpi: GPI) {
    raw = state.rawValue | (gpi.rawValue ^ GPI.nonSecure.rawValue) << 4
  }

  @inline(__always) package var state: GranuleState {
    GranuleState(rawValue: raw & 7) ?? .undelegated
  }

  @inline(__always) package func isState(_ state: GranuleState) -> Bool { raw & 7 == state.rawValue }

  @inline(__always) package var gpi: GPI {
    GPI(rawValue: (raw >> 4) ^ GPI.nonSecure.rawValue) ?? .noAccess
  }
}
