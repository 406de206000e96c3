extension DomainXML {
  func writeDevices(_ xml: inout XMLWriter) {
    let devices = domain.devices
    xml.element("emulator", text: domain.emulator ?? EmulatorCapabilities.emulator)
    // Nodes are numbered from the last disk on.
    for (n, disk) in devices.disks.enumerated() { write(disk, devices.disks.count - n, &xml) }
    for controller in devices.controllers { write(controller, &xml) }
    for (n, system) in devices.filesystems.enumerated() { write(system, n, &xml) }
    for (n, interface) in devices.interfaces.enumerated() { write(interface, n, &xml) }
    for (n, serial) in devices.serials.enumerated() { write(serial: serial, n, &xml) }
    for (n, console) in devices.consoles.enumerated() { write(console: console, n, &xml) }
    for (n, channel) in devices.channels.enumerated() { write(channel: channel, n, &xml) }
    for (n, input) in devices.inputs.enumerated() {
      xml.element("input", ["type": input.kind.rawValue, "bus": input.bus.rawValue]) { xml in
        end(input.alias, "input\(n)", input.address, &xml)
      }
    }
    xml.element("audio", ["id": "1", "type": "none"])
    for (n, watchdog) in devices.watchdogs.enumerated() {
      xml.element("watchdog", ["model": watchdog.model, "action": watchdog.action]) { xml in
        end(watchdog.alias, "watchdog\(n)", watchdog.address, &xml)
      }
    }
    writeBalloon(&xml)
    for (n, rng) in devices.rngs.enumerated() { write(rng, n, &xml) }
    if let iommu = devices.iommu { xml.element("iommu", ["model": iommu]) }
  }

  /// A device's alias, which it has while it runs or if it was given one, and its address.
  private func end(_ given: String?, _ own: String, _ address: DeviceAddress, _ xml: inout XMLWriter) {
    if let name = given ?? (live == nil ? nil : own) { xml.element("alias", ["name": name]) }
    write(address, &xml)
  }

  private func write(_ address: DeviceAddress, _ xml: inout XMLWriter) {
    switch address {
    case .none: return
    case .pci(let pci):
      xml.element(
        "address",
        [
          "type": "pci", "domain": "0x\(digits(pci.domain, 4))", "bus": "0x\(digits(pci.bus, 2))",
          "slot": "0x\(digits(pci.slot, 2))",
          "function": "0x\(digits(pci.function, 1))", "multifunction": pci.isMultifunction ? "on" : nil,
        ])
    case .drive(let controller, let bus, let target, let unit):
      xml.element(
        "address", ["type": "drive", "controller": "\(controller)", "bus": "\(bus)", "target": "\(target)", "unit": "\(unit)"])
    case .usb(let bus, let port): xml.element("address", ["type": "usb", "bus": "\(bus)", "port": port])
    case .virtioSerial(let controller, let bus, let port):
      xml.element("address", ["type": "virtio-serial", "controller": "\(controller)", "bus": "\(bus)", "port": "\(port)"])
    case .virtioMMIO: xml.element("address", ["type": "virtio-mmio"])
    }
  }

  private func number(_ value: Int?) -> String? { value.map { "\($0)" } }

  // MARK: Disks and controllers

  private func write(_ disk: Disk, _ node: Int, _ xml: inout XMLWriter) {
    xml.element("disk", ["type": disk.kind.rawValue, "device": disk.device.rawValue, "model": disk.model]) { xml in
      xml.element(
        "driver",
        [
          "name": disk.driver ?? "qemu", "type": live != nil && disk.source == nil ? nil : disk.format,
          "cache": disk.cache == .default ? nil : disk.cache?.rawValue,
          "error_policy": disk.errorPolicy, "rerror_policy": disk.readErrorPolicy, "io": disk.io, "discard": disk.discard,
          "iothread": number(disk.iothread), "detect_zeroes": disk.detectZeroes, "queues": number(disk.queues),
          "copy_on_read": onOff(disk.copyOnRead), "iommu": onOff(disk.virtio.iommu), "ats": onOff(disk.virtio.ats),
          "packed": onOff(disk.virtio.packed),
        ])
      if let source = disk.source {
        let index = live == nil ? nil : "\(node)"
        xml.element(
          "source",
          ["file": disk.kind == .file ? source : nil, "dev": disk.kind == .block ? source : nil, "index": index])
        if live != nil { xml.element("backingStore") }
      }
      if disk.logicalBlock != nil || disk.physicalBlock != nil {
        xml.element(
          "blockio", ["logical_block_size": number(disk.logicalBlock), "physical_block_size": number(disk.physicalBlock)])
      }
      xml.element("target", ["dev": disk.target, "bus": disk.bus.rawValue, "removable": onOff(disk.removable)])
      if disk.isReadonly { xml.element("readonly") }
      if disk.isShareable { xml.element("shareable") }
      if let serial = disk.serial { xml.element("serial", text: serial) }
      if let wwn = disk.wwn { xml.element("wwn", text: wwn) }
      if let vendor = disk.vendor { xml.element("vendor", text: vendor) }
      if let product = disk.product { xml.element("product", text: product) }
      if let order = disk.bootOrder { xml.element("boot", ["order": "\(order)"]) }
      end(disk.alias, domain.alias(disk), disk.address, &xml)
    }
  }

  private func write(_ controller: Controller, _ xml: inout XMLWriter) {
    xml.element(
      "controller",
      [
        "type": controller.kind.rawValue, "index": "\(controller.index)", "model": controller.model,
        "ports": number(controller.ports),
        "vectors": number(controller.vectors),
      ]
    ) { xml in
      if controller.queues != nil || controller.virtio != VirtioOptions() {
        xml.element(
          "driver",
          [
            "queues": number(controller.queues), "iommu": onOff(controller.virtio.iommu), "ats": onOff(controller.virtio.ats),
            "packed": onOff(controller.virtio.packed),
          ])
      }
      if let name = controller.modelName { xml.element("model", ["name": name]) }
      if controller.chassis != nil || controller.port != nil {
        xml.element(
          "target", ["chassis": number(controller.chassis), "port": controller.port.map { "0x" + String($0, radix: 16) }])
      }
      end(controller.alias, controller.name, controller.address, &xml)
    }
  }

  // MARK: File systems and interfaces

  private func write(_ system: FileSystem, _ number: Int, _ xml: inout XMLWriter) {
    xml.element(
      "filesystem",
      [
        "type": "mount", "accessmode": system.accessMode.rawValue, "multidevs": system.multidevs,
        "fmode": system.fmode?.leftPadded(4),
        "dmode": system.dmode?.leftPadded(4), "model": system.model,
      ]
    ) { xml in
      if system.driver != nil || system.writePolicy != nil || system.virtio != VirtioOptions() {
        xml.element(
          "driver",
          [
            "type": system.driver, "wrpolicy": system.writePolicy, "iommu": onOff(system.virtio.iommu),
            "ats": onOff(system.virtio.ats),
            "packed": onOff(system.virtio.packed),
          ])
      }
      xml.element("source", ["dir": system.source])
      xml.element("target", ["dir": system.target])
      if system.isReadonly { xml.element("readonly") }
      end(system.alias, "fs\(number)", system.address, &xml)
    }
  }

  private func write(_ interface: InterfaceDevice, _ position: Int, _ xml: inout XMLWriter) {
    xml.element("interface", ["type": interface.kind.rawValue]) { xml in
      xml.element("mac", ["address": interface.mac])
      switch interface.kind {
      case .bridge: xml.element("source", ["bridge": interface.source])
      case .network: xml.element("source", ["network": interface.source])
      case .direct: xml.element("source", ["dev": interface.source])
      default: break
      }
      xml.element("model", ["type": interface.model])
      if interface.driverName != nil || interface.eventIndex != nil || interface.queues != nil
        || interface.virtio != VirtioOptions()
      {
        xml.element(
          "driver",
          [
            "name": interface.driverName, "event_idx": onOff(interface.eventIndex), "queues": number(interface.queues),
            "iommu": onOff(interface.virtio.iommu), "ats": onOff(interface.virtio.ats), "packed": onOff(interface.virtio.packed),
          ])
      }
      if let state = interface.linkState { xml.element("link", ["state": state]) }
      if let order = interface.bootOrder { xml.element("boot", ["order": "\(order)"]) }
      if live != nil || interface.alias != nil { xml.element("alias", ["name": interface.alias ?? "net\(position)"]) }
      if interface.romEnabled != nil || interface.romBar != nil || interface.romFile != nil {
        xml.element("rom", ["enabled": yesNo(interface.romEnabled), "bar": onOff(interface.romBar), "file": interface.romFile])
      }
      write(interface.address, &xml)
    }
  }

  // MARK: Character devices

  private func write(serial: CharacterDevice, _ position: Int, _ xml: inout XMLWriter) {
    let name = serial.alias ?? "serial\(position)"
    xml.element("serial", ["type": serial.backend.rawValue]) { xml in
      writeSource(serial, name, &xml)
      xml.element("target", ["type": serial.targetType, "port": number(serial.port)]) { xml in
        xml.element("model", ["name": serial.targetModel])
      }
      end(serial.alias, name, serial.address, &xml)
    }
  }

  private func write(console: CharacterDevice, _ position: Int, _ xml: inout XMLWriter) {
    // The first console is the first serial port by another name.
    let own = console.targetType == "serial" ? "serial\(position)" : "console\(position)"
    let name = console.alias ?? own
    xml.element("console", ["type": console.backend.rawValue, "tty": console.backend == .pty ? live?.terminals[name] : nil]) {
      xml in
      writeSource(console, name, &xml)
      xml.element("target", ["type": console.targetType, "port": number(console.port)])
      end(console.alias, own, console.targetType == "serial" ? .none : console.address, &xml)
    }
  }

  private func write(channel: CharacterDevice, _ position: Int, _ xml: inout XMLWriter) {
    let name = channel.alias ?? "channel\(position)"
    xml.element("channel", ["type": channel.backend.rawValue]) { xml in
      if live != nil, channel.backend == .unix, channel.path == nil {
        xml.element("source", ["mode": "bind", "path": "\(LibvirtPaths.run)/\(channel.channelName ?? "char\(name)")"])
      } else {
        writeSource(channel, name, &xml)
      }
      xml.element(
        "target", ["type": channel.targetType, "name": channel.channelName, "state": live?.id == nil ? nil : "disconnected"])
      end(channel.alias, name, channel.address, &xml)
    }
  }

  private func writeSource(_ device: CharacterDevice, _ name: String, _ xml: inout XMLWriter) {
    switch device.backend {
    case .pty: if let path = live?.terminals[name] { xml.element("source", ["path": path]) }
    case .file, .dev, .pipe: xml.element("source", ["path": device.path, "append": onOff(device.append)])
    case .unix: if let path = device.path { xml.element("source", ["mode": device.mode ?? "bind", "path": path]) }
    case .tcp, .udp:
      xml.element("source", ["mode": device.mode ?? "connect", "host": device.host, "service": device.service])
      xml.element("protocol", ["type": device.protocolType ?? "raw"])
    default: break
    }
    if let file = device.logFile { xml.element("log", ["file": file, "append": onOff(device.logAppend)]) }
  }

  // MARK: Balloon and random numbers

  private func writeBalloon(_ xml: inout XMLWriter) {
    guard let balloon = domain.devices.balloon else { return }
    xml.element(
      "memballoon",
      [
        "model": balloon.model.rawValue, "autodeflate": onOff(balloon.autodeflate),
        "freePageReporting": onOff(balloon.freePageReporting),
      ]
    ) { xml in
      guard balloon.model != .none else { return }
      if let period = balloon.period { xml.element("stats", ["period": "\(period)"]) }
      if live != nil || balloon.alias != nil { xml.element("alias", ["name": balloon.alias ?? "balloon0"]) }
      write(balloon.address, &xml)
      writeOptions(balloon.virtio, &xml)
    }
  }

  private func write(_ rng: RandomDevice, _ position: Int, _ xml: inout XMLWriter) {
    xml.element("rng", ["model": rng.model.rawValue]) { xml in
      if let bytes = rng.rateBytes { xml.element("rate", ["bytes": "\(bytes)", "period": number(rng.ratePeriod)]) }
      if let source = rng.source {
        xml.element("backend", ["model": rng.backend], text: source)
      } else {
        xml.element("backend", ["model": rng.backend])
      }
      writeOptions(rng.virtio, &xml)
      end(rng.alias, "rng\(position)", rng.address, &xml)
    }
  }

  private func writeOptions(_ options: VirtioOptions, _ xml: inout XMLWriter) {
    guard options != VirtioOptions() else { return }
    xml.element("driver", ["iommu": onOff(options.iommu), "ats": onOff(options.ats), "packed": onOff(options.packed)])
  }
}
