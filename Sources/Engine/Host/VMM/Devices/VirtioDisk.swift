import Basics
import Crypto

/// A raw image of a disk, as it was read from a file. What a guest writes goes to memory beside it, never to the file.
package struct DiskImage: Sendable {
  package let name: String
  package let isWritable: Bool
  /// Bytes of the disk, whole sectors.
  package let size: UInt64
  /// SHA-256 of the file.
  package let digest: [UInt8]
  /// Empty if the file is not there: then nothing can be read.
  let bytes: [UInt8]

  /// - Parameter bytes: what is missing of the last sector is zeroes.
  package init(_ name: String, _ bytes: [UInt8], isWritable: Bool) {
    self.init(name, bytes, Array(SHA256.hash(data: bytes)), isWritable: isWritable)
  }

  init(_ name: String, _ bytes: [UInt8], _ digest: [UInt8], isWritable: Bool) {
    self.name = name
    self.isWritable = isWritable
    self.bytes = bytes
    self.digest = digest
    size = (UInt64(bytes.count) + 511) / 512 * 512
  }

  /// One whose file is not there.
  init(missing name: String, size: UInt64, digest: [UInt8], isWritable: Bool) {
    (self.name, self.size, self.digest, self.isWritable) = (name, size, digest, isWritable)
    bytes = []
  }

  /// The largest that is read.
  package static let most = 512 << 20
  package var isMissing: Bool { bytes.isEmpty && size > 0 }
}

/// A disk (virtio 1.2, 5.2).
struct VirtioDisk: VirtioFunction {
  /// What the disk has where nothing was written.
  var image: DiskImage
  /// Blocks that the guest has written, by their numbers.
  private var written: [UInt64: [UInt8]] = [:]

  /// Bytes that are kept together.
  private static let block: UInt64 = 4096
  /// Most blocks a guest can write: 64 MiB.
  static let mostBlocks = 16384
  private static let sector: UInt64 = 512

  private enum Request {
    static let read: UInt64 = 0
    static let write: UInt64 = 1
    static let flush: UInt64 = 4
    static let name: UInt64 = 8
  }
  private enum Answer {
    static let ok: UInt8 = 0
    static let failed: UInt8 = 1
    static let unsupported: UInt8 = 2
  }

  init(_ image: DiskImage) { self.image = image }

  var kind: VirtioKind { .disk }
  var queueCount: Int { 1 }
  /// SEG_MAX, BLK_SIZE, FLUSH; RO.
  var features: UInt64 { 1 << 2 | 1 << 6 | 1 << 9 | (image.isWritable ? 0 : 1 << 5) }

  /// Capacity in sectors, seg_max at 12, blk_size at 20.
  var configuration: [UInt8] {
    func bytes(_ value: UInt64, _ count: Int) -> [UInt8] {
      (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
    }
    return bytes(image.size / Self.sector, 8) + bytes(0, 4) + bytes(126, 4) + bytes(0, 4) + bytes(Self.sector, 4)
  }

  mutating func serve(_ queue: Int, on device: VirtioDevice) throws(VirtioFault) {
    while let chain = try device.next(queue) {
      let header = try device.read(chain, from: 0, 16)
      guard header.count == 16, chain.room > 0 else {
        throw .malformed("a request to the disk without a header, or without room for the answer")
      }
      let number = { (bytes: ArraySlice<UInt8>) in bytes.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) } }
      let sector = number(header[8..<16])
      var answer = Answer.ok
      var count = 0
      switch number(header[0..<4]) {
      case Request.read:
        count = chain.room - 1
        if let bytes = read(sector, count) { try device.write(chain, at: 0, bytes) } else { (answer, count) = (Answer.failed, 0) }
      case Request.write:
        let bytes = try device.read(chain, from: 16, chain.length - 16)
        if !write(sector, bytes) { answer = Answer.failed }
      case Request.flush: break
      case Request.name:
        let name = Array("workbench".utf8)
        count = min(20, chain.room - 1)
        try device.write(chain, at: 0, Array((name + [UInt8](repeating: 0, count: 20)).prefix(count)))
      default: answer = Answer.unsupported
      }
      try device.write(chain, at: chain.room - 1, [answer])
      try device.give(queue, chain, written: count + 1)
    }
  }

  mutating func reset() {}

  /// Where so many bytes from a sector on are; nil if they are not all on the disk, or no sectors.
  private func place(_ sector: UInt64, _ count: Int) -> UInt64? {
    let sectors = image.size / Self.sector
    guard UInt64(count) % Self.sector == 0, sector <= sectors, UInt64(count) / Self.sector <= sectors - sector else { return nil }
    return sector * Self.sector
  }

  private func read(_ sector: UInt64, _ count: Int) -> [UInt8]? {
    guard let start = place(sector, count), !image.isMissing else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    let end = start + UInt64(count)
    var at = start
    while at < end {
      let (number, offset) = at.quotientAndRemainder(dividingBy: Self.block)
      let length = min(Self.block - offset, end - at)
      bytes += block(number)[Int(offset)..<Int(offset + length)]
      at += length
    }
    return bytes
  }

  /// A block as it is now.
  private func block(_ number: UInt64) -> [UInt8] {
    if let block = written[number] { return block }
    let start = min(Int(number * Self.block), image.bytes.count)
    let known = image.bytes[start..<min(start + Int(Self.block), image.bytes.count)]
    return known + [UInt8](repeating: 0, count: Int(Self.block) - known.count)
  }

  private mutating func write(_ sector: UInt64, _ bytes: [UInt8]) -> Bool {
    guard image.isWritable, !image.isMissing, let start = place(sector, bytes.count) else { return false }
    let end = start + UInt64(bytes.count)
    guard !bytes.isEmpty else { return true }
    let blocks = start / Self.block...(end - 1) / Self.block
    let new = blocks.count { written[$0] == nil }
    guard written.count + new <= Self.mostBlocks else { return false }
    var at = start
    while at < end {
      let (number, offset) = at.quotientAndRemainder(dividingBy: Self.block)
      let length = min(Self.block - offset, end - at)
      var block = block(number)
      block.replaceSubrange(Int(offset)..<Int(offset + length), with: bytes[Int(at - start)..<Int(at - start + length)])
      written[number] = block
      at += length
    }
    return true
  }

  // MARK: Known again

  private static let entry = 8 + Int(block)
  var stateSize: Int { written.count * Self.entry }

  var state: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(stateSize)
    for (number, block) in written.sorted(by: { $0.key < $1.key }) {
      for n in 0..<8 as Range<UInt64> { bytes.append(UInt8(truncatingIfNeeded: number >> (8 * n))) }
      bytes += block
    }
    return bytes
  }

  mutating func restore(_ bytes: [UInt8]) -> Bool {
    guard bytes.count % Self.entry == 0, bytes.count / Self.entry <= Self.mostBlocks else { return false }
    var found: [UInt64: [UInt8]] = [:]
    for start in stride(from: 0, to: bytes.count, by: Self.entry) {
      let number = bytes[start..<start + 8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      guard number < (image.size + Self.block - 1) / Self.block, found[number] == nil else { return false }
      found[number] = Array(bytes[start + 8..<start + Self.entry])
    }
    written = found
    return true
  }
}
