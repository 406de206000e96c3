/// A PL031: a clock that counts seconds, with an alarm (PrimeCell RTC, DDI 0224). As it has no battery, it begins with 0, and what the guest
/// sets it to counts from there.
final class PL031: Device {
  /// Its registers, as they can be known again.
  struct State: Equatable, Sendable {
    /// What is added to the seconds of the machine's counter: by RTCLR.
    var offset: UInt32 = 0
    /// RTCLR.
    var load: UInt32 = 0
    /// RTCMR, RTCIMSC, RTCRIS.
    var match: UInt32 = 0
    var mask: UInt32 = 0
    var raw: UInt32 = 0
    /// Second up to which the alarm has been looked for.
    var seen: UInt32 = 0

    private static let registers: [any WritableKeyPath<State, UInt32> & Sendable] = [
      \.offset, \.load, \.match, \.mask, \.raw, \.seen,
    ]
    static let size = 4 * registers.count

    init() {}

    /// - Parameter bytes: ``size`` of them.
    init(_ bytes: [UInt8]) {
      for (n, register) in Self.registers.enumerated() {
        self[keyPath: register] = (0..<4).reduce(0) { $0 | UInt32(bytes[4 * n + $1]) << UInt32(8 * $1) }
      }
    }

    /// All of them, as they are written down.
    var bytes: [UInt8] {
      var bytes = LittleEndianBytes()
      for register in Self.registers { bytes.put(UInt64(self[keyPath: register]), 4) }
      return bytes.bytes
    }
  }

  let range: Range<UInt64>
  var state = State()
  /// The machine's counter, and its ticks in a second.
  var counter: () -> UInt64 = { 0 }
  private let frequency: UInt64
  /// Hears whether its interrupt is asserted, whenever that may have changed.
  var onInterrupt: (Bool) -> Void = { _ in }

  init(at range: Range<UInt64>, frequency: UInt64) {
    self.range = range
    self.frequency = frequency
  }

  /// RTCDR.
  private var seconds: UInt32 { UInt32(truncatingIfNeeded: counter() / frequency) &+ state.offset }

  /// What the counter shows when the alarm goes off; nil: it is masked, or has gone off.
  var alarm: UInt64? {
    guard state.mask & 1 != 0, state.raw & 1 == 0 else { return nil }
    // One for the second it shows has gone off, and comes again when all 32 bits have gone round.
    let left = state.match == seconds ? 1 << 32 : UInt64(state.match &- seconds)
    let (time, isTooFar) = (counter() / frequency + left).multipliedReportingOverflow(by: frequency)
    return isTooFar ? nil : time
  }

  /// Looks whether the second of the alarm has come: to be called as time passes.
  func look() {
    let now = seconds
    guard now != state.seen else { return }
    // The seconds since, around zero.
    let (passed, due) = (now &- state.seen, state.match &- state.seen)
    state.seen = now
    guard due > 0, due <= passed, state.raw & 1 == 0 else { return }
    state.raw |= 1
    update()
  }

  func reset() {
    // What it counts goes on.
    let (offset, load) = (state.offset, state.load)
    state = State()
    (state.offset, state.load) = (offset, load)
    state.seen = seconds
    update()
  }

  private func update() { onInterrupt(state.raw & state.mask != 0) }

  func read(_ offset: UInt64, size: UInt64) -> UInt64 {
    switch offset {
    case 0x00: UInt64(seconds)
    case 0x04: UInt64(state.match)
    case 0x08: UInt64(state.load)
    // RTCCR: it runs.
    case 0x0C: 1
    case 0x10: UInt64(state.mask)
    case 0x14: UInt64(state.raw)
    case 0x18: UInt64(state.raw & state.mask)
    default: RegisterBlock.primeCellID(offset, part: 0x31)
    }
  }

  func write(_ offset: UInt64, size: UInt64, _ value: UInt64) {
    let value = UInt32(truncatingIfNeeded: value)
    switch offset {
    case 0x04: state.match = value
    case 0x08:
      state.load = value
      state.offset = value &- UInt32(truncatingIfNeeded: counter() / frequency)
    case 0x10: state.mask = value & 1
    case 0x1C: state.raw &= ~value
    default: return
    }
    if [0x04, 0x08].contains(offset) {
      state.seen = seconds
      // An alarm for the second it shows goes off at once.
      if state.match == state.seen { state.raw |= 1 }
    }
    update()
  }
}
