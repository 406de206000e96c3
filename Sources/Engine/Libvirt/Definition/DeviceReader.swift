/// Reads `<devices>`: each kind in its own file.
struct DeviceReader {
  let list: FindingList

  func read(_ cursor: XMLCursor) throws(LibvirtError) -> Devices {
    var devices = Devices()
    for disk in cursor.children("disk") { devices.disks.append(try read(disk: disk)) }
    for controller in cursor.children("controller") { devices.controllers.append(try read(controller: controller)) }
    for system in cursor.children("filesystem") { devices.filesystems.append(try read(filesystem: system)) }
    for interface in cursor.children("interface") { devices.interfaces.append(try read(interface: interface)) }
    for serial in cursor.children("serial") { devices.serials.append(try read(serial: serial)) }
    for console in cursor.children("console") { devices.consoles.append(try read(console: console)) }
    for channel in cursor.children("channel") { devices.channels.append(try read(channel: channel)) }
    for input in cursor.children("input") { devices.inputs.append(try read(input: input)) }
    for watchdog in cursor.children("watchdog") { devices.watchdogs.append(try read(watchdog: watchdog)) }
    if let balloon = cursor.child("memballoon") { devices.balloon = try read(balloon: balloon) }
    for rng in cursor.children("rng") { devices.rngs.append(try read(rng: rng)) }
    if let iommu = cursor.child("iommu") {
      let model = try iommu.word("model", ["intel", "smmuv3", "virtio"])
      guard model == "smmuv3" else {
        throw LibvirtError(.plain, "an IOMMU of model '\(model ?? "")' is not modelled: smmuv3 is", iommu.place, layer: .model)
      }
      devices.iommu = model
    }
    for audio in cursor.children("audio") {
      audio.takeWhole()
      if let type = audio["type"], type != "none" {
        list.add(.notModelled, audio.place, .model, "audio", "libvirt reads it; it is not modelled here: there is no sound")
      }
    }
    return devices
  }

  // MARK: What they share

  func address(_ cursor: XMLCursor) throws(LibvirtError) -> DeviceAddress {
    guard let address = cursor.child("address") else { return .none }
    switch address["type"] {
    case "pci":
      var pci = PCIAddress()
      pci.domain = try address.number("domain", isAnyBase: true) ?? 0
      pci.bus = try address.number("bus", isAnyBase: true) ?? 0
      pci.slot = try address.number("slot", isAnyBase: true) ?? 0
      pci.function = try address.number("function", isAnyBase: true) ?? 0
      pci.isMultifunction = try address.isOn("multifunction") ?? false
      guard pci.slot <= 0x1F else {
        throw LibvirtError(
          .xml, "Invalid PCI address slot='0x\(digits(pci.slot, 2))', must be <= 0x1F", address.attribute("slot")?.valuePlace)
      }
      guard pci.function <= 7 else {
        throw LibvirtError(
          .xml, "Invalid PCI address function=0x\(String(pci.function, radix: 16)), must be <= 7",
          address.attribute("function")?.valuePlace)
      }
      return .pci(pci)
    case "drive":
      return .drive(
        controller: try address.number("controller") ?? 0, bus: try address.number("bus") ?? 0,
        target: try address.number("target") ?? 0,
        unit: try address.number("unit") ?? 0)
    case "usb": return .usb(bus: try address.number("bus") ?? 0, port: address["port"] ?? "1")
    case "virtio-serial":
      return .virtioSerial(
        controller: try address.number("controller") ?? 0, bus: try address.number("bus") ?? 0,
        port: try address.number("port") ?? 0)
    case "virtio-mmio": return .virtioMMIO
    case nil: throw LibvirtError(.xml, "Missing required attribute 'type' in element 'address'", address.place)
    case let other?:
      let known = ["ccid", "spapr-vio", "virtio-s390", "ccw", "isa", "dimm", "unassigned", "mdev", "usb"]
      guard known.contains(other), let type = address.attribute("type") else {
        throw LibvirtError(.unsupported, "unknown address type '\(other)'", address.attribute("type")?.valuePlace)
      }
      list.add(
        .notModelled, type.place, .model, "an address of type \(other)",
        "it is not modelled here; the device gets an address of its own")
      return .none
    }
  }

  func alias(_ cursor: XMLCursor) -> String? {
    // libvirt keeps those names that begin so; others it gives itself.
    guard let name = cursor.child("alias")?["name"], name.hasPrefix("ua-") else { return nil }
    return name
  }

  func virtio(_ driver: XMLCursor?) throws(LibvirtError) -> VirtioOptions {
    guard let driver else { return VirtioOptions() }
    return VirtioOptions(iommu: try driver.isOn("iommu"), ats: try driver.isOn("ats"), packed: try driver.isOn("packed"))
  }

  func bootOrder(_ cursor: XMLCursor) throws(LibvirtError) -> Int? {
    guard let boot = cursor.child("boot") else { return nil }
    return try boot.number("order")
  }
}
