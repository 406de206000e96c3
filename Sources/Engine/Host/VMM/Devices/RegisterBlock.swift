import Machine

/// A device of which a guest sees no more than that it is there, or that nothing is plugged in: registers that read as they are, and
/// ignore what is written.
final class RegisterBlock: Device {
  let range: Range<UInt64>
  private let value: @Sendable (UInt64) -> UInt64

  /// - Parameter value: of the register at an offset.
  init(_ range: Range<UInt64>, _ value: @escaping @Sendable (UInt64) -> UInt64) {
    self.range = range
    self.value = value
  }

  func read(_ offset: UInt64, size: UInt64) -> UInt64 { value(offset) & (size >= 8 ? .max : 1 << (8 * size) - 1) }

  func write(_ offset: UInt64, size: UInt64, _ value: UInt64) {}
}

extension RegisterBlock {
  /// What stands in the identification registers of one of Arm's PrimeCells.
  static func primeCellID(_ offset: UInt64, part: UInt64) -> UInt64 {
    switch offset {
    case 0xFE0: part
    case 0xFE4: 0x10
    case 0xFE8: 0x04
    case 0xFF0: 0x0D
    case 0xFF4: 0xF0
    case 0xFF8: 0x05
    case 0xFFC: 0xB1
    default: 0
    }
  }

  /// Slots for virtio devices, in none of which is one: magic number, version 2, device 0, QEMU's vendor.
  static func emptyVirtioSlots(_ range: Range<UInt64>, slot: UInt64) -> RegisterBlock {
    RegisterBlock(range) { offset in
      switch offset % slot {
      case 0x000: 0x7472_6976
      case 0x004: 2
      case 0x00C: 0x554D_4551
      default: 0
      }
    }
  }

  /// Configuration space of a bus with nothing on it.
  static func emptyBus(_ range: Range<UInt64>) -> RegisterBlock { RegisterBlock(range) { _ in .max } }

  static func zeroes(_ range: Range<UInt64>) -> RegisterBlock { RegisterBlock(range) { _ in 0 } }
}

extension GuestMachine {
  var serialKind: SerialPort.Kind { name == "kvmtool" ? .ns16550 : .pl011 }

  /// What else a guest finds on the board.
  func otherDevices(_ layout: GuestLayout) -> [any Device] {
    func at(_ base: UInt64, _ size: UInt64) -> Range<UInt64> { layout.half | base..<(layout.half | base) + size }
    switch self {
    case .own: return []
    case .qemu:
      return [
        RegisterBlock.zeroes(at(0x808_0000, 0x2_0000)),
        PL031(at: at(0x901_0000, 0x1000), frequency: Machine.counterFrequency),
        RegisterBlock.zeroes(at(0x902_0000, 0x1000)), PL061(at: at(0x903_0000, 0x1000)),
        RegisterBlock.emptyVirtioSlots(at(0xA00_0000, 0x4000), slot: 0x200),
        RegisterBlock.emptyBus(at(0x40_1000_0000, 0x1000_0000)),
      ]
    case .kvmtool:
      return [
        // The three UARTs behind the console, and the clock.
        RegisterBlock.zeroes(at(0x100_1000, 0x1_0000)), RegisterBlock.emptyBus(at(0x4000_0000, 0x1000_0000)),
      ]
    }
  }
}
