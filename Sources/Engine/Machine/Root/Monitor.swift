/// The EL3 monitor: where SMCs go, how the PE changes worlds, and what EL3 answers itself.
extension Machine {
  /// SMCs the Host sends to the RMM: RMI, SMC64 (DEN0137 B1, function identifiers).
  static let rmiRange: ClosedRange<UInt64> = 0xC400_0150...0xC400_018F
  /// SMCs the RMM sends to EL3 (RMM-EL3 interface).
  static let serviceRange: ClosedRange<UInt64> = 0xC400_01B0...0xC400_01CF

  /// An SMC of a world below EL3: X0 to X17 in, the answer in the same registers. False if the call has not returned.
  mutating func routeSMC(_ world: World, _ x: inout InlineArray<18, UInt64>) -> Bool {
    let caller = Place(callerOf: world)
    if tracing {
      if world != .normal { traceMove(.nsEL2, caller) }
      emit(.smc, x[0], x[1], x[2], world: world)
      progress.depth &+= 1
      traceMove(caller, .el3)
    }
    // The function identifier is W0; the RMM looks at the rest of X0 if the personality says so (D41).
    let fid = x[0] & 0xFFFF_FFFF
    if world == .normal, Machine.rmiRange.contains(fid & ~SMCCC.sveHint) {
      guard control.panic == nil, hasRMM else {
        // No RMM is there to be entered: TF-A's RMMD answers SMC_UNK.
        if !hasRMM { say(.noRMM) }
        answer(&x, SMCCC.notSupported)
        leaveEL3(caller, world, &x)
        return true
      }
      if tracing { traceMove(.el3, .rEL2) }
      let isAnswered = dispatchRMI(policy.has(.fidIsW0WithoutSVEHint) ? fid & ~SMCCC.sveHint : x[0], &x)
      if panics() {
        answer(&x, SMCCC.notSupported)
        leaveEL3(caller, world, &x)
        return true
      }
      guard isAnswered else {
        progress.depth = 0
        return false
      }
      if tracing {
        emit(.service, UInt64(ServiceFID.rmiRequestComplete), x[0], 0, world: .realm)
        traceMove(.rEL2, .el3)
      }
    } else if world == .normal, control.secure != nil, SMCCC.isFFA(fid) {
      guard routeFFA(&x) else {
        progress.depth = 0
        return false
      }
    } else {
      // SMCCC 1.5, which TF-A v2.12 announces; RMI from the Secure world and from the RMM itself, and what nobody implements.
      let known = fid == SMCCC.version && configuration.monitorAnswersHost
      if !known, configuration.monitorAnswersHost { sayRefusal(fid, world) }
      answer(&x, known ? 0x1_0005 : SMCCC.notSupported)
    }
    leaveEL3(caller, world, &x)
    return true
  }

  /// What TF-A's RMMD prints of a call of its ranges that it does not pass on.
  mutating func sayRefusal(_ fid: UInt64, _ world: World) {
    if Machine.rmiRange.contains(fid & ~SMCCC.sveHint) {
      if !hasRMM { say(.noRMM) } else if world == .secure { say(.rmiFromSecure) } else { say(.unsupportedRMMCall, fid) }
    } else if Machine.serviceRange.contains(fid) {
      if !hasRMM {
        say(.noRMMForService)
      } else {
        say(world == .realm ? .unsupportedServiceCall : .serviceFromElsewhere, fid)
      }
    }
  }

  /// EL3 returns to the caller of an SMC, with its answer. That is passed in place: a copy at each SMC would be seen.
  @inline(__always) private mutating func leaveEL3(_ caller: Place, _ world: World, _ x: inout InlineArray<18, UInt64>) {
    if tracing {
      traceMove(.el3, caller)
      progress.depth &-= 1
      emit(.smcReturn, x[0], x[1], x[2], world: world)
      // The PE goes back to the Host, for whom the other world's call was an interlude.
      if world != .normal { traceMove(caller, .nsEL2) }
    }
    if world == .normal {
      let pe = control.currentPE
      // In place: an assignment through the array's subscript copies the register file more than once.
      control.pes.withUnsafeMutableBufferPointer { pes in for n in 0..<18 { pes[pe].x[n] = x[n] } }
    }
  }

  /// X0, with the registers that are not outputs zero, but for X4 where TF-RMM leaves it (D21).
  private func answer(_ x: inout InlineArray<18, UInt64>, _ x0: UInt64) {
    x[0] = x0
    for n in 1..<18 where n != 4 || !policy.has(.rmiKeepsX4) { x[n] = 0 }
  }

  /// Moves the PE to another world or level, and says so.
  mutating func movePE(to world: World, _ level: UInt8) {
    let pe = control.currentPE
    let old = Place(control.pes[pe].world, control.pes[pe].exceptionLevel)
    setPlace(world, level)
    traceMove(old, Place(world, level))
  }

  /// Puts the PE where a statement leaves it. Within an action it is only said to move: see ``traceMove(_:_:)``.
  mutating func setPlace(_ world: World, _ level: UInt8) {
    let pe = control.currentPE
    // SCR_EL3 names the world below EL3; at EL3 it still names the one that was left or is to be entered.
    if world != .root { control.pes[pe].scrEL3 = scr(world) }
    control.pes[pe].world = world
    control.pes[pe].exceptionLevel = level
  }

  @inline(__always) func scr(_ from: Place, _ to: Place) -> UInt64 { scr(to.world == .root ? from.world : to.world) }

  /// SCR_EL3 while a world runs: its state, and where granule protection faults go.
  @inline(__always) func scr(_ world: World) -> UInt64 {
    ProcessingElement.scr(world) | (configuration.gpf == .el3 ? ProcessingElement.scrGPF : 0)
  }

  /// Says that the PE moves.
  @inline(__always) mutating func traceMove(_ from: Place, _ to: Place) {
    emit(.move, from.code, to.code, scr(from, to), world: to.world, detail: to.level)
  }
}

/// A security state and an exception level.
struct Place {
  var world: World
  var level: UInt8

  @inline(__always) init(_ world: World, _ level: UInt8) {
    self.world = world
    self.level = level
  }

  /// Where software of a world stands that calls EL3 or makes an access.
  @inline(__always) init(callerOf world: World) { self.init(world, world == .root ? 3 : world == .secure ? 1 : 2) }

  @inline(__always) var code: UInt64 { UInt64(world.rawValue) << 8 | UInt64(level) }

  static let nsEL2 = Place(.normal, 2)
  static let nsEL1 = Place(.normal, 1)
  static let rEL2 = Place(.realm, 2)
  static let rEL1 = Place(.realm, 1)
  static let el3 = Place(.root, 3)
}

/// What became of an SMC whose answer is in the registers it was made with.
public enum SMCDisposition: Sendable {
  case answered
  /// RMI_REC_ENTER has not returned: the Realm keeps the PE.
  case running
  /// The PE runs a Realm or a VM, so its Host cannot make a call.
  case busy
}

/// What became of an SMC, with its answer.
public enum SMCOutcome: Sendable {
  /// X0 to X17 of the caller.
  case answer(InlineArray<18, UInt64>)
  /// RMI_REC_ENTER has not returned: the Realm keeps the PE.
  case running
  /// The PE runs a Realm or a VM, so its Host cannot make a call.
  case busy
}
