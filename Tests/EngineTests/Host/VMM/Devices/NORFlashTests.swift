import Testing

@testable import Host

/// Flash beyond what a driver does with it in order: what its commands do where they cannot stand, and what it knows.
struct NORFlashTests {
  /// What is behind a bank: a few pages, the rest is zeroes.
  private final class Content {
    var bytes: [UInt64: UInt8] = [:]
    var memory: VirtioMemory {
      VirtioMemory(
        read: { address, count in (0..<UInt64(count)).map { self.bytes[address + $0] ?? 0 } },
        write: { address, bytes in
          for (n, byte) in bytes.enumerated() { self.bytes[address + UInt64(n)] = byte }
          return true
        })
    }
  }

  private static let base: UInt64 = 0x400_0000
  private static let block = NORFlash.blockSize

  private static func bank(isWritable: Bool = true) -> (NORFlash, Content) {
    let content = Content()
    return (NORFlash(at: base, isWritable: isWritable, content.memory), content)
  }

  private static func command(_ bank: NORFlash, _ value: UInt64, at offset: UInt64 = 0) {
    bank.write(offset, size: 4, value << 16 | value)
  }

  private static func erase(_ bank: NORFlash, at offset: UInt64) {
    command(bank, 0x20, at: offset)
    command(bank, 0xD0, at: offset)
    command(bank, 0xFF)
  }

  private static func program(_ bank: NORFlash, _ value: UInt64, at offset: UInt64) {
    command(bank, 0x40, at: offset)
    bank.write(offset, size: 4, value)
    command(bank, 0xFF)
  }

  /// A program makes no bit 1, and an erasure makes each bit of its block 1, and of no other.
  @Test func bitsBecomeZeroOneByOneAndOneByTheBlock() {
    let (bank, _) = Self.bank()
    Self.erase(bank, at: Self.block + 0x1234)
    #expect(bank.read(Self.block - 4, size: 4) == 0 && bank.read(2 * Self.block, size: 4) == 0)
    #expect(bank.read(Self.block, size: 8) == .max && bank.read(2 * Self.block - 8, size: 8) == .max)
    Self.program(bank, 0xFF00_FF0F, at: Self.block)
    Self.program(bank, 0x0FF0_FFFF, at: Self.block)
    #expect(bank.read(Self.block, size: 4) == 0x0F00_FF0F)
    Self.erase(bank, at: Self.block)
    #expect(bank.read(Self.block, size: 4) == 0xFFFF_FFFF)
  }

  @Test func whatIsNotConfirmedIsNotDoneAndSaysSo() {
    let (bank, _) = Self.bank()
    Self.erase(bank, at: 0)
    Self.program(bank, 0x1234_5678, at: 0)
    Self.command(bank, 0x20)
    Self.command(bank, 0x70)
    #expect(bank.read(0, size: 4) == 0x00B0_00B0, "ready, and a command sequence error")
    Self.command(bank, 0x50)
    Self.command(bank, 0x70)
    #expect(bank.read(0, size: 4) == 0x0080_0080)
    // A buffer of more than there is room for, and one that is not confirmed.
    Self.command(bank, 0xE8)
    Self.command(bank, 1024)
    #expect(bank.read(0, size: 4) == 0x00B0_00B0)
    Self.command(bank, 0x50)
    Self.command(bank, 0xE8)
    Self.command(bank, 0)
    bank.write(8, size: 4, 0)
    Self.command(bank, 0xFF)
    Self.command(bank, 0x70)
    #expect(bank.read(0, size: 4) == 0x00B0_00B0)
    Self.command(bank, 0xFF)
    #expect(bank.read(0, size: 8) == 0xFFFF_FFFF_1234_5678 && bank.read(8, size: 4) == 0xFFFF_FFFF)
  }

  @Test func blocksOfAReadOnlyBankAreProtected() {
    let (bank, content) = Self.bank(isWritable: false)
    Self.command(bank, 0x20)
    Self.command(bank, 0xD0)
    #expect(bank.read(0, size: 4) == 0x00A2_00A2)
    Self.command(bank, 0x50)
    Self.command(bank, 0x40)
    bank.write(0, size: 4, 0)
    #expect(bank.read(0, size: 4) == 0x0092_0092)
    #expect(content.bytes.isEmpty)
  }

  /// Every access of the bus, and nothing beyond the bank.
  @Test func accessesOfEachSizeAreAnswered() {
    let (bank, _) = Self.bank()
    var modes: [Bool] = []
    bank.onMode = { modes.append($0) }
    Self.command(bank, 0x98)
    #expect(
      bank.read(0x40, size: 8) == 0x0052_0052_0051_0051 && bank.read(0x42, size: 2) == 0x51 && bank.read(0x40, size: 1) == 0x51)
    #expect(bank.read(0x41, size: 1) == 0 && bank.read(NORFlash.size - 1, size: 4) == 0)
    Self.command(bank, 0xFF)
    Self.erase(bank, at: 0)
    #expect(modes == [false, true, false, true])
    // Two accesses of the bus: a command, and what is programmed.
    bank.write(0x1000, size: 8, 0xABCD_EF01_0000_0040)
    Self.command(bank, 0xFF)
    #expect(bank.read(0x1000, size: 8) == 0xABCD_EF01_FFFF_FFFF)
    bank.write(NORFlash.size - 2, size: 4, 0x70)
    #expect(bank.isArray)
  }

  @Test func whatItKnowsIsKnownAgainAndNothingElse() {
    let (bank, _) = Self.bank()
    Self.command(bank, 0xE8)
    Self.command(bank, 3)
    bank.write(4, size: 4, 0x1122_3344)
    bank.write(8, size: 2, 0x5566)
    let state = bank.state
    func again(awaited: UInt64? = nil, mode: UInt64? = nil, bytes: [UInt8]? = nil) -> NORFlash.State? {
      NORFlash.State(
        mode: mode ?? UInt64(state.mode.rawValue), cycle: UInt64(state.cycle.rawValue), status: UInt64(state.status),
        awaited: awaited ?? UInt64(state.awaited), buffer: bytes ?? state.bufferBytes)
    }
    #expect(again() == state && state.awaited == 2)
    #expect(again(awaited: 0) == nil && again(awaited: 1023) == nil && again(awaited: .max) == nil && again(mode: 9) == nil)
    #expect(again(bytes: [0]) == nil && again(bytes: [0xFF, 0xFF, 0xFF, 0x03, 4, 0, 0, 0, 0]) == nil)
    #expect(again(bytes: [0, 0, 0, 0, 3, 0, 0, 0, 0]) == nil)
    bank.reset()
    #expect(bank.isArray && bank.state == NORFlash.State())
  }
}
