/// A UART on the bus, who hears what it sends, and what is typed into it.
final class SerialPort: Device {
  enum Kind {
    case pl011
    /// An 8250 and its like: a byte a register.
    case ns16550
  }

  /// Most bytes that wait outside; what is typed beyond them is lost.
  static let mostTyped = 4096

  let range: Range<UInt64>
  let kind: Kind
  var uart = PL011()
  /// LCR of an ns16550. With bit 7, the first two registers are the divisor.
  var lineControl: UInt8 = 0
  /// What has arrived, and the registers of a PL011.
  var input = SerialInput()
  private var typed: [UInt8] = []
  /// Looks at UARTFR since the guest last read or sent a byte: one that polls looks there again and again.
  private var looks = 0
  var onByte: (UInt8) -> Void = { _ in }
  /// Hears whether its interrupt is asserted, whenever that may have changed.
  var onInterrupt: (Bool) -> Void = { _ in }

  init(at range: Range<UInt64>, _ kind: Kind = .pl011) {
    self.range = range
    self.kind = kind
  }

  /// Bytes for the guest to read. They wait outside until it takes what arrives: a driver that sets its UART up throws away what came
  /// before.
  func type(_ bytes: [UInt8]) {
    typed += bytes.prefix(Self.mostTyped - typed.count)
    attend(isIdle: false)
  }

  /// Bytes that arrive now.
  func deliver(_ bytes: [UInt8]) {
    typed += bytes.prefix(Self.mostTyped - typed.count)
    refill()
  }

  /// Whether there is room for so many more.
  func hasRoom(for count: Int) -> Bool { typed.count + count <= Self.mostTyped }

  /// Bytes its FIFO holds as it is set up.
  private var depth: Int { kind == .pl011 ? input.depth : 16 }

  /// Bytes that would arrive at once.
  var room: Int { typed.isEmpty ? max(0, depth - input.fifo.count) : 0 }

  /// Looks in a row that are those of a guest which polls for input.
  private static let pollingLooks = 32

  /// Whether the guest takes what arrives: it has unmasked the receive interrupts, and set its UART up, or polls.
  ///
  /// - Parameter isIdle: it has nothing else to do.
  func isListening(isIdle: Bool) -> Bool {
    if kind == .ns16550 || looks >= Self.pollingLooks { return true }
    return input.mask & SerialInput.receiving != 0 && (isIdle || !input.isBeingSetUp)
  }

  /// Lets arrive what waits outside, if the guest takes it: to be called as time passes.
  func attend(isIdle: @autoclosure () -> Bool) { if !typed.isEmpty, isListening(isIdle: isIdle()) { refill() } }

  private func refill() {
    let count = min(typed.count, max(0, depth - input.fifo.count))
    if count > 0 {
      input.receive(typed.prefix(count))
      typed.removeFirst(count)
    }
    update()
  }

  private func update() { onInterrupt(input.pending & input.mask != 0) }

  private func takeByte() -> UInt64 {
    looks = 0
    guard !input.fifo.isEmpty else { return 0 }
    defer { refill() }
    return UInt64(input.takeByte())
  }

  func read(_ offset: UInt64, size: UInt64) -> UInt64 {
    switch kind {
    case .pl011:
      switch offset {
      case 0: return takeByte()
      case 0x18:
        looks = min(looks + 1, Self.pollingLooks)
        attend(isIdle: false)
        return input.flags
      default: return input.read(offset) ?? uart.read(offset)
      }
    case .ns16550:
      switch offset {
      case 0: return lineControl & 0x80 == 0 ? takeByte() : 0
      // IIR: no interrupt. LSR: whether something waits, and there is room. MSR: carrier, data set ready, clear to send.
      case 2: return 0x01
      case 3: return UInt64(lineControl)
      case 5: return input.fifo.isEmpty ? 0x60 : 0x61
      case 6: return 0xB0
      default: return 0
      }
    }
  }

  func write(_ offset: UInt64, size: UInt64, _ value: UInt64) {
    switch kind {
    case .pl011:
      guard offset == 0 else {
        input.write(offset, value)
        attend(isIdle: false)
        return update()
      }
      looks = 0
      input.hasSent()
      if input.loops {
        // What it sends arrives, and goes nowhere else.
        if input.fifo.count < depth { input.receive([UInt8(truncatingIfNeeded: value)]) }
        return update()
      }
      update()
    case .ns16550:
      if offset == 3 { lineControl = UInt8(truncatingIfNeeded: value) }
      guard lineControl & 0x80 == 0 else { return }
    }
    if let byte = uart.write(offset, value) { onByte(byte) }
  }
}
