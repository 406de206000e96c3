/// Who answers an SMC: a row for each range of function identifiers, with an owner for each world that can call.
///
/// EL3 is the only place all of them pass (``Machine/perform(smc:from:)``); tests hold the table to what it does.
package struct SMCRoute: Sendable {
  /// Who a call goes to.
  package enum Owner: Sendable, Equatable {
    /// EL3 answers itself.
    case el3
    /// EL3 passes it on to R-EL2, and its answer back.
    case rmm
    /// A call of the RMM's alone, which the model makes without an SMC; EL3 serves it.
    case service
    /// EL3 passes it on to S-EL2, and its answer back.
    case spmc
    /// EL3 passes it on to the Normal world, whose call to the Secure world it answers.
    case normal
    /// EL3 answers FFA_NOT_SUPPORTED: it is no call of that world's.
    case unsupported
    /// It is trapped by the RMM, and never comes to EL3.
    case trapped
    /// EL3 answers SMC_UNK, and says why.
    case refused
    /// EL3 answers SMC_UNK: nobody has it.
    case unknown

    package var text: String {
      switch self {
      case .el3: "EL3"
      case .rmm: "R-EL2"
      case .service: "EL3, for the RMM"
      case .spmc: "S-EL2"
      case .normal: "NS-EL2, if it waits"
      case .unsupported: "FFA_NOT_SUPPORTED"
      case .trapped: "R-EL2, trapped"
      case .refused: "SMC_UNK, with a warning"
      case .unknown: "SMC_UNK"
      }
    }
  }

  package let name: String
  package let functions: ClosedRange<UInt64>
  /// What the rows are about, where the name does not say it.
  package let meaning: String
  /// Whether each of them is the same function with bit 30 set, as an SMC64.
  package let hasSMC64: Bool
  private let owners: (normal: Owner, secure: Owner, realm: Owner)

  init(
    _ name: String, _ functions: ClosedRange<UInt64>, _ meaning: String, hasSMC64: Bool = false, normal: Owner, secure: Owner,
    realm: Owner
  ) {
    (self.name, self.functions, self.meaning, self.hasSMC64) = (name, functions, meaning, hasSMC64)
    owners = (normal, secure, realm)
  }

  /// The worlds that can call EL3.
  package static let callers: [World] = [.normal, .secure, .realm]

  package subscript(world: World) -> Owner {
    switch world {
    case .normal: owners.normal
    case .secure: owners.secure
    case .realm: owners.realm
    case .root: .unknown
    }
  }

  /// What every EL3 here has.
  static let rows = [
    SMCRoute(
      "SMCCC_VERSION", SMCCC.version...SMCCC.version, "version of the calling convention", normal: .el3, secure: .el3, realm: .el3
    ),
    SMCRoute(
      "RMI", Machine.rmiRange.lowerBound...Machine.rmiRange.upperBound - 1, "the Host's calls to the RMM", normal: .rmm,
      secure: .refused, realm: .refused),
    SMCRoute(
      "RMM_RMI_REQ_COMPLETE", Machine.rmiRange.upperBound...Machine.rmiRange.upperBound, "an RMI call's answer", normal: .rmm,
      secure: .refused, realm: .service),
    SMCRoute(
      "RSI", 0xC400_0190...0xC400_01AF, "a Realm's calls to the RMM", normal: .unknown, secure: .unknown, realm: .trapped),
    SMCRoute(
      "RMM-EL3", Machine.serviceRange, "the RMM's calls to EL3", normal: .refused, secure: .refused, realm: .service),
    SMCRoute(
      "RMI, RMM 2.0", 0xC400_01D0...0xC400_02CF, "RMM 1.0 has none of them", normal: .unknown, secure: .unknown, realm: .unknown),
  ]

  func contains(_ function: UInt64) -> Bool {
    functions.contains(function) || hasSMC64 && functions.contains(function & ~SMCCC.smc64)
  }
}
