import Basics
import Machine

/// A QEMU that runs: from its command line to a guest, a monitor, and its end.
///
/// What it does is steps of its door. It reads the clock of the machine alone, and opens nothing: who started it carries bytes between
/// its monitor and a client, and gives it turns.
package final class QEMUProcess {
  package let commandLine: QEMUCommandLine
  package let load: QEMULoad
  package let plan: RealmPlan
  /// The guest. A Realm is made when it is first let run.
  package let vm: RealmVM
  package private(set) var monitor: QMPMonitor
  /// What it has printed to standard error, a line each.
  package private(set) var errors: [LogLine] = []
  /// Pseudo-terminals it has opened, by number.
  package private(set) var terminals: [Int] = []
  /// The exit code, once it has ended.
  package private(set) var exitCode: Int?
  /// Whether the guest is there; a Realm's RIM is final then.
  package private(set) var isBuilt = false
  private let door: any HostDoor

  /// Ticks of the machine's counter in a second, as QEMU takes them.
  private static let frequency = Machine.counterFrequency

  /// - Parameters:
  ///   - host: what the host has.
  ///   - firstTerminal: the number of the first pseudo-terminal it opens.
  ///   - tree: the device tree; nil: the one the command line names, or the machine's own.
  package init(
    _ commandLine: QEMUCommandLine, _ door: any HostDoor, _ host: HostCapabilities, tree: [UInt8]? = nil, _ files: GuestFiles,
    pe: Int? = nil,
    memory: Range<UInt64>? = nil, vmid: UInt64 = 1, unusable: Set<UInt64> = [], process: Int = 4242, firstTerminal: Int = 1
  ) throws(VMMRefusal) {
    self.commandLine = commandLine
    if let problem = commandLine.problems.first { throw problem }
    if let name = commandLine.machine.dumpDTB {
      // It is the program at a command line that may write files.
      throw VMMRefusal(
        .qemu, "\(name): Failed dumping dtb to \(name)", advice: "a session writes no files; the program workbench qemu does")
    }
    try Self.createVM(commandLine, door)
    load = try QEMULoad(commandLine, host, files)
    var plan = try load.plan(tree: tree)
    if load.log != nil {
      plan.unmeasuredContent = EventLog(plan, version: QEMUVersion.text).bytes
      guard plan.unmeasuredContent.count <= Int(QEMULoad.logSize) else { throw VMMRefusal(.qemu, "RME: event log is full") }
    }
    if let problem = load.options.problem { throw VMMRefusal(.qemu, "not modelled", advice: problem) }
    self.plan = plan
    self.door = door
    vm = RealmVM(door, load.options, pe: pe, memory: memory, vmid: vmid, unusable: unusable)
    var machine = Self.machine(commandLine, process)
    for index in machine.backends.indices where machine.backends[index].file == "pty" {
      let number = firstTerminal + terminals.count
      terminals.append(number)
      machine.backends[index].file = "pty:/dev/pts/\(number)"
      errors.append(LogLine("char device redirected to /dev/pts/\(number) (label \(machine.backends[index].label))"))
    }
    monitor = QMPMonitor(machine)
    if !commandLine.startsPaused { start() }
  }

  /// KVM_CREATE_VM, which a Realm needs an RMM for.
  private static func createVM(_ commandLine: QEMUCommandLine, _ door: any HostDoor) throws(VMMRefusal) {
    guard commandLine.isRealm else { return }
    let start = KVMStart(door)
    guard !start.hasRealms else { return }
    throw VMMRefusal(
      .qemu, "-accel kvm: failed to initialize kvm: Operation not permitted",
      advice: "ioctl(KVM_CREATE_VM) failed with EPERM; \(start.reason)", isOfKVM: true)
  }

  private static func machine(_ commandLine: QEMUCommandLine, _ process: Int) -> QMPMonitor.Machine {
    var machine = QMPMonitor.Machine()
    machine.topology = commandLine.topology
    machine.memory = commandLine.memory.size
    machine.name = commandLine.name
    machine.uuid = commandLine.uuid
    machine.isRealm = commandLine.isRealm
    (machine.staysAfterShutdown, machine.endsAtReset) = (commandLine.staysAfterShutdown, commandLine.endsAtReset)
    machine.process = process
    machine.backends = commandLine.backends.keys.sorted().map { id in
      (id, String((commandLine.backends[id] ?? "").prefix { $0 != "," }))
    }
    return machine
  }

  private var time: QMPMonitor.Time {
    let ticks = door.now
    return QMPMonitor.Time(seconds: ticks / Self.frequency, microseconds: ticks % Self.frequency / 1000)
  }

  package var isRunning: Bool { exitCode == nil && monitor.state == .running }
  /// Whether all its vCPUs wait for an interrupt, and none is to come: a QEMU waits on, until somebody makes one or ends it.
  package var isAsleep: Bool { isRunning && isBuilt && vm.isAsleep }

  // MARK: A client

  /// Bytes of a QMP client; the lines it gets.
  package func take(_ text: String) -> [String] {
    guard exitCode == nil else { return [] }
    return carry(out: monitor.take(text, at: time))
  }

  /// SIGTERM, as `virsh destroy` sends it; the lines a client gets.
  package func terminate(by sender: Int, named name: String) -> [String] {
    guard exitCode == nil else { return [] }
    errors.append(LogLine("qemu-system-aarch64: terminating on signal 15 from pid \(sender) (\(name))"))
    let lines = carry(out: monitor.event("SHUTDOWN", QMPMonitor.cause(byGuest: false, "host-signal"), at: time))
    exitCode = 0
    return lines
  }

  private func fail(_ text: String) { errors.append(LogLine(text, isProblem: true)) }

  private func carry(out outputs: [QMPMonitor.Output]) -> [String] {
    var lines: [String] = []
    for output in outputs {
      switch output {
      case .line(let line): lines.append(line)
      case .act(let act): perform(act)
      }
      // It has died of what it was to do, and nobody hears the answer.
      if exitCode == 1 { break }
    }
    return lines
  }

  private func perform(_ act: QEMUAct) {
    switch act {
    case .resume: start()
    case .pause: break
    case .powerDown: vm.pressPowerButton(for: Self.press)
    case .reset: reset()
    case .refuseReset: fail("qemu-system-aarch64: cpus are not resettable, terminating")
    case .quit: exitCode = 0
    }
  }

  // MARK: The guest

  /// How long the power button is held, in ticks: 100 ms (gpio-key).
  private static let press = frequency / 10

  /// An ordinary guest begins anew: vCPUs as at the start, images where they were loaded, devices as they were; RAM keeps the rest.
  private func reset() {
    guard isBuilt else { return }
    do throws(RealmVM.Failure) {
      try vm.reset(plan)
    } catch {
      fail("qemu-system-aarch64: \(error.message)")
      exitCode = 1
    }
  }

  /// Lets the guest run; the first time, it is made: RmeGuest creates the Realm when the machine changes to running.
  private func start() {
    monitor.state = .running
    guard !isBuilt else { return }
    do throws(RealmVM.Failure) {
      try vm.build(plan)
      isBuilt = true
    } catch {
      fail("qemu-system-aarch64: \(commandLine.isRealm ? "RME: " : "")\(error.message)")
      monitor.state = .internalError
      exitCode = 1
    }
  }

  /// Lets the guest's vCPUs go on for so many entries.
  ///
  /// - Returns: events for a client.
  package func run(entries: Int) -> [String] {
    for _ in 0..<entries where isRunning && !vm.isAsleep {
      guard let ending = vm.enter() else { continue }
      return carry(out: end(ending))
    }
    return []
  }

  private func end(_ ending: RealmVM.Ending) -> [QMPMonitor.Output] {
    switch ending {
    case .poweredOff: return monitor.shutDown(QMPMonitor.cause(byGuest: true, "guest-shutdown"), at: time)
    case .reset:
      let cause = QMPMonitor.cause(byGuest: true, "guest-reset")
      guard !commandLine.isRealm, !commandLine.endsAtReset else {
        if !commandLine.endsAtReset { perform(.refuseReset) }
        return monitor.shutDown(cause, at: time)
      }
      reset()
      return monitor.event("RESET", cause, at: time)
    case .failed(let why):
      fail("error: kvm run failed: \(why)")
      monitor.state = .internalError
      return monitor.event("STOP", at: time)
    }
  }
}
