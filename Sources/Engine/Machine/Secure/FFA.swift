/// Numbers of the Arm Firmware Framework for A-profile (DEN0077A, FF-A 1.1).
package enum FFA {
  /// The version the SPMC speaks, and no other.
  package static let version: UInt64 = 0x1_0001
  package static let spmcID: UInt64 = 0x8000
  package static let spmdID: UInt64 = 0xFFFF

  package static let error: UInt64 = 0x8400_0060
  static let success: UInt64 = 0x8400_0061
  package static let interrupt: UInt64 = 0x8400_0062
  package static let run = UInt64(FFARun.fid)
  static let retrieveResponse: UInt64 = 0x8400_0075

  /// Ids of the Normal world: the hypervisor or OS kernel is 0, a VM has another without bit 15.
  static func isNormalID(_ id: UInt64) -> Bool { id & 0x8000 == 0 }

  /// Names of calls that are declared nowhere else.
  private static let otherNames: [UInt64: String] = [
    error: "FFA_ERROR", success: "FFA_SUCCESS", interrupt: "FFA_INTERRUPT", retrieveResponse: "FFA_MEM_RETRIEVE_RESP",
  ]

  /// The name of a function, or nil.
  package static func name(_ fid: UInt64) -> String? {
    FFACalls.withFID(fid)?.name ?? otherNames[fid & ~SMCCC.smc64]
  }
}

/// Errors of FF-A: 32 bits with a sign, in W2 of FFA_ERROR (DEN0077A, table 12.2).
extension Status {
  private static func ffa(_ name: StaticString, _ code: Int32) -> Status {
    Status(name: name, value: UInt64(UInt32(bitPattern: code)))
  }

  static let ffaNotSupported = ffa("FFA_NOT_SUPPORTED", -1)
  static let ffaInvalid = ffa("FFA_INVALID_PARAMETERS", -2)
  static let ffaNoMemory = ffa("FFA_NO_MEMORY", -3)
  static let ffaBusy = ffa("FFA_BUSY", -4)
  static let ffaDenied = ffa("FFA_DENIED", -6)
  static let ffaAborted = ffa("FFA_ABORTED", -8)

  /// EL3's to the SPMC's own calls: 64 bits in X0 (TF-A, `smccc.h`).
  static let smcDenied = Status(name: "SMC_DENIED", value: UInt64(bitPattern: -3))
  static let smcInvalid = Status(name: "SMC_INVALID_PARAM", value: UInt64(bitPattern: -4))
  static let smcUnknown = Status(name: "SMC_UNK", value: SMCCC.notSupported)
}
