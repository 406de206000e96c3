import Basics

/// What a virtio device does behind its queues: a value, so that it can be kept and put back.
protocol VirtioFunction: Sendable {
  var kind: VirtioKind { get }
  /// Feature bits of its kind.
  var features: UInt64 { get }
  var queueCount: Int { get }
  /// Its configuration space.
  var configuration: [UInt8] { get }
  /// Does what it can with the buffers of a queue.
  mutating func serve(_ queue: Int, on device: VirtioDevice) throws(VirtioFault)
  /// The driver has reset the device.
  mutating func reset()
  /// What has to be known again, as bytes; about how many they are.
  var state: [UInt8] { get }
  var stateSize: Int { get }
  /// Knows what `state` said.
  ///
  /// - Parameter bytes: a stranger's.
  /// - Returns: whether they can be its.
  mutating func restore(_ bytes: [UInt8]) -> Bool
}

/// One that prints, and takes what is typed.
protocol VirtioTyped: VirtioFunction {
  /// Whether the guest printed here last: what is typed comes to where it printed.
  var isInUse: Bool { get set }
  /// Whether all that was typed has come to the guest.
  var isEmpty: Bool { get }
  /// Whether its driver had another buffer for what is typed when it was looked at last.
  var hasBuffer: Bool { get }
  /// More of what is typed; what has no room is lost.
  mutating func type(_ bytes: some Collection<UInt8>)
}

/// Device IDs (virtio 1.2, 5).
package enum VirtioKind: UInt32, CaseIterable, Sendable {
  case network = 1
  case disk = 2
  case console = 3
  case rng = 4
  case socket = 19
  case files = 26

  package var name: String {
    switch self {
    case .network: "net"
    case .disk: "disk"
    case .console: "console"
    case .rng: "rng"
    case .socket: "vsock"
    case .files: "fs"
    }
  }
}

/// How the device reaches its guest's memory. Addresses are the driver's.
struct VirtioMemory {
  /// Nil where the Host cannot read.
  var read: (_ address: UInt64, _ count: Int) -> [UInt8]?
  /// False where it cannot write.
  var write: (_ address: UInt64, _ bytes: [UInt8]) -> Bool
}

/// What passed through the queues of a device.
package struct VirtioCounts: Equatable, Sendable {
  /// Buffers, and bytes the device has read from and written to them.
  package var buffers: UInt64 = 0
  package var read: UInt64 = 0
  package var written: UInt64 = 0
  /// How often something was wrong with a queue.
  package var faults: UInt64 = 0
}

/// What is wrong with a queue, or with memory it leads to.
enum VirtioFault: Error {
  case unreadable(UInt64)
  case unwritable(UInt64)
  case malformed(String)

  var sentence: String {
    switch self {
    case .unreadable(let address): "the Host cannot read the guest's memory at \(hex(address))"
    case .unwritable(let address): "the Host cannot write to the guest's memory at \(hex(address))"
    case .malformed(let what): what
    }
  }
}

/// Random numbers for the guest. They follow from a seed, so that a Host that does again what it did gives the same.
struct VirtioRNG: VirtioFunction {
  let seed: UInt64
  private var given: UInt64 = 0

  init(seed: UInt64) { self.seed = seed }

  /// Most bytes of one buffer that are filled.
  private static let most = 4096

  var kind: VirtioKind { .rng }
  var features: UInt64 { 0 }
  var queueCount: Int { 1 }
  var configuration: [UInt8] { [] }

  mutating func serve(_ queue: Int, on device: VirtioDevice) throws(VirtioFault) {
    while let chain = try device.next(queue) {
      let count = min(chain.room, Self.most)
      var bytes: [UInt8] = []
      while bytes.count < count {
        let value = mix(seed &+ mix(given))
        given &+= 1
        for n in 0..<8 as Range<UInt64> { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * n))) }
      }
      try device.write(chain, at: 0, Array(bytes.prefix(count)))
      try device.give(queue, chain, written: count)
    }
  }

  mutating func reset() {}

  var stateSize: Int { 8 }
  var state: [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: given >> UInt64(8 * $0)) } }
  mutating func restore(_ bytes: [UInt8]) -> Bool {
    guard bytes.count == 8 else { return false }
    given = bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    return true
  }
}
