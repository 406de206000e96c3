/// Gives devices their places on PCI buses, and adds the buses that takes (qemuDomainAssignPCIAddresses).
///
/// It goes through the devices twice: once to see which root ports and bridges must be added, then again with those as controllers, so
/// that they have places of their own.
struct PCIAssigner {
  /// What a device is plugged into.
  private enum Connection { case express, conventional, rootPort }

  private struct Bus {
    /// `pcie-root`, `pcie-root-port`, `pcie-to-pci-bridge`.
    var model: String
    /// Functions that are taken, by slot.
    var taken: [Int: Set<Int>] = [:]
    /// Slots in which root ports share the functions.
    var shared: Set<Int> = []

    var slots: ClosedRange<Int> {
      switch model {
      case "pcie-root": 1...31
      case "pcie-root-port": 0...0
      default: 1...31
      }
    }

    func accepts(_ connection: Connection) -> Bool {
      switch connection {
      case .express: model == "pcie-root-port"
      case .conventional: model == "pcie-to-pci-bridge"
      case .rootPort: model == "pcie-root"
      }
    }
  }

  private var buses: [Bus] = []
  private var canGrow: Bool

  static func assign(_ devices: inout Devices) throws(LibvirtError) {
    let before = devices.controllers.filter { $0.kind == .pci }.map(\.index).max() ?? 0
    var trial = devices
    var first = PCIAssigner(devices.controllers, canGrow: true)
    try first.take(&trial)
    try first.place(&trial)
    if before == 0, first.buses.count > 1 {
      // One root port is left for a device that is plugged in later.
      _ = try first.next(.express)
    }
    for index in first.buses.indices.dropFirst()
    where !devices.controllers.contains(where: { $0.kind == .pci && $0.index == index }) {
      devices.controllers.append(Controller(.pci, index, first.buses[index].model))
    }
    var second = PCIAssigner(devices.controllers, canGrow: false)
    try second.take(&devices)
    try second.place(&devices)
    devices.nameControllers()
  }

  private init(_ controllers: [Controller], canGrow: Bool) {
    self.canGrow = canGrow
    let most = controllers.filter { $0.kind == .pci }.map(\.index).max() ?? 0
    buses = (0...most).map { index in
      Bus(
        model: controllers.first { $0.kind == .pci && $0.index == index }?.model ?? (index == 0 ? "pcie-root" : "pcie-root-port"))
    }
  }

  // MARK: Addresses the XML gives

  private mutating func take(_ devices: inout Devices) throws(LibvirtError) {
    for controller in devices.controllers where !(controller.kind == .pci && controller.index == 0) {
      try take(controller.address, controller.isRootPort)
    }
    for address in devices.pciAddresses { try take(address, false) }
  }

  private mutating func take(_ address: DeviceAddress, _ isRootPort: Bool) throws(LibvirtError) {
    guard case .pci(let pci) = address else { return }
    while buses.count <= pci.bus {
      guard pci.bus < 256 else { throw LibvirtError(.xml, "Invalid PCI address bus='0x\(digits(pci.bus, 2))'") }
      buses.append(Bus(model: "pcie-root-port"))
    }
    guard buses[pci.bus].taken[pci.slot, default: []].insert(pci.function).inserted else {
      throw LibvirtError(.xml, "Attempted double use of PCI Address \(pci.text)")
    }
    if isRootPort { buses[pci.bus].shared.insert(pci.slot) }
  }

  // MARK: Addresses that are found

  /// The order is libvirt's: bridges, filesystems, interfaces, other controllers, disks, balloon, random numbers, watchdogs, serial ports.
  private mutating func place(_ devices: inout Devices) throws(LibvirtError) {
    for n in devices.controllers.indices where devices.controllers[n].kind == .pci && devices.controllers[n].index > 0 {
      try place(&devices.controllers[n].address, devices.controllers[n].isRootPort ? .rootPort : .express)
    }
    for n in devices.filesystems.indices { try place(&devices.filesystems[n].address, .express) }
    for n in devices.interfaces.indices {
      try place(&devices.interfaces[n].address, devices.interfaces[n].isExpress ? .express : .conventional)
    }
    for n in devices.controllers.indices {
      guard let connection = Self.connection(of: devices.controllers[n]) else { continue }
      try place(&devices.controllers[n].address, connection)
    }
    for n in devices.disks.indices where devices.disks[n].bus == .virtio { try place(&devices.disks[n].address, .express) }
    if let model = devices.balloon?.model, model != Balloon.Model.none {
      var address = devices.balloon?.address ?? .none
      try place(&address, .express)
      devices.balloon?.address = address
    }
    for n in devices.rngs.indices { try place(&devices.rngs[n].address, .express) }
    for n in devices.watchdogs.indices where devices.watchdogs[n].model == "i6300esb" {
      try place(&devices.watchdogs[n].address, .conventional)
    }
    for n in devices.inputs.indices where devices.inputs[n].bus == .virtio { try place(&devices.inputs[n].address, .express) }
    for n in devices.serials.indices where devices.serials[n].targetType == "pci-serial" {
      try place(&devices.serials[n].address, .conventional)
    }
  }

