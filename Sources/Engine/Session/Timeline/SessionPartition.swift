import Machine

/// Places at which the TEE's code is to stop, whoever has given it the PE.
struct PartitionStops {
  var points: [DebugPoint] = []
  /// Before each SMC.
  var atSMC = false

  var isEmpty: Bool { points.isEmpty && !atSMC }
}

extension Session {
  /// Does a thing and makes it a step. What was undone before stays as a branch. Where the TEE's code comes to a place at which it is to
  /// stop, it holds its PE.
  ///
  /// - Parameter entropy: recorded values to use instead of new ones.
  @discardableResult
  public func perform(_ input: Step.Input, entropy: [[UInt8]] = []) -> StatementResult {
    guard !partitionStops.isEmpty, keepsHistory, machine.debugging == nil, machine.hasCode(Machine.codePartition) else {
      return carryThrough(input, entropy: entropy)
    }
    var debugging = CodeDebugging(partitionStops.points, passing: heldPartition?.pc)
    debugging.stopsAtSMC = partitionStops.atSMC
    return perform(input, entropy: entropy, debugging).result
  }

  /// The same with other places. What stopped it comes before the step, as a pause after so many instructions: a recording needs no
  /// debugger to do it again.
  func perform(_ input: Step.Input, entropy: [[UInt8]] = [], _ debugging: CodeDebugging) -> (
    result: StatementResult, executed: Int, hit: CodeDebugging.Hit?
  ) {
    var debugging = debugging
    debugging.vcpu = Machine.partitionVCPU
    machine.debugging = debugging
    let result = carryThrough(input, entropy: entropy)
    let done = machine.debugging ?? debugging
    machine.debugging = nil
    let hit = heldPartition == nil ? nil : done.hits.last
    if hit != nil { insertPause(done.executed) }
    return (result, done.executed, hit)
  }

  /// The PE on which the TEE's code stands in the middle of a call, and where; nil if it waits for one.
  package var heldPartition: (pe: Int, pc: UInt64)? {
    read { machine in
      guard machine.hasCode(Machine.codePartition),
        let pe = machine.control.secure?.running.firstIndex(of: Machine.codePartition), !machine.control.pes[pe].hasStopped
      else { return nil }
      return machine.guestRegisters(Machine.partitionVCPU).map { (pe, $0.pc) }
    }
  }
}
