import Basics
import Host
import Libvirt
import Machine

/// A kvmtool (`lkvm run`) that somebody has started on the host: it has no monitor, and ends with its guest.
final class KvmtoolProcess: StackGuest {
  let program = "kvmtool"
  let isDomains = false
  let processID: Int
  let pe: Int
  private(set) var vmid: UInt64?
  private(set) var memory: Range<UInt64>?
  let terminals: [Int] = []
  private(set) var end: HypervisorEnd?
  /// What it has printed to standard error.
  private(set) var errors: [LogLine] = []
  private(set) var console = ConsoleOutput()
  private(set) var vm: RealmVM?
  private(set) var vcpuTimes: [UInt64] = []
  /// It has this process.
  private unowned let stack: HostStack
  /// How many of the kernel's lines about it have been heard.
  private var heard = 0

  init(_ arguments: [String], folder: String, files: FilePolicy, _ stack: HostStack, _ number: Int) {
    (processID, self.stack, pe, vmid) = (number, stack, stack.freePE, stack.freeVMID)
    stack.session.beginLayer("kvmtool, process \(number)")
    defer { stack.session.endLayer() }
    do throws(VMMRefusal) {
      let commandLine = try KvmtoolCommandLine(arguments)
      if commandLine.isRealm, let problem = commandLine.problems.first { throw problem }
      // KVM_CHECK_EXTENSION, before anything is loaded.
      let start = KVMStart(stack.session)
      guard !commandLine.isRealm || start.hasRealms else {
        throw VMMRefusal(.kvmtool, "KVM doesn't support Realms", advice: start.reason, isOfKVM: true)
      }
      let load = try KvmtoolLoad(commandLine, stack.capabilities, stack.guestFiles(files, folder))
      let plan = try load.plan()
      guard let memory = stack.memory(for: load.options.memory) else {
        throw VMMRefusal(.kvmtool, "Failed to map memory: Cannot allocate memory")
      }
      self.memory = memory
      let vm = RealmVM(
        stack.session, load.options, pe: pe, memory: memory, vmid: vmid ?? 1, unusable: stack.leaked.filter(memory.contains))
      vm.hearsAgain = true
      vm.onConsole = { [unowned self] in console.append($0) }
      self.vm = vm
      do throws(RealmVM.Failure) { try vm.build(plan) } catch { throw VMMRefusal(.kvmtool, error.message) }
      vcpuTimes = [UInt64](repeating: 0, count: max(1, vm.vcpus.count))
    } catch {
      errors.append(LogLine(error.line, isProblem: true))
      finish(HypervisorEnd(layer: error.isOfKVM ? .kvm : .kvmtool, explanation: error.advice ?? ""))
    }
  }

  var isRunning: Bool { end == nil }
  var stateText: String { isRunning ? "running" : "ended" }
  var readiness: RealmVM.Readiness { vm?.readiness ?? .never }

  func run() {
    guard let vm else { return }
    let before = stack.session.now
    let ending = vm.enter()
    vcpuTimes[vm.lastTurn] += stack.session.now &- before
    stack.hear(vm.kvm.kernelLog, from: &heard)
    switch ending {
    case nil: return
    case .poweredOff, .reset: finish(HypervisorEnd(layer: .kvmtool))
    case .failed(let why):
      errors.append(LogLine("KVM_RUN failed: \(why)", isProblem: true))
      finish(HypervisorEnd(layer: .kvm))
    }
  }

  /// SIGTERM, and what it had of the machine is given back.
  func terminate() { finish(HypervisorEnd(layer: .kvmtool)) }

  private func finish(_ end: HypervisorEnd) {
    guard self.end == nil else { return }
    self.end = end
    if let vm {
      vm.destroy()
      stack.hear(vm.kvm.kernelLog, from: &heard)
      stack.takeBack(vmid, of: vm.kvm)
    }
    (memory, vmid) = (nil, nil)
  }
}
