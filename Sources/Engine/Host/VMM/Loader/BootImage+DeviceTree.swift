import Basics
import Machine

/// What Linux is given beside its Image (Documentation/arch/arm64/booting.rst): a device tree, whose address is in X0, and perhaps an
/// initial RAM disk.
extension BootImage {
  /// Where a device tree is looked for at most, as kvmtool has it, and its boundary and greatest size.
  private static let treeLimit: UInt64 = 256 << 20
  private static let treeBlock: UInt64 = 2 << 20
  private static let treeSize = 64 << 10

  /// Whether it is a Linux that knows it can be a Realm (arch/arm64/kernel/rsi.c, from 6.13 on). Such a kernel sets the shared bit of a
  /// device's address itself, and warns of one that has it already; one that does not know it has to find the bit in the tree.
  private var knowsRealms: Bool {
    guard kind == Self.linux else { return false }
    return segments.contains { Self.finds(Array("Using RSI version".utf8), in: $0.bytes) }
  }

  /// Whether a text stands in bytes (Boyer, Moore and Horspool).
  private static func finds(_ text: [UInt8], in bytes: [UInt8]) -> Bool {
    var skip = [Int](repeating: text.count, count: 256)
    for (n, byte) in text.dropLast().enumerated() { skip[Int(byte)] = text.count - 1 - n }
    return bytes.withUnsafeBufferPointer { bytes in
      var end = text.count - 1
      while end < bytes.count {
        let byte = bytes[end]
        if byte == text.last, bytes[(end + 1 - text.count)...end].elementsEqual(text) { return true }
        end += skip[Int(byte)]
      }
      return false
    }
  }

  /// The image with a device tree and what the options have for it, if its kind or the options ask for one.
  ///
  /// The initial RAM disk goes to the first page after the memory the image takes, the tree to the last 2 MiB of RAM (of its first
  /// 256 MiB). By address, which is the order of measurement, that is kvmtool's order: kernel, RAM disk, tree.
  func prepared(for options: RealmVM.Options) throws(Malformed) -> BootImage {
    let hasDevices = !options.disks.isEmpty || options.hasNetwork || options.hasRNG
    let isAsked = kind == Self.linux || options.bootArguments != nil || !options.initrd.isEmpty || hasDevices
    guard options.deviceTree ?? isAsked else { return self }
    guard options.bootArguments?.utf8.contains(0) != true else {
      throw Malformed(message: "the kernel's arguments contain a NUL")
    }
    let place = RealmVM.ramBase + min(options.memory, Self.treeLimit) - Self.treeBlock
    func check(_ what: String, endsBy end: UInt64) throws(Malformed) {
      guard end > place else { return }
      throw Malformed(
        message: "\(what) takes memory up to \(hex(end)), and the device tree goes to \(hex(place)); give the guest more memory")
    }
    try check("the image", endsBy: memoryEnd)
    var image = self
    var disk: Range<UInt64>?
    if !options.initrd.isEmpty {
      let start = (memoryEnd + Granule.size - 1).granuleBase
      let end = start + UInt64(options.initrd.count)
      try check("the initial RAM disk", endsBy: end)
      image.segments.append(Segment(address: start, bytes: options.initrd))
      disk = start..<end
    }
    let hasSharedBit = options.treeHasSharedBit ?? !(options.isRealm && knowsRealms)
    let tree = FlattenedDeviceTree(ofGuestWith: options, initrd: disk, hasSharedBit: hasSharedBit).blob
    guard tree.count <= Self.treeSize else { throw Malformed(message: "the device tree would be larger than 64 KiB") }
    image.segments.append(Segment(address: place, bytes: tree))
    image.x0 = place
    return image
  }
}
