import Basics
import Machine

extension Session {
  /// What an action answered, as a script, a trace and a recording have it.
  func describe(_ action: Action, _ outcome: Outcome) -> StatementResult {
    var result = StatementResult()
    result.guestResults = machine.guestResults
    result.decisions = machine.decisions
    switch outcome {
    case .smc(let smc):
      var fid: UInt64?
      if case .smc(let world, let x) = action {
        fid = x[0]
        result.world = world
        result.fid = fid
      }
      switch smc {
      case .answer(let x):
        let entry = fid.flatMap { Calls.called($0) }
        result.answer = Answer(
          kind: .registers, x: (0..<18).map { x[$0] }, interface: fid == nil ? .rmi : entry?.interface)
        if x[0] == 0 { result.exit = machine.progress.run.map { machine.exitFields($0) } }
        if case .resume = action { result.fid = UInt64(RECEnter.fid) }
      case .running:
        result.answer = Answer(kind: machine.stopReason.map { .other($0) } ?? .running(runner(action)), x: [])
      case .busy:
        result.answer = Answer(kind: machine.stopReason.map { .other($0) } ?? .busy(runner(action)), x: [])
      }
    case .access(let access):
      if case .access(let request) = action { result.world = request.world }
      switch access {
      case .value(let value):
        result.answer = Answer(kind: .ok, x: [value])
        result.found = hex(value)
      case .ok: result.answer = Answer(kind: .ok, x: [0])
      case .fault(let fault):
        var isWrite = false
        if case .access(let request) = action { isWrite = request.kind.isWrite }
        result.answer = Answer(kind: .gpf, x: [fault.syndrome(write: isWrite)])
        if case .access(let request) = action, request.isDevice {
          result.reason = "\(machine.configuration.smmu.summary): \(fault.reason)"
        }
      }
    case .el3(let error):
      result.answer = error == .ok ? Answer(kind: .ok, x: [0]) : Answer(kind: .other("fail"), x: [])
      result.reason = error.reason
    case .done:
      if case .guestClear = action { break }
      result.answer = Answer(kind: .ok, x: [0])
    case .exited:
      result.answer = Answer(kind: .ok, x: [0])
      result.exit = machine.progress.run.map { machine.exitFields($0) }
    case .queued:
      break
    case .refused(let why):
      result.answer = Answer(kind: .other(why), x: [])
    }
    return result
  }

  /// What keeps the PE an action was for.
  private func runner(_ action: Action) -> Answer.Guest {
    var pe = machine.control.currentPE
    if case .resume(let other) = action { pe = other }
    if machine.runsPartition(pe) { return .partition }
    return machine.control.pes[pe].runningVCPU == 0 ? .realm : .vm
  }
}

extension EL3Error {
  /// Why EL3 does not move a granule; nil if it does.
  fileprivate var reason: String? {
    let words: String? =
      switch self {
      case .ok: nil
      case .badAddress: "it is no granule of DRAM"
      case .badPAS: "a granule enters the Realm PAS by RMI_GRANULE_DELEGATE alone, and leaves it by RMI_GRANULE_UNDELEGATE"
      case .unknown: "its part of the granule protection table cannot be written"
      case .invalid: "the arguments are invalid"
      }
    return words.map { "\($0) (\(name))" }
  }
}
