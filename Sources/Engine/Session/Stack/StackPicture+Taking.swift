import Host
import Libvirt

extension StackPicture {
  /// What there is now: libvirt's domains in the order of its list, then what was started by hand.
  init(_ daemon: LibvirtDaemon, _ stack: HostStack) {
    kernelLines = stack.kernelLines
    let domains = daemon.listed
    guests = domains.map { domain in
      let process = stack.processes.first { $0.processID == domain.process?.processID }
      var guest = Guest(name: domain.name, domain: Domain(domain), process: process.flatMap(Process.init))
      guest.commandLine = domain.command?.logText.split(separator: "\n").map(String.init) ?? []
      guest.talk = domain.talk.lines
      guest.log = domain.log.lines
      guest.console = process.map { Array($0.console.bytes.suffix(Self.mostConsole)) } ?? []
      return guest
    }
    let own = Set(domains.compactMap { $0.process?.processID })
    for process in stack.processes where !own.contains(process.processID) && !process.isDomains {
      var guest = Guest(name: "\(process.program) \(process.processID)", process: Process(process))
      guest.log = (process as? StackProcess)?.pendingOutput ?? (process as? KvmtoolProcess)?.errors ?? []
      guest.console = Array(process.console.bytes.suffix(Self.mostConsole))
      guests.append(guest)
    }
  }
}

extension StackPicture.Domain {
  init(_ domain: ManagedDomain) {
    let definition = domain.shown
    (id, uuid, state, reason) = (domain.id, domain.uuid, domain.state.rawValue, domain.reason)
    isPersistent = domain.isPersistent
    isRealm = definition?.isRealm ?? false
    memory = definition?.memory ?? 0
    vcpus = definition?.vcpus ?? 0
    var parts: [(what: String, value: String)] = []
    if let os = definition?.os {
      if let kernel = os.kernel { parts.append(("kernel", kernel)) }
      if let initrd = os.initrd { parts.append(("initrd", initrd)) }
      if let loader = os.loader { parts.append(("loader", loader.path)) }
      if let line = os.cmdline { parts.append(("cmdline", line)) }
    }
    for disk in definition?.devices.disks ?? [] { parts.append(("disk", disk.source ?? "none")) }
    for interface in definition?.devices.interfaces ?? [] { parts.append(("interface", interface.kind.rawValue)) }
    if let security = definition?.launchSecurity {
      let words = [security.measurementAlgorithm.map { "measurement-algorithm \($0)" }].compactMap { $0 }
      parts.append(("launchSecurity", (["cca"] + words).joined(separator: ", ")))
    }
    self.parts = parts
    findings = domain.findings.map(\.text)
  }
}

extension StackPicture.Process {
  init?(_ process: any StackGuest) {
    guard process.end == nil, let memory = process.memory, let vm = process.vm else { return nil }
    (program, number, state, pe) = (process.program, process.processID, process.stateText, process.pe)
    self.memory = memory
    self.vm = StackPicture.VM(vm, times: process.vcpuTimes)
  }
}
