import Basics

/// libvirt's QEMU driver: the domains of a host, and what can be done with them.
package final class LibvirtDaemon {
  package let driver: any HypervisorDriver
  package let capabilities: EmulatorCapabilities
  /// What domains may open.
  package var files: FilePolicy
  package private(set) var domains: [ManagedDomain] = []
  private var lastID = 0
  private var entropy: SeededNumbers
  package let hostname = "workbench"

  /// - Parameter seed: what UUIDs and MAC addresses follow from that the XML does not give.
  package init(_ driver: any HypervisorDriver, _ capabilities: EmulatorCapabilities, files: FilePolicy, seed: UInt64 = 0) {
    (self.driver, self.capabilities, self.files) = (driver, capabilities, files)
    entropy = SeededNumbers(seed: seed)
  }

  // MARK: Which there are

  /// Those that run in the order of their ids, then the others by name.
  package var listed: [ManagedDomain] {
    domains.sorted { a, b in
      switch (a.id, b.id) {
      case (let a?, let b?): a < b
      case (_?, nil): true
      case (nil, _?): false
      case (nil, nil): a.name < b.name
      }
    }
  }

  /// A domain by its id, its UUID or its name, as virsh looks for one.
  package func domain(_ word: String, by keys: Set<DomainKey> = Set(DomainKey.allCases)) -> ManagedDomain? {
    if keys.contains(.id), let id = Int(word), id >= 0, let found = domains.first(where: { $0.id == id }) { return found }
    if keys.contains(.uuid), let uuid = DomainUUID.canonical(word), let found = domains.first(where: { $0.uuid == uuid }) {
      return found
    }
    return keys.contains(.name) ? domains.first { $0.name == word } : nil
  }

  /// Reads XML and completes it.
  package func read(_ bytes: [UInt8]) throws(LibvirtError) -> (definition: DomainDefinition, findings: [DomainFinding]) {
    try Self.read(bytes, capabilities) { self.entropy.next() }
  }

  /// The command line with which a domain of some XML would be started first; nothing is started, and no file is looked at.
  package static func command(
    of xml: [UInt8], _ capabilities: EmulatorCapabilities
  ) throws(LibvirtError) -> EmulatorCommand {
    var numbers = SeededNumbers(seed: 0)
    let definition = try read(xml, capabilities) { numbers.next() }.definition
    return try CommandLineBuilder.build(definition, for: .start(id: 1), now: 0)
  }

  private static func read(
    _ bytes: [UInt8], _ capabilities: EmulatorCapabilities, _ random: @escaping () -> UInt64
  ) throws(LibvirtError) -> (definition: DomainDefinition, findings: [DomainFinding]) {
    let root: XMLElement
    do throws(XMLFailure) {
      root = try XMLReader.read(bytes)
    } catch {
      switch error {
      case .fault(let fault): throw LibvirtError(.plain, fault.message, fault.place)
      case .refused(let why, let place): throw LibvirtError(.plain, why, place, layer: .model)
      }
    }
    let (given, findings) = try DomainReader.read(root)
    let completer = DomainCompleter(capabilities) { count in
      (0..<count).map { _ in UInt8(truncatingIfNeeded: random()) }
    }
    return (try completer.complete(given), findings)
  }

  /// A domain of the same name or UUID must be this one (virDomainObjListAddLocked).
  private func known(_ definition: DomainDefinition, canRun: Bool) throws(LibvirtError) -> ManagedDomain? {
    if definition.name.contains("\n") { throw LibvirtError(.plain, "invalid char in name: \n") }
    if let found = domains.first(where: { $0.uuid == definition.uuid }) {
      guard found.name == definition.name else {
        throw LibvirtError(.operationFailed, "domain '\(found.name)' is already defined with uuid \(found.uuid)")
      }
      if found.isActive, !canRun {
        throw LibvirtError(.operationInvalid, "domain '\(found.name)' is already active")
      }
      return found
    }
    if let found = domains.first(where: { $0.name == definition.name }) {
      throw LibvirtError(.operationFailed, "domain '\(found.name)' already exists with uuid \(found.uuid)")
    }
    return nil
  }

  // MARK: Beginning and end

  /// Keeps a definition.
  package func define(_ bytes: [UInt8], folder: String) throws(LibvirtError) -> ManagedDomain {
    let (definition, findings) = try read(bytes)
    if let found = try known(definition, canRun: true) {
      (found.definition, found.folder, found.findings) = (definition, folder, findings)
      return found
    }
    let domain = ManagedDomain(definition, folder: folder, findings: findings)
    domains.append(domain)
    return domain
  }

  /// Starts a domain that is gone when it stops.
  package func create(_ bytes: [UInt8], folder: String, isPaused: Bool = false) throws(LibvirtError) -> ManagedDomain {
    let (definition, findings) = try read(bytes)
    if let found = try known(definition, canRun: false) {
      (found.folder, found.findings) = (folder, findings)
      try launch(found, definition, isPaused)
      return found
    }
    let domain = ManagedDomain(definition, folder: folder, findings: findings)
    domains.append(domain)
    domain.definition = nil
    try launch(domain, definition, isPaused)
    return domain
  }

  package func start(_ domain: ManagedDomain, isPaused: Bool = false) throws(LibvirtError) {
    guard let definition = domain.definition, !domain.isActive else {
      throw LibvirtError(.operationInvalid, "domain is already running")
    }
    try launch(domain, definition, isPaused)
  }

  private func launch(_ domain: ManagedDomain, _ definition: DomainDefinition, _ isPaused: Bool) throws(LibvirtError) {
    lastID += 1
    let id = lastID
    do throws(LibvirtError) {
      try DomainStart(daemon: self, domain: domain, definition: definition, id: id).run(isPaused)
    } catch {
      domain.forgetProcess()
      domain.reason = "failed"
      forget(domain)
      throw error
    }
  }

  package func undefine(_ domain: ManagedDomain) throws(LibvirtError) {
    guard domain.isPersistent else { throw LibvirtError(.operationInvalid, "cannot undefine transient domain") }
    domain.definition = nil
    domain.autostart = false
    forget(domain)
  }

  /// A domain without definition and without process is no more.
  private func forget(_ domain: ManagedDomain) {
    guard !domain.isPersistent, !domain.isActive else { return }
    domains.removeAll { $0 === domain }
  }

  package func destroy(_ domain: ManagedDomain) throws(LibvirtError) {
    guard let process = try running(domain) else { return }
    process.signal(.terminate)
    if process.end == nil { process.signal(.kill) }
    stop(domain, "destroyed")
  }

  /// Puts away what is left of a domain whose process has ended.
  private func stop(_ domain: ManagedDomain, _ reason: String) {
    takeOutput(domain)
    _ = domain.monitor?.takeEvents()
    domain.end = domain.process?.end
    domain.log.add("shutting down, reason=\(reason)", at: driver.milliseconds)
    domain.forgetProcess()
    domain.reason = reason
    forget(domain)
  }

  private func takeOutput(_ domain: ManagedDomain) {
    for line in domain.process?.takeOutput() ?? [] { domain.log.add(stamped: line, at: driver.milliseconds) }
  }

  // MARK: While it runs

  @discardableResult
  private func running(_ domain: ManagedDomain) throws(LibvirtError) -> (any HypervisorProcess)? {
    guard let process = domain.process else { throw LibvirtError(.operationInvalid, "domain is not running") }
    return process
  }

  package func suspend(_ domain: ManagedDomain) throws(LibvirtError) {
    try running(domain)
    guard domain.state != .paused else { return }
    try check(domain.monitor?.execute("stop"))
    (domain.state, domain.reason) = (.paused, "user")
    refresh(domain)
  }

  package func resume(_ domain: ManagedDomain) throws(LibvirtError) {
    try running(domain)
    guard domain.state == .paused else { throw LibvirtError(.operationInvalid, "domain is already running") }
    try check(domain.monitor?.execute("cont"))
    (domain.state, domain.reason) = (.running, "unpaused")
    refresh(domain)
  }

  package func reset(_ domain: ManagedDomain) throws(LibvirtError) {
    try running(domain)
    try check(domain.monitor?.execute("system_reset"))
    domain.monitor?.listDevices()
    refresh(domain)
  }

  /// Asks the guest to turn itself off; what it makes of it is its own affair.
  package func shutdown(_ domain: ManagedDomain) throws(LibvirtError) {
    guard domain.state == .running else { throw LibvirtError(.operationInvalid, "domain is not running") }
    try check(domain.monitor?.execute("system_powerdown"))
    refresh(domain)
  }

  /// Asks the guest to turn itself off, and starts it anew when it has (mode acpi).
  package func reboot(_ domain: ManagedDomain) throws(LibvirtError) {
    try running(domain)
    try check(domain.monitor?.execute("system_powerdown"))
    domain.isToReboot = true
    refresh(domain)
  }

  package func setAutostart(_ domain: ManagedDomain, _ isOn: Bool) throws(LibvirtError) {
    guard domain.isPersistent else { throw LibvirtError(.operationInvalid, "cannot set autostart for transient domain") }
    domain.autostart = isOn
  }

  /// A command of a person's for the monitor.
  package func monitor(_ domain: ManagedDomain, _ command: String) throws(LibvirtError) -> JSONValue {
    try running(domain)
    guard let answer = domain.monitor?.pass(command) else {
      throw LibvirtError(.internal, "qemu unexpectedly closed the monitor", layer: .qemu)
    }
    refresh(domain)
    return answer
  }

  private func check(_ answer: JSONValue?) throws(LibvirtError) {
    guard let answer else { throw LibvirtError(.internal, "qemu unexpectedly closed the monitor", layer: .qemu) }
    guard let problem = answer["error"]?["desc"]?.text else { return }
    throw LibvirtError(.internal, "unable to execute QEMU command: \(problem)", layer: .qemu)
  }

  // MARK: Time

  /// Lets time pass, and looks what became of the domains.
  package func pass(microseconds: Int) {
    if microseconds > 0 { driver.pass(microseconds: microseconds) }
    refresh()
  }

  /// Hears what has happened to the domains that run.
  package func refresh() { for domain in domains where domain.isActive { refresh(domain) } }

  private func refresh(_ domain: ManagedDomain) {
    takeOutput(domain)
    for event in domain.monitor?.takeEvents() ?? [] { take(event, domain) }
    guard let process = domain.process, process.end != nil else { return }
    stop(domain, "crashed")
  }

  private func take(_ event: JSONValue, _ domain: ManagedDomain) {
    guard let process = domain.process else { return }
    switch event["event"]?.text {
    case "SHUTDOWN":
      // By -no-shutdown QEMU stands still then: libvirt ends it.
      let isGuests = event["data"]?["guest"]?.isTrue ?? false
      guard isGuests || process.end == nil else { return }
      if domain.isToReboot, isGuests, process.end == nil {
        domain.isToReboot = false
        domain.monitor?.execute("system_reset")
        domain.monitor?.execute("cont")
        return
      }
      if process.end == nil { process.signal(.terminate) }
      stop(domain, "shutdown")
    case "RESET":
      guard event["data"]?["guest"]?.isTrue ?? false, domain.live?.onReboot == .destroy else { return }
      process.signal(.terminate)
      stop(domain, "shutdown")
    case "STOP":
      if domain.state == .running { (domain.state, domain.reason) = (.paused, "unknown") }
    case "RESUME":
      if domain.state == .paused { (domain.state, domain.reason) = (.running, "unpaused") }
    case "GUEST_PANICKED":
      process.signal(.terminate)
      stop(domain, "crashed")
    default: return
    }
  }
}

/// What a domain is looked for by.
package enum DomainKey: CaseIterable {
  case id, uuid, name
}
