extension Machine {
  /// Runs an RMI command at R-EL2. False if it has not returned: the Realm keeps the PE.
  mutating func dispatchRMI(_ fid: UInt64, _ x: inout InlineArray<18, UInt64>) -> Bool {
    var call = Call(x)
    let lastOutput = withUnsafeMutablePointer(to: &self) { machine in
      withUnsafeMutablePointer(to: &call) { call in
        var executor = RMIExecutor(fid: fid, machine: machine, call: call)
        if machine.pointee.isLab {
          var lab = LabExecutor(fid: fid, machine: machine, call: call)
          if !CommandList.rmi(&lab) { call.pointee.out[0] = SMCCC.notSupported }
          return lab.lastOutput
        }
        if !CommandList.rmi(&executor) { call.pointee.out[0] = SMCCC.notSupported }
        return executor.lastOutput
      }
    }
    if call.out[0] == Machine.stillRunning { return false }
    for n in 0...3 { x[n] = call.out[n] }
    if lastOutput > 3 || !policy.has(.rmiKeepsX4) { x[4] = call.out[4] }
    for n in 5..<18 { x[n] = 0 }
    return true
  }
}

/// Runs the RMI command with an identifier. With the list it is compiled to a switch over the identifiers.
private struct RMIExecutor: CommandVisitor {
  let fid: UInt64
  /// The machine has one owner and cannot be part of a value; the call is not to be copied.
  let machine: UnsafeMutablePointer<Machine>
  let call: UnsafeMutablePointer<Call>
  /// The highest register that has an output.
  var lastOutput = 3

  @inline(__always) mutating func visit<C: Command>(_: C.Type) -> Bool {
    guard fid == UInt64(C.fid) else { return false }
    machine.pointee.execute(C.self, &call.pointee)
    if call.pointee.decidedBy == nil { lastOutput = C.lastOutput }
    return true
  }
}

/// The same for a machine of the lab.
private struct LabExecutor: CommandVisitor {
  let fid: UInt64
  let machine: UnsafeMutablePointer<Machine>
  let call: UnsafeMutablePointer<Call>
  var lastOutput = 3

  mutating func visit<C: Command>(_: C.Type) -> Bool {
    guard fid == UInt64(C.fid) else { return false }
    machine.pointee.executeInLab(C.self, &call.pointee)
    if call.pointee.decidedBy == nil { lastOutput = C.lastOutput }
    return true
  }
}
