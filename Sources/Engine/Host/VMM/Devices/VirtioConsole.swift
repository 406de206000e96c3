/// A console without further ports (virtio 1.2, 5.3): Linux has it as hvc0.
struct VirtioConsole: VirtioTyped {
  private static let (receiving, transmitting) = (0, 1)
  /// Most bytes of a buffer that are taken; what is longer is lost.
  static let longest = 16384
  /// Most bytes that wait for a buffer.
  static let mostWaiting = 4096

  /// What was typed and has no buffer yet.
  private var waiting: [UInt8] = []
  var isInUse = false
  private(set) var hasBuffer = false

  var kind: VirtioKind { .console }
  var queueCount: Int { 2 }
  /// SIZE.
  var features: UInt64 { 1 }
  /// 80 columns, 24 rows; one port; no emergency write.
  var configuration: [UInt8] { [80, 0, 24, 0, 1, 0, 0, 0, 0, 0, 0, 0] }

  mutating func serve(_ queue: Int, on device: VirtioDevice) throws(VirtioFault) {
    if queue == Self.transmitting {
      while let chain = try device.next(queue) {
        let bytes = try device.read(chain, from: 0, Self.longest)
        if !bytes.isEmpty {
          isInUse = true
          device.onOutput(bytes)
        }
        try device.give(queue, chain, written: 0)
      }
    }
    while !waiting.isEmpty, let chain = try device.next(Self.receiving) {
      let count = min(chain.room, waiting.count)
      guard count > 0 else { throw .malformed("a buffer for input without room") }
      try device.write(chain, at: 0, Array(waiting.prefix(count)))
      try device.give(Self.receiving, chain, written: count)
      waiting.removeFirst(count)
    }
    hasBuffer = waiting.isEmpty ? try device.hasNext(Self.receiving) : false
  }

  mutating func type(_ bytes: some Collection<UInt8>) { waiting += bytes.prefix(Self.mostWaiting - waiting.count) }

  var isEmpty: Bool { waiting.isEmpty }

  mutating func reset() { self = VirtioConsole() }

  // MARK: Known again

  var stateSize: Int { 1 + waiting.count }
  var state: [UInt8] { [(isInUse ? 1 : 0) | (hasBuffer ? 2 : 0)] + waiting }
  mutating func restore(_ bytes: [UInt8]) -> Bool {
    guard let first = bytes.first else { return bytes.isEmpty }
    guard first <= 3, bytes.count <= 1 + Self.mostWaiting else { return false }
    (isInUse, hasBuffer, waiting) = (first & 1 == 1, first & 2 == 2, Array(bytes.dropFirst()))
    return true
  }
}
