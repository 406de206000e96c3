/// The part of EL3 between the Normal world and the SPMC (TF-A, `services/std_svc/spmd`).
package enum SPMD {
  /// What becomes of a call at EL3.
  package enum Route: String, Sendable, CaseIterable {
    /// EL3 knows the answer itself.
    case answers
    /// The other world's partition manager, or the hypervisor, gets it.
    case forwards
    /// It is no call of this world's: FFA_NOT_SUPPORTED.
    case refuses
  }

  /// Calls by what becomes of one of the Normal world's and of one of S-EL2's: function identifiers without bit 30.
  package static let routes: [(fids: [UInt64], normal: Route, secure: Route)] = [
    // FFA_ERROR, FFA_SUCCESS
    ([0x8400_0060, 0x8400_0061], .forwards, .forwards),
    // FFA_CONSOLE_LOG
    ([0x8400_008A], .refuses, .refuses),
    // FFA_INTERRUPT, FFA_MSG_WAIT, FFA_YIELD
    ([0x8400_0062, 0x8400_006B, 0x8400_006C], .refuses, .forwards),
    // FFA_VERSION, FFA_FEATURES
    ([0x8400_0063, 0x8400_0064], .forwards, .answers),
    // FFA_RX_RELEASE, FFA_RXTX_MAP, FFA_RXTX_UNMAP, FFA_PARTITION_INFO_GET, FFA_RUN
    ([0x8400_0065, 0x8400_0066, 0x8400_0067, 0x8400_0068, 0x8400_006D], .forwards, .refuses),
    // FFA_ID_GET, FFA_SPM_ID_GET
    ([0x8400_0069, 0x8400_0085], .answers, .answers),
    // FFA_MSG_SEND_DIRECT_REQ and _RESP
    ([0x8400_006F, 0x8400_0070], .forwards, .forwards),
    // FFA_MEM_DONATE, _LEND, _SHARE, _RETRIEVE_REQ, _RETRIEVE_RESP, _RELINQUISH, _RECLAIM
    ([0x8400_0071, 0x8400_0072, 0x8400_0073, 0x8400_0074, 0x8400_0075, 0x8400_0076, 0x8400_0077], .forwards, .forwards),
  ]

  /// The calls, and EL3's services for the SPMC, as rows of who answers what: calls that follow each other and are treated alike are one.
  static let rows: [SMCRoute] = {
    var runs: [(fids: ClosedRange<UInt64>, normal: Route, secure: Route)] = []
    for fid in SMCCC.ffa {
      let (normal, secure) = (route(fid, of: .normal), route(fid, of: .secure))
      if let last = runs.last, last.normal == normal, last.secure == secure {
        runs[runs.count - 1].fids = last.fids.lowerBound...fid
      } else {
        runs.append((fid...fid, normal, secure))
      }
    }
    let calls = runs.map { run in
      SMCRoute(
        name(run.fids), run.fids, "FF-A", hasSMC64: true, normal: owner(run.normal, passedOnTo: .spmc),
        secure: owner(run.secure, passedOnTo: .normal), realm: .unknown)
    }
    let services = UInt64(PlatProtectMem.fid)...UInt64(PlatUnprotectMem.fid)
    return calls + [
      SMCRoute(
        "PLAT_PROTECT_MEM, PLAT_UNPROTECT_MEM", services, "the SPMC's calls to EL3", normal: .unknown, secure: .el3,
        realm: .unknown)
    ]
  }()

  private static func owner(_ route: Route, passedOnTo owner: SMCRoute.Owner) -> SMCRoute.Owner {
    switch route {
    case .answers: .el3
    case .forwards: owner
    case .refuses: .unsupported
    }
  }

  private static func name(_ fids: ClosedRange<UInt64>) -> String {
    let first = FFA.name(fids.lowerBound) ?? "FF-A"
    let last = FFA.name(fids.upperBound) ?? "others"
    return fids.count == 1 || first == last ? first : "\(first) to \(last)"
  }

  package static func route(_ fid: UInt64, of world: World) -> Route {
    guard let row = routes.first(where: { $0.fids.contains(fid & ~SMCCC.smc64) }) else { return .refuses }
    return world == .normal ? row.normal : row.secure
  }
}

extension Machine {
  /// A call of FF-A by the Normal world, at EL3. False if it has not returned: a partition keeps the PE.
  mutating func routeFFA(_ x: inout InlineArray<18, UInt64>) -> Bool {
    let isForwarded = SPMD.route(x[0] & 0xFFFF_FFFF, of: .normal) == .forwards
    if tracing, isForwarded { traceMove(.el3, .sEL2) }
    dispatchFFA(FFAEndpointIndex.normal, &x)
    guard !control.pes[control.currentPE].hasStopped else { return false }
    let partition = spm.running[control.currentPE]
    if partition != FFAEndpointIndex.normal, !enterPartition(partition, &x) { return false }
    if tracing, isForwarded { traceMove(.sEL2, .el3) }
    return true
  }

  /// An SMC by software at S-EL2 itself, while no partition runs: the physical instance between SPMC and SPMD.
  mutating func routeSPMC(_ x: inout InlineArray<18, UInt64>) -> SMCDisposition {
    if tracing {
      traceMove(.nsEL2, .sEL2)
      emit(.smc, x[0], x[1], x[2], world: .secure, detail: 2)
      progress.depth &+= 1
      traceMove(.sEL2, .el3)
    }
    let fid = x[0] & 0xFFFF_FFFF
    if SMCCC.isFFA(fid) {
      answerSPMC(fid, &x)
    } else if !platformCall(fid, &x) {
      // SMCCC 1.5; RMI is refused by the RMMD, whoever makes it in this world.
      if fid != SMCCC.version { sayRefusal(fid, .secure) }
      x[0] = fid == SMCCC.version ? 0x1_0005 : SMCCC.notSupported
      for n in 1..<18 { x[n] = 0 }
    }
    if tracing {
      traceMove(.el3, .sEL2)
      progress.depth &-= 1
      emit(.smcReturn, x[0], x[1], x[2], world: .secure, detail: 2)
      traceMove(.sEL2, .nsEL2)
    }
    return .answered
  }

  /// What the SPMD answers the SPMC. No call of the Normal world is waiting, so nothing can be passed on to it.
  private func answerSPMC(_ fid: UInt64, _ x: inout InlineArray<18, UInt64>) {
    let feature = x[1]
    for n in 1..<18 { x[n] = 0 }
    x[0] = FFA.success
    switch (SPMD.route(fid, of: .secure), fid & ~SMCCC.smc64) {
    case (.answers, UInt64(FFAVersion.fid)): x[0] = FFA.version
    case (.answers, UInt64(FFAIDGet.fid)): x[2] = FFA.spmcID
    case (.answers, UInt64(FFASPMIDGet.fid)): x[2] = FFA.spmdID
    case (.answers, _): x[1] = feature
    case (.forwards, _):
      x[0] = FFA.error
      x[2] = Status.ffaDenied.value
    case (.refuses, _):
      x[0] = FFA.error
      x[2] = Status.ffaNotSupported.value
    }
  }
}

extension SMCRoute {
  /// The rows of a machine: with software in the Secure world EL3 has an SPMD, and services for the SPMC.
  package static func table(_ configuration: MachineConfiguration) -> [SMCRoute] {
    configuration.secure == .none ? rows : rows + SPMD.rows
  }

  /// The row of a function; nil: all others, which nobody has.
  package static func row(of function: UInt64, _ configuration: MachineConfiguration) -> SMCRoute? {
    table(configuration).first { $0.contains(function & 0xFFFF_FFFF) }
  }
}
