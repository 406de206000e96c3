/// A UART on the bus, who hears what it sends, and what is typed into it.
final class SerialPort: Device {
  enum Kind {
    case pl011
    /// An 8250 and its like: a byte a register.
    case ns16550
  }

  /// What waits for the guest, and which interrupts it wants: what of it can be known again.
  struct Input: Equatable, Sendable {
    /// Bytes a UART has room for; the rest waits outside.
    static let room = 16

    var fifo: [UInt8] = []
    /// UARTIMSC.
    var mask: UInt16 = 0

    init() {}

    static let size = 3 + room

    /// - Parameter bytes: ``size`` of them.
    init(_ bytes: [UInt8]) {
      mask = UInt16(bytes[1]) | UInt16(bytes[2]) << 8
      fifo = Array(bytes[3...].prefix(Int(bytes[0])))
    }

    /// All of it, as it is written down.
    var bytes: [UInt8] {
      [UInt8(fifo.count), UInt8(truncatingIfNeeded: mask), UInt8(truncatingIfNeeded: mask >> 8)] + fifo
        + [UInt8](repeating: 0, count: Self.room - fifo.count)
    }
  }

  /// Most bytes that wait outside; what is typed beyond them is lost.
  static let mostTyped = 4096

  let range: Range<UInt64>
  let kind: Kind
  var uart = PL011()
  /// LCR of an ns16550. With bit 7, the first two registers are the divisor.
  var lineControl: UInt8 = 0
  var input = Input()
  private var typed: [UInt8] = []
  var onByte: (UInt8) -> Void = { _ in }
  /// Hears whether its interrupt is asserted, whenever that may have changed.
  var onInterrupt: (Bool) -> Void = { _ in }

  init(at range: Range<UInt64>, _ kind: Kind = .pl011) {
    self.range = range
    self.kind = kind
  }

  /// Bytes for the guest to read.
  func type(_ bytes: [UInt8]) {
    typed += bytes.prefix(Self.mostTyped - typed.count)
    refill()
  }

  /// Whether there is room for so many more.
  func hasRoom(for count: Int) -> Bool { typed.count + count <= Self.mostTyped }

  private func refill() {
    let count = min(typed.count, Input.room - input.fifo.count)
    input.fifo += typed.prefix(count)
    typed.removeFirst(count)
    update()
  }

  /// Receive interrupts, RXRIS and RTRIS, are there as long as something waits.
  private var pending: UInt16 { input.fifo.isEmpty ? 0 : 0x50 }

  private func update() { onInterrupt(pending & input.mask != 0) }

  private func takeByte() -> UInt64 {
    guard !input.fifo.isEmpty else { return 0 }
    defer { refill() }
    return UInt64(input.fifo.removeFirst())
  }

  func read(_ offset: UInt64, size: UInt64) -> UInt64 {
    switch kind {
    case .pl011:
      switch offset {
      case 0: return takeByte()
      // UARTFR: RXFE while nothing waits.
      case 0x18: return uart.read(offset) & ~(input.fifo.isEmpty ? 0 : 0x10)
      case 0x38: return UInt64(input.mask)
      case 0x3C: return UInt64(pending)
      case 0x40: return UInt64(pending & input.mask)
      default: return uart.read(offset)
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
      guard offset == 0x38 else { break }
      input.mask = UInt16(value & 0x7FF)
      return update()
    case .ns16550:
      if offset == 3 { lineControl = UInt8(truncatingIfNeeded: value) }
      guard lineControl & 0x80 == 0 else { return }
    }
    if let byte = uart.write(offset, value) { onByte(byte) }
  }
}
