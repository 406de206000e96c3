extension CommandLineBuilder {
  mutating func addDevices() throws(LibvirtError) {
    addControllers()
    addDisks()
    addFileSystems()
    addInterfaces()
    addSerials()
    addChannels()
    addConsoles()
    addInputs()
    add("-audiodev", #"{"id":"audio1","driver":"none"}"#)
    addWatchdogs()
    addBalloon()
    addRandomDevices()
  }

  /// The bootindex of the first disk, CD and interface, where devices have no order of their own.
  private func bootIndex(_ device: String) -> Int? {
    domain.os.boot.firstIndex(of: device).map { $0 + 1 }
  }

  // MARK: Controllers

  private mutating func addControllers() {
    for kind in [Controller.Kind.pci, .usb, .scsi, .sata, .virtioSerial] {
      for controller in domain.devices.controllers where controller.kind == kind { add(controller) }
    }
  }

  private mutating func add(_ controller: Controller) {
    var object = JSONObject()
    switch controller.kind {
    case .pci:
      guard controller.index > 0 else { return }
      object.add("driver", controller.modelName ?? controller.model)
      object.add("port", controller.port)
      object.add("chassis", controller.chassis)
      object.add("id", controller.name)
    case .usb:
      guard let model = controller.model, model != "none" else { return }
      object.add("driver", model)
      object.add("p2", controller.ports)
      object.add("p3", controller.ports)
      object.add("id", controller.name)
    case .scsi:
      let model = controller.model ?? "lsilogic"
      object.add(
        "driver",
        model == "lsilogic" ? "lsi" : model == "virtio-scsi" ? "virtio-scsi-pci" : "virtio-scsi-pci" + model.dropFirst(6))
      object.add(controller.virtio)
      object.add("id", controller.name)
      object.add("num_queues", controller.queues)
    case .sata:
      object.add("driver", "ahci")
      object.add("id", controller.name)
    case .virtioSerial:
      object.add("driver", "virtio-serial-pci")
      object.add(controller.virtio)
      object.add("id", controller.name)
      object.add("max_ports", controller.ports)
      object.add("vectors", controller.vectors)
    default: return
    }
    object.add(controller.address, domain)
    addDevice(object)
  }

  // MARK: Disks

  private mutating func addDisks() {
    var (hard, compact) = (bootIndex("hd"), bootIndex("cdrom"))
    for (n, disk) in domain.devices.disks.enumerated() {
      // Nodes are numbered from the last disk on, whether it has a medium or not.
      let drive = disk.source.map { addNodes(disk, $0, domain.devices.disks.count - n) }
      var index = disk.bootOrder
      if index == nil {
        if disk.device == .cdrom { swap(&index, &compact) } else if disk.device == .disk { swap(&index, &hard) }
      }
      // What has no medium cannot be booted from.
      addDevice(object(disk, drive, index))
    }
  }

  private mutating func addNodes(_ disk: Disk, _ source: String, _ number: Int) -> String {
    var storage = JSONObject(("driver", disk.kind == .file ? "file" : "host_device"), ("filename", source))
    storage.add("aio", disk.io)
    storage.add("node-name", "libvirt-\(number)-storage")
    storage.add("cache", disk.cacheFlags)
    storage.add("auto-read-only", true)
    storage.add("discard", "unmap")
    add("-blockdev", storage.text)
    var format = JSONObject(("node-name", "libvirt-\(number)-format"))
    format.add("read-only", disk.isReadonly)
    format.add("discard", disk.discard)
    format.add("detect-zeroes", disk.detectZeroes)
    format.add("cache", disk.cacheFlags)
    format.add("driver", disk.format)
    format.add("file", "libvirt-\(number)-storage")
    add("-blockdev", format.text)
    guard disk.copyOnRead == true else { return "libvirt-\(number)-format" }
    var copy = JSONObject(
      ("driver", "copy-on-read"), ("node-name", "libvirt-CoR-\(disk.target)"), ("file", "libvirt-\(number)-format"))
    copy.add("discard", "unmap")
    add("-blockdev", copy.text)
    return "libvirt-CoR-\(disk.target)"
  }

  private func object(_ disk: Disk, _ drive: String?, _ bootIndex: Int?) -> JSONObject {
    var object = JSONObject()
    switch disk.bus {
    case .virtio:
      let base = disk.address == .virtioMMIO ? "virtio-blk-device" : "virtio-blk-pci"
      object.add("driver", base + (disk.model.map { String($0.dropFirst(6)) } ?? ""))
      object.add(disk.virtio)
      object.add("iothread", disk.iothread.map { "iothread\($0)" })
      object.add("num-queues", disk.queues)
      object.add(disk.address, domain)
    case .scsi: addSCSI(disk, &object)
    case .sata:
      object.add("driver", disk.device == .cdrom ? "ide-cd" : "ide-hd")
      if case .drive(let controller, _, _, let unit) = disk.address { object.add("bus", "sata\(controller).\(unit)") }
    default:
      object.add("driver", "usb-storage")
      object.add(disk.address, domain)
    }
    if disk.isShareable { object.add("share-rw", true) }
    object.add("drive", drive)
    object.add("id", domain.alias(disk))
    object.add("bootindex", drive == nil && disk.bootOrder == nil ? nil : bootIndex)
    object.add("logical_block_size", disk.logicalBlock)
    object.add("physical_block_size", disk.physicalBlock)
    object.add("wwn", disk.wwn.flatMap { UInt64($0, radix: 16) })
    object.add("vendor", disk.vendor)
    object.add("product", disk.product)
    if disk.bus == .usb { object.add("removable", disk.removable ?? false) }
    object.add("write-cache", disk.writeCache)
    object.add("serial", disk.serial)
    addPolicy(disk, &object)
    return object
  }

  private func addSCSI(_ disk: Disk, _ object: inout JSONObject) {
    object.add("driver", disk.device == .cdrom ? "scsi-cd" : "scsi-hd")
    guard case .drive(let controller, let bus, let target, let unit) = disk.address else { return }
    let name = domain.alias(disk)
    if domain.isVirtioSCSI(controller) {
      object.add("bus", "scsi\(controller).0")
      object.add("channel", bus)
      object.add("scsi-id", target)
      object.add("lun", unit)
    } else {
      object.add("bus", "scsi\(controller).\(bus)")
      object.add("scsi-id", unit)
    }
    object.add("device_id", disk.serial ?? "drive-\(name)")
  }

  private func addPolicy(_ disk: Disk, _ object: inout JSONObject) {
    guard let policy = disk.errorPolicy else {
      object.add("rerror", disk.readErrorPolicy)
      return
    }
    object.add("werror", policy == "enospace" ? "enospc" : policy)
    object.add("rerror", disk.readErrorPolicy ?? (policy == "enospace" ? nil : policy))
  }

  // MARK: File systems

  private mutating func addFileSystems() {
    for (n, system) in domain.devices.filesystems.enumerated() {
      let name = system.alias ?? "fs\(n)"
      let model = ["passthrough": "passthrough", "mapped": "mapped", "squash": "none"][system.accessMode.rawValue] ?? "none"
      var text = "local,security_model=\(model)"
      if let mode = system.multidevs, mode != "default" { text += ",multidevs=\(mode)" }
      if let mode = system.fmode { text += ",fmode=\(mode.leftPadded(4))" }
      if let mode = system.dmode { text += ",dmode=\(mode.leftPadded(4))" }
      if let policy = system.writePolicy { text += ",writeout=\(policy)" }
      text += ",id=fsdev-\(name),path=\(commaEscaped(system.source))"
      if system.isReadonly { text += ",readonly" }
      add("-fsdev", text)
      var object = JSONObject()
      object.add(
        "driver",
        (system.address == .virtioMMIO ? "virtio-9p-device" : "virtio-9p-pci")
          + (system.model.map { String($0.dropFirst(6)) } ?? ""))
      object.add(system.virtio)
      object.add("id", name)
      object.add("fsdev", "fsdev-\(name)")
      object.add("mount_tag", system.target)
      object.add(system.address, domain)
      addDevice(object)
    }
  }
}

extension JSONObject {
  /// Where a device is plugged in.
  mutating func add(_ address: DeviceAddress, _ domain: DomainDefinition) {
    switch address {
    case .pci(let pci):
      add("bus", domain.devices.controllers.first { $0.kind == .pci && $0.index == pci.bus }?.name ?? "pci.\(pci.bus)")
      if pci.isMultifunction { add("multifunction", true) }
      let slot = "0x" + String(pci.slot, radix: 16)
      add("addr", pci.function == 0 ? slot : slot + ".0x" + String(pci.function, radix: 16))
    case .usb(let bus, let port):
      add("bus", (domain.devices.controllers.first { $0.kind == .usb && $0.index == bus }?.name ?? "usb") + ".0")
      add("port", port)
    case .virtioSerial(let controller, let bus, let port):
      add("bus", "virtio-serial\(controller).\(bus)")
      add("nr", port)
    case .none, .drive, .virtioMMIO: return
    }
  }

  mutating func add(_ options: VirtioOptions) {
    add("iommu_platform", options.iommu)
    add("ats", options.ats)
    add("packed", options.packed)
  }
}

extension Controller {
  /// Its id in QEMU.
  var name: String {
    if let alias { return alias }
    switch kind {
    case .pci: return index == 0 ? "pcie.0" : "pci.\(index)"
    case .usb: return index == 0 ? "usb" : "usb\(index)"
    default: return "\(kind.rawValue)\(index)"
    }
  }
}

extension Disk {
  /// A disk that several guests write must not be cached.
  var effectiveCache: Cache? {
    if cache == .default { return isShareable ? Cache.none : nil }
    return cache ?? (isShareable ? Cache.none : nil)
  }

  var cacheFlags: JSONObject? {
    guard let effectiveCache else { return nil }
    var flags = JSONObject()
    flags.add("direct", effectiveCache == Cache.none || effectiveCache == .directsync)
    flags.add("no-flush", effectiveCache == .unsafe)
    return flags
  }

  var writeCache: String? {
    guard let effectiveCache else { return nil }
    return effectiveCache == .directsync || effectiveCache == .writethrough ? "off" : "on"
  }
}

extension DomainDefinition {
  func isVirtioSCSI(_ index: Int) -> Bool {
    devices.controllers.contains { $0.kind == .scsi && $0.index == index && $0.isVirtio }
  }

  /// A disk's id in QEMU.
  func alias(_ disk: Disk) -> String {
    if let alias = disk.alias { return alias }
    switch (disk.bus, disk.address) {
    case (.scsi, .drive(let controller, let bus, let target, let unit)):
      return isVirtioSCSI(controller) ? "scsi\(controller)-\(bus)-\(target)-\(unit)" : "scsi\(controller)-\(bus)-\(unit)"
    case (.sata, .drive(let controller, let bus, _, let unit)): return "sata\(controller)-\(bus)-\(unit)"
    default: return "\(disk.bus.rawValue)-disk\(disk.number ?? 0)"
    }
  }
}
