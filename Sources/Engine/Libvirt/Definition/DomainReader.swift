/// Reads domain XML in the order in which libvirt complains (virDomainDefParseXML), with its words.
package struct DomainReader {
  let list: FindingList
  let root: XMLElement
  let cursor: XMLCursor

  /// What libvirt makes of an element `<domain>`, before it adds anything, and what is to be said of it.
  package static func read(_ root: XMLElement) throws(LibvirtError) -> (definition: DomainDefinition, findings: [DomainFinding]) {
    guard root.name == "domain" else {
      throw LibvirtError(.xml, "expecting root element of 'domain', not '\(root.name)'", root.place)
    }
    let list = FindingList()
    let reader = DomainReader(list: list, root: root, cursor: XMLCursor(root, list))
    let definition = try reader.definition()
    reader.cursor.finish()
    RealmRules(definition: definition, root: root, list: list).check()
    return (definition, list.findings.sorted { $0.place < $1.place })
  }

  private func definition() throws(LibvirtError) -> DomainDefinition {
    var domain = DomainDefinition()
    domain.type = try type()
    if let id = cursor.attribute("id") {
      list.add(.ignored, id.place, .libvirt, "an id", "libvirt gives ids itself, when a domain starts")
    }
    try identity(&domain)
    domain.os = try OperatingSystemReader(list: list).read(cursor.child("os"), root)
    try processors(&domain)
    try memory(&domain)
    if let cpu = cursor.child("cpu") { domain.cpu = try self.cpu(cpu, domain) }
    if let features = cursor.child("features") { domain.features = try self.features(features) }
    if let clock = cursor.child("clock") { domain.clock = try self.clock(clock) }
    domain.onPoweroff = try lifecycle("on_poweroff") ?? domain.onPoweroff
    domain.onReboot = try lifecycle("on_reboot") ?? domain.onReboot
    domain.onCrash = try lifecycle("on_crash") ?? domain.onCrash
    domain.lifecyclePlace = ["on_reboot", "on_poweroff"].lazy.compactMap { cursor.child($0)?.place }.first
    if let devices = cursor.child("devices") {
      // Slashes may be doubled, as anywhere in a path.
      domain.emulator = devices.child("emulator").map { emulator in
        emulator.text.hasPrefix("/") ? "/" + emulator.text.split(separator: "/").joined(separator: "/") : emulator.text
      }
      domain.devices = try DeviceReader(list: list).read(devices)
    }
    for label in cursor.children("seclabel") { domain.labels.append(try self.label(label)) }
    if let security = cursor.child("launchSecurity") { domain.launchSecurity = try launchSecurity(security) }
    try commandLine(&domain)
    return domain
  }

  // MARK: What it is

  private func type() throws(LibvirtError) -> DomainDefinition.VirtType {
    guard let attribute = cursor.attribute("type"), !attribute.value.isEmpty else {
      throw LibvirtError(.internal, "missing domain type attribute", root.place)
    }
    if let type = DomainDefinition.VirtType(rawValue: attribute.value) { return type }
    throw LibvirtError(.unsupported, "invalid domain type \(attribute.value)", attribute.valuePlace)
  }

  private func identity(_ domain: inout DomainDefinition) throws(LibvirtError) {
    let name = cursor.child("name")
    domain.name = name?.text ?? ""
    guard let name, !domain.name.isEmpty else {
      throw LibvirtError(.plain, "missing name information", name?.place ?? root.place)
    }
    if domain.name.contains("/") { throw LibvirtError(.xml, "name \(domain.name) cannot contain '/'", name.place) }
    if let uuid = cursor.child("uuid") {
      guard let canonical = DomainUUID.canonical(uuid.text) else {
        throw LibvirtError(.internal, "malformed uuid element", uuid.place)
      }
      domain.uuid = canonical
    }
    domain.title = cursor.child("title")?.text
    domain.summary = cursor.child("description")?.text
    if let metadata = cursor.child("metadata") {
      metadata.takeWhole()
      domain.metadata = metadata.element.children.map(\.serialized)
    }
  }

  // MARK: Memory and processors

  private func memory(_ domain: inout DomainDefinition) throws(LibvirtError) {
    if let memory = cursor.child("memory") {
      if let core = memory.attribute("dumpCore") {
        list.add(.notModelled, core.place, .model, "dumpCore", "libvirt reads it; it is not modelled here")
      }
      domain.memory = try MemorySize.kibibytes(memory)
    }
    guard domain.memory > 0 else {
      throw LibvirtError(
        .xml, "Memory size must be specified via <memory> or in the <numa> configuration",
        cursor.child("memory")?.place ?? root.place)
    }
    domain.currentMemory = domain.memory
    if let current = cursor.child("currentMemory") {
      domain.currentMemory = try MemorySize.kibibytes(current)
      if domain.currentMemory == 0 || domain.currentMemory > domain.memory { domain.currentMemory = domain.memory }
    }
    if let backing = cursor.child("memoryBacking") { domain.memoryBacking = try self.backing(backing) }
  }

  private func backing(_ cursor: XMLCursor) throws(LibvirtError) -> DomainDefinition.MemoryBacking {
    var backing = DomainDefinition.MemoryBacking()
    backing.hasHugepages = cursor.child("hugepages") != nil
    backing.isMerged = cursor.child("nosharepages") == nil
    backing.isLocked = cursor.child("locked") != nil
    backing.isDiscarded = cursor.child("discard") != nil
    backing.source = try cursor.child("source")?.word("type", ["anonymous", "file", "memfd"])
    backing.access = try cursor.child("access")?.word("mode", ["shared", "private"])
    if let allocation = cursor.child("allocation") {
      backing.allocation = try allocation.word("mode", ["immediate", "ondemand"])
      backing.threads = try allocation.number("threads")
    }
    return backing
  }

  private func processors(_ domain: inout DomainDefinition) throws(LibvirtError) {
    if let vcpu = cursor.child("vcpu") {
      guard let count = Int(vcpu.text.trimmingBlanks), count >= 0 else {
        throw LibvirtError(.xml, "maximum vcpus count must be an integer", vcpu.place)
      }
      domain.vcpus = count
      _ = try vcpu.word("placement", ["static", "auto"])
      domain.currentVCPUs = try vcpu.number("current") ?? count
      guard count > 0 else { throw LibvirtError(.internal, "CPU IDs in <numa> exceed the <vcpu> count", vcpu.place) }
      guard domain.currentVCPUs <= count else {
        throw LibvirtError(
          .unsupported, "maximum vCPU count must not be less than current vCPU count",
          vcpu.attribute("current")?.valuePlace ?? vcpu.place)
      }
    }
    if let threads = cursor.child("iothreads") {
      guard let count = Int(threads.text), count >= 0 else {
        throw LibvirtError(.xml, "invalid iothreads count '\(threads.text)'", threads.place)
      }
      domain.iothreads = count
    }
  }

  // MARK: Features, CPU, clock

  private func features(_ cursor: XMLCursor) throws(LibvirtError) -> DomainDefinition.Features {
    var features = DomainDefinition.Features()
    for element in cursor.element.children {
      switch element.name {
      case "acpi":
        features.hasACPI = cursor.child("acpi") != nil
      case "gic":
        guard let gic = cursor.child("gic") else { continue }
        if let version = gic.attribute("version") {
          guard ["2", "3", "host"].contains(version.value) else { throw gic.invalid(version) }
          features.gicVersion = version.value
        } else {
          features.gicVersion = "2"
        }
      case "pmu":
        features.pmu = try cursor.child("pmu")?.isOn("state") ?? true
      case "vmcoreinfo":
        features.vmcoreinfo = try cursor.child("vmcoreinfo")?.isOn("state") ?? true
      case "kvm":
        features.isKVMHidden = try cursor.child("kvm")?.child("hidden")?.isOn("state")
      default:
        guard Unmodelled.known["features"]?.contains(element.name) ?? false else {
          throw LibvirtError(.unsupported, "unexpected feature '\(element.name)'", element.place)
        }
      }
    }
    return features
  }

  private func cpu(_ cursor: XMLCursor, _ domain: DomainDefinition) throws(LibvirtError) -> DomainDefinition.CPU {
    var cpu = DomainDefinition.CPU()
    if let mode = cursor.attribute("mode") {
      guard let value = DomainDefinition.CPU.Mode(rawValue: mode.value) else {
        throw LibvirtError(.unsupported, "Invalid mode attribute '\(mode.value)'", mode.valuePlace)
      }
      cpu.mode = value
    }
    cpu.match = try cursor.word("match", ["minimum", "exact", "strict"])
    cpu.check = try cursor.word("check", ["none", "partial", "full"])
    cpu.migratable = try cursor.isOn("migratable")
    if let model = cursor.child("model") {
      cpu.model = model.text
      cpu.fallback = try model.word("fallback", ["allow", "forbid"])
    }
    if let topology = cursor.child("topology") {
      let part = { (name: String) throws(LibvirtError) in
        guard let number = try topology.number(name) else {
          throw LibvirtError(.xml, "Missing required attribute '\(name)' in element 'topology'", topology.place)
        }
        return number
      }
      let dies = try topology.number("dies")
      cpu.topology = .init(sockets: try part("sockets"), dies: dies ?? 1, cores: try part("cores"), threads: try part("threads"))
      if let shape = cpu.topology, shape.processors != domain.vcpus {
        throw LibvirtError(.unsupported, "CPU topology doesn't match maximum vcpu count", topology.place)
      }
    }
    for feature in cursor.children("feature") { cpu.features.append(try self.feature(feature)) }
    if cpu.mode == .custom, cpu.model == nil, !cpu.features.isEmpty {
      throw LibvirtError(.xml, "Non-empty feature list specified without CPU model", cursor.place)
    }
    return cpu
  }

  private func feature(_ cursor: XMLCursor) throws(LibvirtError) -> (policy: String, name: String) {
    let policy = cursor.attribute("policy")
    if let policy, !["force", "require", "optional", "disable", "forbid"].contains(policy.value) {
      throw LibvirtError(.unsupported, "Invalid CPU feature policy", policy.valuePlace)
    }
    guard let name = cursor["name"], !name.isEmpty else { throw LibvirtError(.xml, "Invalid CPU feature name", cursor.place) }
    return (policy?.value ?? "require", name)
  }

  private func clock(_ cursor: XMLCursor) throws(LibvirtError) -> DomainDefinition.Clock {
    var clock = DomainDefinition.Clock()
    if let offset = cursor.attribute("offset") {
      guard let value = DomainDefinition.Clock.Offset(rawValue: offset.value) else {
        throw LibvirtError(.unsupported, "unknown clock offset '\(offset.value)'", offset.valuePlace)
      }
      clock.offset = value
    }
    clock.adjustment = cursor["adjustment"]
    clock.basis = try cursor.word("basis", ["utc", "localtime"])
    clock.start = cursor["start"]
    clock.timezone = cursor["timezone"]
    for timer in cursor.children("timer") {
      let names = ["platform", "pit", "rtc", "hpet", "tsc", "kvmclock", "hypervclock", "armvtimer"]
      guard let name = try timer.word("name", names) else {
        throw LibvirtError(.xml, "Missing required attribute 'name' in element 'timer'", timer.place)
      }
      if name == "armvtimer", root["type"]?.value != "kvm" {
        throw LibvirtError(
          .unsupported,
          "Configuring the 'armvtimer' timer is not supported for virtType=qemu arch=aarch64 machine=\(EmulatorCapabilities.machine) guests",
          timer.place)
      }
      clock.timers.append(
        .init(
          name: name, isPresent: try timer.isYes("present"),
          track: try timer.word("track", ["boot", "guest", "wall", "realtime"]),
          tickpolicy: try timer.word("tickpolicy", ["delay", "catchup", "merge", "discard"])))
    }
    return clock
  }

  private func lifecycle(_ name: String) throws(LibvirtError) -> DomainDefinition.LifecycleAction? {
    guard let element = cursor.child(name) else { return nil }
    guard let action = DomainDefinition.LifecycleAction(rawValue: element.text) else {
      throw LibvirtError(.unsupported, "unknown \(name) action: \(element.text)", element.place)
    }
    return action
  }

  // MARK: Behind the devices

  private func label(_ cursor: XMLCursor) throws(LibvirtError) -> DomainDefinition.SecurityLabel {
    cursor.takeWhole()
    let type = try cursor.word("type", ["none", "dynamic", "static"]) ?? "dynamic"
    return .init(type: type, model: cursor["model"], relabel: try cursor.isYes("relabel"))
  }

  private func launchSecurity(_ cursor: XMLCursor) throws(LibvirtError) -> LaunchSecurity {
    guard let type = cursor.attribute("type") else {
      throw LibvirtError(.xml, "Missing required attribute 'type' in element 'launchSecurity'", cursor.place)
    }
    switch type.value {
    case "cca": return try CCAReader(list: list).read(cursor)
    case "sev":
      throw LibvirtError(.unsupported, "SEV launch security is not supported with this QEMU binary", type.valuePlace)
    case "s390-pv":
      throw LibvirtError(.unsupported, "S390 PV launch security is not supported with this QEMU binary", type.valuePlace)
    default: throw cursor.invalid(type)
    }
  }

  private func commandLine(_ domain: inout DomainDefinition) throws(LibvirtError) {
    guard let lines = cursor.child("qemu:commandline") else { return }
    let space = "http://libvirt.org/schemas/domain/qemu/1.0"
    let declared = root["xmlns:qemu"] ?? lines.element["xmlns:qemu"]
    guard declared?.value == space else {
      lines.takeWhole()
      list.add(
        .ignored, lines.place, .libvirt, "<qemu:commandline> whose prefix is not declared",
        "libvirt passes over it; <domain> must have xmlns:qemu='\(space)'")
      return
    }
    for argument in lines.children("qemu:arg") {
      guard let value = argument["value"] else {
        throw LibvirtError(.internal, "No qemu command-line argument specified", argument.place)
      }
      domain.qemuArguments.append(value)
    }
    for variable in lines.children("qemu:env") {
      guard let name = variable["name"] else {
        throw LibvirtError(.internal, "No qemu environment name specified", variable.place)
      }
      try check(variable: name, variable.place)
      domain.qemuEnvironment.append((name, variable["value"]))
    }
  }

  private func check(variable name: String, _ place: XMLPlace) throws(LibvirtError) {
    let isLetter = { (byte: UInt8) in (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || byte == 0x5F }
    guard let first = name.utf8.first, isLetter(first) else {
      throw LibvirtError(.internal, "Invalid environment name, it must begin with a letter or underscore", place)
    }
    guard name.utf8.allSatisfy({ isLetter($0) || (0x30...0x39).contains($0) }) else {
      throw LibvirtError(.internal, "Invalid environment name, it must contain only alphanumerics and underscore", place)
    }
  }
}

extension XMLCursor {
  /// The value of an attribute that has one of a list of words; libvirt's complaint otherwise.
  func word(_ name: String, _ words: [String]) throws(LibvirtError) -> String? {
    guard let attribute = attribute(name) else { return nil }
    guard words.contains(attribute.value) else { throw invalid(attribute) }
    return attribute.value
  }
}

/// UUIDs as libvirt reads them (virUUIDParse): sixteen bytes of two digits, hyphens and blanks between bytes.
package enum DomainUUID {
  package static func canonical(_ text: String) -> String? {
    var rest = Substring(text.trimmingBlanks)
    var digits = ""
    while digits.utf8.count < 32 {
      if let first = rest.first, first == "-" || first == " " {
        rest.removeFirst()
        continue
      }
      let pair = rest.prefix(2).lowercased()
      guard pair.utf8.count == 2, pair.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }) else {
        return nil
      }
      digits += pair
      rest.removeFirst(2)
    }
    guard rest.isEmpty else { return nil }
    var left = Substring(digits)
    let parts = [8, 4, 4, 4, 12].map { count in
      defer { left = left.dropFirst(count) }
      return String(left.prefix(count))
    }
    return parts.joined(separator: "-")
  }

  /// A random UUID (version 4) of sixteen bytes.
  package static func text(_ bytes: [UInt8]) -> String {
    var bytes = Array(bytes.prefix(16))
    bytes[6] = bytes[6] & 0x0F | 0x40
    bytes[8] = bytes[8] & 0x3F | 0x80
    return canonical(bytes.map { digits(Int($0), 2) }.joined()) ?? ""
  }
}
