import Attestation
import Basics
import Machine

/// What kvmtool puts where: from the end of RAM (of its first 256 MiB) down the device tree, then the RAM disk; the kernel at its text
/// offset from the beginning; firmware at the beginning.
package struct KvmtoolLoad: Sendable {
  package let commandLine: KvmtoolCommandLine
  package let capabilities: HostCapabilities
  package let cpus: Int
  package let ram: Range<UInt64>
  package let initrd: Range<UInt64>?
  package let treeAddress: UInt64
  package let log: Range<UInt64>?
  package let entry: RealmPlan.Entry
  package let images: [RealmPlan.Piece]
  package let givenTree: [UInt8]?

  package static let ramBase: UInt64 = 0x8000_0000
  /// The tree has so much room, and kvmtool gives the guest all of it.
  package static let treeSize: UInt64 = 64 << 10
  private static let treeUnit: UInt64 = 2 << 20
  private static let treeLimit: UInt64 = 256 << 20
  private static let initrdUnit: UInt64 = 4

  package init(_ commandLine: KvmtoolCommandLine, _ host: HostCapabilities, _ files: GuestFiles) throws(VMMRefusal) {
    self.commandLine = commandLine
    guard let cpus = commandLine.cpus else {
      throw VMMRefusal(.kvmtool, "number of vCPUs is not known", advice: "kvmtool takes as many as the host has: say -c COUNT")
    }
    guard let memory = commandLine.memory else {
      throw VMMRefusal(.kvmtool, "default guest RAM size is not known", advice: "it depends on the host's memory: say -m SIZE")
    }
    self.cpus = cpus
    capabilities = commandLine.capabilities(of: host)
    ram = Self.ramBase..<Self.ramBase + memory
    var limit = min(ram.upperBound, Self.ramBase + Self.treeLimit)
    if commandLine.hasLog {
      log = limit - Self.treeSize..<limit
      limit -= Self.treeSize
    } else {
      log = nil
    }
    let tree = (limit - Self.treeUnit - Self.treeSize + Self.treeUnit - 1) / Self.treeUnit * Self.treeUnit
    treeAddress = tree
    var images: [RealmPlan.Piece] = []
    var pc: UInt64 = 0
    if let name = commandLine.kernel {
      let kernel = try Self.kernel(name, files)
      images += kernel.pieces.map { RealmPlan.Piece("kernel", at: $0.address, $0.bytes) }
      pc = kernel.isLinux ? Self.ramBase : kernel.entry
      guard kernel.memoryEnd <= tree else {
        throw VMMRefusal(.kvmtool, "fdt overlaps with kernel image.", advice: "give the guest more memory")
      }
    }
    initrd = try commandLine.initrd.map { (name) throws(VMMRefusal) in
      let bytes = try files.bytes(name, .kvmtool, orSay: "Unable to open initrd \(shown(name, limit: 200))")
      guard UInt64(bytes.count) + Self.initrdUnit <= tree - Self.ramBase else {
        throw VMMRefusal(.kvmtool, "initrd image too big to contain in guest memory.")
      }
      let start = (tree - UInt64(bytes.count) - Self.initrdUnit + Self.initrdUnit - 1) / Self.initrdUnit * Self.initrdUnit
      images.append(RealmPlan.Piece("initrd", at: start, bytes))
      return start..<start + UInt64(bytes.count)
    }
    if let name = commandLine.firmware {
      let bytes = try files.bytes(name, .kvmtool, orSay: "unable to load firmware image \(shown(name, limit: 200))")
      pc = commandLine.firmwareAddress ?? Self.ramBase
      images.append(RealmPlan.Piece("firmware", at: pc, bytes))
    }
    entry = RealmPlan.Entry(pc: pc, x0: tree)
    self.images = images
    givenTree = try commandLine.dtb.map { (name) throws(VMMRefusal) in
      try files.bytes(name, .kvmtool, orSay: "unable to open dtb \(shown(name, limit: 200))")
    }
    for image in images where image.address < ram.lowerBound || image.end > ram.upperBound {
      throw VMMRefusal(.kvmtool, "\(image.name) image too big to contain in guest memory.", advice: "give the guest more memory")
    }
  }

  private static func kernel(_ name: String, _ files: GuestFiles) throws(VMMRefusal) -> KernelImage {
    let bytes = try files.bytes(name, .kvmtool, orSay: "Unable to open kernel \(shown(name, limit: 200))")
    do throws(GuestFiles.Unreadable) {
      return try KernelImage(bytes, ramBase: ramBase)
    } catch {
      throw VMMRefusal(.kvmtool, "Unable to load kernel \(shown(name, limit: 200))", advice: error.message)
    }
  }

  /// Width of the IPA space: RAM below one half, and as much again to share.
  package var bits: Int { max(63 - (ram.upperBound - 1).leadingZeroBitCount, 32) + 1 }

  /// The Realm it becomes.
  ///
  /// - Parameter tree: the device tree; nil: that of --dtb, or kvmtool's own.
  package func plan(tree: [UInt8]? = nil) throws(VMMRefusal) -> RealmPlan {
    var bytes = tree ?? givenTree ?? KvmtoolDeviceTree(self).blob
    guard bytes.count <= Int(Self.treeSize) else {
      throw VMMRefusal(.kvmtool, "device tree too large", advice: "\(bytes.count) bytes; there is room for 64 KiB")
    }
    bytes += [UInt8](repeating: 0, count: Int(Self.treeSize) - bytes.count)
    let parameters = try capabilities.parameters(width: bits, commandLine.hash, for: .kvmtool)
    var plan = RealmPlan(
      parameters, vcpus: cpus, ram: [ram], pieces: images + [RealmPlan.Piece("dtb", at: treeAddress, bytes)], entry: entry,
      unmeasured: log.map { [$0] } ?? [])
    plan.personalization = commandLine.personalization.map { text in
      Array(text.utf8) + [UInt8](repeating: 0, count: KVMVirtualMachine.personalizationLength - text.utf8.count)
    }
    return plan
  }
}

extension KvmtoolCommandLine {
  /// What is left of a host's capabilities.
  package func capabilities(of host: HostCapabilities) -> HostCapabilities {
    var capabilities = host
    if pmu { capabilities.restrict(\.pmu, to: true) }
    if let pmuCounters { capabilities.restrict(\.pmuCounters, to: pmuCounters) }
    if disablesSVE {
      capabilities.restrict(\.sveLength, to: 0)
    } else if let sveLength {
      capabilities.restrict(\.sveLength, to: sveLength)
    }
    return capabilities
  }
}
