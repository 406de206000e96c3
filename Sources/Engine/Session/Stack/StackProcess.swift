import Basics
import Host
import Libvirt
import Machine

/// A QEMU that libvirt has started: the process its parent sees, and the guest on the machine behind it.
final class StackProcess: HypervisorProcess, StackGuest {
  let program = "QEMU"
  let isDomains: Bool
  let processID: Int
  let pe: Int
  private(set) var vmid: UInt64?
  /// The Host's memory for it, as long as it has it.
  private(set) var memory: Range<UInt64>?
  private(set) var terminals: [Int] = []
  private(set) var end: HypervisorEnd?
  private(set) var qemu: QEMUProcess?
  /// The domain it was started for.
  let domain: String
  private var output: [LogLine] = []
  /// How many of QEMU's lines have been taken.
  private var heard = 0
  /// How many of the kernel's lines about it have been.
  private var kernelHeard = 0
  private var events: [String] = []
  private(set) var console = ConsoleOutput()
  /// It has this process.
  private unowned let stack: HostStack

  init(_ request: HypervisorRequest, _ stack: HostStack, _ number: Int) {
    (processID, self.stack, pe, domain) = (number, stack, stack.freePE, request.domain)
    vmid = stack.freeVMID
    isDomains = !request.uuid.isEmpty
    stack.session.beginLayer("QEMU, process \(number)\(request.domain.isEmpty ? "" : ": \(request.domain)")")
    defer { stack.session.endLayer() }
    do throws(VMMRefusal) {
      let commandLine = try QEMUCommandLine(Array(request.command.arguments.dropFirst()))
      guard let memory = stack.memory(for: commandLine.memory.size) else {
        throw VMMRefusal(.qemu, "cannot set up guest memory 'mach-virt.ram': Cannot allocate memory")
      }
      self.memory = memory
      let qemu = try stack.qemu(commandLine, request, memory: memory, process: self)
      self.qemu = qemu
      terminals = qemu.terminals
      qemu.vm.hearsAgain = true
      qemu.vm.onConsole = { [unowned self] in console.append($0) }
      events = [qemu.monitor.greeting]
      note()
    } catch {
      output.append(LogLine(error.line, isProblem: true))
      end = HypervisorEnd(layer: error.isOfKVM ? .kvm : .qemu, explanation: error.advice ?? "")
      giveBack()
    }
  }

  // MARK: Its life

  var isRunning: Bool { end == nil && qemu?.isRunning == true && qemu?.isBuilt == true }

  var readiness: RealmVM.Readiness { qemu?.vm.readiness ?? .never }
  var stateText: String { end == nil ? qemu?.monitor.state.rawValue ?? "prelaunch" : "ended" }
  var vm: RealmVM? { qemu?.isBuilt == true ? qemu?.vm : nil }
  /// Lines it has written that nobody has taken.
  var pendingOutput: [LogLine] { output }

  /// One entry of a vCPU.
  func run() {
    guard let qemu else { return }
    let before = stack.session.now
    events += qemu.run(entries: 1)
    vcpuTimes[qemu.vm.lastTurn] += stack.session.now &- before
    note()
  }

  func signal(_ signal: ProcessSignal) {
    guard end == nil, let qemu else { return }
    switch signal {
    case .terminate: events += qemu.terminate(by: HostStack.daemon, named: "/usr/sbin/libvirtd")
    case .kill: break
    }
    note()
    finish(.qemu)
  }

  /// Hears what QEMU has written, and whether it has ended.
  private func note() {
    guard let qemu else { return }
    output += qemu.errors[heard...]
    heard = qemu.errors.count
    stack.hear(qemu.vm.kvm.kernelLog, from: &kernelHeard)
    guard end == nil, let code = qemu.exitCode else { return }
    finish(code == 0 ? .qemu : .kvm)
  }

  private func finish(_ layer: StackLayer) {
    end = HypervisorEnd(layer: layer)
    giveBack()
  }

  /// What it had of the machine.
  private func giveBack() {
    if let qemu {
      // A Realm that was half made, too.
      qemu.vm.destroy()
      stack.hear(qemu.vm.kvm.kernelLog, from: &kernelHeard)
      stack.takeBack(vmid, of: qemu.vm.kvm)
    }
    (memory, vmid, terminals) = (nil, nil, [])
  }

  // MARK: As its parent sees it

  func takeOutput() -> [LogLine] {
    defer { output = [] }
    return output
  }

  func send(_ line: String) -> [String] {
    guard end == nil, let qemu else { return [] }
    stack.session.beginLayer("QMP \(line)")
    defer { stack.session.endLayer() }
    let lines = takeEvents() + qemu.take(line + "\n")
    note()
    return lines
  }

  func takeEvents() -> [String] {
    defer { events = [] }
    return events
  }

  func takeConsole(_ alias: String) -> [UInt8] {
    guard alias.hasPrefix("serial") || alias.hasPrefix("console") else { return [] }
    return console.take()
  }

  func type(_ bytes: [UInt8], into alias: String) {
    guard alias.hasPrefix("serial") || alias.hasPrefix("console") else { return }
    qemu?.vm.type(bytes)
  }

  var cpuTime: UInt64 { vcpuTimes.reduce(0, +) }
  private(set) lazy var vcpuTimes = [UInt64](repeating: 0, count: max(1, qemu?.vm.options.vcpus ?? 1))
}