  private static func connection(of controller: Controller) -> Connection? {
    switch controller.kind {
    case .usb:
      if controller.model == "none" { return nil }
      return controller.model == "qemu-xhci" || controller.model == "nec-xhci" ? .express : .conventional
    case .scsi: return controller.isVirtio ? .express : .conventional
    case .virtioSerial: return .express
    case .sata: return .conventional
    default: return nil
    }
  }

  private mutating func place(_ address: inout DeviceAddress, _ connection: Connection) throws(LibvirtError) {
    guard address == .none else { return }
    address = .pci(try next(connection))
  }

  private mutating func next(_ connection: Connection) throws(LibvirtError) -> PCIAddress {
    for index in buses.indices where buses[index].accepts(connection) {
      if let address = free(on: index, connection) { return address }
    }
    guard canGrow, buses.count < 254 else { throw LibvirtError(.internal, "No more available PCI slots") }
    switch connection {
    case .express: buses.append(Bus(model: "pcie-root-port"))
    case .conventional:
      // The bridge needs a root port itself; libvirt adds one, though another may be free.
      buses.append(Bus(model: "pcie-root-port", taken: [0: [0]]))
      buses.append(Bus(model: "pcie-to-pci-bridge"))
    case .rootPort: throw LibvirtError(.internal, "No more available PCI slots")
    }
    return try next(connection)
  }

  private mutating func free(on index: Int, _ connection: Connection) -> PCIAddress? {
    for slot in buses[index].slots {
      let taken = buses[index].taken[slot, default: []]
      if taken.isEmpty {
        buses[index].taken[slot] = [0]
        if connection == .rootPort { buses[index].shared.insert(slot) }
        return PCIAddress(bus: index, slot: slot)
      }
      if connection == .rootPort, buses[index].shared.contains(slot), let function = (0...7).first(where: { !taken.contains($0) })
      {
        buses[index].taken[slot]?.insert(function)
        return PCIAddress(bus: index, slot: slot, function: function)
      }
    }
    return nil
  }
}

extension Controller {
  var isRootPort: Bool { kind == .pci && model == "pcie-root-port" }
}

extension InterfaceDevice {
  /// Whether its card is a PCI Express one.
  var isExpress: Bool { isVirtio || model == "e1000e" || model == "igb" || model == "vmxnet3" }
}

extension Devices {
  /// The addresses of all devices but controllers.
  var pciAddresses: [DeviceAddress] {
    var all = disks.map(\.address) + filesystems.map(\.address) + interfaces.map(\.address) + serials.map(\.address)
    all += channels.map(\.address) + inputs.map(\.address) + watchdogs.map(\.address) + rngs.map(\.address)
    if let balloon { all.append(balloon.address) }
    return all
  }

  /// Names and numbers of PCI controllers, which follow from their places.
  mutating func nameControllers() {
    markMultifunction()
    for n in controllers.indices where controllers[n].kind == .pci && controllers[n].index > 0 {
      switch controllers[n].model {
      case "pcie-root-port":
        controllers[n].modelName = controllers[n].modelName ?? "pcie-root-port"
        controllers[n].chassis = controllers[n].chassis ?? controllers[n].index
        if case .pci(let address) = controllers[n].address {
          controllers[n].port = controllers[n].port ?? address.slot << 3 | address.function
        }
      case "pcie-to-pci-bridge": controllers[n].modelName = controllers[n].modelName ?? "pcie-pci-bridge"
      default: continue
      }
    }
  }

  /// The first function of a slot says that there are others.
  private mutating func markMultifunction() {
    let others = Set(
      controllers.compactMap { controller -> [Int]? in
        guard case .pci(let address) = controller.address, address.function > 0 else { return nil }
        return [address.bus, address.slot]
      })
    for n in controllers.indices {
      guard case .pci(var address) = controllers[n].address, address.function == 0, others.contains([address.bus, address.slot])
      else { continue }
      address.isMultifunction = true
      controllers[n].address = .pci(address)
    }
  }
}
