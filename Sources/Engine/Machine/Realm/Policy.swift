/// A place where TF-RMM v0.6.0 does not do what DEN0137 1.0-rel0 states, or does something where that is silent. Each is a switch of its
/// own, and its number is this project's; `order` is the one switch for the order in which TF-RMM looks at its conditions where the
/// specification leaves the order free.
package enum Divergence: Int, Sendable, CaseIterable {
  case order = 0
  case realmCreateAlignsTablesToGranules = 1
  case injectSEAWithoutAbortIsREC
  case runPASAfterState
  case foldIndexIsLevelLessOne
  case initRIPASStopsAtAssigned
  case setRIPASChecksWhenAlreadyRight
  case psciDenialOfRunningRECCompletes
  case psciCompleteKeepsRegisters
  case hostCallAtEmptyIPADropsResults
  case serrorExitWithoutClass
  case wfxtExitWithoutTimeout
  case unprotectedAbortSaysMore
  case gicTrapKeepsSyndrome
  case rsiWalkFailureHPFARFromX1
  case realmConfigWritesItsFieldsOnly
  case psciOfTheCallerWithoutExit
  case assignedNSInnerShareable
  case psciFeaturesOfVersionNotSupported
  case accessBeyondIPASpaceIsSEA = 20
  case rmiKeepsX4
  case rsiKeepsX4AndUp
  case measurementExtendUnpadded
  case setRIPASTopUnaligned
  case ipaStateSetTakesLowBits
  case realmCreateTakesWideParameters
  case dataCreateRefusesOtherFlags
  case recCreateRefusesReservedMPIDR
  case psciTargetByRECsEverCreated
  case emulatedMMIOBesideInjectSEA
  case realmSMCCCIsOneDotTwo = 33
  case emulatedStoreIsCut
  case syncExternalAbortMasked
  case unknownClassExitIsZero
  case serrorUEUAndUERPended
  case hostCallAbortExitIsBare
  case psciSMC32Aliases
  case psciExitIsRaw
  case fidIsW0WithoutSVEHint
  case auxCountIsCut
  case walkTopOfLevelMinus1Counts512
  case psciTakesWholeRegisters
  case hostCallImmediateOf32Bits
  case tokenWithoutRoomIsInput

  /// Numbers of divergences that made no difference a caller could see: RTT_READ_ENTRY of ASSIGNED and DESTROYED gives the address in
  /// both (19), MAP and UNMAP_UNPROTECTED above the starting level are INPUT in both (31), and a DFSC that is not asynchronous is let
  /// through in both (32). Recordings may name them.
  static let retired: Set<Int> = [19, 31, 32]

  /// How a user names it: `order`, or D and its number.
  package var name: String { self == .order ? "order" : "D\(rawValue)" }

  package static func named(_ name: String) -> Divergence? {
    allCases.first { $0.name.lowercased() == name.lowercased() }
  }

  /// What changes when it is on, in one line.
  package var summary: String {
    switch self {
    case .order: "conditions are checked in TF-RMM's order"
    case .realmCreateAlignsTablesToGranules: "REALM_CREATE: rtt_align asks for granule alignment only"
    case .injectSEAWithoutAbortIsREC: "REC_ENTER: inject_sea without a Data Abort at an Unprotected IPA is (REC, 0)"
    case .runPASAfterState: "REC_ENTER: run_pas is looked at after rec_state"
    case .foldIndexIsLevelLessOne: "RTT_FOLD of a full level 1 table: index is level - 1"
    case .initRIPASStopsAtAssigned:
      "RTT_INIT_RIPAS: stops at ASSIGNED and DESTROYED; base must be a granule of the Protected half"
    case .setRIPASChecksWhenAlreadyRight: "RTT_SET_RIPAS: base_align and no_progress hold even when the RIPAS is already right"
    case .psciDenialOfRunningRECCompletes: "PSCI_COMPLETE(DENIED) for a REC that is on: INPUT, yet the request is completed"
    case .psciCompleteKeepsRegisters: "PSCI_COMPLETE: X1 to X30 of the woken REC are kept"
    case .hostCallAtEmptyIPADropsResults: "host call whose IPA became EMPTY: results dropped, X0 keeps the FID"
    case .serrorExitWithoutClass: "SError exit: esr without EC"
    case .wfxtExitWithoutTimeout: "WFIT and WFET exit: no timeout in gprs[0], TI reduced to bit 0"
    case .unprotectedAbortSaysMore: "Data Abort at an Unprotected IPA: no IL; WnR, far and gprs[0] also when it is not emulatable"
    case .gicTrapKeepsSyndrome: "trapped GIC registers leave the Realm with their full syndrome"
    case .rsiWalkFailureHPFARFromX1: "RSI walk failure: hpfar = X1 >> 8"
    case .realmConfigWritesItsFieldsOnly: "RSI_REALM_CONFIG writes its three fields only"
    case .psciOfTheCallerWithoutExit: "CPU_ON and AFFINITY_INFO of the calling REC itself are answered without an exit"
    case .assignedNSInnerShareable: "ASSIGNED_NS is always Inner Shareable (without LPA2)"
    case .psciFeaturesOfVersionNotSupported: "PSCI_FEATURES(PSCI_VERSION) is NOT_SUPPORTED"
    case .accessBeyondIPASpaceIsSEA: "an access beyond the IPA space is an SEA, not an Address Size Fault"
    case .rmiKeepsX4: "RMI results: X4 is kept unless the command has four outputs"
    case .rsiKeepsX4AndUp: "RSI and PSCI results: X4 and up are kept"
    case .measurementExtendUnpadded: "MEASUREMENT_EXTEND: neither operand is padded to 64 bytes"
    case .setRIPASTopUnaligned: "RTT_SET_RIPAS: top_gran_align is not checked"
    case .ipaStateSetTakesLowBits: "RSI_IPA_STATE_SET: ripas is the low 32 bits of X3, flags exactly 1 in the low 32 bits of X4"
    case .realmCreateTakesWideParameters:
      "REALM_CREATE: 8-bit parameters are read as 32 bits; unknown flags are ignored but measured"
    case .dataCreateRefusesOtherFlags: "DATA_CREATE: flags other than 0 and 1 are INPUT"
    case .recCreateRefusesReservedMPIDR: "REC_CREATE: reserved mpidr bits are INPUT"
    case .psciTargetByRECsEverCreated: "PSCI target exists if its index is below the number of RECs ever created"
    case .emulatedMMIOBesideInjectSEA: "REC_ENTER: emul_mmio is not checked together with inject_sea"
    case .realmSMCCCIsOneDotTwo: "a Realm's SMCCC_VERSION answers 0x10002"
    case .emulatedStoreIsCut: "emulated store: gprs[0] is cut to the access size"
    case .syncExternalAbortMasked: "a synchronous external abort leaves the Realm with masked esr; UER is injected as well"
    case .unknownClassExitIsZero: "an unknown exception class leaves the Realm with zero esr, hpfar and far"
    case .serrorUEUAndUERPended: "SError: UEU and UER are also pended in the Realm; of other kinds the Host is told nothing"
    case .hostCallAbortExitIsBare: "host call that ends in a Data Abort exit: gicv3, timer and PMU fields are zero"
    case .psciSMC32Aliases: "SMC32 aliases of CPU_SUSPEND, CPU_ON and AFFINITY_INFO are accepted"
    case .psciExitIsRaw: "PSCI exit: raw registers, one argument at most"
    case .fidIsW0WithoutSVEHint: "a FID is W0 with the SVE hint cleared (not for PSCI)"
    case .auxCountIsCut: "REC_CREATE: num_aux is cut to 32 bits"
    case .walkTopOfLevelMinus1Counts512: "walk_top of a level -1 starting table counts 512 entries"
    case .psciTakesWholeRegisters: "CPU_ON context_id and AFFINITY_INFO lowest_affinity_level are whole registers"
    case .hostCallImmediateOf32Bits: "host call imm is 32 bits"
    case .tokenWithoutRoomIsInput: "TOKEN_CONTINUE: a token that cannot be assembled is RSI_ERROR_INPUT"
    }
  }
}

