extension DeviceReader {
  func read(disk cursor: XMLCursor) throws(LibvirtError) -> Disk {
    var disk = Disk()
    disk.place = cursor.place
    try kind(cursor, &disk)
    disk.device = try cursor.choice("device") ?? .disk
    disk.model = try cursor.word("model", ["virtio", "virtio-transitional", "virtio-non-transitional"])
    if let source = cursor.child("source"), let path = source[disk.kind == .file ? "file" : "dev"], !path.isEmpty {
      disk.source = path
    }
    try target(cursor, &disk)
    if let driver = cursor.child("driver") { try read(driver, &disk) }
    disk.isReadonly = cursor.child("readonly") != nil || disk.device == .cdrom
    disk.isShareable = cursor.child("shareable") != nil
    disk.serial = cursor.child("serial")?.text
    disk.wwn = cursor.child("wwn")?.text
    disk.vendor = cursor.child("vendor")?.text
    disk.product = cursor.child("product")?.text
    if let sizes = cursor.child("blockio") {
      disk.logicalBlock = try sizes.number("logical_block_size")
      disk.physicalBlock = try sizes.number("physical_block_size")
    }
    disk.bootOrder = try bootOrder(cursor)
    disk.alias = alias(cursor)
    disk.address = try address(cursor)
    return disk
  }

  private func kind(_ cursor: XMLCursor, _ disk: inout Disk) throws(LibvirtError) {
    guard let type = cursor.attribute("type") else { return }
    if let kind = Disk.Kind(rawValue: type.value) {
      disk.kind = kind
    } else if ["dir", "network", "volume", "nvme", "vhostuser"].contains(type.value) {
      throw LibvirtError(
        .plain, "a disk of type '\(type.value)' is not modelled: file and block are", type.valuePlace, layer: .model)
    } else {
      throw cursor.invalid(type)
    }
  }

  private func target(_ cursor: XMLCursor, _ disk: inout Disk) throws(LibvirtError) {
    guard let target = cursor.child("target"), let name = target["dev"] else {
      throw LibvirtError(.missingTarget, disk.source ?? "", cursor.place)
    }
    disk.target = name
    disk.removable = try target.isOn("removable")
    // Without a bus the name tells it (virDomainDiskDefPostParse).
    let guessed: Disk.Bus =
      name.hasPrefix("vd")
      ? .virtio : name.hasPrefix("sd") ? .scsi : name.hasPrefix("hd") ? .ide : name.hasPrefix("fd") ? .fdc : .virtio
    disk.bus = try target.choice("bus") ?? guessed
    let letters = name.dropFirst(2)
    guard ["vd", "sd", "hd", "fd", "xvd", "ub"].contains(where: name.hasPrefix), !letters.isEmpty || disk.bus == .virtio else {
      throw LibvirtError(.xml, "Unknown disk name '\(name)' and no address specified", target.attribute("dev")?.valuePlace)
    }
    if disk.bus == .xen || disk.bus == .sd || disk.bus == .fdc {
      throw LibvirtError(
        .unsupported, "disk bus '\(disk.bus.rawValue)' isn't supported by this machine type", target.attribute("bus")?.valuePlace)
    }
  }

  private func read(_ driver: XMLCursor, _ disk: inout Disk) throws(LibvirtError) {
    disk.driver = driver["name"]
    if let name = driver.attribute("name"), name.value != "qemu" {
      throw LibvirtError(.unsupported, "unsupported driver name '\(name.value)' for disk '\(disk.target)'", name.valuePlace)
    }
    if let format = driver.attribute("type") {
      guard
        [
          "raw", "qcow2", "qcow", "vmdk", "vdi", "vpc", "bochs", "cloop", "dmg", "iso", "qed", "luks", "ploop", "fat", "vhd",
          "cow",
        ].contains(format.value)
      else { throw LibvirtError(.unsupported, "unknown driver format value '\(format.value)'", format.valuePlace) }
      disk.format = format.value
    }
    disk.cache = try driver.choice("cache")
    disk.io = try driver.word("io", ["native", "threads", "io_uring"])
    disk.discard = try driver.word("discard", ["unmap", "ignore"])
    disk.detectZeroes = try driver.word("detect_zeroes", ["off", "on", "unmap"])
    disk.copyOnRead = try driver.isOn("copy_on_read")
    disk.errorPolicy = try driver.word("error_policy", ["stop", "report", "ignore", "enospace"])
    disk.readErrorPolicy = try driver.word("rerror_policy", ["stop", "report", "ignore"])
    disk.iothread = try driver.number("iothread")
    disk.queues = try driver.number("queues")
    disk.virtio = try virtio(driver)
  }

  func read(filesystem cursor: XMLCursor) throws(LibvirtError) -> FileSystem {
    var system = FileSystem()
    if let type = cursor.attribute("type"), type.value != "mount" {
      guard ["block", "file", "template", "ram", "bind", "volume"].contains(type.value) else { throw cursor.invalid(type) }
      throw LibvirtError(.unsupported, "only supports mount filesystem type", type.valuePlace)
    }
    system.accessMode = try cursor.choice("accessmode") ?? .passthrough
    system.model = try cursor.word("model", ["virtio", "virtio-transitional", "virtio-non-transitional"])
    system.fmode = cursor["fmode"]
    system.dmode = cursor["dmode"]
    system.multidevs = try cursor.word("multidevs", ["default", "remap", "forbid", "warn"])
    if let driver = cursor.child("driver") {
      system.driver = try driver.word("type", ["path", "handle", "loop", "nbd", "ploop", "virtiofs", "mtp"])
      system.writePolicy = try driver.word("wrpolicy", ["immediate"])
      system.virtio = try virtio(driver)
      if let name = system.driver, name != "path", name != "handle", let type = driver.attribute("type") {
        throw LibvirtError(
          .plain, "a filesystem with driver '\(name)' is not modelled: 9p (path) is", type.valuePlace, layer: .model)
      }
    }
    let source = cursor.child("source")?["dir"]
    let target = cursor.child("target")?["dir"]
    guard let source else { throw LibvirtError(.missingSource, target ?? "", cursor.place) }
    guard let target else { throw LibvirtError(.missingTarget, source, cursor.place) }
    (system.source, system.target) = (source, target)
    system.isReadonly = cursor.child("readonly") != nil
    system.alias = alias(cursor)
    system.address = try address(cursor)
    return system
  }
}
