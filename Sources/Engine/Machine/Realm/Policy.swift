/// A place where TF-RMM v0.6.0 does not do what DEN0137 1.0-rel0 states. Each is a switch of its own.
///
/// The numbers are this project's; `order` is the one switch for the order in which TF-RMM looks at its conditions where the
/// specification leaves the order free.
public enum Divergence: Int, Sendable, CaseIterable {
  case order = 0
  case d1 = 1, d2, d3, d4, d5, d6, d7, d8, d9, d10, d11, d12, d13, d14, d15, d16, d17, d18, d19, d20, d21, d22, d23, d24
  case d25, d26, d27, d28, d29, d30, d31, d32, d33, d34, d35, d36, d37, d38, d39, d40, d41, d42, d43, d44, d45, d46

  /// How a user names it: `order`, `D1` … `D46`.
  public var name: String { self == .order ? "order" : "D\(rawValue)" }

  public static func named(_ name: String) -> Divergence? {
    allCases.first { $0.name.lowercased() == name.lowercased() }
  }

  /// What changes when it is on, in one line.
  public var summary: String {
    switch self {
    case .order: "conditions are checked in TF-RMM's order"
    case .d1: "REALM_CREATE: rtt_align asks for granule alignment only"
    case .d2: "REC_ENTER: inject_sea without a Data Abort at an Unprotected IPA is (REC, 0)"
    case .d3: "REC_ENTER: run_pas is looked at after rec_state"
    case .d4: "RTT_FOLD of a full level 1 table: index is level - 1"
    case .d5: "RTT_INIT_RIPAS: stops at ASSIGNED and DESTROYED; base must be a granule of the Protected half"
    case .d6: "RTT_SET_RIPAS: base_align and no_progress hold even when the RIPAS is already right"
    case .d7: "PSCI_COMPLETE(DENIED) for a REC that is on: INPUT, yet the request is completed"
    case .d8: "PSCI_COMPLETE: X1 to X30 of the woken REC are kept"
    case .d9: "host call whose IPA became EMPTY: results dropped, X0 keeps the FID"
    case .d10: "SError exit: esr without EC"
    case .d11: "WFIT and WFET exit: no timeout in gprs[0], TI reduced to bit 0"
    case .d12: "Data Abort at an Unprotected IPA: no IL; WnR, far and gprs[0] also when it is not emulatable"
    case .d13: "trapped GIC registers leave the Realm with their full syndrome"
    case .d14: "RSI walk failure: hpfar = X1 >> 8"
    case .d15: "RSI_REALM_CONFIG writes its three fields only"
    case .d16: "CPU_ON and AFFINITY_INFO of the calling REC itself are answered without an exit"
    case .d17: "ASSIGNED_NS is always Inner Shareable (without LPA2)"
    case .d18: "PSCI_FEATURES(PSCI_VERSION) is NOT_SUPPORTED"
    case .d19: "RTT_READ_ENTRY of ASSIGNED and DESTROYED (both give the address; an earlier tag gave 0)"
    case .d20: "an access beyond the IPA space is an SEA, not an Address Size Fault"
    case .d21: "RMI results: X4 is kept unless the command has four outputs"
    case .d22: "RSI and PSCI results: X4 and up are kept"
    case .d23: "MEASUREMENT_EXTEND: neither operand is padded to 64 bytes"
    case .d24: "RTT_SET_RIPAS: top_gran_align is not checked"
    case .d25: "RSI_IPA_STATE_SET: ripas is the low 32 bits of X3, flags exactly 1 in the low 32 bits of X4"
    case .d26: "REALM_CREATE: 8-bit parameters are read as 32 bits; unknown flags are ignored but measured"
    case .d27: "DATA_CREATE: flags other than 0 and 1 are INPUT"
    case .d28: "REC_CREATE: reserved mpidr bits are INPUT"
    case .d29: "PSCI target exists if its index is below the number of RECs ever created"
    case .d30: "REC_ENTER: emul_mmio is not checked together with inject_sea"
    case .d31: "MAP and UNMAP_UNPROTECTED above the starting level (TF-RMM stops; answered INPUT in both)"
    case .d32: "SError: asynchronous is DFSC 0x01"
    case .d33: "a Realm's SMCCC_VERSION answers 0x10002"
    case .d34: "emulated store: gprs[0] is cut to the access size"
    case .d35: "a synchronous external abort leaves the Realm with masked esr; UER is injected as well"
    case .d36: "an unknown exception class leaves the Realm with zero esr, hpfar and far"
    case .d37: "SError: UEU and UER are also pended in the Realm; of other kinds the Host is told nothing"
    case .d38: "host call that ends in a Data Abort exit: gicv3, timer and PMU fields are zero"
    case .d39: "SMC32 aliases of CPU_SUSPEND, CPU_ON and AFFINITY_INFO are accepted"
    case .d40: "PSCI exit: raw registers, one argument at most"
    case .d41: "a FID is W0 with the SVE hint cleared (not for PSCI)"
    case .d42: "REC_CREATE: num_aux is cut to 32 bits"
    case .d43: "walk_top of a level -1 starting table counts 512 entries"
    case .d44: "CPU_ON context_id and AFFINITY_INFO lowest_affinity_level are whole registers"
    case .d45: "host call imm is 32 bits"
    case .d46: "TOKEN_CONTINUE: a token that cannot be assembled is RSI_ERROR_INPUT"
    }
  }
}

