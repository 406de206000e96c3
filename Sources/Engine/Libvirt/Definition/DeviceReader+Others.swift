extension DeviceReader {
  func read(controller cursor: XMLCursor) throws(LibvirtError) -> Controller {
    let kind = try cursor.choice("type", Controller.Kind.self) ?? .ide
    var controller = Controller(kind, try cursor.number("index") ?? -1)
    if let model = cursor.attribute("model") {
      guard Self.models[kind]?.contains(model.value) ?? true else {
        throw LibvirtError(.unsupported, "Unknown model type '\(model.value)'", model.valuePlace)
      }
      controller.model = model.value
    }
    controller.ports = try cursor.number("ports")
    controller.vectors = try cursor.number("vectors")
    if let driver = cursor.child("driver") {
      controller.queues = try driver.number("queues")
      controller.virtio = try virtio(driver)
    }
    controller.modelName = cursor.child("model")?["name"]
    if let target = cursor.child("target") {
      controller.chassis = try target.number("chassis", isAnyBase: true)
      controller.port = try target.number("port", isAnyBase: true)
    }
    controller.alias = alias(cursor)
    controller.address = try address(cursor)
    return controller
  }

  private static let models: [Controller.Kind: Set<String>] = [
    .ide: ["piix3", "piix4", "ich6"],
    .scsi: [
      "auto", "buslogic", "lsilogic", "lsisas1068", "vmpvscsi", "ibmvscsi", "virtio-scsi", "lsisas1078", "virtio-transitional",
      "virtio-non-transitional", "ncr53c90", "dc390", "am53c974",
    ],
    .usb: [
      "piix3-uhci", "piix4-uhci", "ehci", "ich9-ehci1", "ich9-uhci1", "ich9-uhci2", "ich9-uhci3", "vt82c686b-uhci", "pci-ohci",
      "nec-xhci",
      "qusb1", "qusb2", "qemu-xhci", "none",
    ],
    .pci: [
      "pci-root", "pcie-root", "pci-bridge", "dmi-to-pci-bridge", "pcie-to-pci-bridge", "pcie-root-port",
      "pcie-switch-upstream-port",
      "pcie-switch-downstream-port", "pci-expander-bus", "pcie-expander-bus",
    ],
    .virtioSerial: ["virtio", "virtio-transitional", "virtio-non-transitional"],
  ]

  func read(interface cursor: XMLCursor) throws(LibvirtError) -> InterfaceDevice {
    var interface = InterfaceDevice()
    interface.kind = try cursor.choice("type") ?? .user
    if let mac = cursor.child("mac"), let address = mac.attribute("address") {
      guard let bytes = Self.mac(address.value) else {
        throw LibvirtError(.xml, "unable to parse mac address '\(address.value)'", address.valuePlace)
      }
      guard bytes[0] & 1 == 0 else {
        throw LibvirtError(.xml, "expected unicast mac address, found multicast '\(address.value)'", address.valuePlace)
      }
      interface.mac = bytes.map { digits(Int($0), 2) }.joined(separator: ":")
    }
    try source(cursor, &interface)
    if let model = cursor.child("model"), let type = model.attribute("type") {
      guard type.value.utf8.allSatisfy(Self.isModelLetter) else {
        throw LibvirtError(.argument, "Model name contains invalid characters", type.valuePlace)
      }
      interface.model = type.value
    }
    if let driver = cursor.child("driver") {
      interface.driverName = try driver.word("name", ["qemu", "vhost"])
      interface.queues = try driver.number("queues")
      interface.eventIndex = try driver.isOn("event_idx")
      interface.virtio = try virtio(driver)
    }
    if let rom = cursor.child("rom") {
      interface.romEnabled = try rom.isYes("enabled")
      interface.romBar = try rom.isOn("bar")
      interface.romFile = rom["file"]
    }
    interface.linkState = try cursor.child("link")?.word("state", ["up", "down"])
    if let mtu = cursor.child("mtu") {
      _ = mtu["size"]
      if interface.kind == .user {
        throw LibvirtError(.unsupported, "setting MTU on interface type user is not supported yet", mtu.place)
      }
      list.add(.notModelled, mtu.place, .model, "an interface's mtu", "libvirt reads it; it is not modelled here")
    }
    interface.bootOrder = try bootOrder(cursor)
    interface.alias = alias(cursor)
    interface.address = try address(cursor)
    return interface
  }

  private static func isModelLetter(_ byte: UInt8) -> Bool {
    (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || byte == 0x2D || byte == 0x5F
  }

  private func source(_ cursor: XMLCursor, _ interface: inout InterfaceDevice) throws(LibvirtError) {
    let source = cursor.child("source")
    switch interface.kind {
    case .bridge: interface.source = source?["bridge"]
    case .network: interface.source = source?["network"]
    case .direct: interface.source = source?["dev"]
    default: return
    }
    guard source != nil else {
      throw LibvirtError(.xml, "interface type='\(interface.kind.rawValue)' requires a 'source' element", cursor.place)
    }
  }

  private static func mac(_ text: String) -> [UInt8]? {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    let bytes = parts.compactMap { $0.count <= 2 ? UInt8($0, radix: 16) : nil }
    return parts.count == 6 && bytes.count == 6 ? bytes : nil
  }

  func read(input cursor: XMLCursor) throws(LibvirtError) -> InputDevice {
    guard let type = cursor.attribute("type") else { throw LibvirtError(.internal, "missing input device type", cursor.place) }
    guard let kind = InputDevice.Kind(rawValue: type.value) else {
      throw LibvirtError(.unsupported, "unknown input device type '\(type.value)'", type.valuePlace)
    }
    let bus = try cursor.choice("bus", InputDevice.Bus.self) ?? .usb
    if bus == .virtio || kind == .passthrough || kind == .evdev {
      list.add(
        .notModelled, cursor.place, .model, "an input device on \(bus.rawValue)",
        "it is in the command line; our machine has none")
    }
    return InputDevice(kind: kind, bus: bus, alias: alias(cursor), address: try address(cursor))
  }

  func read(watchdog cursor: XMLCursor) throws(LibvirtError) -> Watchdog {
    guard let model = cursor.attribute("model") else {
      throw LibvirtError(.xml, "Missing required attribute 'model' in element 'watchdog'", cursor.place)
    }
    guard ["i6300esb", "ib700", "diag288", "itco"].contains(model.value) else {
      throw LibvirtError(.unsupported, "unknown watchdog model '\(model.value)'", model.valuePlace)
    }
    let action = cursor.attribute("action")
    if let action, !["reset", "shutdown", "poweroff", "pause", "dump", "none", "inject-nmi"].contains(action.value) {
      throw LibvirtError(.unsupported, "unknown watchdog action '\(action.value)'", action.valuePlace)
    }
    return Watchdog(
      model: model.value, action: action?.value ?? "reset", alias: alias(cursor), address: try address(cursor))
  }

  func read(balloon cursor: XMLCursor) throws(LibvirtError) -> Balloon {
    var balloon = Balloon(model: try cursor.required("model"))
    balloon.autodeflate = try cursor.isOn("autodeflate")
    balloon.freePageReporting = try cursor.isOn("freePageReporting")
    balloon.period = try cursor.child("stats")?.number("period")
    balloon.virtio = try virtio(cursor.child("driver"))
    balloon.alias = alias(cursor)
    balloon.address = try address(cursor)
    return balloon
  }

  func read(rng cursor: XMLCursor) throws(LibvirtError) -> RandomDevice {
    var rng = RandomDevice()
    guard let model = cursor.attribute("model") else { throw LibvirtError(.xml, "missing RNG device model", cursor.place) }
    guard let known = RandomDevice.Model(rawValue: model.value) else {
      throw LibvirtError(.unsupported, "unknown RNG model '\(model.value)'", model.valuePlace)
    }
    rng.model = known
    let backends = cursor.children("backend")
    guard let backend = backends.first, backends.count == 1 else {
      throw LibvirtError(.xml, "only one RNG backend is supported", backends.last?.place ?? cursor.place)
    }
    guard let name = backend.attribute("model") else {
      throw LibvirtError(.xml, "missing RNG device backend model", backend.place)
    }
    guard ["random", "egd", "builtin"].contains(name.value) else {
      throw LibvirtError(.unsupported, "unknown RNG backend model '\(name.value)'", name.valuePlace)
    }
    guard name.value != "egd" else {
      throw LibvirtError(
        .plain, "an RNG with backend 'egd' is not modelled: random and builtin are", name.valuePlace, layer: .model)
    }
    rng.backend = name.value
    if rng.backend == "random" { rng.source = backend.text.isEmpty ? "/dev/random" : backend.text }
    if let rate = cursor.child("rate") {
      rng.rateBytes = try rate.number("bytes")
      rng.ratePeriod = try rate.number("period")
    }
    rng.virtio = try virtio(cursor.child("driver"))
    rng.alias = alias(cursor)
    rng.address = try address(cursor)
    return rng
  }
}
