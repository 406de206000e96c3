/// Builds QEMU's command line of a domain, option by option in libvirt's order (qemuBuildCommandLine; the place of the Realm's object is
/// openEuler's).
package struct CommandLineBuilder {
  /// What it is for.
  package enum Purpose: Sendable {
    /// `domxml-to-native`: sockets are named, and every network is a tap device.
    case export
    /// A domain that is started: descriptors are handed over.
    case start(id: Int)
  }

  let domain: DomainDefinition
  let purpose: Purpose
  /// Seconds since 1970, for a clock that is not UTC's.
  let now: Int
  /// The emulator, and its arguments so far.
  var arguments: [String] = []
  /// How many sockets of character devices are in them.
  var openSockets = 0

  package static func build(_ domain: DomainDefinition, for purpose: Purpose, now: Int) throws(LibvirtError) -> EmulatorCommand {
    var domain = domain
    if case .export = purpose { try domain.forgetNetworks() }
    var builder = CommandLineBuilder(domain: domain, purpose: purpose, now: now)
    try builder.build()
    return EmulatorCommand(environment: builder.environment, arguments: builder.arguments)
  }

  private init(domain: DomainDefinition, purpose: Purpose, now: Int) {
    (self.domain, self.purpose, self.now) = (domain, purpose, now)
  }

  private var environment: [String] {
    let home = "HOME=\(LibvirtPaths.run)"
    let folders = [
      "XDG_DATA_HOME=\(LibvirtPaths.run)/.local/share", "XDG_CACHE_HOME=\(LibvirtPaths.run)/.cache",
      "XDG_CONFIG_HOME=\(LibvirtPaths.run)/.config",
    ]
    let own = domain.qemuEnvironment.map { "\($0.name)=\($0.value ?? "")" }
    return ["LC_ALL=C", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin", home] + folders + own
  }

  private mutating func build() throws(LibvirtError) {
    arguments = [domain.emulator ?? EmulatorCapabilities.emulator]
    add("-name", "guest=\(commaEscaped(domain.name)),debug-threads=on")
    arguments.append("-S")
    addMasterKey()
    addFlash()
    addMachine()
    add("-accel", domain.type == .kvm ? "kvm" : "tcg")
    try addCPU()
    if let loader = domain.os.loader, loader.kind != .pflash { add("-bios", loader.path) }
    try addMemory()
    addProcessors()
    add("-uuid", domain.uuid ?? "")
    add("-display", "none")
    arguments += ["-no-user-config", "-nodefaults"]
    addMonitor()
    addClock()
    arguments.append("-no-shutdown")
    if !domain.features.hasACPI { arguments.append("-no-acpi") }
    addBoot()
    try addDevices()
    if domain.features.vmcoreinfo == true { addDevice(JSONObject(("driver", "vmcoreinfo"))) }
    addRealm()
    arguments += domain.qemuArguments
    add("-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny")
    add("-msg", "timestamp=on")
  }

  // MARK: Parts of options

  mutating func add(_ option: String, _ value: String) { arguments += [option, value] }

  mutating func addDevice(_ object: JSONObject) { add("-device", object.text) }

  // MARK: The machine

  private mutating func addMasterKey() {
    add(
      "-object",
      JSONObject(("qom-type", "secret"), ("id", "masterKey0"), ("format", "raw"), ("file", "\(LibvirtPaths.run)/master-key.aes"))
        .text)
  }

  private mutating func addFlash() {
    guard let loader = domain.os.loader, loader.kind == .pflash else { return }
    addFlash(0, loader.path, isReadonly: loader.isReadonly ?? false)
    if let nvram = domain.os.nvram { addFlash(1, nvram, isReadonly: false) }
  }

  private mutating func addFlash(_ number: Int, _ path: String, isReadonly: Bool) {
    var storage = JSONObject(("driver", "file"), ("filename", path), ("node-name", "libvirt-pflash\(number)-storage"))
    storage.add("auto-read-only", true)
    storage.add("discard", "unmap")
    add("-blockdev", storage.text)
    var format = JSONObject(("node-name", "libvirt-pflash\(number)-format"))
    format.add("read-only", isReadonly)
    format.add("driver", "raw")
    format.add("file", "libvirt-pflash\(number)-storage")
    add("-blockdev", format.text)
  }

  private mutating func addMachine() {
    var text = "\(domain.machine),usb=off"
    if let version = domain.features.gicVersion { text += ",gic-version=\(version)" }
    if let iommu = domain.devices.iommu { text += ",iommu=\(iommu)" }
    text += ",dump-guest-core=off"
    if !domain.memoryBacking.isMerged { text += ",mem-merge=off" }
    text += ",memory-backend=mach-virt.ram"
    if domain.os.loader?.kind == .pflash {
      text += ",pflash0=libvirt-pflash0-format"
      if domain.os.nvram != nil { text += ",pflash1=libvirt-pflash1-format" }
    }
    if domain.isRealm { text += ",confidential-guest-support=\(LaunchSecurity.objectID)" }
    add("-machine", text)
  }

  private mutating func addCPU() throws(LibvirtError) {
    guard let cpu = domain.cpu else { return }
    var text: String
    switch cpu.mode {
    case .maximum: text = "max"
    case .custom:
      guard let model = cpu.model else { return }
      guard EmulatorCapabilities.cpuModels.contains(model) else {
        throw LibvirtError(.noSupport, "cannot translate CPU model \(model) to a supported model")
      }
      text = model
    case .hostPassthrough, .hostModel:
      guard domain.type == .kvm, cpu.mode == .hostPassthrough else {
        throw LibvirtError(
          .unsupported,
          "CPU mode '\(cpu.mode.rawValue)' for aarch64 \(domain.type.rawValue) domain on aarch64 host is not supported by hypervisor"
        )
      }
      text = "host"
    }
    if domain.features.isKVMHidden == true { text += ",kvm=off" }
    if let pmu = domain.features.pmu { text += ",pmu=\(pmu ? "on" : "off")" }
    for feature in cpu.features {
      guard Self.cpuFeatures.contains(feature.name) else {
        throw LibvirtError(.unsupported, "unknown CPU feature: \(feature.name)")
      }
      text += ",\(feature.name)=\(feature.policy == "disable" || feature.policy == "forbid" ? "off" : "on")"
    }
    add("-cpu", text)
  }

  /// Those libvirt's cpu_map/arm_features.xml has that QEMU knows as properties.
  private static let cpuFeatures: Set<String> = [
    "fp", "asimd", "evtstrm", "aes", "pmull", "sha1", "sha2", "crc32", "atomics", "fphp", "asimdhp", "cpuid", "asimdrdm", "jscvt",
    "fcma",
    "lrcpc", "dcpop", "sha3", "sm3", "sm4", "asimddp", "sha512", "sve", "asimdfhm", "dit", "uscat", "ilrcpc", "flagm", "ssbs",
    "sb",
    "paca", "pacg", "sve128", "sve256", "sve384", "sve512", "sve640", "sve768", "sve896", "sve1024", "sve1152", "sve1280",
    "sve1408",
    "sve1536", "sve1664", "sve1792", "sve1920", "sve2048",
  ]

  private mutating func addMemory() throws(LibvirtError) {
    let backing = domain.memoryBacking
    if backing.hasHugepages {
      throw LibvirtError(.internal, "hugetlbfs filesystem is not mounted or disabled by administrator config")
    }
    let mebibytes = (domain.memory + 1023) / 1024
    add("-m", "\(mebibytes)")
    var object = JSONObject()
    // Memory that is to be shared is a file's, if nothing else is said.
    let source = backing.source ?? (backing.access == "shared" ? "file" : "anonymous")
    let kind = source == "memfd" ? "memfd" : source == "file" ? "file" : "ram"
    object.add("qom-type", "memory-backend-\(kind)")
    object.add("id", "mach-virt.ram")
    if kind == "file" { object.add("mem-path", "/var/lib/libvirt/qemu/ram/\(runID)-\(domain.name)/mach-virt.ram") }
    if kind != "ram", backing.isDiscarded { object.add("discard-data", true) }
    if kind != "ram", let access = backing.access { object.add("share", access == "shared") }
    if kind != "ram" { object.add("x-use-canonical-path-for-ramblock-id", false) }
    if backing.allocation == "immediate" {
      object.add("prealloc", true)
      object.add("prealloc-threads", backing.threads)
    }
    object.add("size", Int(mebibytes << 20))
    add("-object", object.text)
    add("-overcommit", "mem-lock=\(backing.isLocked ? "on" : "off")")
  }

  private var runID: Int { if case .start(let id) = purpose { id } else { -1 } }

  private mutating func addProcessors() {
    var text = "\(domain.currentVCPUs)"
    if domain.currentVCPUs != domain.vcpus { text += ",maxcpus=\(domain.vcpus)" }
    if let topology = domain.cpu?.topology {
      text += ",sockets=\(topology.sockets),dies=\(topology.dies),cores=\(topology.cores),threads=\(topology.threads)"
    } else {
      text += ",sockets=\(domain.vcpus),cores=1,threads=1"
    }
    add("-smp", text)
    for number in 0..<domain.iothreads {
      add("-object", JSONObject(("qom-type", "iothread"), ("id", "iothread\(number + 1)")).text)
    }
  }

  /// Sockets of character devices that QEMU listens on. A domain that is started gets them open already, and that of its monitor after
  /// them, in the order of descriptors.
  private var sockets: Int {
    let devices = domain.devices
    let others = devices.channels + devices.consoles.filter { $0.targetType == "virtio" }
    return (devices.serials + others).count { $0.listensOnSocket }
  }

  private mutating func addMonitor() {
    let place = if case .start = purpose { "fd=\(5 + sockets)" } else { "path=\(LibvirtPaths.run)/monitor.sock" }
    add("-chardev", "socket,id=charmonitor,\(place),server=on,wait=off")
    add("-mon", "chardev=charmonitor,id=monitor,mode=control")
  }

  private mutating func addClock() {
    var text: String
    switch domain.clock.offset {
    case .utc: text = "base=utc"
    case .localtime, .timezone: text = "base=localtime"
    case .variable: text = "base=" + CalendarText.iso(now + Self.seconds(domain.clock.adjustment))
    case .absolute: text = "base=" + CalendarText.iso(Self.seconds(domain.clock.start))
    }
    for timer in domain.clock.timers where timer.name == "rtc" {
      switch timer.track {
      case "guest": text += ",clock=vm"
      case "wall": text += ",clock=host"
      case "realtime": text += ",clock=rt"
      default: break
      }
      if timer.tickpolicy == "catchup" { text += ",driftfix=slew" }
    }
    add("-rtc", text)
  }

  /// Seconds that come to a year of four digits.
  private static func seconds(_ text: String?) -> Int { min(max(Int(text ?? "") ?? 0, -60_000_000_000), 200_000_000_000) }

  private mutating func addBoot() {
    var text = ""
    if let menu = domain.os.menu {
      text += "menu=\(menu ? "on" : "off"),"
      if menu, let time = domain.os.menuTimeout { text += "splash-time=\(time)," }
    }
    add("-boot", text + "strict=on")
    if let kernel = domain.os.kernel { add("-kernel", kernel) }
    if let initrd = domain.os.initrd { add("-initrd", initrd) }
    if let cmdline = domain.os.cmdline { add("-append", cmdline) }
    if let dtb = domain.os.dtb { add("-dtb", dtb) }
  }

  /// The Realm's object. Its members are in openEuler's order, and only those the XML gives.
  private mutating func addRealm() {
    guard let security = domain.launchSecurity else { return }
    var object = JSONObject(("qom-type", "rme-guest"), ("id", LaunchSecurity.objectID))
    object.add("measurement-algorithm", security.measurementAlgorithm)
    object.add("personalization-value", security.personalizationValue)
    object.add("measurement-log", security.measurementLog)
    object.add("hisi-cca-enable", security.hisiCCA)
    add("-object", object.text)
  }
}

extension DomainDefinition {
  /// What an export leaves of interfaces: card and MAC address; the rest, their places too, is made anew (qemuConnectDomainXMLToNative).
  mutating func forgetNetworks() throws(LibvirtError) {
    devices.interfaces = devices.interfaces.map { interface in
      var bare = InterfaceDevice()
      (bare.kind, bare.mac, bare.model) = (.ethernet, interface.mac, interface.model)
      if interface.address == .virtioMMIO { bare.address = .virtioMMIO }
      return bare
    }
    try PCIAssigner.assign(&devices)
  }
}
