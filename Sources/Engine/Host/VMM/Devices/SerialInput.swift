/// What has arrived at a UART and waits for the guest, and the registers of a PL011 (PrimeCell UART, DDI 0183G): what of it can be known
/// again. What is sent is sent at once, so the transmit FIFO is always empty.
package struct SerialInput: Equatable, Sendable {
  /// Bytes of the FIFO of an r1p5, as UARTPeriphID2 says it is.
  package static let room = 32

  /// Bits of UARTRIS, UARTMIS, UARTIMSC and UARTICR.
  private enum Interrupt {
    static let receive: UInt16 = 1 << 4
    static let transmit: UInt16 = 1 << 5
    static let timeout: UInt16 = 1 << 6
    static let all: UInt16 = 0x7FF
  }

  /// What a guest unmasks that wants to be told of input.
  static let receiving = Interrupt.receive | Interrupt.timeout

  private(set) var fifo: [UInt8] = []
  /// UARTIMSC.
  private(set) var mask: UInt16 = 0
  /// UARTRIS, what of it is no matter of levels: UARTTXINTR.
  private var latched: UInt16 = 0
  /// Receive interrupts that were cleared since a byte arrived last.
  private var cleared: UInt16 = 0
  /// UARTLCR_H, UARTCR, UARTIFLS, UARTIBRD, UARTFBRD, UARTDMACR, UARTILPR, as they differ from their values at reset.
  private var line: UInt8 = 0
  private var control: UInt16 = 0
  private var levels: UInt8 = 0
  private var divisor: UInt16 = 0
  private var fraction: UInt8 = 0
  private var dma: UInt8 = 0
  private var lowPower: UInt8 = 0

  /// The UART was enabled, and the mask has not been written since.
  private var awaitsMask = false

  private static let controlReset: UInt16 = 0x300
  private static let levelsReset: UInt8 = 0x12

  init() {}

  // MARK: Bytes

  /// Without UARTLCR_H.FEN the FIFO is one register.
  var depth: Int { line & 0x10 != 0 ? Self.room : 1 }

  mutating func receive(_ bytes: some Sequence<UInt8>) {
    fifo += bytes
    cleared = 0
  }

  /// The first that waits; there is one.
  mutating func takeByte() -> UInt8 { fifo.removeFirst() }

  /// The transmit FIFO has become empty.
  mutating func hasSent() { latched |= Interrupt.transmit }

  /// UARTCR.LBE.
  var loops: Bool { (control ^ Self.controlReset) & 0x80 != 0 }

  private var isEnabled: Bool { (control ^ Self.controlReset) & 1 != 0 }

  /// A driver may be in the middle of setting it up: it has given a disabled UART a speed, or enabled it and not said since what it
  /// wants to be told of. Linux unmasks the receive interrupts first of all, and throws away what has arrived last of all (pl011_startup). A guest
  /// that sets nothing up takes the UART as it is.
  var isBeingSetUp: Bool { awaitsMask || !isEnabled && (control != 0 || divisor != 0 || fraction != 0) }

  /// As many bytes as UARTIFLS.RXIFLSEL wants before the receive interrupt.
  private var trigger: Int {
    let eighths = [1, 2, 4, 6, 7, 7, 7, 7][Int((levels ^ Self.levelsReset) >> 3 & 7)]
    return depth == 1 ? 1 : Self.room * eighths / 8
  }

  /// UARTRIS. A byte that waits does so for longer than the receive timeout.
  var pending: UInt16 {
    let received = fifo.isEmpty ? 0 : Interrupt.timeout | (fifo.count >= trigger ? Interrupt.receive : 0)
    return latched | received & ~cleared
  }

  /// UARTFR: TXFE; RXFF and RXFE by what waits.
  var flags: UInt64 { 0x80 | (fifo.isEmpty ? 0x10 : 0) | (fifo.count >= depth ? 0x40 : 0) }

  // MARK: Registers

  /// Nil: it is none that is here.
  func read(_ offset: UInt64) -> UInt64? {
    switch offset {
    // UARTRSR: no error.
    case 0x04: 0
    case 0x20: UInt64(lowPower)
    case 0x24: UInt64(divisor)
    case 0x28: UInt64(fraction)
    case 0x2C: UInt64(line)
    case 0x30: UInt64(control ^ Self.controlReset)
    case 0x34: UInt64(levels ^ Self.levelsReset)
    case 0x38: UInt64(mask)
    case 0x3C: UInt64(pending)
    case 0x40: UInt64(pending & mask)
    case 0x48: UInt64(dma)
    default: nil
    }
  }

  mutating func write(_ offset: UInt64, _ value: UInt64) {
    let byte = UInt8(truncatingIfNeeded: value)
    switch offset {
    case 0x20: lowPower = byte
    case 0x24: divisor = UInt16(truncatingIfNeeded: value)
    case 0x28: fraction = byte & 0x3F
    case 0x2C: line = byte
    case 0x30:
      let wasEnabled = isEnabled
      control = UInt16(truncatingIfNeeded: value & 0xFF87) ^ Self.controlReset
      if isEnabled, !wasEnabled { awaitsMask = true }
    case 0x34: levels = byte & 0x3F ^ Self.levelsReset
    case 0x38:
      mask = UInt16(truncatingIfNeeded: value) & Interrupt.all
      if mask & Self.receiving != 0 { awaitsMask = false }
    case 0x44:
      let bits = UInt16(truncatingIfNeeded: value)
      latched &= ~bits
      cleared |= bits & Self.receiving
    case 0x48: dma = byte & 7
    default: break
    }
  }

  // MARK: Written down

  static let size = 16 + room
  /// Beside UARTIMSC.
  private static let awaitsMaskBit: UInt16 = 1 << 15

  /// - Parameter bytes: ``size`` of them, of which the first is no more than ``room``.
  init(_ bytes: [UInt8]) {
    func word(_ n: Int) -> UInt16 { UInt16(bytes[n]) | UInt16(bytes[n + 1]) << 8 }
    mask = word(1) & Interrupt.all
    awaitsMask = word(1) & Self.awaitsMaskBit != 0
    latched = word(3) & Interrupt.transmit
    cleared = word(5) & Self.receiving
    line = bytes[7]
    control = word(8)
    levels = bytes[10] & 0x3F
    divisor = word(11)
    (fraction, dma, lowPower) = (bytes[13], bytes[14], bytes[15])
    fifo = Array(bytes[16...].prefix(Int(bytes[0])))
  }

  /// All of it, as it is written down.
  var bytes: [UInt8] {
    func word(_ value: UInt16) -> [UInt8] { [UInt8(truncatingIfNeeded: value), UInt8(truncatingIfNeeded: value >> 8)] }
    return [UInt8(fifo.count)] + word(mask | (awaitsMask ? Self.awaitsMaskBit : 0)) + word(latched) + word(cleared) + [line]
      + word(control) + [levels]
      + word(divisor) + [fraction, dma, lowPower] + fifo + [UInt8](repeating: 0, count: Self.room - fifo.count)
  }

  /// As recordings had it whose UARTs had a FIFO of 16 bytes and no registers but UARTIMSC.
  static let formerSize = 19

  /// - Parameter former: ``formerSize`` of them, of which the first is no more than 16.
  init(former bytes: [UInt8]) {
    mask = (UInt16(bytes[1]) | UInt16(bytes[2]) << 8) & Interrupt.all
    line = 0x10
    fifo = Array(bytes[3...].prefix(Int(bytes[0])))
  }
}
