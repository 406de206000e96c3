import Basics

/// A partition that executes code: the interpreter runs it at S-EL1 and S-EL0, through a stage 2 of the SPMC's and the granule protection
/// check. Its registers are in a granule of the SPMC's own memory, laid out as those of a REC; its code is what a loader has put into
/// its memory, as BL2 does on hardware.
extension Machine {
  /// The partition that executes code where there is one: the TEE.
  package static let codePartition = 1
  /// Where its registers are.
  package static let partitionVCPU: UInt64 = 0x0600_1000
  /// The last but two of its pages: a key of the platform's, from which the TEE derives all of its own.
  package static let hardwareKey: UInt64 = 0x063F_D000
  /// Calls and other exceptions of a partition to S-EL2 in one entry; then the Host has its PE back.
  private static let mostPartitionExceptions = 1 << 12

  /// Whether a partition executes code: a loader has given it a pc.
  package func hasCode(_ partition: Int) -> Bool {
    configuration.secure == .tee && partition == Self.codePartition && hostVCPU(Self.partitionVCPU).pc != 0
  }

  /// The state in which the SPMC leaves the execution context of the TEE: EL1 with all exceptions masked and the MMU off.
  mutating func bootPartitionCode() {
    let vcpu = mutableHostVCPU(Self.partitionVCPU)
    vcpu.pstate = RealmPSTATE.reset
    vcpu[.sctlrEL1] = RealmPSTATE.sctlrReset
    var key = mix(configuration.instance)
    for n in 0..<4 as Range<UInt64> {
      key = mix(key)
      memory.store64(Self.hardwareKey + n * 8, key)
    }
  }

  /// What a partition finds in X0 to X7 when it goes on.
  mutating func deliver(_ message: borrowing CallOutputs) {
    let vcpu = mutableHostVCPU(Self.partitionVCPU)
    for n in 0..<8 { vcpu.setX(n, message[n]) }
  }

  /// Runs partitions until the PE is the Normal world's again, or somebody else acts for the one that has it, or a debugger holds it.
  ///
  /// - Returns: whether the Normal world has the PE, with `x` in its registers.
  mutating func runPartitions(_ x: inout InlineArray<18, UInt64>) -> Bool {
    let pe = control.currentPE
    if control.pes[pe].guestLeft <= 0 { control.pes[pe].guestLeft = guestBudget }
    defer { if spm.running[pe] == FFAEndpointIndex.normal { control.pes[pe].guestLeft = 0 } }
    var exceptions = 0
    while true {
      let partition = spm.running[pe]
      guard !control.pes[pe].hasStopped else { return false }
      guard partition != FFAEndpointIndex.normal else { return true }
      if control.pes[pe].isrEL1 != 0 || exceptions > Self.mostPartitionExceptions {
        preempt(partition, &x)
        return true
      }
      guard hasCode(partition) else { return false }
      exceptions += 1
      switch runCode(Self.partitionVCPU, .secure(partition)) {
      case .keepsRunning: return false
      case .irq, .fiq: preempt(partition, &x)
      case .sync(let esr, _, _) where Syndrome.ec(esr) == Syndrome.ecSMC: takeCall(partition, &x)
      case .sync, .serror: abort(partition, &x)
      case .toEL3(let fault, let write):
        takeToEL3(granuleProtectionCheckByWalk(fault.address, spmcPAS(fault.address)) ?? fault, from: .sEL1, write: write)
        return false
      }
    }
  }

  /// An SMC of the code's: the call, and its answer if the partition keeps the PE.
  private mutating func takeCall(_ partition: Int, _ x: inout InlineArray<18, UInt64>) {
    let vcpu = mutableHostVCPU(Self.partitionVCPU)
    vcpu.pc &+= 4
    for n in 0..<18 { x[n] = vcpu.x(n) }
    if tracing {
      emit(.smc, x[0], x[1], x[2], world: .secure, detail: 1)
      progress.depth &+= 1
      traceMove(.sEL1, .sEL2)
    }
    if SMCCC.isFFA(x[0] & 0xFFFF_FFFF) { dispatchFFA(partition, &x) } else { x[0] = SMCCC.notSupported }
    guard !control.pes[control.currentPE].hasStopped else { return }
    let isKept = spm.running[control.currentPE] == partition
    if isKept { for n in 0..<8 { vcpu.setX(n, x[n]) } }
    guard tracing else { return }
    progress.depth &-= 1
    if isKept {
      traceMove(.sEL2, .sEL1)
      emit(.smcReturn, x[0], x[1], x[2], world: .secure, detail: 1)
    }
  }

  /// What a partition has done cannot go on: it does not run again, and who gave it the cycles is told.
  private mutating func abort(_ partition: Int, _ x: inout InlineArray<18, UInt64>) {
    var message = CallOutputs()
    message[0] = FFA.error
    message[2] = Status.ffaAborted.value
    giveBack(partition, .aborted, message)
    for n in 0..<8 { x[n] = message[n] }
  }

  /// Lets a partition that a debugger held go on.
  mutating func resumePartition() -> Outcome {
    var x = InlineArray<18, UInt64>(repeating: 0)
    guard hasCode(spm.running[control.currentPE]) else {
      return .refused("PE \(control.currentPE) runs a partition that executes no code: secure.smc makes its calls")
    }
    guard runPartitions(&x) else { return .smc(.running) }
    _ = returnToNormal(&x)
    return .smc(.answer(x))
  }

  /// Stage 2 of a partition: IPAs are PAs, and what it may do follows from whose the page is. What it has of the Normal world is accessed
  /// through the Non-secure PAS; the granule protection check looks at each access.
  func translateStage2(partition: Int, _ ipa: UInt64, _ kind: Stage2Access) -> Stage2Outcome {
    guard ipa < memory.limit, let permissions = access(ipa, of: partition) else { return .translation(level: 3) }
    let isAllowed =
      switch kind {
      case .read: permissions.data != 0
      case .write: permissions.data == FFAPermissions.readWrite
      case .fetch: permissions.instruction == FFAPermissions.executable
      }
    guard isAllowed else { return .permission(level: 3) }
    if granuleProtectionCheck(ipa, spmcPAS(ipa)) != nil { return .granuleProtection(ipa) }
    return isBacked(ipa, 1, spmcPAS(ipa)) ? .address(ipa) : .nothing
  }
}
