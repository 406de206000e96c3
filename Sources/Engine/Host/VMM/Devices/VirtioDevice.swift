import Basics

/// A virtio device on the bus: its registers (virtio 1.2, 4.2 "Virtio Over MMIO", version 2), its queues (``VirtioDevice/next(_:)``), and
/// behind them what it does (``VirtioFunction``). Everything a driver writes is a stranger's.
final class VirtioDevice: Device {
  /// Bytes of registers, as QEMU and kvmtool have it.
  static let size: UInt64 = 0x200
  /// Entries of a queue.
  static let longestQueue: UInt32 = 256

  enum Status {
    static let driverOK: UInt32 = 4
    static let featuresOK: UInt32 = 8
    static let needsReset: UInt32 = 0x40
    static let all: UInt32 = 0xFF
  }

  enum Feature {
    static let version1: UInt64 = 1 << 32
    static let accessPlatform: UInt64 = 1 << 33
  }

  /// A split virtqueue as its driver has set it up, and how far the device is in it.
  struct Queue: Equatable, Sendable {
    var count: UInt32 = 0
    var isReady = false
    /// Descriptor table, available ring and used ring.
    var descriptors: UInt64 = 0
    var driver: UInt64 = 0
    var device: UInt64 = 0
    /// Buffers taken, and given back.
    var taken: UInt16 = 0
    var given: UInt16 = 0
  }

  /// What its registers hold.
  struct State: Equatable, Sendable {
    var status: UInt32 = 0
    var featureSelect: UInt32 = 0
    var driverFeatureSelect: UInt32 = 0
    var driverFeatures: UInt64 = 0
    var queueSelect: UInt32 = 0
    /// InterruptStatus: a buffer was used; the configuration has changed.
    var interrupts: UInt32 = 0
    var queues: [Queue]
    var counts = VirtioCounts()
  }

  let range: Range<UInt64>
  var state: State
  var function: any VirtioFunction
  let hasAccessPlatform: Bool
  let memory: VirtioMemory
  /// Hears whether its interrupt is asserted, whenever that may have changed.
  var onInterrupt: (Bool) -> Void = { _ in }
  /// Hears what a console prints.
  var onOutput: ([UInt8]) -> Void = { _ in }
  /// Answers a request to the relying party with a code and bytes; nil if there is nobody.
  var onRequest: (_ operation: UInt64, _ message: [UInt8]) -> (code: UInt64, bytes: [UInt8])? = { _, _ in nil }
  /// Whether its driver has accepted VIRTIO_F_ACCESS_PLATFORM when it last began, for who looks.
  private(set) var bounces = false
  /// What went wrong last, for who looks.
  private(set) var trouble: String?

  init(at base: UInt64, _ function: any VirtioFunction, hasAccessPlatform: Bool, _ memory: VirtioMemory) {
    range = base..<base + Self.size
    self.function = function
    self.hasAccessPlatform = hasAccessPlatform
    self.memory = memory
    state = State(queues: [Queue](repeating: Queue(), count: function.queueCount))
  }

  private var features: UInt64 { function.features | Feature.version1 | (hasAccessPlatform ? Feature.accessPlatform : 0) }

  private var isRunning: Bool { state.status & Status.driverOK != 0 && state.status & Status.needsReset == 0 }

  private var selected: Queue? {
    get { Int(state.queueSelect) < state.queues.count ? state.queues[Int(state.queueSelect)] : nil }
    set { if let newValue, Int(state.queueSelect) < state.queues.count { state.queues[Int(state.queueSelect)] = newValue } }
  }

  // MARK: Registers

  func read(_ offset: UInt64, size: UInt64) -> UInt64 {
    if offset >= 0x100 { return configuration(offset - 0x100, size) }
    guard size == 4 else { return 0 }
    switch offset {
    case 0x000: return 0x7472_6976
    case 0x004: return 2
    case 0x008: return UInt64(function.kind.rawValue)
    // Vendor "ARMW".
    case 0x00C: return 0x574D_5241
    case 0x010: return state.featureSelect < 2 ? features >> UInt64(32 * state.featureSelect) & 0xFFFF_FFFF : 0
    case 0x034: return selected == nil ? 0 : UInt64(Self.longestQueue)
    case 0x044: return selected?.isReady == true ? 1 : 0
    case 0x060: return UInt64(state.interrupts)
    case 0x070: return UInt64(state.status)
    // No shared memory: its length and base are all ones.
    case 0x0B0, 0x0B4, 0x0B8, 0x0BC: return 0xFFFF_FFFF
    default: return 0
    }
  }

