import Basics

/// One thing a person, a script, a replay or a fuzzer does to the machine.
public enum Action: Sendable {
  /// An SMC of the Host (Normal world, EL2) or of another world, from the current PE: X0 to X17.
  case smc(World, InlineArray<18, UInt64>)
  case access(MemoryAccess)
  /// Queue something for a Realm's vCPU to do.
  case guest(GuestAction)
  case guestClear
  /// EL3 moves a granule to another PAS.
  case assignGranule(UInt64, GPI)
  /// A register of the current PE, from outside.
  case setRegister(String, UInt64)
  /// Statements from now on are about this PE.
  case selectPE(Int)
  /// A guest that keeps its PE goes on.
  case resume(Int)
  /// The next guest's code that runs holds its PE after so many instructions.
  case guestPause(Int)
  /// Checks are switched off, or on again: it is a machine of the lab from then on.
  case switches(SwitchSet, isOff: Bool)
  /// The Normal world waits: the counter goes on to a value.
  case idle(UInt64)
  /// The Host at NS-EL2 enters a vCPU of its own, no Realm's: where its registers are, and its run page.
  case enterVCPU(UInt64, run: UInt64)
}

extension Action {
  /// Whether software of the present PE does it.
  var needsPE: Bool {
    switch self {
    case .access(let access): !access.isDevice
    case .smc, .assignGranule, .enterVCPU: true
    case .guest, .guestClear, .setRegister, .selectPE, .resume, .guestPause, .switches, .idle: false
    }
  }
}

/// What an action answered.
public enum Outcome: Sendable {
  case smc(SMCOutcome)
  case access(AccessOutcome)
  case queued
  /// A vCPU of the Normal world came back; what for stands in its run page.
  case exited
  case el3(EL3Error)
  case done
  /// The action makes no sense in this state.
  case refused(String)
}

extension Machine {
  /// The one door: performs an action and says what it answered. What happened on the way is in ``events``.
  public mutating func perform(_ action: Action) -> Outcome {
    forgetLastAction()
    if control.pes[control.currentPE].hasStopped, action.needsPE, let reason = stopReason { return .refused(reason) }
    switch action {
    case .smc(let world, let x):
      var registers = x
      return .smc(smc(&registers, from: world))
    case .access(let access):
      if case .fill(let length, _) = access.kind, length > MemoryAccess.fillLimit, isBacked(access.address, length) {
        return .refused("a fill of \(sizeText(length)) is too large; one writes at most \(sizeText(MemoryAccess.fillLimit))")
      }
      return .access(perform(access))
    case .guest(let guest):
      guard control.guestQueue.append(guest) else {
        return .refused("the queue is full: \(GuestQueue.limit) actions wait; guest clear empties it")
      }
      return .queued
    case .guestClear:
      control.guestQueue.clear()
      return .done
    case .assignGranule(let address, let gpi):
      return .el3(assignGranule(address, gpi))
    case .setRegister(let name, let value):
      return control.pes[control.currentPE].setRegister(name, value)
        ? .done
        : .refused(
          "no register \(name) can be set; there are \(ProcessingElement.settableNames.joined(separator: ", "))")
    case .selectPE(let pe):
      guard control.pes.indices.contains(pe) else {
        return .refused("there is no PE \(pe); this machine has 0 to \(control.pes.count - 1)")
      }
      control.currentPE = pe
      return .done
    case .resume(let pe):
      return resume(pe)
    case .guestPause(let instructions):
      guard configuration.vcpu == .code || configuration.secure == .tee else {
        return .refused("vCPUs of this machine execute no code (machine vcpu=code)")
      }
      control.guestPause = instructions
      return .done
    case .switches(let switches, let isOff):
      let off = switchedOff
      switchOff(isOff ? off.union(switches) : off.subtracting(switches))
      return .done
    case .idle(let time):
      control.guestInstructions = max(control.guestInstructions, time)
      return .done
    case .enterVCPU(let vcpu, let run):
      return enterVCPU(vcpu, run: run)
    }
  }

  /// The door for an SMC alone, as the hardware has it: X0 to X17 in, the answer in the same registers.
  ///
  /// The same as `perform(.smc(world, x))` without the copies.
  public mutating func perform(smc x: inout InlineArray<18, UInt64>, from world: World) -> SMCDisposition {
    forgetLastAction()
    if world == .normal {
      if control.busyPEs >> UInt8(control.currentPE) & 1 != 0 { return .busy }
    } else if world == .secure, control.secure != nil {
      return secureCall(&x)
    }
    return routeSMC(world, &x) ? .answered : .running
  }

  /// `guest clear` that leaves what the last action did for onlookers.
  package mutating func forgetQueue() { control.guestQueue.clear() }

  private mutating func smc(_ x: inout InlineArray<18, UInt64>, from world: World) -> SMCOutcome {
    switch perform(smc: &x, from: world) {
    case .answered: .answer(x)
    case .running: .running
    case .busy: .busy
    }
  }

  /// Lets a guest that keeps its PE go on, until RMI_REC_ENTER returns to that PE's Host (or the guest's exception comes to it), or
  /// the guest holds again.
  private mutating func resume(_ pe: Int) -> Outcome {
    guard control.pes.indices.contains(pe) else {
      return .refused("there is no PE \(pe); this machine has 0 to \(control.pes.count - 1)")
    }
    guard !control.pes[pe].hasStopped else { return .refused("PE \(pe) has stopped at EL3: nothing to resume") }
    let rec = control.pes[pe].runningREC
    let vcpu = control.pes[pe].runningVCPU
    guard rec | vcpu != 0 || runsPartition(pe) else { return .refused("PE \(pe) runs no REC: nothing to resume") }
    let selected = control.currentPE
    control.currentPE = pe
    defer { control.currentPE = selected }
    if rec | vcpu == 0 { return resumePartition() }
    if vcpu != 0 { return continueVCPU(vcpu, resumed: true) }
    var result = continueRun(rec, resumed: true)
    if panics() { result = SMCCC.notSupported }
    if result == Machine.stillRunning { return .smc(.running) }
    var answer = InlineArray<18, UInt64>(repeating: 0)
    answer[0] = result
    setPlace(.normal, 2)
    if tracing {
      traceMove(.rEL2, .el3)
      traceMove(.el3, .nsEL2)
      emit(.smcReturn, result, world: .normal)
    }
    control.pes[pe].x = answer
    return .smc(.answer(answer))
  }
}
