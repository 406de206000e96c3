/// Commands that show something.
extension VirshShell {
  func list(_ invocation: Invocation) -> Bool {
    let isTable = !["uuid", "name", "id"].contains(where: invocation.has)
    if invocation.has("table"), let other = ["name", "uuid", "id"].first(where: invocation.has) {
      put(error: "Options --table and --\(other) are mutually exclusive")
      return false
    }
    let domains = daemon.listed.filter { isListed($0, invocation) }
    guard isTable else {
      for domain in domains { list(domain, invocation) }
      return true
    }
    let hasTitle = invocation.has("title")
    var table = VirshTable(["Id", "Name", "State"] + (hasTitle ? ["Title"] : []))
    for domain in domains {
      let id = domain.id.map { "\($0)" } ?? "-"
      table.add([id, domain.name, domain.state.rawValue] + (hasTitle ? [domain.shown?.title ?? ""] : []))
    }
    show(table)
    return true
  }

  private func isListed(_ domain: ManagedDomain, _ invocation: Invocation) -> Bool {
    if !invocation.has("all") {
      let wantsInactive = invocation.has("inactive") || invocation.has("state-shutoff")
      guard domain.isActive != wantsInactive else { return false }
    }
    /// Options of one kind are alternatives.
    func passes(_ choices: [(String, Bool)]) -> Bool {
      let given = choices.filter { invocation.has($0.0) }
      return given.isEmpty || given.contains { $0.1 }
    }
    return passes([("persistent", domain.isPersistent), ("transient", !domain.isPersistent)])
      && passes([("autostart", domain.autostart), ("no-autostart", !domain.autostart)])
      && passes([("with-snapshot", false), ("without-snapshot", true)])
      && passes([("with-checkpoint", false), ("without-checkpoint", true)])
      && passes([("with-managed-save", false), ("without-managed-save", true)])
      && passes([
        ("state-running", domain.state == .running), ("state-paused", domain.state == .paused),
        ("state-shutoff", domain.state == .shutOff), ("state-other", false),
      ])
  }

  private func list(_ domain: ManagedDomain, _ invocation: Invocation) {
    var words: [String] = []
    if invocation.has("uuid") { words.append(domain.uuid) }
    if invocation.has("id") {
      // Alone, an id that is not there is no line.
      let isAlone = !invocation.has("uuid") && !invocation.has("name")
      guard domain.id != nil || !isAlone else { return }
      words.append(domain.id.map { "\($0)" } ?? "-")
    }
    if invocation.has("name") { words.append(domain.name) }
    put(words.joined(separator: " ") + "\n")
  }

  private func show(_ table: VirshTable) { put(table.text(hasHead: !isQuiet)) }

  // MARK: One domain

  // None of them is found by what it says.
  func domid(_ invocation: Invocation) -> Bool {
    domain(invocation, by: [.name, .uuid]).map { say($0.id.map { "\($0)" } ?? "-") } ?? false
  }
  func domname(_ invocation: Invocation) -> Bool { domain(invocation, by: [.id, .uuid]).map { say($0.name) } ?? false }
  func domuuid(_ invocation: Invocation) -> Bool { domain(invocation, by: [.id, .name]).map { say($0.uuid) } ?? false }

  func domcontrol(_ invocation: Invocation) -> Bool {
    guard let domain = domain(invocation) else { return false }
    guard domain.isActive else { return fail(nil, LibvirtError(.operationInvalid, "domain is not running")) }
    return say("ok")
  }

  func domstate(_ invocation: Invocation) -> Bool {
    guard let domain = domain(invocation) else { return false }
    return say(domain.state.rawValue + (invocation.has("reason") ? " (\(domain.reason))" : ""))
  }

  func dominfo(_ invocation: Invocation) -> Bool {
    guard let domain = domain(invocation), let shown = domain.shown else { return false }
    var lines = [
      ("Id", domain.id.map { "\($0)" } ?? "-"), ("Name", domain.name), ("UUID", domain.uuid), ("OS Type", "hvm"),
      ("State", domain.state.rawValue), ("CPU(s)", "\(shown.currentVCPUs)"),
    ]
    if let process = domain.process { lines.append(("CPU time", Self.seconds(process.cpuTime))) }
    lines += [
      ("Max memory", "\(shown.memory) KiB"), ("Used memory", "\(shown.currentMemory) KiB"),
      ("Persistent", domain.isPersistent ? "yes" : "no"),
      ("Autostart", domain.autostart ? "enable" : "disable"), ("Managed save", "no"), ("Security model", "none"),
      ("Security DOI", "0"),
    ]
    for (label, value) in lines { put(label: label, value) }
    return true
  }

  private func put(label: String, _ value: String) {
    let head = label + ":"
    put(head + String(repeating: " ", count: max(0, 15 - head.count)) + " \(value)\n")
  }

  /// Seconds to a tenth, rounded.
  static func seconds(_ nanoseconds: UInt64) -> String {
    let tenths = (nanoseconds + 50_000_000) / 100_000_000
    return "\(tenths / 10).\(tenths % 10)s"
  }

  func dumpxml(_ invocation: Invocation) -> Bool {
    guard let domain = domain(invocation), let shown = domain.shown else { return false }
    if !invocation.has("inactive"), let id = domain.id {
      put(DomainXML.text(shown, live: .init(id: id, terminals: domain.terminals)))
    } else {
      put(DomainXML.text(domain.definition ?? shown, live: domain.isPersistent ? nil : .init(id: nil, terminals: [:])))
    }
    return true
  }