  private func configuration(_ offset: UInt64, _ size: UInt64) -> UInt64 {
    let bytes = function.configuration
    var value: UInt64 = 0
    for n in 0..<min(size, 8) where offset + n < UInt64(bytes.count) { value |= UInt64(bytes[Int(offset + n)]) << (8 * n) }
    return value
  }

  func write(_ offset: UInt64, size: UInt64, _ value: UInt64) {
    guard size == 4, offset < 0x100 else { return }
    let word = UInt32(truncatingIfNeeded: value)
    switch offset {
    case 0x014: state.featureSelect = word
    case 0x020:
      guard state.driverFeatureSelect < 2, state.status & Status.featuresOK == 0 else { return }
      let shift = UInt64(32 * state.driverFeatureSelect)
      state.driverFeatures = state.driverFeatures & ~(0xFFFF_FFFF << shift) | UInt64(word) << shift
    case 0x024: state.driverFeatureSelect = word
    case 0x030: state.queueSelect = word
    case 0x038: setQueue { $0.count = word }
    case 0x044: setReady(word & 1 == 1)
    case 0x050: notify(Int(word))
    case 0x064:
      state.interrupts &= ~word
      onInterrupt(state.interrupts != 0)
    case 0x070: setStatus(word & Status.all)
    case 0x080: setQueue { $0.descriptors = $0.descriptors & ~0xFFFF_FFFF | UInt64(word) }
    case 0x084: setQueue { $0.descriptors = $0.descriptors & 0xFFFF_FFFF | UInt64(word) << 32 }
    case 0x090: setQueue { $0.driver = $0.driver & ~0xFFFF_FFFF | UInt64(word) }
    case 0x094: setQueue { $0.driver = $0.driver & 0xFFFF_FFFF | UInt64(word) << 32 }
    case 0x0A0: setQueue { $0.device = $0.device & ~0xFFFF_FFFF | UInt64(word) }
    case 0x0A4: setQueue { $0.device = $0.device & 0xFFFF_FFFF | UInt64(word) << 32 }
    default: break
    }
  }

  /// A queue that is ready does not change.
  private func setQueue(_ change: (inout Queue) -> Void) {
    guard var queue = selected, !queue.isReady else { return }
    change(&queue)
    selected = queue
  }

  private func setReady(_ isReady: Bool) {
    guard var queue = selected else { return }
    guard isReady else {
      selected = Queue()
      return
    }
    guard (1...Self.longestQueue).contains(queue.count), queue.count.nonzeroBitCount == 1, queue.descriptors % 16 == 0,
      queue.driver % 2 == 0, queue.device % 4 == 0
    else { return fail("queue \(state.queueSelect) is set up with \(queue.count) entries, or rings that are not aligned") }
    queue.isReady = true
    selected = queue
  }

  private func setStatus(_ status: UInt32) {
    guard status != 0 else { return reset() }
    var status = status | state.status & Status.needsReset
    // Features are fixed here; a driver of before virtio 1 is not served.
    let areGood = state.driverFeatures & ~features == 0 && state.driverFeatures & Feature.version1 != 0
    if status & Status.featuresOK != 0, !areGood { status &= ~Status.featuresOK }
    state.status = status
    if isRunning { bounces = state.driverFeatures & Feature.accessPlatform != 0 }
  }

  private func reset() {
    let counts = state.counts
    state = State(queues: [Queue](repeating: Queue(), count: function.queueCount))
    state.counts = counts
    function.reset()
    onInterrupt(false)
  }

  private func notify(_ queue: Int) {
    guard isRunning, state.queues.indices.contains(queue), state.queues[queue].isReady else { return }
    serve(queue)
  }

  /// Has it do what it can with a queue.
  func serve(_ queue: Int) {
    guard isRunning else { return }
    do throws(VirtioFault) {
      try function.serve(queue, on: self)
    } catch {
      fail(error.sentence)
    }
  }

  /// Nothing can be done any more before the driver resets it.
  private func fail(_ why: String) {
    trouble = why
    state.counts.faults += 1
    state.status |= Status.needsReset
    interrupt(2)
  }

  func interrupt(_ why: UInt32) {
    state.interrupts |= why
    onInterrupt(true)
  }
}
