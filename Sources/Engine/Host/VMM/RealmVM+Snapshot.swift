/// Going back: what the VMM and KVM knew.
extension RealmVM {
  /// Everything that changes while it runs; of the console, which only grows, no more than how long it is.
  package struct Snapshot: Sendable {
    fileprivate var kvm: KVMVirtualMachine.State
    fileprivate var schedule: Schedule
    fileprivate var consoleCount: Int
    fileprivate var lastTurn: Int
    fileprivate var lineControl: UInt8
    fileprivate var input: SerialInput
    fileprivate var gpio: PL061.State?
    fileprivate var rtc: PL031.State?
    fileprivate var flash: [NORFlash.State]
    fileprivate var buttonRelease: UInt64?
    fileprivate var party: PartyMemory?
    fileprivate var devices: [DeviceState]

    /// ``KVMVirtualMachine/VCPU/completes`` of the vCPU whose turn it is.
    package var completes: Bool { kvm.vcpus[schedule.current].completes }

    /// How often vCPUs had left.
    package var exitCount: Int { kvm.exits.values.reduce(0, +) }

    /// About how many bytes it has for itself, next to the one that was taken before it.
    package func cost(after other: Snapshot?) -> Int {
      var bytes = 1500 + 300 * kvm.vcpus.count
      guard let other else { return bytes }
      if kvm.given.count != other.kvm.given.count { bytes += kvm.given.copyCost }
      if kvm.shared.count != other.kvm.shared.count { bytes += kvm.shared.copyCost }
      // What a disk has written since is its own; all have the list of what was written.
      for (device, former) in zip(devices, other.devices) {
        bytes += abs(device.function.stateSize - former.function.stateSize) + device.function.stateSize / 128
      }
      if kvm.tables.count != other.kvm.tables.count { bytes += 48 * kvm.tables.count }
      return bytes
    }
  }

  package var snapshot: Snapshot {
    get {
      Snapshot(
        kvm: kvm.state, schedule: schedule, consoleCount: uart.count, lastTurn: lastTurn,
        lineControl: serial.lineControl, input: serial.input, gpio: gpio?.state, rtc: rtc?.state, flash: flashStates,
        buttonRelease: buttonRelease,
        party: party?.memory, devices: deviceStates)
    }
    set {
      (kvm.state, schedule, lastTurn) = (newValue.kvm, newValue.schedule, newValue.lastTurn)
      serial.uart.truncate(to: newValue.consoleCount)
      serial.lineControl = newValue.lineControl
      serial.input = newValue.input
      if let state = newValue.gpio { gpio?.state = state }
      if let state = newValue.rtc { rtc?.state = state }
      flashStates = newValue.flash
      buttonRelease = newValue.buttonRelease
      if let memory = newValue.party { party?.memory = memory }
      deviceStates = newValue.devices
    }
  }
}
