import Basics

/// Names that stand for numbers in a script: function identifiers and result codes.
public enum Names {
  /// Result codes by name, with the other spellings in use.
  public static let statuses: [(name: String, value: UInt64)] = [
    ("RMI_SUCCESS", 0), ("RMI_ERROR_INPUT", 1), ("RMI_ERROR_REALM", 2), ("RMI_ERROR_REC", 3), ("RMI_ERROR_RTT", 4),
    ("RSI_SUCCESS", 0), ("RSI_ERROR_INPUT", 1), ("RSI_ERROR_STATE", 2), ("RSI_INCOMPLETE", 3), ("RSI_ERROR_UNKNOWN", 4),
    ("RSI_ERROR_INCOMPLETE", 3),
    ("PSCI_SUCCESS", 0), ("PSCI_ON", 0), ("PSCI_OFF", 1), ("PSCI_NOT_SUPPORTED", negative(1)),
    ("PSCI_INVALID_PARAMETERS", negative(2)), ("PSCI_INVALID_PARAMS", negative(2)), ("PSCI_DENIED", negative(3)),
    ("PSCI_ALREADY_ON", negative(4)), ("PSCI_ON_PENDING", negative(5)), ("PSCI_INTERNAL_FAILURE", negative(6)),
    ("PSCI_NOT_PRESENT", negative(7)), ("PSCI_DISABLED", negative(8)), ("PSCI_INVALID_ADDRESS", negative(9)),
    ("SMCCC_NOT_SUPPORTED", negative(1)), ("SMCCC_UNKNOWN", negative(1)),
  ]

  private static func negative(_ n: Int64) -> UInt64 { UInt64(bitPattern: -n) }

  private static let values: [String: UInt64] = {
    var table: [String: UInt64] = ["SMCCC_VERSION": 0x8000_0000]
    for status in statuses { table[status.name] = status.value }
    for entry in Commands.all { table[entry.name] = UInt64(entry.fid) }
    return table
  }()

  /// The number a name stands for, in any case.
  public static func value(_ name: String) -> UInt64? { values[name.uppercased()] }

  /// X0 of a call in words: `RMI_ERROR_RTT 2`, `PSCI_DENIED`.
  public static func status(_ interface: Interface, _ x0: UInt64) -> String {
    switch interface {
    case .rmi:
      if x0 == smcccNotSupported { return "SMCCC_NOT_SUPPORTED" }
      let index = x0 >> 8 & 0xFF
      guard x0 >> 16 == 0, let name = first("RMI_", x0 & 0xFF) else { return hex(x0) }
      if name == "RMI_ERROR_RTT" { return "\(name) \(Int8(truncatingIfNeeded: index))" }
      return index == 0 ? name : "\(name) \(index)"
    case .rsi: return first("RSI_", x0) ?? (x0 == smcccNotSupported ? "SMCCC_NOT_SUPPORTED" : hex(x0))
    case .psci: return first("PSCI_", x0) ?? hex(x0)
    }
  }

  private static func first(_ prefix: String, _ value: UInt64) -> String? {
    statuses.first { $0.name.hasPrefix(prefix) && $0.value == value }?.name
  }
}
