/// A PL061: eight lines of GPIO, with an interrupt for all of them (PrimeCell GPIO, DDI 0190). QEMU's virt machine has a power button
/// at one.
final class PL061: Device {
  /// Its registers, as they can be known again.
  struct State: Equatable, Sendable {
    /// Levels of the lines that are inputs, and what the guest has set for those that are outputs.
    var inputs: UInt8 = 0
    var outputs: UInt8 = 0
    /// GPIODIR, GPIOIS, GPIOIBE, GPIOIEV, GPIOIE, GPIORIS, GPIOAFSEL.
    var direction: UInt8 = 0
    var isLevel: UInt8 = 0
    var isBothEdges: UInt8 = 0
    var event: UInt8 = 0
    var mask: UInt8 = 0
    var raw: UInt8 = 0
    var alternate: UInt8 = 0

    private static let registers: [any WritableKeyPath<State, UInt8> & Sendable] = [
      \.inputs, \.outputs, \.direction, \.isLevel, \.isBothEdges, \.event, \.mask, \.raw, \.alternate,
    ]
    static let size = registers.count

    init() {}

    /// - Parameter bytes: ``size`` of them.
    init(_ bytes: [UInt8]) { for (register, byte) in zip(Self.registers, bytes) { self[keyPath: register] = byte } }

    /// All of them, as they are written down.
    var bytes: [UInt8] { Self.registers.map { self[keyPath: $0] } }
  }

  let range: Range<UInt64>
  var state = State()
  /// Hears whether its interrupt is asserted, whenever that may have changed.
  var onInterrupt: (Bool) -> Void = { _ in }

  init(at range: Range<UInt64>) { self.range = range }

  /// A line from outside.
  func setInput(_ line: Int, _ isHigh: Bool) {
    let bit = UInt8(1) << UInt8(line)
    let old = state.inputs
    state.inputs = isHigh ? old | bit : old & ~bit
    if state.inputs != old, state.direction & bit == 0, state.isLevel & bit == 0 {
      let isWanted = state.isBothEdges & bit != 0 || (state.event & bit != 0) == isHigh
      if isWanted { state.raw |= bit }
    }
    update()
  }

  func reset() {
    let inputs = state.inputs
    state = State()
    state.inputs = inputs
    update()
  }

  /// Lines that are looked at for their level are pending as long as they have it.
  private func update() {
    let matching = ~(state.inputs ^ state.event) & state.isLevel & ~state.direction
    state.raw = state.raw & ~state.isLevel | matching
    onInterrupt(state.raw & state.mask != 0)
  }

  private var data: UInt8 { state.inputs & ~state.direction | state.outputs & state.direction }

  func read(_ offset: UInt64, size: UInt64) -> UInt64 {
    switch offset {
    // Of the lines that bits 9:2 of the address choose.
    case 0..<0x400: UInt64(data & UInt8(truncatingIfNeeded: offset >> 2))
    case 0x400: UInt64(state.direction)
    case 0x404: UInt64(state.isLevel)
    case 0x408: UInt64(state.isBothEdges)
    case 0x40C: UInt64(state.event)
    case 0x410: UInt64(state.mask)
    case 0x414: UInt64(state.raw)
    case 0x418: UInt64(state.raw & state.mask)
    case 0x420: UInt64(state.alternate)
    default: RegisterBlock.primeCellID(offset, part: 0x61)
    }
  }

  func write(_ offset: UInt64, size: UInt64, _ value: UInt64) {
    let value = UInt8(truncatingIfNeeded: value)
    switch offset {
    case 0..<0x400:
      let chosen = UInt8(truncatingIfNeeded: offset >> 2) & state.direction
      state.outputs = state.outputs & ~chosen | value & chosen
    case 0x400: state.direction = value
    case 0x404: state.isLevel = value
    case 0x408: state.isBothEdges = value
    case 0x40C: state.event = value
    case 0x410: state.mask = value
    case 0x41C: state.raw &= ~(value & ~state.isLevel)
    case 0x420: state.alternate = value
    default: return
    }
    update()
  }
}