/// The set of divergences in force: the RMM's personality.
package struct Policy: Sendable, Equatable {
  package var bits: UInt64

  package init(bits: UInt64) { self.bits = bits }

  /// DEN0137 1.0-rel0 to the letter; where it is silent, what TF-RMM does.
  package static let spec = Policy([
    .gicTrapKeepsSyndrome, .realmSMCCCIsOneDotTwo, .syncExternalAbortMasked, .unknownClassExitIsZero,
  ])
  /// TF-RMM v0.6.0.
  package static let tfRMM = Policy(Divergence.allCases)

  package init(_ divergences: [Divergence]) {
    bits = divergences.reduce(0) { $0 | 1 << UInt64($1.rawValue) }
  }

  @inline(__always) package func has(_ divergence: Divergence) -> Bool {
    bits >> UInt64(divergence.rawValue) & 1 != 0
  }

  package mutating func set(_ divergence: Divergence, _ on: Bool) {
    let bit: UInt64 = 1 << UInt64(divergence.rawValue)
    bits = on ? bits | bit : bits & ~bit
  }

  /// The personalities a user can name.
  package static let personalities: [(name: String, policy: Policy)] = [
    ("spec-1.0", .spec), ("tf-rmm-0.6", .tfRMM),
  ]

  /// `spec-1.0`, `tf-rmm-0.6`, or one of them with its changes: `spec-1.0+D6-D23`.
  package var name: String {
    if let exact = Policy.personalities.first(where: { $0.policy == self }) { return exact.name }
    let near = Policy.personalities.min {
      ($0.policy.bits ^ bits).nonzeroBitCount < ($1.policy.bits ^ bits).nonzeroBitCount
    }
    guard let near else { return "custom" }
    let changes = Divergence.allCases.filter { near.policy.has($0) != has($0) }
    return near.name + changes.map { (has($0) ? "+" : "-") + $0.name }.joined()
  }

  /// Reads what ``name`` writes.
  package init?(named text: String) {
    guard let base = Policy.personalities.first(where: { text.lowercased().hasPrefix($0.name) }) else {
      return nil
    }
    self = base.policy
    var rest = text.dropFirst(base.name.count)
    while let sign = rest.first {
      guard sign == "+" || sign == "-" else { return nil }
      rest = rest.dropFirst()
      let word = rest.prefix { $0 != "+" && $0 != "-" }
      rest = rest.dropFirst(word.count)
      if Divergence.retired.contains(where: { "d\($0)" == word.lowercased() }) { continue }
      guard let divergence = Divergence.named(String(word)) else { return nil }
      set(divergence, sign == "+")
    }
  }
}
