import Basics

/// Commands that change what a domain does.
extension VirshShell {
  typealias Invocation = VirshCommand.Invocation

  func create(_ invocation: Invocation) -> Bool {
    let path = invocation["file"] ?? ""
    guard let (bytes, folder) = read(path) else { return false }
    do throws(LibvirtError) {
      let domain = try daemon.create(bytes, folder: folder, isPaused: invocation.has("paused"))
      tell(domain.findings, file: path)
      note("Domain '\(domain.name)' created from \(path)\n")
      slice = slices.start
      return invocation.has("console") ? connect(domain, nil) : true
    } catch {
      tellFindings(bytes, file: path)
      return fail("Failed to create domain from \(path)", error, file: path)
    }
  }

  func define(_ invocation: Invocation) -> Bool {
    let path = invocation["file"] ?? ""
    guard let (bytes, folder) = read(path) else { return false }
    do throws(LibvirtError) {
      let domain = try daemon.define(bytes, folder: folder)
      tell(domain.findings, file: path)
      note("Domain '\(domain.name)' defined from \(path)\n")
      return true
    } catch {
      return fail("Failed to define domain from \(path)", error, file: path)
    }
  }

  /// What is to be said of XML whose domain did not start.
  private func tellFindings(_ bytes: [UInt8], file: String) {
    guard let root = try? XMLReader.read(bytes), let read = try? DomainReader.read(root) else { return }
    tell(read.findings, file: file)
  }

  func start(_ invocation: Invocation) -> Bool {
    guard let domain = domain(invocation) else { return false }
    guard !domain.isActive else {
      put(error: "Domain is already active")
      return false
    }
    let isStarted = act(domain.name, "start", "started") { () throws(LibvirtError) in
      try daemon.start(domain, isPaused: invocation.has("paused"))
    }
    guard isStarted else { return false }
    slice = slices.start
    return invocation.has("console") ? connect(domain, nil) : true
  }

  func destroy(_ invocation: Invocation) -> Bool {
    act(invocation, "destroy", "destroyed") { (daemon, domain) throws(LibvirtError) in try daemon.destroy(domain) }
  }
  func undefine(_ invocation: Invocation) -> Bool {
    act(invocation, "undefine", "has been undefined") { (daemon, domain) throws(LibvirtError) in try daemon.undefine(domain) }
  }
  func suspend(_ invocation: Invocation) -> Bool {
    act(invocation, "suspend", "suspended") { (daemon, domain) throws(LibvirtError) in try daemon.suspend(domain) }
  }
  func resume(_ invocation: Invocation) -> Bool {
    act(invocation, "resume", "resumed") { (daemon, domain) throws(LibvirtError) in try daemon.resume(domain) }
  }
  func reset(_ invocation: Invocation) -> Bool {
    act(invocation, "reset", "was reset") { (daemon, domain) throws(LibvirtError) in try daemon.reset(domain) }
  }

  func shutdown(_ invocation: Invocation) -> Bool {
    guard hasKnownMode(invocation, "'signal', or") else { return false }
    return act(invocation, "shutdown", "is being shutdown") { (daemon, domain) throws(LibvirtError) in try daemon.shutdown(domain)
    }
  }

  func reboot(_ invocation: Invocation) -> Bool {
    guard hasKnownMode(invocation, "'signal' or") else { return false }
    return act(invocation, "reboot", "is being rebooted") { (daemon, domain) throws(LibvirtError) in try daemon.reboot(domain) }
  }

  /// Whether the ways in which a guest is to be asked are such; virsh looks before it looks for the domain.
  ///
  /// - Parameter last: how it names the last but one of them.
  private func hasKnownMode(_ invocation: Invocation, _ last: String) -> Bool {
    let known = ["acpi", "agent", "initctl", "signal", "paravirt"]
    for mode in (invocation["mode"] ?? known[0]).split(separator: ",", omittingEmptySubsequences: false)
    where !known.contains(String(mode)) {
      put(error: "Unknown mode \(mode) value, expecting 'acpi', 'agent', 'initctl', \(last) 'paravirt'")
      return false
    }
    return true
  }

