extension CommandLineBuilder {
  // MARK: Network

  mutating func addInterfaces() {
    var first = domain.os.boot.firstIndex(of: "network").map { $0 + 1 }
    for (n, interface) in domain.devices.interfaces.enumerated() {
      let name = interface.alias ?? "net\(n)"
      var backend = JSONObject()
      if case .start = purpose, interface.kind == .user {
        backend.add("type", "user")
      } else {
        // An export has a tap device for each, whatever it is in life.
        backend.add("type", "tap")
        backend.add("fd", "\(n + 5)")
      }
      backend.add("id", "host\(name)")
      add("-netdev", backend.text)
      var object = JSONObject()
      object.add("driver", driver(interface))
      object.add(interface.virtio)
      object.add("event_idx", interface.eventIndex)
      object.add("netdev", "host\(name)")
      object.add("id", name)
      object.add("mac", interface.mac)
      var index = interface.bootOrder
      if index == nil { swap(&index, &first) }
      object.add("bootindex", index)
      object.add(interface.address, domain)
      object.add("rombar", interface.romBar.map { $0 ? 1 : 0 })
      object.add("romfile", interface.romEnabled == false ? "" : interface.romFile)
      addDevice(object)
    }
  }

  private func driver(_ interface: InterfaceDevice) -> String {
    guard interface.isVirtio else { return interface.model }
    return (interface.address == .virtioMMIO ? "virtio-net-device" : "virtio-net-pci") + interface.model.dropFirst(6)
  }

  // MARK: Character devices

  mutating func addSerials() {
    for (n, serial) in domain.devices.serials.enumerated() {
      let name = serial.alias ?? "serial\(n)"
      addBackend(serial, name)
      if serial.targetType == "system-serial" {
        add("-serial", "chardev:char\(name)")
        continue
      }
      var object = JSONObject(("driver", serial.targetModel ?? "pci-serial"), ("chardev", "char\(name)"), ("id", name))
      object.add(serial.address, domain)
      addDevice(object)
    }
  }

  mutating func addChannels() {
    for (n, channel) in domain.devices.channels.enumerated() where channel.targetType == "virtio" {
      let name = channel.alias ?? "channel\(n)"
      addPort("virtserialport", channel, name, called: channel.channelName)
    }
  }

  mutating func addConsoles() {
    for (n, console) in domain.devices.consoles.enumerated() where console.targetType == "virtio" {
      let name = console.alias ?? "console\(n)"
      addPort("virtconsole", console, name, called: nil)
    }
  }

  /// A port of a virtio-serial controller, with what is behind it.
  private mutating func addPort(_ driver: String, _ device: CharacterDevice, _ name: String, called: String?) {
    addBackend(device, name)
    var object = JSONObject(("driver", driver))
    object.add(device.address, domain)
    object.add("chardev", "char\(name)")
    object.add("id", name)
    object.add("name", called)
    addDevice(object)
  }

  private mutating func addBackend(_ device: CharacterDevice, _ name: String) {
    add("-chardev", backend(device, "char\(name)"))
    if device.listensOnSocket { openSockets += 1 }
  }

  private func backend(_ device: CharacterDevice, _ id: String) -> String {
    let listen = device.mode == "connect" ? "" : ",server=on,wait=off"
    var text: String
    switch device.backend {
    case .pty, .null, .stdio: text = "\(device.backend.rawValue),id=\(id)"
    case .dev: text = "serial,id=\(id),path=\(commaEscaped(device.path ?? ""))"
    case .file:
      text = "file,id=\(id),path=\(commaEscaped(device.path ?? ""))"
      if let append = device.append { text += ",append=\(append ? "on" : "off")" }
    case .pipe: text = "pipe,id=\(id),path=\(commaEscaped(device.path ?? ""))"
    case .unix:
      if case .start = purpose, device.listensOnSocket {
        text = "socket,id=\(id),fd=\(5 + openSockets)\(listen)"
        break
      }
      let path = device.path ?? "\(LibvirtPaths.run)/\(device.channelName ?? id)"
      text = "socket,id=\(id),path=\(commaEscaped(path))\(listen)"
    default:
      let telnet = device.protocolType == "telnet" ? ",telnet=on" : ""
      text = "socket,id=\(id),host=\(device.host ?? ""),port=\(device.service ?? "")\(telnet)\(listen)"
    }
    if let file = device.logFile {
      text += ",logfile=\(commaEscaped(file))"
      if let append = device.logAppend { text += ",logappend=\(append ? "on" : "off")" }
    }
    return text
  }

  // MARK: The rest

  mutating func addInputs() {
    for (n, input) in domain.devices.inputs.enumerated() {
      let kinds = ["mouse": ("usb-mouse", "mouse"), "tablet": ("usb-tablet", "tablet"), "keyboard": ("usb-kbd", "keyboard")]
      guard let (usb, virtio) = kinds[input.kind.rawValue] else { continue }
      var object = JSONObject()
      object.add("driver", input.bus == .usb ? usb : "virtio-\(virtio)-pci")
      object.add("id", input.alias ?? "input\(n)")
      object.add(input.address, domain)
      addDevice(object)
    }
  }

  mutating func addWatchdogs() {
    for (n, watchdog) in domain.devices.watchdogs.enumerated() {
      var object = JSONObject(("driver", watchdog.model), ("id", watchdog.alias ?? "watchdog\(n)"))
      object.add(watchdog.address, domain)
      addDevice(object)
    }
    // A dump is libvirt's own doing: QEMU only stops.
    if let action = domain.devices.watchdogs.first?.action { add("-watchdog-action", action == "dump" ? "pause" : action) }
  }

  mutating func addBalloon() {
    guard let balloon = domain.devices.balloon, balloon.model != Balloon.Model.none else { return }
    var object = JSONObject(("driver", "virtio-balloon-pci" + balloon.model.rawValue.dropFirst(6)))
    object.add(balloon.virtio)
    object.add("id", balloon.alias ?? "balloon0")
    object.add("deflate-on-oom", balloon.autodeflate)
    object.add("free-page-reporting", balloon.freePageReporting)
    object.add(balloon.address, domain)
    addDevice(object)
  }

  mutating func addRandomDevices() {
    for (n, rng) in domain.devices.rngs.enumerated() {
      let name = rng.alias ?? "rng\(n)"
      var backend = JSONObject(("qom-type", "rng-\(rng.backend)"), ("id", "obj\(name)"))
      backend.add("filename", rng.source)
      add("-object", backend.text)
      var object = JSONObject(("driver", "virtio-rng-pci" + rng.model.rawValue.dropFirst(6)))
      object.add(rng.virtio)
      object.add("rng", "obj\(name)")
      object.add("id", name)
      object.add("max-bytes", rng.rateBytes)
      if rng.rateBytes != nil { object.add("period", rng.ratePeriod ?? 1000) }
      object.add(rng.address, domain)
      addDevice(object)
    }
  }
}

extension CharacterDevice {
  var listensOnSocket: Bool { backend == .unix && mode != "connect" }
}
