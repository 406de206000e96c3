/// Adds the controllers that devices need, gives them numbers, and devices their places on them.
struct ControllerCompleter {
  func complete(_ devices: inout Devices) throws(LibvirtError) {
    try number(&devices.controllers)
    devices.controllers.gather(by: \.kind) { $0.index }
    if !devices.controllers.contains(where: { $0.kind == .pci && $0.index == 0 }) {
      devices.controllers.append(Controller(.pci, 0, "pcie-root"))
    }
    devices.disks.gather(by: \.bus) { $0.number ?? 0 }
    for n in devices.disks.indices { place(&devices.disks[n]) }
    addForDisks(&devices)
    if devices.hasVirtioSerial, !devices.controllers.contains(where: { $0.kind == .virtioSerial }) {
      devices.controllers.append(Controller(.virtioSerial, 0))
    }
    for n in devices.controllers.indices where devices.controllers[n].kind == .scsi && devices.controllers[n].model == nil {
      devices.controllers[n].model = "lsilogic"
    }
    placeChannels(&devices)
    try placeOnUSB(&devices)
  }

  /// A controller without an index gets the next of its kind.
  private func number(_ controllers: inout [Controller]) throws(LibvirtError) {
    for n in controllers.indices {
      let kind = controllers[n].kind
      if controllers[n].index < 0 {
        let isRoot = controllers[n].model == "pcie-root" || controllers[n].model == "pci-root"
        let taken = Set(controllers.filter { $0.kind == kind && $0.index >= 0 }.map(\.index))
        var free = kind == .pci && !isRoot ? 1 : 0
        while taken.contains(free) { free += 1 }
        controllers[n].index = free
      }
      let index = controllers[n].index
      if controllers[..<n].contains(where: { $0.kind == kind && $0.index == index }) {
        throw LibvirtError(.xml, "Multiple '\(kind.rawValue)' controllers with index '\(index)'")
      }
    }
  }

  // MARK: Disks

  /// The place of a disk on its bus follows from its name (virDomainDiskDefAssignAddress).
  private func place(_ disk: inout Disk) {
    guard disk.address == .none, let n = disk.number else { return }
    switch disk.bus {
    // libvirt takes every bus for a narrow one: seven disks and the controller.
    case .scsi: disk.address = .drive(controller: n / 7, bus: 0, target: 0, unit: n % 7)
    case .sata: disk.address = .drive(controller: n / 6, bus: 0, target: 0, unit: n % 6)
    default: return
    }
  }

  private func addForDisks(_ devices: inout Devices) {
    for kind in [Controller.Kind.scsi, .sata] {
      let bus: Disk.Bus = kind == .scsi ? .scsi : .sata
      let most = devices.disks.compactMap { disk -> Int? in
        guard disk.bus == bus, case .drive(let controller, _, _, _) = disk.address else { return nil }
        return controller
      }.max()
      guard let most else { continue }
      for index in 0...most where !devices.controllers.contains(where: { $0.kind == kind && $0.index == index }) {
        devices.controllers.append(Controller(kind, index))
      }
    }
  }

  // MARK: Channels and USB

  private func placeChannels(_ devices: inout Devices) {
    var port = 1
    for n in devices.channels.indices where devices.channels[n].targetType == "virtio" && devices.channels[n].address == .none {
      devices.channels[n].address = .virtioSerial(controller: 0, bus: 0, port: port)
      port += 1
    }
  }

  private func placeOnUSB(_ devices: inout Devices) throws(LibvirtError) {
    var port = 0
    let next = { () -> DeviceAddress in
      port += 1
      return .usb(bus: 0, port: "\(port)")
    }
    guard devices.hasUSB else { return }
    for n in devices.disks.indices where devices.disks[n].bus == .usb && devices.disks[n].address == .none {
      devices.disks[n].address = next()
    }
    for n in devices.serials.indices where devices.serials[n].targetType == "usb-serial" && devices.serials[n].address == .none {
      devices.serials[n].address = next()
    }
    for n in devices.inputs.indices where devices.inputs[n].bus == .usb && devices.inputs[n].address == .none {
      devices.inputs[n].address = next()
    }
    let ports = devices.controllers.first { $0.kind == .usb }?.ports ?? 4
    guard port <= ports else {
      throw LibvirtError(
        .plain, "\(port) devices on a USB controller with \(ports) ports need a hub, which is not modelled", layer: .model)
    }
  }
}

extension Devices {
  var hasVirtioSerial: Bool {
    channels.contains { $0.targetType == "virtio" } || consoles.contains { $0.targetType == "virtio" }
  }
}

extension Disk {
  /// The number its name stands for: vda 0, vdz 25, vdaa 26.
  var number: Int? {
    let letters = target.drop { $0 != "d" }.dropFirst()
    guard !letters.isEmpty else { return nil }
    var number = 0
    for letter in letters.utf8 {
      guard (0x61...0x7A).contains(letter), number < 1 << 32 else { break }
      number = number * 26 + Int(letter - 0x61) + 1
    }
    return number == 0 ? nil : number - 1
  }
}

extension Array {
  /// Those of a kind stand together, in their order, where the first of them stood.
  fileprivate mutating func gather<Kind: Equatable>(by kind: (Element) -> Kind, _ order: (Element) -> Int) {
    var gathered: [Element] = []
    for element in self {
      if let later = gathered.firstIndex(where: { kind($0) == kind(element) && order($0) > order(element) }) {
        gathered.insert(element, at: later)
      } else if let last = gathered.lastIndex(where: { kind($0) == kind(element) }) {
        gathered.insert(element, at: last + 1)
      } else {
        gathered.append(element)
      }
    }
    self = gathered
  }
}
