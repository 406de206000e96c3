/// Reads `<os>`.
struct OperatingSystemReader {
  let list: FindingList

  func read(_ cursor: XMLCursor?, _ root: XMLElement) throws(LibvirtError) -> DomainDefinition.OperatingSystem {
    guard let cursor, let type = cursor.child("type"), !type.text.isEmpty else {
      throw LibvirtError(.xml, "an os <type> must be specified", cursor?.place ?? root.place)
    }
    var os = DomainDefinition.OperatingSystem()
    try read(type: type, &os)
    os.kernel = path(cursor.child("kernel"))
    os.initrd = path(cursor.child("initrd"))
    os.dtb = path(cursor.child("dtb"))
    os.cmdline = cursor.child("cmdline").map(\.text).flatMap { $0.isEmpty ? nil : $0 }
    try loader(cursor, &os)
    for boot in cursor.children("boot") {
      guard let device = try boot.word("dev", ["fd", "hd", "cdrom", "network"]) else {
        throw LibvirtError(.xml, "Missing required attribute 'dev' in element 'boot'", boot.place)
      }
      os.boot.append(device)
    }
    if let menu = cursor.child("bootmenu") {
      os.menu = try menu.isYes("enable")
      os.menuTimeout = try menu.number("timeout")
    }
    return os
  }

  private func read(type: XMLCursor, _ os: inout DomainDefinition.OperatingSystem) throws(LibvirtError) {
    guard ["hvm", "xen", "linux", "exe", "uml", "xenpvh"].contains(type.text) else {
      throw LibvirtError(.unsupported, "unknown OS type '\(type.text)'", type.place)
    }
    (os.kind, os.place) = (type.text, type.place)
    // An empty word is none.
    if let architecture = type.attribute("arch"), !architecture.value.isEmpty {
      guard EmulatorCapabilities.architectures.contains(architecture.value) else {
        throw LibvirtError(.unsupported, "Unknown architecture \(architecture.value)", architecture.valuePlace)
      }
      os.architecture = architecture.value
    }
    if let machine = type.attribute("machine"), !machine.value.isEmpty {
      os.machine = machine.value
    } else {
      list.add(
        .notModelled, type.place, .model, "a domain without a machine type",
        "libvirt takes QEMU's default, which for aarch64 is a board with one CPU; here it is virt")
    }
  }

  private func path(_ cursor: XMLCursor?) -> String? { cursor.map { $0.text.trimmingBlanks }.flatMap { $0.isEmpty ? nil : $0 } }

  private func loader(_ cursor: XMLCursor, _ os: inout DomainDefinition.OperatingSystem) throws(LibvirtError) {
    if let loader = cursor.child("loader") {
      os.loader = .init(
        path: loader.text.trimmingBlanks, kind: try loader.choice("type"), isReadonly: try loader.isYes("readonly"),
        isSecure: try loader.isYes("secure"), place: loader.place)
      if os.loader?.path.isEmpty ?? true {
        throw LibvirtError(.plain, "no loader path specified and firmware auto selection disabled", loader.place)
      }
    }
    if let nvram = cursor.child("nvram") {
      os.nvramTemplate = nvram["template"]
      os.nvram = path(nvram)
    }
  }
}