  func autostart(_ invocation: Invocation) -> Bool {
    guard let domain = domain(invocation) else { return false }
    let name = invocation["domain"] ?? ""
    let isOff = invocation.has("disable")
    do throws(LibvirtError) { try daemon.setAutostart(domain, !isOff) } catch {
      return fail("Failed to \(isOff ? "unmark" : "mark") domain '\(name)' as autostarted", error)
    }
    note("Domain '\(name)' \(isOff ? "unmarked" : "marked") as autostarted\n")
    return true
  }

  private func act(
    _ invocation: Invocation, _ verb: String, _ done: String,
    _ action: (LibvirtDaemon, ManagedDomain) throws(LibvirtError) -> Void
  ) -> Bool {
    guard let domain = domain(invocation) else { return false }
    // As it was typed: an id stays an id.
    return act(invocation["domain"] ?? "", verb, done) { () throws(LibvirtError) in try action(daemon, domain) }
  }

  private func act(_ name: String, _ verb: String, _ done: String, _ action: () throws(LibvirtError) -> Void) -> Bool {
    do throws(LibvirtError) { try action() } catch { return fail("Failed to \(verb) domain '\(name)'", error) }
    note("Domain '\(name)' \(done)\n")
    return true
  }

  // MARK: Console and monitor

  func console(_ invocation: Invocation) -> Bool {
    guard let domain = domain(invocation) else { return false }
    return connect(domain, invocation["devname"])
  }

  private func connect(_ domain: ManagedDomain, _ device: String?) -> Bool {
    guard domain.isActive else {
      put(error: "The domain is not running")
      return false
    }
    guard let terminal else {
      put(error: "Cannot run interactive console without a controlling TTY")
      return false
    }
    let aliases = domain.consoleAliases
    guard let alias = device ?? aliases.first, aliases.contains(alias) else {
      return fail(nil, LibvirtError(.internal, "cannot find character device \(device ?? "(null)")"))
    }
    note("Connected to domain '\(domain.name)'\nEscape character is ^] (Ctrl + ])\n")
    terminal.begin()
    defer { terminal.end() }
    var isIdle = true
    while let process = domain.process {
      terminal.show(process.takeConsole(alias))
      let typed = terminal.typed(waits: isIdle)
      if let end = typed.firstIndex(of: Self.escape) {
        process.type(Array(typed[..<end]), into: alias)
        break
      }
      process.type(typed, into: alias)
      let before = process.cpuTime
      daemon.pass(microseconds: slices.console)
      // One that works does so as fast as it can be executed; another's time is that of the person at the terminal.
      isIdle = process.cpuTime == before
      // What it has printed last, it has printed.
      if domain.process == nil { terminal.show(process.takeConsole(alias)) }
    }
    return true
  }

  func ttyconsole(_ invocation: Invocation) -> Bool {
    guard let domain = domain(invocation), let tty = domain.terminals[domain.consoleAliases.first ?? ""] else { return false }
    return say(tty)
  }

  func qemuMonitorCommand(_ invocation: Invocation) -> Bool {
    guard let domain = domain(invocation) else { return false }
    let words = invocation.all("cmd").joined(separator: " ")
    do throws(LibvirtError) {
      if invocation.has("hmp") {
        let line = "{\"execute\":\"human-monitor-command\",\"arguments\":{\"command-line\":\(JSONValue.quoted(words, .libvirt))}}"
        let answer = try daemon.monitor(domain, line)
        put((answer["return"]?.text ?? answer["error"]?["desc"]?.text ?? "") + "\n")
        return true
      }
      let answer = try daemon.monitor(domain, words)
      let shown = invocation.has("return-value") ? answer["return"] ?? answer : answer
      put(invocation.has("pretty") ? shown.pretty() : shown.compact + "\n")
      return true
    } catch {
      return fail(nil, error)
    }
  }
}

extension ManagedDomain {
  /// Aliases of what `console` can be connected to: the first console first.
  package var consoleAliases: [String] {
    let devices = shown?.devices ?? Devices()
    let consoles = devices.consoles.enumerated().map { n, console in
      console.alias ?? (console.targetType == "serial" ? "serial\(n)" : "console\(n)")
    }
    let serials = devices.serials.enumerated().map { n, serial in serial.alias ?? "serial\(n)" }
    return consoles + serials.filter { !consoles.contains($0) }
  }
}
