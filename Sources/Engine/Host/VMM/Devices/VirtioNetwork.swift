/// A network card (virtio 1.2, 5.1) on a network that is in the model (``ModelNetwork``).
struct VirtioNetwork: VirtioFunction {
  /// Bytes before each frame: virtio_net_hdr with num_buffers.
  private static let header = 12
  private static let (receiving, transmitting) = (0, 1)
  /// Longest frame, without a checksum: an MTU of 1500.
  static let longestFrame = 1514
  /// Most frames that wait for a buffer.
  static let mostWaiting = 256

  private var network = ModelNetwork()
  /// Frames the guest has given no buffer for yet.
  private var waiting: [[UInt8]] = []

  var kind: VirtioKind { .network }
  var queueCount: Int { 2 }
  /// MAC, STATUS.
  var features: UInt64 { 1 << 5 | 1 << 16 }
  /// The address, and that the link is up.
  var configuration: [UInt8] { ModelNetwork.guestMAC + [1, 0] }

  mutating func serve(_ queue: Int, on device: VirtioDevice) throws(VirtioFault) {
    if queue == Self.transmitting {
      while let chain = try device.next(queue) {
        let frame = try device.read(chain, from: Self.header, Self.longestFrame)
        try device.give(queue, chain, written: 0)
        for answer in network.answers(to: frame) where waiting.count < Self.mostWaiting { waiting.append(answer) }
      }
    }
    try deliver(device)
  }

  private mutating func deliver(_ device: VirtioDevice) throws(VirtioFault) {
    var delivered = 0
    defer { waiting.removeFirst(delivered) }
    while delivered < waiting.count, let chain = try device.next(Self.receiving) {
      let frame = waiting[delivered]
      delivered += 1
      // One buffer a frame: num_buffers is 1.
      let bytes = [UInt8](repeating: 0, count: 10) + [1, 0] + frame
      guard chain.room >= bytes.count else { throw .malformed("a buffer for frames with \(chain.room) bytes") }
      try device.write(chain, at: 0, bytes)
      try device.give(Self.receiving, chain, written: bytes.count)
    }
  }

  mutating func reset() { self = VirtioNetwork() }

  // MARK: Known again

  var stateSize: Int { waiting.reduce(network.stateSize + 2) { $0 + 2 + $1.count } }

  var state: [UInt8] {
    var bytes = PacketBytes()
    bytes.put16(UInt16(waiting.count))
    for frame in waiting {
      bytes.put16(UInt16(frame.count))
      bytes.bytes += frame
    }
    network.put(in: &bytes)
    return bytes.bytes
  }

  mutating func restore(_ bytes: [UInt8]) -> Bool {
    var reader = PacketReader(bytes[...])
    guard let count = reader.take16(), count <= Self.mostWaiting else { return false }
    var frames: [[UInt8]] = []
    for _ in 0..<count {
      guard let length = reader.take16(), length <= Self.longestFrame, let frame = reader.take(Int(length)) else { return false }
      frames.append(Array(frame))
    }
    guard let network = ModelNetwork(reading: &reader), reader.rest.isEmpty else { return false }
    (waiting, self.network) = (frames, network)
    return true
  }
}

/// Numbers as networks have them, the highest byte first.
struct PacketBytes {
  var bytes: [UInt8] = []

  mutating func put8(_ value: UInt8) { bytes.append(value) }
  mutating func put16(_ value: UInt16) { bytes += [UInt8(value >> 8), UInt8(truncatingIfNeeded: value)] }
  mutating func put32(_ value: UInt32) {
    put16(UInt16(value >> 16))
    put16(UInt16(truncatingIfNeeded: value))
  }
}

struct PacketReader {
  private(set) var rest: ArraySlice<UInt8>

  init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

  mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
    guard count <= rest.count else { return nil }
    defer { rest = rest.dropFirst(count) }
    return rest.prefix(count)
  }

  private mutating func number(_ count: Int) -> UInt32? { take(count)?.reduce(0) { $0 << 8 | UInt32($1) } }
  mutating func take8() -> UInt8? { number(1).map { UInt8($0) } }
  mutating func take16() -> UInt16? { number(2).map { UInt16($0) } }
  mutating func take32() -> UInt32? { number(4) }
}
