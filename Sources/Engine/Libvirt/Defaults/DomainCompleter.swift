/// What libvirt adds to a domain it has read (virDomainDefPostParse and the QEMU driver's part of it): defaults, controllers, addresses.
package struct DomainCompleter {
  let capabilities: EmulatorCapabilities
  /// Bytes for UUIDs and MAC addresses that the XML does not give.
  let entropy: (Int) -> [UInt8]

  package init(_ capabilities: EmulatorCapabilities, entropy: @escaping (Int) -> [UInt8]) {
    (self.capabilities, self.entropy) = (capabilities, entropy)
  }

  package func complete(_ given: DomainDefinition) throws(LibvirtError) -> DomainDefinition {
    var domain = given
    try check(domain)
    if domain.uuid == nil { domain.uuid = DomainUUID.text(entropy(16)) }
    if domain.os.machine ?? "virt" == "virt" { domain.os.machine = EmulatorCapabilities.machine }
    if domain.emulator == nil { domain.emulator = EmulatorCapabilities.emulator }
    if domain.features.gicVersion == nil { domain.features.gicVersion = domain.type == .kvm ? "3" : "2" }
    completeCPU(&domain)
    completeFirmware(&domain)
    completeConsoles(&domain)
    for n in domain.devices.interfaces.indices where domain.devices.interfaces[n].mac == nil {
      // The prefix that is QEMU's.
      domain.devices.interfaces[n].mac = ([0x52, 0x54, 0x00] + entropy(3)).map { digits(Int($0), 2) }.joined(separator: ":")
    }
    if domain.os.boot.isEmpty, !hasBootOrder(domain) { domain.os.boot = ["hd"] }
    if domain.isRealm { domain.devices.shareThroughIOMMU() }
    try ControllerCompleter().complete(&domain.devices)
    try PCIAssigner.assign(&domain.devices)
    return domain
  }

  // MARK: What is refused

  private func check(_ domain: DomainDefinition) throws(LibvirtError) {
    let emulator = domain.emulator ?? EmulatorCapabilities.emulator
    guard emulator == EmulatorCapabilities.emulator else {
      throw LibvirtError(.plain, "Cannot check QEMU binary \(emulator): No such file or directory")
    }
    try checkEmulator(domain, emulator)
    if domain.os.machine == nil, domain.vcpus > 1 {
      // QEMU's own default for aarch64 is a board with one.
      throw LibvirtError(.unsupported, "Maximum CPUs greater than specified machine type limit 1", domain.os.place)
    }
    if domain.devices.controllers.contains(where: { $0.kind == .ide }) || domain.devices.disks.contains(where: { $0.bus == .ide })
    {
      throw LibvirtError(.unsupported, "IDE controllers are unsupported for this QEMU binary or machine type")
    }
    if domain.vcpus > EmulatorCapabilities.mostVCPUs {
      throw LibvirtError(.unsupported, "Maximum CPUs greater than specified machine type limit \(EmulatorCapabilities.mostVCPUs)")
    }
    if domain.features.hasACPI, domain.os.loader?.kind != .pflash {
      throw LibvirtError(.unsupported, "ACPI requires UEFI on this architecture")
    }
    try checkLifecycle(domain)
    if domain.devices.consoles.dropFirst().contains(where: { $0.targetType ?? "serial" == "serial" }) {
      throw LibvirtError(.unsupported, "Only the first console can be a serial port")
    }
    try checkNumbers(domain)
    try checkBoot(domain)
    try checkDisks(domain.devices, domain.iothreads)
    if domain.devices.inputs.contains(where: { $0.bus == .usb }), !domain.devices.hasUSB {
      throw LibvirtError(.unsupported, "Can't add USB input device. USB bus is disabled")
    }
    for (event, action) in [("poweroff", domain.onPoweroff), ("reboot", domain.onReboot)]
    where [.coredumpDestroy, .coredumpRestart].contains(action) {
      throw LibvirtError(
        .unsupported, "Lifecycle event '\(event)' doesn't support '\(action.rawValue)' action", domain.lifecyclePlace)
    }
  }

  /// What is to follow when a guest ends, and QEMU's driver has not (qemuValidateLifecycleAction).
  private func checkLifecycle(_ domain: DomainDefinition) throws(LibvirtError) {
    let (poweroff, reboot) = (domain.onPoweroff, domain.onReboot)
    let problem: String? =
      if [poweroff, reboot, domain.onCrash].contains(.renameRestart) {
        "qemu driver doesn't support the 'rename-restart' action for 'on_reboot'/'on_poweroff'/'on_crash'"
      } else if poweroff == .restart, reboot == .destroy {
        "qemu driver doesn't support 'onReboot' set to 'destroy and 'onPoweroff' set to 'reboot'"
      } else if poweroff == .preserve || reboot == .preserve {
        "qemu driver doesn't support the 'preserve' action for 'on_reboot'/'on_poweroff'"
      } else {
        nil
      }
    if let problem { throw LibvirtError(.unsupported, problem, domain.lifecyclePlace) }
  }

  /// Numbers that would make more than a machine has room for: libvirt goes on, and QEMU cannot start.
  private func checkNumbers(_ domain: DomainDefinition) throws(LibvirtError) {
    if domain.iothreads > Self.mostIOThreads {
      throw LibvirtError(.plain, "\(domain.iothreads) iothreads; \(Self.mostIOThreads) are modelled at most", layer: .model)
    }
    for controller in domain.devices.controllers where controller.index > Self.mostIndex {
      throw LibvirtError(
        .unsupported, "\(controller.kind.rawValue) controller index \(controller.index) too high, maximum is \(Self.mostIndex)")
    }
    for disk in domain.devices.disks {
      var index = (disk.number ?? 0) / 7
      if case .drive(let controller, _, _, _) = disk.address { index = controller }
      guard disk.bus == .scsi || disk.bus == .sata, index > Self.mostIndex else { continue }
      throw LibvirtError(
        .plain, "disk \(disk.target) needs controller \(index); \(Self.mostIndex) is the last that is modelled", disk.place,
        layer: .model)
    }
  }

  private static let mostIOThreads = 1024
  /// PCI has 256 buses.
  private static let mostIndex = 255

  /// What this host's QEMU has not.
  private func checkEmulator(_ domain: DomainDefinition, _ emulator: String) throws(LibvirtError) {
    let os = domain.os
    let lack = { (what: String, name: String) in
      LibvirtError(.unsupported, "Emulator '\(emulator)' does not support \(what) '\(name)'", os.place)
    }
    if os.architecture != "aarch64" { throw lack("arch", os.architecture) }
    if os.kind != "hvm" { throw lack("os type", os.kind) }
    guard domain.type == .qemu || (domain.type == .kvm && capabilities.hasKVM) else {
      throw lack("virt type", domain.type.rawValue)
    }
    if let machine = os.machine, machine != "virt", !EmulatorCapabilities.isVirtVersion(machine) {
      throw lack("machine type", machine)
    }
  }

  private func hasBootOrder(_ domain: DomainDefinition) -> Bool { !bootOrders(domain).isEmpty }

  private func bootOrders(_ domain: DomainDefinition) -> [Int] {
    domain.devices.disks.compactMap(\.bootOrder) + domain.devices.interfaces.compactMap(\.bootOrder)
  }

  private func checkBoot(_ domain: DomainDefinition) throws(LibvirtError) {
    let orders = bootOrders(domain)
    guard !orders.isEmpty else { return }
    if !domain.os.boot.isEmpty {
      throw LibvirtError(.unsupported, "per-device boot elements cannot be used together with os/boot elements")
    }
    var seen: Set<Int> = []
    for order in orders where !seen.insert(order).inserted {
      throw LibvirtError(.unsupported, "boot order '\(order)' used for more than one device")
    }
  }

  private func checkDisks(_ devices: Devices, _ iothreads: Int) throws(LibvirtError) {
    for (n, disk) in devices.disks.enumerated() {
      if let first = devices.disks[..<n].first(where: { $0.target == disk.target }) {
        throw LibvirtError(
          .xml, "target '\(disk.target)' duplicated for disk sources '\(first.source ?? "")' and '\(disk.source ?? "")'",
          disk.place)
      }
      if disk.source == nil, disk.device != .cdrom, disk.device != .floppy {
        throw LibvirtError(.missingSource, disk.target, disk.place)
      }
      if let thread = disk.iothread, thread < 1 || thread > iothreads {
        throw LibvirtError(.unsupported, "Disk iothread '\(thread)' not defined in iothreadid", disk.place)
      }
    }
  }

  // MARK: What is added

  private func completeCPU(_ domain: inout DomainDefinition) {
    if domain.cpu == nil || (domain.cpu?.mode == .custom && domain.cpu?.model == nil), domain.type == .qemu {
      var cpu = domain.cpu ?? DomainDefinition.CPU()
      // What QEMU's virt machine has if nobody says anything.
      (cpu.model, cpu.fallback) = ("cortex-a15", "forbid")
      domain.cpu = cpu
    }
    guard var cpu = domain.cpu else { return }
    if cpu.mode == .custom {
      cpu.match = cpu.match ?? "exact"
      cpu.fallback = cpu.fallback ?? "allow"
    }
    cpu.check = cpu.check ?? "none"
    domain.cpu = cpu
  }

  private func completeFirmware(_ domain: inout DomainDefinition) {
    if domain.os.loader != nil, domain.os.loader?.kind == nil { domain.os.loader?.kind = .rom }
    guard domain.os.loader?.kind == .pflash, domain.os.loader?.isReadonly == true, domain.os.nvram == nil else { return }
    domain.os.nvram = "\(LibvirtPaths.nvram)/\(domain.name)_VARS.fd"
  }

  /// A first console on a serial port is that port: each makes the other (virDomainDefAddConsoleCompat).
  private func completeConsoles(_ domain: inout DomainDefinition) {
    for n in domain.devices.consoles.indices {
      domain.devices.consoles[n].targetType = domain.devices.consoles[n].targetType ?? "serial"
      domain.devices.consoles[n].port = n
    }
    if let first = domain.devices.consoles.first, first.targetType == "serial", domain.devices.serials.isEmpty {
      var serial = first
      (serial.targetType, serial.targetModel, serial.port) = (nil, nil, nil)
      domain.devices.serials = [serial]
    }
    numberSerials(&domain.devices)
    guard let serial = domain.devices.serials.first, serial.targetType == "system-serial" else { return }
    if domain.devices.consoles.first?.targetType == "serial" {
      domain.devices.consoles.removeFirst()
    } else if !domain.devices.consoles.isEmpty {
      return
    }
    var console = serial
    (console.targetType, console.targetModel) = ("serial", nil)
    domain.devices.consoles.insert(console, at: 0)
  }

  private func numberSerials(_ devices: inout Devices) {
    var most = devices.serials.compactMap(\.port).max() ?? -1
    for n in devices.serials.indices {
      if devices.serials[n].port == nil {
        most += 1
        devices.serials[n].port = most
      }
      let type = devices.serials[n].targetType ?? "system-serial"
      devices.serials[n].targetType = type
      devices.serials[n].targetModel = devices.serials[n].targetModel ?? (type == "system-serial" ? "pl011" : type)
    }
  }
}

