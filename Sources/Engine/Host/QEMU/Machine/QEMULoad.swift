import Attestation
import Basics
import Machine

/// What QEMU puts where before the guest begins, and what it has KVM make the Realm with.
///
/// The placement is QEMU's (hw/arm/boot.c, for a confidential guest: the vCPU begins in the kernel, without a boot loader): the kernel at
/// its text offset from the beginning of RAM, the RAM disk half of RAM above, at most 128 MiB, the device tree at the next 2 MiB behind;
/// with firmware, which is at 0, the tree is at the beginning of RAM and the firmware gets the rest from fw_cfg.
package struct QEMULoad: Sendable {
  package let commandLine: QEMUCommandLine
  package let capabilities: HostCapabilities
  package let map: VirtMap
  package let initrd: Range<UInt64>?
  package let treeAddress: UInt64
  /// Where the event log goes, if there is one.
  package let log: Range<UInt64>?
  package let entry: RealmPlan.Entry
  /// All but the device tree.
  package let images: [RealmPlan.Piece]
  /// The tree that -dtb names.
  package let givenTree: [UInt8]?

  /// How far from its beginning the log is behind the tree, and its size.
  static let treeRoom: UInt64 = 1 << 20
  static let logSize: UInt64 = 64 << 10
  private static let treeUnit: UInt64 = 2 << 20

  /// - Parameter host: what there is; the options of -cpu make it less.
  package init(_ commandLine: QEMUCommandLine, _ host: HostCapabilities, _ files: GuestFiles) throws(VMMRefusal) {
    self.commandLine = commandLine
    capabilities = commandLine.capabilities(of: host)
    map = VirtMap(commandLine.memory)
    var images: [RealmPlan.Piece] = []
    var tree = VirtMap.ramBase
    var entry = RealmPlan.Entry(pc: VirtMap.ramBase, x0: 0)
    var disk: Range<UInt64>?
    let flash = try Self.flash(commandLine, files)
    let hasFirmware = commandLine.firmware != nil || flash.contains { $0.address == VirtMap.flash.base }
    if let name = commandLine.kernel {
      let kernel = try Self.kernel(name, files)
      if !kernel.isLinux { entry.pc = kernel.entry }
      if !hasFirmware { images += kernel.pieces.map { RealmPlan.Piece("kernel", at: $0.address, $0.bytes) } }
      var end = max(kernel.memoryEnd, VirtMap.ramBase + min(map.ram.size / 2, 128 << 20))
      end = (end + Granule.size - 1).granuleBase
      if let name = commandLine.initrd {
        let bytes = try files.bytes(name, .qemu, orSay: "could not load initrd '\(shown(name, limit: 200))'")
        disk = end..<end + UInt64(bytes.count)
        if !hasFirmware { images.append(RealmPlan.Piece("initrd", at: end, bytes)) }
        end += UInt64(bytes.count)
      }
      tree = (end + Self.treeUnit - 1) / Self.treeUnit * Self.treeUnit
    }
    if let name = commandLine.firmware {
      let words = "Could not find ROM image '\(shown(name, limit: 200))'"
      let bytes = try files.bytes(name, .qemu, orSay: words)
      guard UInt64(bytes.count) <= VirtMap.flash.size / 2 else {
        throw VMMRefusal(.qemu, "Could not load ROM image '\(shown(name, limit: 200))'", advice: "it is larger than 64 MiB")
      }
      images.append(RealmPlan.Piece("firmware", at: VirtMap.flash.base, bytes))
    }
    images += flash
    if hasFirmware {
      entry.pc = VirtMap.flash.base
      tree = VirtMap.ramBase
    }
    entry.x0 = hasFirmware ? 0 : tree
    (initrd, treeAddress, self.entry, self.images) = (disk, tree, entry, images)
    let log = tree + Self.treeRoom
    self.log = commandLine.realm?.hasLog == true ? log..<log + Self.logSize : nil
    givenTree = try commandLine.dtb.map { (name) throws(VMMRefusal) in
      try files.bytes(name, .qemu, orSay: "Couldn't open dtb file \(shown(name, limit: 200))")
    }
    try checkRoom()
  }

  /// What the banks of flash have, of an ordinary guest.
  private static func flash(_ commandLine: QEMUCommandLine, _ files: GuestFiles) throws(VMMRefusal) -> [RealmPlan.Piece] {
    guard !commandLine.isRealm else { return [] }
    let size = VirtMap.flash.size / UInt64(GuestMachine.flashBanks)
    var pieces: [RealmPlan.Piece] = []
    for (drive, bank) in zip(commandLine.flash, commandLine.flashUnits) {
      guard bank < GuestMachine.flashBanks else {
        throw VMMRefusal(
          .qemu, "machine type does not support if=pflash,bus=0,unit=\(bank)", advice: "there are two banks of flash")
      }
      let address = VirtMap.flash.base + UInt64(bank) * size
      guard !pieces.contains(where: { $0.address == address }) else {
        throw VMMRefusal(.qemu, "-drive if=pflash: drive with bus=0, unit=\(bank) (index=\(bank)) exists")
      }
      let bytes = try files.bytes(drive.file, .qemu, orSay: "Could not open '\(shown(drive.file, limit: 200))'")
      guard UInt64(bytes.count) == size else {
        throw VMMRefusal(
          .qemu, "device requires \(size) bytes, block backend provides \(bytes.count) bytes",
          advice: "a file for flash is as long as the bank; -bios takes a shorter one")
      }
      pieces.append(RealmPlan.Piece("flash\(bank)", at: address, bytes))
    }
    return pieces
  }

  private static func kernel(_ name: String, _ files: GuestFiles) throws(VMMRefusal) -> KernelImage {
    let words = "could not load kernel '\(shown(name, limit: 200))'"
    let bytes = try files.bytes(name, .qemu, orSay: words)
    do throws(GuestFiles.Unreadable) {
      return try KernelImage(bytes, ramBase: VirtMap.ramBase)
    } catch {
      throw VMMRefusal(.qemu, words, advice: error.message)
    }
  }

  private func checkRoom() throws(VMMRefusal) {
    for image in images where image.name != "firmware" && !image.isFlash {
      guard image.address >= map.ram.base, image.end <= map.ram.range.upperBound else {
        let file = (image.name == "kernel" ? commandLine.kernel : commandLine.initrd) ?? ""
        throw VMMRefusal(
          .qemu, "could not load \(image.name) '\(shown(file, limit: 200))'",
          advice:
            "it goes to \(hex(image.address)) to \(hex(image.end)), and RAM is \(hex(map.ram.base)) to \(hex(map.ram.range.upperBound))"
        )
      }
    }
    guard treeAddress < map.ram.range.upperBound else {
      throw VMMRefusal(.qemu, "Not enough space for DTB after kernel/initrd", advice: "give the guest more memory")
    }
  }

  /// The Realm it becomes.
  ///
  /// - Parameter tree: the device tree; nil: that of -dtb, or the machine's own.
  package func plan(tree: [UInt8]? = nil) throws(VMMRefusal) -> RealmPlan {
    let bytes = tree ?? givenTree ?? VirtDeviceTree(self).blob
    guard treeAddress + UInt64(bytes.count) <= map.ram.range.upperBound else {
      throw VMMRefusal(.qemu, "Not enough space for DTB after kernel/initrd", advice: "give the guest more memory")
    }
    let parameters = try capabilities.parameters(width: map.realmBits, commandLine.hash, for: .qemu)
    var plan = RealmPlan(
      parameters, vcpus: commandLine.topology.cpus, ram: [map.ram.range],
      pieces: images + [RealmPlan.Piece("dtb", at: treeAddress, bytes)], entry: entry, unmeasured: log.map { [$0] } ?? [])
    plan.personalization = commandLine.realm?.personalization
    return plan
  }
}

