import Basics

/// Something EL3 has printed, with the numbers in it.
package struct RootLine: Sendable {
  let message: RootMessage
  let a: UInt64
  let b: UInt64
}

extension Machine {
  /// EL3 prints something.
  mutating func say(_ message: RootMessage, _ a: UInt64 = 0, _ b: UInt64 = 0) {
    observation.append(RootLine(message: message, a: a, b: b))
    if tracing { emit(.console, message.rawValue, a, b, world: .root, detail: 3) }
  }
}

/// What EL3 prints while the machine runs, by a number an event can carry.
package enum RootMessage: UInt64, Sendable, CaseIterable {
  /// RMI where no RMM has booted.
  case noRMM
  case rmiFromSecure
  /// A function of the RMI range that the RMM itself calls: a.
  case unsupportedRMMCall
  /// The same of the range of the RMM's calls to EL3.
  case unsupportedServiceCall
  case serviceFromElsewhere
  case noRMMForService
  /// A granule that does not move: PA, function; bit 32 of that where it is none of the GPT's granules.
  case transitionFailed
  /// A granule protection fault that is routed to EL3: its syndrome, its address.
  case unhandledException

  /// The lines of it, with two numbers.
  package func lines(_ a: UInt64, _ b: UInt64) -> [String] {
    switch self {
    case .noRMM: [Self.warning("RMMD: Failed to boot up RMM. Ignoring RMI call")]
    case .rmiFromSecure: [Self.warning("RMMD: RMI invoked by secure world.")]
    case .unsupportedRMMCall: [Self.warning("RMMD: Unsupported RMM call \(Self.eight(a))")]
    case .unsupportedServiceCall: [Self.warning("RMMD: Unsupported RMM-EL3 call \(Self.eight(a))")]
    case .serviceFromElsewhere: [Self.warning("RMMD: RMM-EL3 call originated from secure or normal world")]
    case .noRMMForService: [Self.warning("RMMD: Failed to boot up RMM. Ignoring RMM-EL3 call")]
    case .transitionFailed:
      [
        Self.error(
          "RMMD: PAS Transition failed. GPT ret = \(b.bit(32) ? -22 : -1), PA: \(hex(a)), FID = \(Self.eight(b.bits(31, 0)))")
      ]
    case .unhandledException: ["Unhandled Exception in EL3.", Self.register("esr_el3", a), Self.register("far_el3", b)]
    }
  }

  static func notice(_ text: String) -> String { "NOTICE:  " + text }
  static func info(_ text: String) -> String { "INFO:    " + text }
  static func warning(_ text: String) -> String { "WARNING: " + text }
  static func error(_ text: String) -> String { "ERROR:   " + text }

  private static func digits(_ value: UInt64, _ count: Int) -> String {
    let digits = String(value, radix: 16)
    return "0x" + String(repeating: "0", count: max(0, count - digits.count)) + digits
  }
  private static func eight(_ value: UInt64) -> String { digits(value, 8) }
  /// A register of a crash report, as BL31 prints it.
  static func register(_ name: String, _ value: UInt64) -> String {
    name + String(repeating: " ", count: max(0, 15 - name.count)) + "= " + digits(value, 16)
  }
}
