import Basics

/// Names that stand for numbers in a script: function identifiers and result codes.
package enum Names {
  private typealias StatusRow = (interface: Interface?, word: String, value: UInt64)

  /// Result codes: those of an interface with its name before them, with the other spellings in use; the first is the one that is shown.
  private static let rows: [StatusRow] = [
    (.rmi, "SUCCESS", 0), (.rmi, "ERROR_INPUT", 1), (.rmi, "ERROR_REALM", 2), (.rmi, "ERROR_REC", 3), (.rmi, "ERROR_RTT", 4),
    (.rsi, "SUCCESS", 0), (.rsi, "ERROR_INPUT", 1), (.rsi, "ERROR_STATE", 2), (.rsi, "INCOMPLETE", 3), (.rsi, "ERROR_UNKNOWN", 4),
    (.rsi, "ERROR_INCOMPLETE", 3),
    (.psci, "SUCCESS", 0), (.psci, "ON", 0), (.psci, "OFF", 1), (.psci, "NOT_SUPPORTED", negative(1)),
    (.psci, "INVALID_PARAMETERS", negative(2)), (.psci, "INVALID_PARAMS", negative(2)), (.psci, "DENIED", negative(3)),
    (.psci, "ALREADY_ON", negative(4)), (.psci, "ON_PENDING", negative(5)), (.psci, "INTERNAL_FAILURE", negative(6)),
    (.psci, "NOT_PRESENT", negative(7)), (.psci, "DISABLED", negative(8)), (.psci, "INVALID_ADDRESS", negative(9)),
    (.ffa, "NOT_SUPPORTED", ffa(1)), (.ffa, "INVALID_PARAMETERS", ffa(2)), (.ffa, "NO_MEMORY", ffa(3)), (.ffa, "BUSY", ffa(4)),
    (.ffa, "INTERRUPTED", ffa(5)), (.ffa, "DENIED", ffa(6)), (.ffa, "RETRY", ffa(7)), (.ffa, "ABORTED", ffa(8)),
    (.ffa, "SUCCESS", FFA.success), (.ffa, "ERROR", FFA.error), (.ffa, "INTERRUPT", FFA.interrupt),
    (.ffa, "MEM_RETRIEVE_RESP", FFA.retrieveResponse),
    (.platform, "OK", 0), (.platform, "UNK", negative(1)), (.platform, "DENIED", negative(3)),
    (.platform, "INVALID_PARAM", negative(4)),
    (.tee, "SUCCESS", 0), (.tee, "ERROR_CORRUPT_OBJECT", 0xF010_0001), (.tee, "ERROR_BAD_PARAMETERS", 0xFFFF_0006),
    (.tee, "ERROR_ITEM_NOT_FOUND", 0xFFFF_0008), (.tee, "ERROR_NOT_SUPPORTED", 0xFFFF_000A),
    (.tee, "ERROR_SHORT_BUFFER", 0xFFFF_0010), (.tee, "ERROR_TARGET_DEAD", 0xFFFF_3024),
    (nil, notSupported, SMCCC.notSupported), (nil, "SMCCC_UNKNOWN", SMCCC.notSupported),
  ]
  private static let notSupported = "SMCCC_NOT_SUPPORTED"

  private static func name(_ row: StatusRow) -> String {
    row.interface.map { "\($0.rawValue)_\(row.word)" } ?? row.word
  }

  /// Result codes by name.
  package static let statuses: [(name: String, value: UInt64)] = rows.map { (name($0), $0.value) }

  /// An error of FF-A: 32 bits.
  private static func ffa(_ n: Int32) -> UInt64 { UInt64(UInt32(bitPattern: -n)) }

  private static func negative(_ n: Int64) -> UInt64 { UInt64(bitPattern: -n) }

  private static let values: [String: UInt64] = {
    var table: [String: UInt64] = [SMCCC.versionName: SMCCC.version]
    for status in statuses { table[status.name] = status.value }
    for entry in Calls.all { table[entry.name] = UInt64(entry.fid) }
    return table
  }()

  /// The number a name stands for, in any case.
  package static func value(_ name: String) -> UInt64? { values[name.uppercased()] }

  /// A function identifier as a script writes it: its name, if that stands for it, else the number.
  package static func function(_ fid: UInt64) -> String {
    let name = Calls.name(of: fid)
    return value(name) == fid ? name : hex(fid)
  }

  /// X0 of a call in words: `RMI_ERROR_RTT 2`, `PSCI_DENIED`.
  ///
  /// - Parameter isShort: RMI and RSI codes go without the interface: `ERROR_RTT 2`.
  package static func status(_ interface: Interface, _ x0: UInt64, isShort: Bool = false) -> String {
    // An RMI code has an index in bits 15:8.
    let hasIndex = interface == .rmi && x0 >> 16 == 0
    let code = hasIndex ? x0 & 0xFF : x0
    guard let row = rows.first(where: { $0.interface == interface && $0.value == code }) else {
      return interface != .psci && x0 == SMCCC.notSupported ? notSupported : hex(x0)
    }
    let name = isShort && interface != .psci ? row.word : name(row)
    let index = hasIndex ? x0 >> 8 : 0
    // That of RMI_ERROR_RTT is a level, which may be 0 or less.
    if interface == .rmi, code == Status.rmiRTT.value { return "\(name) \(Int8(truncatingIfNeeded: index))" }
    return index == 0 ? name : "\(name) \(index)"
  }
}
