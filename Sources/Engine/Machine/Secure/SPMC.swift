import Basics

/// The partition manager at S-EL2: FF-A calls of the Normal world, which the SPMD passes on, and of partitions, whose SMCs trap to it.
extension Machine {
  /// Runs a call of FF-A. Who has the PE afterwards finds the answer in `x`: the caller, unless the call gave the PE away.
  mutating func dispatchFFA(_ endpoint: Int, _ x: inout InlineArray<18, UInt64>) {
    let fid = x[0] & 0xFFFF_FFFF
    var call = Call()
    call.rec = UInt64(endpoint)
    // An SMC32 has 32 bits of each argument.
    let mask: UInt64 = fid & SMCCC.smc64 == 0 ? 0xFFFF_FFFF : ~0
    call.x[0] = fid
    for n in 1..<8 { call.x[n] = x[n] & mask }
    let isKnown = withUnsafeMutablePointer(to: &self) { machine in
      withUnsafeMutablePointer(to: &call) { call in
        var executor = FFAExecutor(fid: fid, machine: machine, call: call)
        return FFACallList.all(&executor)
      }
    }
    if !isKnown {
      call.out[0] = Status.ffaNotSupported.value
      call.decidedBy = "function_known"
    }
    if configuration.gpf == .el3, let fault = spmcFault(call) {
      return takeToEL3(fault, from: .sEL2, write: !call.isRefused(by: "tx_gpf"))
    }
    if call.decidedBy != nil, fid != UInt64(FFAVersion.fid) {
      call.out[2] = call.out[0]
      call.out[0] = FFA.error
    }
    for n in 0..<8 { x[n] = call.out[n] }
  }

  /// The SMC of a partition that runs: it traps to S-EL2. An interrupt for the Host that is pending comes first, and the partition is
  /// where it was when it runs again.
  mutating func partitionCall(_ caller: Int, _ x: inout InlineArray<18, UInt64>) -> SMCDisposition {
    if tracing {
      emit(.smc, x[0], x[1], x[2], world: .secure, detail: 1)
      progress.depth &+= 1
      traceMove(.sEL1, .sEL2)
    }
    if control.pes[control.currentPE].isrEL1 != 0 {
      preempt(caller, &x)
      return returnToNormal(&x)
    }
    if SMCCC.isFFA(x[0] & 0xFFFF_FFFF) {
      dispatchFFA(caller, &x)
    } else {
      x[0] = SMCCC.notSupported
      for n in 1..<4 { x[n] = 0 }
    }
    return settle(caller, &x)
  }

  /// Who has the PE after a partition's call: the same partition, another, or the Normal world.
  private mutating func settle(_ caller: Int, _ x: inout InlineArray<18, UInt64>) -> SMCDisposition {
    guard !control.pes[control.currentPE].hasStopped else { return .running }
    let now = spm.running[control.currentPE]
    guard now != FFAEndpointIndex.normal else { return returnToNormal(&x) }
    if now != caller, control.pes[control.currentPE].isrEL1 != 0 {
      preempt(now, &x)
      return returnToNormal(&x)
    }
    if hasCode(now) {
      if runPartitions(&x) { return returnToNormal(&x) }
      guard !control.pes[control.currentPE].hasStopped else { return .running }
      return hasCode(spm.running[control.currentPE]) ? .running : .answered
    }
    if tracing {
      traceMove(.sEL2, .sEL1)
      progress.depth &-= 1
    }
    // The call of a partition that has another work for it has not returned.
    let isGivenAway = now != caller && spm.endpoints[now].caller == caller
    if tracing, !isGivenAway { emit(.smcReturn, x[0], x[1], x[2], world: .secure, detail: 1) }
    return isGivenAway ? .running : .answered
  }

  /// The SPMC gives the PE back to the Normal world, whose call is answered now.
  mutating func returnToNormal(_ x: inout InlineArray<18, UInt64>) -> SMCDisposition {
    let pe = control.currentPE
    control.busyPEs &= ~(1 << UInt8(pe))
    if tracing {
      traceMove(.sEL2, .el3)
      traceMove(.el3, .nsEL2)
      progress.depth &-= 1
      emit(.smcReturn, x[0], x[1], x[2], world: .normal)
    }
    for n in 8..<18 { x[n] = 0 }
    setPlace(.normal, 2)
    control.pes[pe].x = x
    return .answered
  }

  /// A partition that has just got the PE from the Normal world keeps it, unless an interrupt for the Host is pending.
  ///
  /// - Returns: whether the Normal world's call is answered at once.
  mutating func enterPartition(_ partition: Int, _ x: inout InlineArray<18, UInt64>) -> Bool {
    let pe = control.currentPE
    guard control.pes[pe].isrEL1 == 0 else {
      preempt(partition, &x)
      return true
    }
    control.busyPEs |= 1 << UInt8(pe)
    if tracing { traceMove(.sEL2, .sEL1) }
    guard runPartitions(&x) else {
      if !control.pes[pe].hasStopped { setPlace(.secure, 1) }
      return false
    }
    control.busyPEs &= ~(1 << UInt8(pe))
    // What the partition's code had in the other registers stays in its world.
    for n in 8..<18 { x[n] = 0 }
    return true
  }
}

/// Runs the call with an identifier.
private struct FFAExecutor: CommandVisitor {
  let fid: UInt64
  /// The machine has one owner and cannot be part of a value.
  let machine: UnsafeMutablePointer<Machine>
  let call: UnsafeMutablePointer<Call>

  mutating func visit<C: Command>(_: C.Type) -> Bool {
    guard C.isNamed(by: fid) else { return false }
    machine.pointee.execute(C.self, &call.pointee)
    return true
  }
}

extension Place {
  static let sEL2 = Place(.secure, 2)
  static let sEL1 = Place(.secure, 1)
}

extension Machine {
  /// Whether a PE runs a partition.
  package func runsPartition(_ pe: Int) -> Bool { control.secure.map { $0.running[pe] != FFAEndpointIndex.normal } ?? false }

  /// The SPMC starts, and each partition does until it waits for a message.
  mutating func bootSPMC() {
    if configuration.secure != .none { control.secure = SecureState(peCount: configuration.peCount) }
    if configuration.secure == .tee { bootPartitionCode() }
  }

  /// An SMC of the Secure world: the partition's that runs on this PE, or where none does that of software at S-EL2.
  mutating func secureCall(_ x: inout InlineArray<18, UInt64>) -> SMCDisposition {
    let partition = spm.running[control.currentPE]
    return partition == FFAEndpointIndex.normal ? routeSPMC(&x) : partitionCall(partition, &x)
  }
}
