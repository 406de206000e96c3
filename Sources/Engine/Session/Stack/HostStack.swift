import Basics
import Host
import Libvirt
import Machine

/// The host below libvirt: QEMU's processes, whose guests all run on one machine, which is a session's. What libvirt asks for ends as
/// steps of that.
///
/// Time is the machine's: its counter counts nanoseconds, one for each instruction a guest executes, and goes on by itself where all
/// wait.
package final class HostStack: HypervisorDriver {
  package let session: Session
  let capabilities: HostCapabilities
  private(set) var processes: [any StackGuest] = []
  /// VMs that somebody makes call by call, by name.
  var raw: [String: StackRawVM] = [:]
  private var lastProcess = 4241
  /// Granules that the RMM did not give back: nobody uses them again.
  package private(set) var leaked: Set<UInt64> = []
  /// VMIDs of Realms that are still there (kvm_destroy_realm releases none of a Realm that stays).
  private var lostVMIDs: [UInt64] = []
  /// What the host's kernel has printed of its VMs, the last of it.
  package private(set) var kernelLines: [LogLine] = []
  /// libvirtd's own process.
  static let daemon = 1001

  /// The day on which the machine begins, in milliseconds since 1970: 1 January 2026.
  package static let epoch = 1_767_225_600_000
  /// Most entries of vCPUs that one look at the domains lets happen, whatever time they take: a guest that does nothing but leave must
  /// not keep virsh.
  package var mostEntries = 20_000
  /// The same for a guest that is kept from going on, by what a session counts: an exception stands for many instructions.
  package static let mostWork: UInt64 = 20_000_000

  /// DRAM for guests.
  private let dram: Range<UInt64>

  /// - Parameters:
  ///   - session: a machine whose vCPUs execute code, with DRAM for the domains.
  ///   - dram: what of it is for them; nil: all of it.
  package init(_ session: Session, dram: Range<UInt64>? = nil) {
    self.session = session
    self.dram = dram ?? session.dram
    capabilities = HostCapabilities(features: session.configuration.featureRegister0)
    kernelLines = KVMStart(session).lines.map { LogLine("[    0.000000] \($0)") }
  }

  /// The machine of a host: its vCPUs execute code, and it has DRAM for two domains of the largest size.
  package static func configuration(_ base: MachineConfiguration) -> MachineConfiguration {
    var configuration = base
    configuration.vcpu = .code
    configuration.wantDRAM(16 << 30)
    return configuration
  }

  // MARK: Time

  package var milliseconds: Int { Self.epoch + Int(session.now / 1_000_000) }

  package func pass(microseconds: Int) {
    let end = session.now &+ UInt64(max(0, microseconds)) * 1000
    var entries = 0
    let work = session.usage.instructions
    while session.now < end, entries < mostEntries, session.usage.instructions &- work < Self.mostWork, mayGoOn {
      var wakes: UInt64?
      var hasRun = false
      for process in processes where process.isRunning && session.now < end {
        switch process.readiness {
        case .now:
          process.run()
          entries += 1
          hasRun = true
        case .at(let time): wakes = min(wakes ?? time, time)
        case .never: break
        }
      }
      if !hasRun { session.idle(until: min(wakes ?? end, end)) }
    }
    if session.now < end, mayGoOn { session.idle(until: end) }
  }

  /// Whether nobody wants it to stand still; where it only finds out what it knew, it goes as far as it went.
  private var mayGoOn: Bool { session.following.map { $0.goesOn(at: session.position) } ?? !session.isInterrupted() }

  /// Whether a guest can go on, now or later.
  package var hasWork: Bool { processes.contains { $0.isRunning && $0.readiness != .never } }

  /// Hears what the kernel has printed of a VM.
  func hear(_ log: KernelLog, from heard: inout Int) {
    let count = log.forgotten + log.lines.count
    kernelLines += log.lines.suffix(min(log.lines.count, count - heard))
    heard = count
    if kernelLines.count > KernelLog.limit { kernelLines.removeFirst(kernelLines.count - KernelLog.limit) }
  }

  // MARK: Processes

  package func start(_ request: HypervisorRequest) -> any HypervisorProcess { startQEMU(request) }

  func startQEMU(_ request: HypervisorRequest) -> StackProcess {
    start { StackProcess(request, self, $0) }
  }

  /// - Parameter arguments: behind `lkvm run`.
  func startKvmtool(_ arguments: [String], folder: String, files: FilePolicy) -> KvmtoolProcess {
    start { KvmtoolProcess(arguments, folder: folder, files: files, self, $0) }
  }

  private func start<Process: StackGuest>(_ make: (Int) -> Process) -> Process {
    processes.removeAll { $0.end != nil }
    lastProcess += 1
    let process = make(lastProcess)
    processes.append(process)
    return process
  }

  /// Memory of the Host's for a guest of a size, with room for what KVM and the RMM need besides; nil if there is none.
  func memory(for size: UInt64) -> Range<UInt64>? {
    let unit: UInt64 = 2 << 20
    let (sum, overflows) = size.addingReportingOverflow(size / 64 + 32 << 20)
    guard !overflows, sum < UInt64.max - unit else { return nil }
    return memory(ofExactly: (sum + unit - 1) / unit * unit)
  }

  /// The lowest so many bytes that nobody has; nil if there are none.
  func memory(ofExactly wanted: UInt64) -> Range<UInt64>? {
    let taken = (processes.compactMap(\.memory) + raw.values.map(\.memory)).sorted { $0.lowerBound < $1.lowerBound }
    var start = dram.lowerBound
    for range in taken {
      if range.lowerBound - start >= wanted { break }
      start = range.upperBound
    }
    return dram.upperBound - start >= wanted ? start..<start + wanted : nil
  }

  /// A VM is no more, and its memory is the host's again, but for granules that have leaked.
  func takeBack(_ vmid: UInt64?, of kvm: KVMVirtualMachine) {
    leaked.formUnion(kvm.leaked)
    if kvm.isStuck, let vmid { lostVMIDs.append(vmid) }
  }

  /// What the Realms of this host are told apart by: the lowest that is free.
  var freeVMID: UInt64 { Self.lowestFree(processes.compactMap(\.vmid) + raw.values.map(\.vmid) + lostVMIDs, from: 1) }
  var freeTerminal: Int { Int(Self.lowestFree(processes.flatMap(\.terminals).map(UInt64.init), from: 1)) }

  private static func lowestFree(_ taken: [UInt64], from first: UInt64) -> UInt64 {
    let taken = Set(taken)
    return (first...).first { !taken.contains($0) } ?? first
  }

  /// The PE with the fewest domains.
  var freePE: Int {
    let count = session.read { $0.control.pes.count }
    return (0..<count).min { a, b in load(a) < load(b) } ?? 0
  }

  private func load(_ pe: Int) -> Int { processes.count { $0.pe == pe && $0.end == nil } + raw.values.count { $0.pe == pe } }

  /// The VMs there are, those of processes and those that somebody makes call by call.
  package var vms: [KVMVirtualMachine] {
    raw.sorted { $0.key < $1.key }.map(\.value.vm.kvm) + processes.filter { $0.end == nil }.compactMap { $0.vm?.kvm }
  }

  func qemu(
    _ commandLine: QEMUCommandLine, _ request: HypervisorRequest, memory: Range<UInt64>, process: StackProcess
  ) throws(VMMRefusal) -> QEMUProcess {
    try QEMUProcess(
      commandLine, session, capabilities, guestFiles(request.files, request.folder), pe: process.pe, memory: memory,
      vmid: process.vmid ?? 1, unusable: leaked.filter(memory.contains), process: process.processID, firstTerminal: freeTerminal)
  }
  /// What a guest may open; relative paths begin in a folder.
  func guestFiles(_ files: FilePolicy, _ folder: String) -> GuestFiles {
    GuestFiles { name throws(GuestFiles.Unreadable) in
      switch files.read(name, in: folder) {
      case .bytes(let bytes): return bytes
      case .missing: throw GuestFiles.Unreadable(message: "there is no such file that this guest may open")
      case .unreadable(let why): throw GuestFiles.Unreadable(message: why)
      }
    }
  }
}
