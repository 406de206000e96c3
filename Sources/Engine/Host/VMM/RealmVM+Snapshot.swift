/// Going back: what the VMM and KVM knew.
extension RealmVM {
  /// Everything that changes while it runs; of the console, which only grows, no more than how long it is.
  package struct Snapshot: Sendable {
    fileprivate var kvm: KVMVirtualMachine.State
    fileprivate var schedule: Schedule
    fileprivate var consoleCount: Int
    fileprivate var lastTurn: Int
    fileprivate var lineControl: UInt8
    fileprivate var input: SerialPort.Input
    fileprivate var gpio: PL061.State?
    fileprivate var buttonRelease: UInt64?
    fileprivate var party: PartyMemory?

    /// ``KVMVirtualMachine/VCPU/completes`` of the vCPU whose turn it is.
    package var completes: Bool { kvm.vcpus[schedule.current].completes }

    /// About how many bytes it has for itself, next to the one that was taken before it.
    package func cost(after other: Snapshot?) -> Int {
      var bytes = 1500 + 300 * kvm.vcpus.count
      guard let other else { return bytes }
      if kvm.given.count != other.kvm.given.count { bytes += kvm.given.copyCost }
      if kvm.shared.count != other.kvm.shared.count { bytes += kvm.shared.copyCost }
      if kvm.tables.count != other.kvm.tables.count { bytes += 48 * kvm.tables.count }
      return bytes
    }
  }

  package var snapshot: Snapshot {
    get {
      Snapshot(
        kvm: kvm.state, schedule: schedule, consoleCount: uart.count, lastTurn: lastTurn,
        lineControl: serial.lineControl, input: serial.input, gpio: gpio?.state, buttonRelease: buttonRelease,
        party: party?.memory)
    }
    set {
      (kvm.state, schedule, lastTurn) = (newValue.kvm, newValue.schedule, newValue.lastTurn)
      serial.uart.truncate(to: newValue.consoleCount)
      serial.lineControl = newValue.lineControl
      serial.input = newValue.input
      if let state = newValue.gpio { gpio?.state = state }
      buttonRelease = newValue.buttonRelease
      if let memory = newValue.party { party?.memory = memory }
    }
  }
}
