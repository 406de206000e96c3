import Engine
import Testing

@testable import Host

/// Which device an access of the guest's goes to.
struct DeviceBusTests {
  /// It keeps what is stored, and loads its number.
  private final class Register: Device {
    let range: Range<UInt64>
    let number: UInt64
    var stored: [UInt64] = []

    init(_ range: Range<UInt64>, _ number: UInt64) { (self.range, self.number) = (range, number) }

    func read(_ offset: UInt64, size: UInt64) -> UInt64 { number << 32 | offset << 8 | size }
    func write(_ offset: UInt64, size: UInt64, _ value: UInt64) { stored += [offset, size, value] }
  }

  @Test func anAddressHasOneDevice() {
    let bus = DeviceBus([Register(0x3000..<0x4000, 3), Register(0x1000..<0x2000, 1), Register(0x2000..<0x2800, 2)])
    func number(_ address: UInt64) -> UInt64? { bus.device(at: address)?.read(0, size: 0) }
    #expect([0x1000, 0x1FFF, 0x2000, 0x27FF, 0x3000, 0x3FFF].map { number($0).map { $0 >> 32 } } == [1, 1, 2, 2, 3, 3])
    #expect([0, 0xFFF, 0x2800, 0x2FFF, 0x4000, ~0].allSatisfy { number($0) == nil })
  }

  /// A guest's accesses by size, up to a device and back: UARTFR, UARTPeriphID0 and UARTPCellID3; 'A' to UARTDR as a byte, and 'B' as
  /// a word; a store to UARTCR prints nothing. X22 is where the UART is.
  @Test(arguments: [true, false])
  func aGuestReachesItsUART(_ isRealm: Bool) throws {
    let code: [UInt32] = [
      0x7940_32C1, 0xB94F_E2C2, 0x397F_F2C3, 0x5280_0824, 0x3900_02C4, 0x5280_0845, 0xB900_02C5, 0x7900_62C5, 0xAA01_03F3,
      0xAA02_03F4, 0xAA03_03F5, 0xD2B0_8000, 0xF280_0100, 0xD400_0003,
    ]
    let guest = HostBoundsTests.Guest(
      isRealm: isRealm, registers: [(22, GuestLayout.standard.uart.lowerBound)], code: code)
    let (session, vm) = try guest.built()
    var heard: [UInt8] = []
    vm.onConsole = { heard.append($0) }
    #expect(vm.run(entries: 100) == .poweredOff)
    #expect(vm.uart.output == [0x41, 0x42] && heard == [0x41, 0x42] && session.console == heard)
    let x = try #require(session.read { $0.guestRegisters(vm.lastVCPU.registers) }).x
    #expect(x[19] == 0x90 && x[20] == 0x11)
    #expect(x[21] == 0xB1)
  }

  /// Behind the UART is nothing: the load ends in an external abort, which the guest takes at its vector and then turns itself off.
  @Test(arguments: [true, false])
  func whereNoDeviceIsTheGuestTakesAnAbort(_ isRealm: Bool) throws {
    // ADR X1, 0x80000800; MSR VBAR_EL1, X1; LDR X2, [X22]; B .
    let code: [UInt32] = [0x1000_3F81, 0xD518_C001, 0xF940_02C2, 0x1400_0000]
    let nothing = [UInt32](repeating: 0xD503_201F, count: (0x800 + 0x200) / 4 - code.count - 4)
    // MRS X20, ESR_EL1; PSCI_SYSTEM_OFF.
    let vector: [UInt32] = [0xD538_5214, 0xD2B0_8000, 0xF280_0100, 0xD400_0003]
    let guest = HostBoundsTests.Guest(
      isRealm: isRealm, registers: [(22, GuestLayout.standard.uart.upperBound)], code: code + nothing + vector)
    let (session, vm) = try guest.built()
    #expect(vm.run(entries: 100) == .poweredOff)
    let registers = try #require(session.read { $0.guestRegisters(vm.lastVCPU.registers) })
    // Data Abort without a change of level, synchronous external abort.
    #expect(registers.x[20] >> 26 == 0x25 && registers.x[20] & 0x3F == 0x10)
  }
}