extension QEMUCommandLine {
  /// Banks of ``flash``, in its order: those that are named, and for others the next that is free.
  package var flashUnits: [Int] {
    var units: [Int] = []
    for drive in flash {
      let taken = Set(units + flash.compactMap(\.unit))
      units.append(drive.unit ?? (0...flash.count).first { !taken.contains($0) } ?? flash.count)
    }
    return units
  }

  /// What is left of a host's capabilities for this CPU.
  package func capabilities(of host: HostCapabilities) -> HostCapabilities {
    var capabilities = host
    var length = host.sveLength
    for (name, value) in cpu.properties {
      let isOn = JSONValue.string(value).optionFlag
      switch name {
      case "num-breakpoints": if let count = Int(value) { capabilities.restrict(\.breakpoints, to: count) }
      case "num-watchpoints": if let count = Int(value) { capabilities.restrict(\.watchpoints, to: count) }
      case "num-pmu-counters": if let count = Int(value) { capabilities.restrict(\.pmuCounters, to: count) }
      case "pmu": capabilities.restrict(\.pmu, to: isOn ?? (capabilities.pmu == true))
      case "sve": if isOn == false { length = 0 }
      case _ where name.hasPrefix("sve"):
        guard let own = Int(name.dropFirst(3)) else { continue }
        // A length that is switched off leaves those that are half of it or less.
        if isOn == false, length ?? 0 >= own { length = own / 2 } else if isOn == true, length ?? 0 < own { length = own }
      default: break
      }
    }
    if let length { capabilities.restrict(\.sveLength, to: length) }
    return capabilities
  }
}
