import Basics

/// The start of a domain: what is looked at before, the process, its monitor, `cont` (qemuProcessStart).
struct DomainStart {
  let daemon: LibvirtDaemon
  let domain: ManagedDomain
  let definition: DomainDefinition
  let id: Int

  func run(_ isPaused: Bool) throws(LibvirtError) {
    let command = try CommandLineBuilder.build(definition, for: .start(id: id), now: daemon.driver.milliseconds / 1000)
    try checkFiles()
    try checkNetworks()
    logStart(command)
    let process = daemon.driver.start(
      HypervisorRequest(
        command: command, domain: definition.name, uuid: definition.uuid ?? "", id: id, folder: domain.folder, files: files))
    (domain.command, domain.process, domain.live, domain.id) = (command, process, definition, id)
    try checkAlive(process)
    let monitor = Monitor(process)
    domain.monitor = monitor
    let (terminals, memory) = monitor.connect(definition)
    try checkAlive(process)
    domain.live?.currentMemory = memory
    domain.terminals = Dictionary(uniqueKeysWithValues: terminals.map { (String($0.key.dropFirst(4)), $0.value) })
    (domain.state, domain.reason, domain.end) = (.paused, "user", nil)
    if !isPaused {
      let answer = monitor.execute("cont")
      try checkAlive(process)
      if let problem = answer?["error"]?["desc"]?.text {
        process.signal(.terminate)
        logFailure()
        throw LibvirtError(.internal, "unable to execute QEMU command 'cont': \(problem)", layer: .qemu)
      }
      (domain.state, domain.reason) = (.running, "booted")
      _ = monitor.takeEvents()
    }
    for line in process.takeOutput() { domain.log.add(line.text, isProblem: line.isProblem) }
  }

  // MARK: Before

  private func checkFiles() throws(LibvirtError) {
    for disk in definition.devices.disks {
      guard let source = disk.source, !has(source) else { continue }
      throw LibvirtError(.plain, "Cannot access storage file '\(source)': No such file or directory", disk.place)
    }
    if let loader = definition.os.loader, !has(loader.path) {
      throw LibvirtError(.plain, "Path '\(loader.path)' is not accessible: No such file or directory", loader.place)
    }
    for path in [definition.os.kernel, definition.os.initrd, definition.os.dtb].compactMap({ $0 }) where !has(path) {
      throw LibvirtError(.plain, "unable to stat: \(path): No such file or directory")
    }
  }

  /// What was named for all, and what is in the folder of its XML.
  private var files: FilePolicy { daemon.files.allowing(domain.folder) }

  private func has(_ path: String) -> Bool { files.has(path, in: domain.folder) }

  private func checkNetworks() throws(LibvirtError) {
    for interface in definition.devices.interfaces where interface.kind != .user {
      switch interface.kind {
      case .network:
        throw LibvirtError(.plain, "Network not found: no network with matching name '\(interface.source ?? "")'")
      case .bridge, .direct:
        throw LibvirtError(.plain, "Cannot get interface MTU on '\(interface.source ?? "")': No such device")
      default:
        throw LibvirtError(.plain, "an interface of type '\(interface.kind.rawValue)' is not modelled: user is", layer: .model)
      }
    }
  }

  private func logStart(_ command: EmulatorCommand) {
    let versions = "libvirt version: \(EmulatorCapabilities.libvirtVersion), qemu version: \(EmulatorCapabilities.qemuVersion)"
    domain.log.add(
      "starting up \(versions), kernel: \(EmulatorCapabilities.kernel), hostname: \(daemon.hostname)",
      at: daemon.driver.milliseconds)
    domain.log.add(command.logText)
  }

  // MARK: After

  /// A process that has ended while libvirt spoke to it has said why on its output.
  private func checkAlive(_ process: any HypervisorProcess) throws(LibvirtError) {
    guard let end = process.end else { return }
    let lines = process.takeOutput()
    for line in lines { domain.log.add(line.text, isProblem: line.isProblem) }
    logFailure()
    domain.end = end
    let said = lines.filter(\.isProblem).map(\.text).joined(separator: "\n")
    throw LibvirtError(.internal, "qemu unexpectedly closed the monitor: \(said)", layer: end.layer, explanation: end.explanation)
  }

  private func logFailure() { domain.log.add("shutting down, reason=failed", at: daemon.driver.milliseconds, isProblem: true) }
}
