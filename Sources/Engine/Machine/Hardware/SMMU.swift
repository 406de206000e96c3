/// What stands between the machine's device and memory (Arm System MMU with RME, SMMU_ROOT_CR0.GPCEN).
///
/// The device works for the Normal world: its transactions are Non-secure, whatever address they have. The GPT of the PEs says nothing to
/// them; only an SMMU that looks there keeps them from memory of other worlds.
package enum SMMUCheck: String, Sendable, CaseIterable {
  /// An SMMU that looks every transaction up in the GPT.
  case on
  /// An SMMU whose granule protection check is off.
  case off
  /// No SMMU: the device is on the bus as it is.
  case absent

  package var summary: String {
    switch self {
    case .on: "an SMMU whose granule protection check is on"
    case .off: "an SMMU whose granule protection check is off"
    case .absent: "no SMMU"
    }
  }

  /// ``Event/detail`` of what the device does; 0 is what a PE does.
  var detail: UInt8 {
    switch self {
    case .on: 3
    case .off: 4
    case .absent: 5
    }
  }

  /// What an event's detail says of the device's way to memory; nil if it is not the device's.
  init?(detail: UInt8) {
    guard let way = Self.allCases.first(where: { $0.detail == detail }) else { return nil }
    self = way
  }
}