/// Where libvirt keeps what belongs to a domain.
package enum LibvirtPaths {
  /// Sockets and keys of a domain that runs.
  static let run = "/run/domain"
  static let nvram = "/var/lib/libvirt/qemu/nvram"
  static let log = "/var/log/libvirt/qemu"
}

extension Devices {
  /// Whether there is a USB bus: on the virt machine one that is asked for.
  var hasUSB: Bool { controllers.contains { $0.kind == .usb && $0.model != "none" } }

  /// A Realm's virtio devices reach only what the guest shares, by the addresses it hands out (feature ACCESS_PLATFORM).
  mutating func shareThroughIOMMU() {
    for n in disks.indices where disks[n].bus == .virtio { disks[n].virtio.iommu = disks[n].virtio.iommu ?? true }
    for n in controllers.indices where controllers[n].isVirtio {
      controllers[n].virtio.iommu = controllers[n].virtio.iommu ?? true
    }
    for n in filesystems.indices { filesystems[n].virtio.iommu = filesystems[n].virtio.iommu ?? true }
    for n in interfaces.indices where interfaces[n].isVirtio { interfaces[n].virtio.iommu = interfaces[n].virtio.iommu ?? true }
    for n in rngs.indices { rngs[n].virtio.iommu = rngs[n].virtio.iommu ?? true }
    if let balloon, balloon.model != .none { self.balloon?.virtio.iommu = balloon.virtio.iommu ?? true }
  }
}

extension Controller {
  var isVirtio: Bool { kind == .virtioSerial || (kind == .scsi && (model ?? "").hasPrefix("virtio")) }
}

extension InterfaceDevice {
  var isVirtio: Bool { model.hasPrefix("virtio") }
}
