/// Where kvmtool's arm64 machine has what.
enum KvmtoolMap {
  static let uart: UInt64 = 0x100_0000
  static let uartStride: UInt64 = 0x1000
  static let uartSize: UInt64 = 8
  static let uartCount = 4
  static let rtc: UInt64 = 0x101_0000
  static let virtio: UInt64 = 0x300_0000
  static let virtioSize: UInt64 = 0x200
  static let pciConfiguration: UInt64 = 0x4000_0000
  static let pciConfigurationSize: UInt64 = 0x1000_0000
  static let pciMemory: UInt64 = 0x5000_0000
  static let pciPorts: UInt64 = 0
  static let pciPortsSize: UInt64 = 0x1_0000
  static let distributor: UInt64 = 0x3FFF_0000
  static let distributorSize: UInt64 = 0x1_0000
  static let redistributorSize: UInt64 = 0x2_0000
  static let itsSize: UInt64 = 0x2_0000
  /// Shared peripheral interrupts.
  static let uartSPI: UInt32 = 0
  static let virtioSPI: UInt32 = 4
  static let pciSPI: UInt32 = 64
}
