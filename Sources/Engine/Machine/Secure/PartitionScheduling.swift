/// Who has a PE: cycles go from the Normal world to a partition, and from there to others (DEN0077A 1.1, chapter 8).
extension Machine {
  /// A partition runs on this PE with these registers.
  ///
  /// - Parameter caller: who gives it the cycles, by ``FFAEndpointIndex``.
  mutating func run(_ partition: Int, _ message: borrowing CallOutputs, from caller: Int) {
    let pe = control.currentPE
    control.secure?.endpoints[partition].pe = pe
    let wasPreempted = spm.endpoints[partition].state == .preempted
    setState(partition, .running)
    // One that was interrupted goes on where it was, and notices nothing.
    if !wasPreempted { setMessage(partition, message) }
    if caller != FFAEndpointIndex.normal {
      setState(caller, .blocked)
      control.secure?.endpoints[caller].callee = partition
      control.secure?.endpoints[caller].awaitsAnswer = true
    }
    control.secure?.running[pe] = partition
  }

  /// A partition has cycles of somebody from now on.
  mutating func begin(_ partition: Int, _ model: FFAEndpoint.Model, from caller: Int, id: UInt64) {
    control.secure?.endpoints[partition].model = model
    control.secure?.endpoints[partition].caller = caller
    control.secure?.endpoints[partition].callerID = id
  }

  /// The PE goes back to who gave it to a partition: that finds these registers.
  mutating func giveBack(_ partition: Int, _ state: FFAEndpoint.State, _ message: borrowing CallOutputs) {
    let pe = control.currentPE
    let caller = spm.endpoints[partition].caller
    setState(partition, state)
    if state == .waiting || state == .aborted {
      begin(partition, .none, from: FFAEndpointIndex.normal, id: 0)
      if caller != FFAEndpointIndex.normal { control.secure?.endpoints[caller].callee = 0 }
    }
    control.secure?.running[pe] = caller
    guard caller != FFAEndpointIndex.normal else { return }
    setState(caller, .running)
    control.secure?.endpoints[caller].awaitsAnswer = false
    setMessage(caller, message)
  }

  /// An interrupt for the Host: the partition stops where it is, and the Normal world is told which it was.
  mutating func preempt(_ partition: Int, _ x: inout InlineArray<18, UInt64>) {
    setState(partition, .preempted)
    control.secure?.running[control.currentPE] = FFAEndpointIndex.normal
    x[0] = FFA.interrupt
    x[1] = Machine.target(partition)
    for n in 2..<18 { x[n] = 0 }
  }

  /// Target information: the id in bits 31:16, the execution context below.
  static func target(_ partition: Int) -> UInt64 { FFAEndpointIndex.id(partition) << 16 }

  private mutating func setMessage(_ partition: Int, _ message: borrowing CallOutputs) {
    var registers = InlineArray<8, UInt64>(repeating: 0)
    for n in 0..<8 { registers[n] = message[n] }
    control.secure?.endpoints[partition].message = registers
    if hasCode(partition) { deliver(message) }
  }

  private mutating func setState(_ partition: Int, _ state: FFAEndpoint.State) {
    control.secure?.endpoints[partition].state = state
  }
}