  func domxmlToNative(_ invocation: Invocation) -> Bool {
    if invocation.has("domain"), invocation.has("xml") {
      put(error: "Options --domain and --xml are mutually exclusive")
      return false
    }
    do throws(LibvirtError) {
      let definition: DomainDefinition
      if invocation.has("domain") {
        guard let domain = domain(invocation), let shown = domain.definition ?? domain.live else { return false }
        definition = shown
      } else if let path = invocation["xml"] {
        guard let (bytes, _) = read(path) else { return false }
        guard isQEMU(invocation) else { return false }
        let (read, findings) = try daemon.read(bytes)
        tell(findings, file: path)
        definition = read
      } else {
        put(error: "need either domain or domain XML")
        return false
      }
      guard isQEMU(invocation) else { return false }
      put(try CommandLineBuilder.build(definition, for: .export, now: daemon.driver.milliseconds / 1000).shellText)
      return true
    } catch {
      return fail(nil, error, file: invocation["xml"])
    }
  }

  private func isQEMU(_ invocation: Invocation) -> Bool {
    let format = invocation["format"] ?? ""
    return format == "qemu-argv" ? true : fail(nil, LibvirtError(.argument, "unsupported config type \(format)"))
  }

  // MARK: Its vCPUs and devices

  func vcpucount(_ invocation: Invocation) -> Bool {
    guard let domain = domain(invocation), let shown = domain.shown else { return false }
    for (a, b) in [("maximum", "active"), ("current", "live"), ("current", "config")] where invocation.has(a) && invocation.has(b)
    {
      put(error: "Options --\(a) and --\(b) are mutually exclusive")
      return false
    }
    let wantsOne = ["maximum", "active", "live", "config", "current"].contains(where: invocation.has)
    guard wantsOne else {
      for (word, count) in [("maximum", shown.vcpus), ("current", shown.currentVCPUs)] {
        if domain.isPersistent { printCount(word, "config", count) }
        if domain.isActive { printCount(word, "live", count) }
      }
      return true
    }
    if invocation.has("live"), !domain.isActive { return fail(nil, LibvirtError(.operationInvalid, "domain is not running")) }
    if invocation.has("config"), !domain.isPersistent {
      return fail(nil, LibvirtError(.operationInvalid, "transient domains do not have any persistent config"))
    }
    return say("\(invocation.has("maximum") ? shown.vcpus : shown.currentVCPUs)")
  }

  private func printCount(_ what: String, _ which: String, _ count: Int) {
    let number = "\(count)"
    put("\(what.padded(12)) \(which.padded(12)) \(String(repeating: " ", count: max(0, 3 - number.count)))\(number)\n")
  }

  func vcpuinfo(_ invocation: Invocation) -> Bool {
    guard let domain = domain(invocation), let shown = domain.shown else { return false }
    let cpus = daemon.capabilities.hostCPUs
    let affinity =
      invocation.has("pretty") ? "\(cpus == 1 ? "0" : "0-\(cpus - 1)") (out of \(cpus))" : String(repeating: "y", count: cpus)
    let times = domain.process?.vcpuTimes ?? []
    for n in 0..<shown.currentVCPUs {
      if n > 0 { put("\n") }
      put(label: "VCPU", "\(n)")
      put(label: "CPU", domain.isActive ? "\(n % cpus)" : "N/A")
      put(label: "State", domain.isActive ? "running" : "N/A")
      if !domain.isActive {
        put("CPU time        N/A\n")
      } else if n < times.count, times[n] > 0 {
        put(label: "CPU time", Self.seconds(times[n]))
      }
      put(label: "CPU Affinity", affinity)
    }
    return true
  }

  func domblklist(_ invocation: Invocation) -> Bool {
    guard let domain = domain(invocation), let shown = domain.shown else { return false }
    let hasDetails = invocation.has("details")
    var table = VirshTable((hasDetails ? ["Type", "Device"] : []) + ["Target", "Source"])
    for disk in shown.devices.disks {
      table.add((hasDetails ? [disk.kind.rawValue, disk.device.rawValue] : []) + [disk.target, disk.source ?? "-"])
    }
    show(table)
    return true
  }

  func domiflist(_ invocation: Invocation) -> Bool {
    guard let domain = domain(invocation), let shown = domain.shown else { return false }
    var table = VirshTable(["Interface", "Type", "Source", "Model", "MAC"])
    for interface in shown.devices.interfaces {
      table.add(["-", interface.kind.rawValue, interface.source ?? "-", interface.model, interface.mac ?? "-"])
    }
    show(table)
    return true
  }

  // MARK: The host, and virsh itself

  func version(_ invocation: Invocation) -> Bool {
    let library = EmulatorCapabilities.libvirtVersion
    put("Compiled against library: libvirt \(library)\nUsing library: libvirt \(library)\nUsing API: QEMU \(library)\n")
    return say("Running hypervisor: QEMU \(EmulatorCapabilities.qemuVersion)")
  }

  func domcapabilities(_ invocation: Invocation) -> Bool {
    do throws(LibvirtError) {
      put(
        try DomainCapabilities.text(
          daemon.capabilities, type: invocation["virttype"], emulator: invocation["emulatorbin"],
          architecture: invocation["arch"],
          machine: invocation["machine"]))
      return true
    } catch {
      return fail("failed to get emulator capabilities", error)
    }
  }

  func echo(_ invocation: Invocation) -> Bool {
    let words = invocation.all("string").map { word in
      let escaped = invocation.has("xml") ? XMLWriter.escaped(word) : word
      return invocation.has("shell") ? EmulatorCommand.quoted(escaped) : escaped
    }
    let text = words.joined(separator: " ")
    if invocation.has("err") { put(error: text) } else { put(text) }
    return true
  }
}

extension String {
  /// Filled with blanks to a width.
  func padded(_ width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