/// The set of divergences in force: the RMM's personality.
public struct Policy: Sendable, Equatable {
  public var bits: UInt64

  public init(bits: UInt64) { self.bits = bits }

  /// DEN0137 1.0-rel0 to the letter; where it is silent, what TF-RMM does: D13, D33, D35 and D36 describe such places, and D19 and
  /// D31 make no difference that a caller can see.
  public static let spec = Policy([.d13, .d19, .d31, .d33, .d35, .d36])
  /// TF-RMM v0.6.0.
  public static let tfRMM = Policy(bits: (1 << UInt64(Divergence.allCases.count)) - 1)

  public init(_ divergences: [Divergence]) {
    bits = divergences.reduce(0) { $0 | 1 << UInt64($1.rawValue) }
  }

  @inline(__always) public func has(_ divergence: Divergence) -> Bool {
    bits >> UInt64(divergence.rawValue) & 1 != 0
  }

  public mutating func set(_ divergence: Divergence, _ on: Bool) {
    let bit: UInt64 = 1 << UInt64(divergence.rawValue)
    bits = on ? bits | bit : bits & ~bit
  }

  /// The personalities a user can name.
  public static let personalities: [(name: String, policy: Policy)] = [
    ("spec-1.0", .spec), ("tf-rmm-0.6", .tfRMM),
  ]

  /// `spec-1.0`, `tf-rmm-0.6`, or one of them with its changes: `spec-1.0+D6-D23`.
  public var name: String {
    if let exact = Policy.personalities.first(where: { $0.policy == self }) { return exact.name }
    let near = Policy.personalities.min {
      ($0.policy.bits ^ bits).nonzeroBitCount < ($1.policy.bits ^ bits).nonzeroBitCount
    }
    guard let near else { return "custom" }
    let changes = Divergence.allCases.filter { near.policy.has($0) != has($0) }
    return near.name + changes.map { (has($0) ? "+" : "-") + $0.name }.joined()
  }

  /// Reads what ``name`` writes.
  public init?(named text: String) {
    guard let base = Policy.personalities.first(where: { text.lowercased().hasPrefix($0.name) }) else {
      return nil
    }
    self = base.policy
    var rest = text.dropFirst(base.name.count)
    while let sign = rest.first {
      guard sign == "+" || sign == "-" else { return nil }
      rest = rest.dropFirst()
      let word = rest.prefix { $0 != "+" && $0 != "-" }
      guard let divergence = Divergence.named(String(word)) else { return nil }
      set(divergence, sign == "+")
      rest = rest.dropFirst(word.count)
    }
  }
}
