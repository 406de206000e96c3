import Basics
import Host
import Libvirt
import Machine

/// A host with KVM, libvirt and guests, on which actions are performed one by one, and what must be true of it at any time.
final class RandomHost {
  let session: Session
  let stack: HostStack
  /// DRAM of somebody else's on the Host.
  let strangers: Range<UInt64>
  /// Granules that somebody else has had delegated, or has taken from a Realm: his to give back.
  private var strangersOwn: Set<UInt64> = []
  /// Whether anybody but KVM has done something.
  private(set) var isMeddledWith = false
  private let files: RandomFiles
  private let shell: VirshShell
  private let daemon: LibvirtDaemon

  init(seed: UInt64) {
    var configuration = MachineConfiguration()
    (configuration.vcpu, configuration.dramSize, configuration.recAuxCount) = (.code, 256 << 20, seed & 3)
    session = Session(configuration, keepsHistory: false)
    session.machine.entropy.numbers = SeededNumbers(seed: seed)
    session.setGuestBudget(1 << 8)
    let dram = session.dram
    strangers = dram.upperBound - 1 << 20..<dram.upperBound
    stack = HostStack(session, dram: dram.lowerBound..<strangers.lowerBound)
    stack.mostEntries = 24
    var numbers = SeededNumbers(seed: seed)
    files = RandomFiles((0..<HostsDriver.images).map { _ in RandomCode.kernel(numbers.next(), ram: HostsDriver.virtRAM) })
    let policy = FilePolicy(folders: ["/"], files)
    daemon = LibvirtDaemon(stack, EmulatorCapabilities(), files: policy, seed: seed)
    // Little time, so that there is much to do in it.
    var slices = TimeSlices()
    (slices.start, slices.command) = (1, 4)
    shell = VirshShell(daemon, mode: .commands, folder: "/g", xmlFiles: policy, slices: slices) { _ in }
  }

  func strangersGranule(_ number: UInt64) -> UInt64 { session.dram.lowerBound + number % (255 << 8) << 12 }

  // MARK: Doing

  func perform(_ action: HostsAction) {
    switch action {
    // That a VM is not there, or is there already, is no matter.
    case .kvm(let name, let request): _ = try? stack.kvm(name, request)
    case .file(let name, let content): files.made["/g/\(name)"] = Array(content.utf8)
    case .virsh(let line): _ = shell.run(line)
    case .smc(let entry, let arguments):
      isMeddledWith = true
      let answer = session.smc([UInt64(entry.fid)] + arguments) ?? [1]
      if answer[0] == 0 { noteTaken(entry.name, arguments, answer) }
    case .write(let address, let value):
      isMeddledWith = true
      session.write64(address, value)
    }
  }

  private func noteTaken(_ name: String, _ arguments: [UInt64], _ answer: [UInt64]) {
    switch name {
    case "RMI_GRANULE_DELEGATE": strangersOwn.insert(arguments[0])
    case "RMI_DATA_DESTROY", "RMI_RTT_DESTROY", "RMI_RTT_FOLD": strangersOwn.insert(answer[1])
    default: break
    }
  }

  /// Ends every guest, and has somebody else give back what he has taken.
  func end() {
    for name in stack.raw.keys.sorted() { perform(.kvm(name, .close)) }
    for domain in daemon.listed where domain.isActive { _ = shell.run("destroy \(domain.name)") }
    for granule in strangersOwn.sorted() { _ = session.smc([UInt64(GranuleUndelegate.fid), granule]) }
  }

  // MARK: What must be true

  /// Of every VM there is.
  var ledgers: [KVMLedger] { stack.vms.map(\.ledger) }

  /// The rules of the machine.
  var brokenRule: String? {
    session.read { $0.invariantViolations() }.first.map { "rule \($0.rule) broken: \($0.detail)" }
  }

  /// No granule is owned twice, in any VM or between two; where nobody meddles, each is to the RMM what it is to KVM, and none is lost.
  var ledgerProblem: String? {
    var owners: [UInt64: String] = [:]
    for (number, ledger) in ledgers.enumerated() {
      for entry in ledger.entries {
        if let other = owners.updateValue("\(entry.what) of VM \(number)", forKey: entry.granule) {
          return "\(hex(entry.granule)) is \(other) and \(entry.what) of VM \(number)"
        }
        let state = session.read { $0.granuleState(entry.granule) }
        if !isMeddledWith, state != entry.state {
          return "\(hex(entry.granule)), \(entry.what) of VM \(number), is \(state.name), not \(entry.state.name)"
        }
      }
      for granule in ledger.free + ledger.leaked {
        if let other = owners.updateValue("free or leaked of VM \(number)", forKey: granule) {
          return "\(hex(granule)) is free or leaked of VM \(number) and \(other)"
        }
      }
      for granule in ledger.unusable where owners[granule] != nil { return "\(hex(granule)) was leaked, and is used again" }
      if !isMeddledWith, let lost = lost(ledger, owners) { return "\(hex(lost)) of VM \(number) is lost" }
    }
    return nil
  }

  /// A granule that was taken and is nowhere: neither in the VM, nor a table of its Realm, nor free, nor leaked.
  private func lost(_ ledger: KVMLedger, _ owners: [UInt64: String]) -> UInt64? {
    stride(from: ledger.taken.lowerBound, to: ledger.taken.upperBound, by: Int(Granule.size)).first { granule in
      owners[granule] == nil && !ledger.passedOver.contains(granule) && !ledger.unusable.contains(granule)
        && session.read { $0.granuleState(granule) } != .rtt
    }
  }

  /// After the end: everything is the Host's again but what was leaked on purpose, and the kernel's log has that.
  var leftover: String? {
    let leaked = stack.leaked
    if !isMeddledWith, let granule = leaked.min() { return "\(hex(granule)) is leaked, and nobody meddled" }
    for piece in session.read({ $0.piecesInUse(of: Granule.size) }) {
      let granule = session.dram.lowerBound + piece * Granule.size
      if strangers.contains(granule) || leaked.contains(granule) { continue }
      return "\(hex(granule)) is \(session.read { $0.granuleState(granule) }.name) for ever, and is in no log"
    }
    if !leaked.isEmpty, !stack.kernelLines.contains(where: { $0.text.contains("leaked") }) {
      return "the kernel's log has no leak"
    }
    return nil
  }
}

/// Files of such a host: images, and XML that is written as it goes.
private final class RandomFiles: FileSource, @unchecked Sendable {
  var made: [String: [UInt8]] = [:]

  init(_ images: [[UInt8]]) {
    for (n, image) in images.enumerated() { made["/g/k\(n).img"] = image }
  }

  func exists(_ file: PermittedFile) -> Bool { made[file.path] != nil }
  func read(_ file: PermittedFile) -> FileAnswer { made[file.path].map(FileAnswer.bytes) ?? .missing }
  func isFolder(_ path: String) -> Bool { path == "/g" }
}
