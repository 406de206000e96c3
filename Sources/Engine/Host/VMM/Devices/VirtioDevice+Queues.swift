import Basics

/// A buffer a driver has made available: pieces the device reads, then pieces it writes.
struct VirtioChain {
  struct Piece {
    let address: UInt64
    let count: Int
  }

  let head: UInt16
  fileprivate(set) var readable: [Piece] = []
  fileprivate(set) var writable: [Piece] = []

  /// Bytes of either.
  var length: Int { readable.reduce(0) { $0 + $1.count } }
  var room: Int { writable.reduce(0) { $0 + $1.count } }
}

/// Split virtqueues (virtio 1.2, 2.7), seen from the device. Rings and descriptors are read when they are needed, and nothing of them is
/// believed: a buffer has as many pieces as its queue entries, and up to ``longestBuffer`` bytes.
extension VirtioDevice {
  /// Most bytes of one buffer.
  static let longestBuffer = 4 << 20

  private enum Flag {
    static let next: UInt16 = 1
    static let write: UInt16 = 2
    static let indirect: UInt16 = 4
    /// Of the available ring: the driver wants no interrupt.
    static let noInterrupt: UInt16 = 1
  }

  /// Takes the next buffer of a queue; nil if there is none.
  func next(_ index: Int) throws(VirtioFault) -> VirtioChain? {
    let queue = state.queues[index]
    guard queue.isReady else { return nil }
    let made = UInt16(try number(queue.driver &+ 2, 2))
    let waiting = made &- queue.taken
    guard waiting > 0 else { return nil }
    guard UInt32(waiting) <= queue.count else {
      throw .malformed("queue \(index) has \(queue.count) entries, and its available ring says that \(waiting) are new")
    }
    let slot = UInt64(queue.taken) & UInt64(queue.count - 1)
    let head = UInt16(try number(queue.driver &+ 4 &+ 2 * slot, 2))
    let chain = try chain(head, queue)
    state.queues[index].taken &+= 1
    return chain
  }

  /// Whether a queue has a buffer to take.
  func hasNext(_ index: Int) throws(VirtioFault) -> Bool {
    let queue = state.queues[index]
    guard queue.isReady else { return false }
    return UInt16(try number(queue.driver &+ 2, 2)) != queue.taken
  }

  private func chain(_ head: UInt16, _ queue: Queue) throws(VirtioFault) -> VirtioChain {
    var chain = VirtioChain(head: head)
    var index = head
    var total = 0
    for _ in 0..<queue.count {
      guard UInt32(index) < queue.count else { throw .malformed("a descriptor \(index), of \(queue.count)") }
      let bytes = try bytes(queue.descriptors &+ 16 * UInt64(index), 16)
      let (address, count) = (Self.number(bytes[0..<8]), Int(Self.number(bytes[8..<12])))
      let (flags, next) = (UInt16(Self.number(bytes[12..<14])), UInt16(Self.number(bytes[14..<16])))
      guard flags & Flag.indirect == 0 else { throw .malformed("an indirect descriptor, which was not offered") }
      total += count
      guard total <= Self.longestBuffer else { throw .malformed("a buffer of more than \(sizeText(UInt64(Self.longestBuffer)))") }
      let piece = VirtioChain.Piece(address: address, count: count)
      if flags & Flag.write != 0 {
        chain.writable.append(piece)
      } else {
        guard chain.writable.isEmpty else { throw .malformed("a piece to read behind one to write") }
        chain.readable.append(piece)
      }
      guard flags & Flag.next != 0 else { return chain }
      index = next
    }
    throw .malformed("descriptors that lead around in a circle")
  }

  /// Gives a buffer back, and says how many bytes were written to it.
  func give(_ index: Int, _ chain: VirtioChain, written: Int) throws(VirtioFault) {
    let queue = state.queues[index]
    let slot = UInt64(queue.given) & UInt64(queue.count - 1)
    let entry = Self.bytes(UInt64(chain.head), 4) + Self.bytes(UInt64(written), 4)
    try put(queue.device &+ 4 &+ 8 * slot, entry)
    state.queues[index].given &+= 1
    try put(queue.device &+ 2, Self.bytes(UInt64(state.queues[index].given), 2))
    state.counts.buffers += 1
    if UInt16(try number(queue.driver, 2)) & Flag.noInterrupt == 0 { interrupt(1) }
  }

  // MARK: Buffers

  /// Bytes of what the device reads, from an offset on; fewer where it ends.
  func read(_ chain: VirtioChain, from offset: Int, _ count: Int) throws(VirtioFault) -> [UInt8] {
    var result: [UInt8] = []
    var begin = 0
    for piece in chain.readable where result.count < count {
      defer { begin += piece.count }
      let skipped = max(0, offset + result.count - begin)
      guard skipped < piece.count else { continue }
      result += try bytes(piece.address &+ UInt64(skipped), min(piece.count - skipped, count - result.count))
    }
    state.counts.read += UInt64(result.count)
    return result
  }

  /// Writes to what the device writes, from an offset on; what has no room is left out.
  func write(_ chain: VirtioChain, at offset: Int, _ bytes: [UInt8]) throws(VirtioFault) {
    var done = 0
    var begin = 0
    for piece in chain.writable where done < bytes.count {
      defer { begin += piece.count }
      let skipped = max(0, offset + done - begin)
      guard skipped < piece.count else { continue }
      let count = min(piece.count - skipped, bytes.count - done)
      try put(piece.address &+ UInt64(skipped), Array(bytes[done..<done + count]))
      done += count
    }
    state.counts.written += UInt64(done)
  }

  private func bytes(_ address: UInt64, _ count: Int) throws(VirtioFault) -> [UInt8] {
    guard let bytes = memory.read(address, count) else { throw .unreadable(address) }
    return bytes
  }

  private func number(_ address: UInt64, _ count: Int) throws(VirtioFault) -> UInt64 {
    Self.number(try bytes(address, count)[...])
  }

  private func put(_ address: UInt64, _ bytes: [UInt8]) throws(VirtioFault) {
    guard memory.write(address, bytes) else { throw .unwritable(address) }
  }

  private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) } }

  private static func bytes(_ value: UInt64, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
  }
}
