extension DeviceReader {
  func read(serial cursor: XMLCursor) throws(LibvirtError) -> CharacterDevice {
    var device = try backend(cursor)
    if let target = cursor.child("target") {
      device.port = try port(target)
      let types = ["system-serial", "pci-serial", "usb-serial", "isa-serial", "spapr-vio-serial", "sclp-serial", "isa-debug"]
      device.targetType = try type(target, types)
      device.targetModel = target.child("model")?["name"]
    }
    return device
  }

  func read(console cursor: XMLCursor) throws(LibvirtError) -> CharacterDevice {
    _ = cursor["tty"]
    var device = try backend(cursor)
    if let target = cursor.child("target") {
      device.port = try port(target)
      device.targetType = try type(target, ["serial", "virtio", "xen", "uml", "lxc", "openvz", "sclp", "sclplm"])
    }
    return device
  }

  func read(channel cursor: XMLCursor) throws(LibvirtError) -> CharacterDevice {
    var device = try backend(cursor)
    guard let target = cursor.child("target") else {
      throw LibvirtError(.xml, "target type must be specified for channel device", cursor.place)
    }
    guard target.attribute("type") != nil else {
      throw LibvirtError(.unsupported, "unknown target type '(null)' specified for character device", target.place)
    }
    device.targetType = try type(target, ["virtio", "guestfwd", "xen"])
    device.channelName = target["name"]
    _ = target["state"]
    return device
  }

  private func port(_ target: XMLCursor) throws(LibvirtError) -> Int? {
    guard let port = target.attribute("port") else { return nil }
    guard let number = Int(port.value), number >= 0 else {
      throw LibvirtError(.xml, "Invalid port number: \(port.value)", port.valuePlace)
    }
    return number
  }

  private func type(_ target: XMLCursor, _ types: [String]) throws(LibvirtError) -> String? {
    guard let type = target.attribute("type") else { return nil }
    guard types.contains(type.value) else {
      throw LibvirtError(.unsupported, "unknown target type '\(type.value)' specified for character device", type.valuePlace)
    }
    return type.value
  }

  private func backend(_ cursor: XMLCursor) throws(LibvirtError) -> CharacterDevice {
    var device = CharacterDevice()
    if let type = cursor.attribute("type") {
      guard let backend = CharacterDevice.Backend(rawValue: type.value) else {
        throw LibvirtError(.unsupported, "unknown type presented to host for character device: \(type.value)", type.valuePlace)
      }
      device.backend = backend
    }
    let source = cursor.child("source")
    switch device.backend {
    case .pty:
      // A path there is from a domain that ran.
      _ = source?["path"]
    case .file, .dev, .pipe:
      device.path = source?["path"]
      device.append = try source?.isOn("append")
      guard device.path != nil else {
        throw LibvirtError(.internal, "Missing source path attribute for char device", cursor.place)
      }
    case .unix:
      device.path = source?["path"]
      device.mode = try source?.word("mode", ["bind", "connect"])
    case .tcp, .udp:
      device.mode = try source?.word("mode", ["bind", "connect"])
      device.host = source?["host"]
      device.service = source?["service"]
      device.protocolType = try cursor.child("protocol")?.word("type", ["raw", "telnet", "telnets", "tls"])
    case .null, .stdio: break
    case .vc, .spicevmc, .spiceport, .nmdm, .dbus, .qemuVdagent:
      throw LibvirtError(
        .plain,
        "a character device of type '\(device.backend.rawValue)' is not modelled: pty, file, null, stdio, unix, tcp, dev and pipe are",
        cursor.attribute("type")?.valuePlace, layer: .model)
    }
    if let log = cursor.child("log") {
      device.logFile = log["file"]
      device.logAppend = try log.isOn("append")
    }
    device.alias = alias(cursor)
    device.address = try address(cursor)
    return device
  }
}
