import Engine
import Testing

@testable import Machine
@testable import Session

/// What a fill leaves: granules that hold nothing but one byte share a page, and nothing but that shows it.
struct FillTests {
  private static let base: UInt64 = 0x8000_0000

  private static func write(_ machine: inout Machine, _ address: UInt64, _ kind: MemoryAccess.Kind) {
    let outcome = machine.perform(.access(MemoryAccess(world: .normal, address: address, kind: kind)))
    guard case .access(.ok) = outcome else {
      Issue.record("\(outcome)")
      return
    }
  }

  @Test func itReachesFromItsFirstByteToItsLast() throws {
    let script = Script()
    try script.check(
      """
      ns.write64 0x80000ff0 0x1111111111111111
      ns.write64 0x80003008 0x2222222222222222
      ns.fill 0x80000ff8 0x2010 0xa5
      ns.read64 0x80000ff0
      expect 0x1111111111111111
      ns.read64 0x80000ff8
      expect 0xa5a5a5a5a5a5a5a5
      ns.read64 0x80001000
      expect 0xa5a5a5a5a5a5a5a5
      ns.read64 0x80002ff8
      expect 0xa5a5a5a5a5a5a5a5
      ns.read64 0x80003000
      expect 0xa5a5a5a5a5a5a5a5
      ns.read64 0x80003008
      expect 0x2222222222222222
      """)
    try expectReplay(of: script.session)
  }

  /// As many pages as one statement may fill take none until something else is written to them, in this machine or in another.
  @Test func whatIsFilledSharesAPageUntilItIsWrittenTo() {
    var configuration = MachineConfiguration()
    configuration.dramSize = 1 << 30
    var one = Machine(configuration)
    var other = Machine(configuration)
    let count = Int(MemoryAccess.fillLimit / Granule.size)
    let before = one.pagesInUse
    Self.write(&one, Self.base, .fill(MemoryAccess.fillLimit, 7))
    Self.write(&other, Self.base + 0x4000, .fill(0x1000, 7))
    #expect(one.pagesInUse == before + count, "they have contents")
    let page = one.memory.page(Self.base)
    #expect((0..<UInt64(count)).allSatisfy { one.memory.page(Self.base + $0 * Granule.size) == page })
    #expect(other.memory.page(Self.base + 0x4000) == page)

    Self.write(&one, Self.base + 0x1008, .write8(9))
    #expect(one.memory.page(Self.base + 0x1000) != page)
    #expect(one.bytes(Self.base + 0x1000, 16) == [7, 7, 7, 7, 7, 7, 7, 7, 9, 7, 7, 7, 7, 7, 7, 7])
    #expect(one.bytes(Self.base + 0xFF8, 8) == one.bytes(Self.base + 0x2000, 8))
    #expect(one.bytes(Self.base, 4096) == [UInt8](repeating: 7, count: 4096))
    #expect(other.bytes(Self.base + 0x4000, 4096) == [UInt8](repeating: 7, count: 4096))

    // The same again changes nothing; zeroes leave nothing.
    Self.write(&one, Self.base + 0x1000, .fill(0x1000, 7))
    #expect(one.memory.page(Self.base + 0x1000) == page)
    _ = one.checkpoint()
    Self.write(&one, Self.base, .fill(0x8000, 7))
    let hasChanged = one.memory.hasChanged
    #expect(!hasChanged)
    Self.write(&one, Self.base, .fill(MemoryAccess.fillLimit, 0))
    #expect(one.pagesInUse == before)
    #expect(one.memory.savedPages == count)
    var fresh = Machine(configuration)
    #expect(one.digest() == fresh.digest())
  }

  /// Fills, stores and wipes at random, with checkpoints that are gone back to: memory is what it is when it is stored byte by byte, and so
  /// is the digest.
  @Test(arguments: 1...6)
  func memoryIsWhatWasStored(_ seed: UInt64) {
    var numbers = SeededNumbers(seed: seed)
    var machine = Machine(MachineConfiguration())
    let size = 6 * 4096
    var bytes = [UInt8](repeating: 0, count: size)
    var marks: [(id: Int, bytes: [UInt8])] = []

    func digestOfTheSame() -> UInt64 {
      var same = Machine(MachineConfiguration())
      for first in stride(from: 0, to: size, by: 64) {
        Self.write(&same, Self.base + UInt64(first), .bytes(Array(bytes[first..<first + 64])))
      }
      return same.digest()
    }

    for n in 0..<700 {
      let at = numbers.below(size - 8)
      let byte = UInt8(numbers.below(3))
      switch numbers.below(10) {
      case 0..<4:
        // Mostly from one page to another.
        let from = numbers.chance(70) ? at / 4096 * 4096 : at
        let length = numbers.chance(70) ? min(size - from, 4096 * (1 + numbers.below(3))) : 1 + numbers.below(size - from)
        Self.write(&machine, Self.base + UInt64(from), .fill(UInt64(length), byte))
        for k in from..<from + length { bytes[k] = byte }
      case 4:
        Self.write(&machine, Self.base + UInt64(at), .write8(byte))
        bytes[at] = byte
      case 5, 6:
        let value = numbers.chance(30) ? 0x0101_0101_0101_0101 * UInt64(byte) : numbers.next()
        Self.write(&machine, Self.base + UInt64(at), .write64(value))
        for k in 0..<8 { bytes[at + k] = UInt8(truncatingIfNeeded: value >> UInt64(8 * k)) }
      case 7:
        if marks.count < 12 { marks.append((machine.checkpoint(), bytes)) }
      case 8:
        if let last = marks.last {
          bytes = last.bytes
          machine.restore(to: last.id)
        }
      default:
        guard marks.count > 4 else { break }
        marks.removeLast(numbers.below(4))
        bytes = marks[marks.count - 1].bytes
        machine.restore(to: marks[marks.count - 1].id)
      }
      #expect(machine.bytes(Self.base, size) == bytes, "after \(n)")
      if n % 25 == 0 { #expect(machine.digest() == digestOfTheSame(), "after \(n)") }
    }
    // Back and forth over all of them.
    for _ in 0..<40 {
      let mark = marks[numbers.below(marks.count)]
      machine.travel(to: mark.id)
      bytes = mark.bytes
      #expect(machine.bytes(Self.base, size) == bytes)
      #expect(machine.digest() == digestOfTheSame())
    }
    machine.restore(to: marks[0].id)
    #expect(machine.memory.savedPages == 0, "nothing is kept of what was before the only checkpoint")
  }

  /// A state that is read from a file has the same digest, and pages that are shared as before.
  @Test func aFileKeepsIt() throws {
    var machine = Machine(MachineConfiguration())
    Self.write(&machine, Self.base, .fill(1 << 20, 0xC3))
    Self.write(&machine, Self.base + 0x3010, .write64(1))
    let bytes = SavedState.bytes(&machine)
    #expect(bytes.count < 32 << 10, "\(bytes.count)")
    var again = try SavedState.machine(bytes)
    #expect(again.digest() == machine.digest())
    #expect(again.memory.page(Self.base) == machine.memory.page(Self.base))
    Self.write(&again, Self.base, .write64(2))
    #expect(again.bytes(Self.base + 0x1000, 1) == [0xC3])
    #expect(machine.bytes(Self.base, 1) == [0xC3])
  }

  /// Steps that fill and store are gone back and forth over, by a recording, too.
  @Test func stepsOverFillsAreTakenBack() throws {
    let script = Script()
    var digests = [script.session.digest()]
    for line in [
      "ns.fill 0x80000000 4M 1", "ns.write64 0x80001000 2", "ns.fill 0x80000000 2M 3", "ns.fill 0x80001000 0x1000 0",
      "RMI_GRANULE_DELEGATE 0x80002000", "ns.fill 0x80003000 8 9", "ns.fill 0x80003000 0x1000 1",
      "RMI_GRANULE_UNDELEGATE 0x80002000",
    ] {
      try script.run(line)
      digests.append(script.session.digest())
    }
    let end = script.session.steps.count
    #expect(Set(digests).count == digests.count)
    for step in [0, end, 3, 5, 2, 8, 1, 4, 7, 6, end] {
      script.session.seek(step)
      #expect(script.session.digest() == digests[step], "step \(step)")
    }
    try expectReplay(of: script.session)
  }

  /// Code that has read two filled pages, which are one, and stores to one of them, reads there what it stored, and the other as it was.
  @Test(arguments: CodeEngine.allCases)
  func aGuestStoresToOneOfThem(_ engine: CodeEngine) throws {
    var configuration = MachineConfiguration()
    configuration.vcpu = .code
    let script = Script(configuration)
    script.session.codeEngine = engine
    let code: [UInt32] = [
      0xD2C0_1001,  // MOV X1, #1 << 39
      0xF940_0022,  // LDR X2, [X1]
      0xF948_0023,  // LDR X3, [X1, #0x1000]
      0xF900_0421,  // STR X1, [X1, #8]
      0xF940_0424,  // LDR X4, [X1, #8]
      0xF940_0025,  // LDR X5, [X1]
      0xF948_0426,  // LDR X6, [X1, #0x1008]
      0xD2B0_8000, 0xF280_0100, 0xD400_0003,  // PSCI_SYSTEM_OFF
    ]
    let bytes = code.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32(8 * $0)) } }
    try script.run("ns.write 0x83f10000 \(hexBytes(bytes))")
    try script.run(Script.activeRealm)
    try script.check(
      """
      ns.fill 0x80400000 0x2000 0x5a
      delegate 3 from 0x80300000
      RMI_RTT_CREATE rd 0x80300000 0x8000000000 1
      RMI_RTT_CREATE rd 0x80301000 0x8000000000 2
      RMI_RTT_CREATE rd 0x80302000 0x8000000000 3
      RMI_RTT_MAP_UNPROTECTED rd 0x8000000000 3 0x804000d8
      expect RMI_SUCCESS
      RMI_RTT_MAP_UNPROTECTED rd 0x8000001000 3 0x804010d8
      expect RMI_SUCCESS
      RMI_REC_ENTER rec run
      expect RMI_SUCCESS
      """)
    let x = try #require(script.session.lastStep?.guest?.x)
    #expect(script.session.lastStep?.result.exit?.reason == .psci)
    let filled: UInt64 = 0x5A5A_5A5A_5A5A_5A5A
    #expect(Array(x[2...6]) == [filled, filled, 1 << 39, filled, filled])
    let stored = script.session.read { $0.bytes(0x8040_0000, 24) }
    #expect(stored == [UInt8](repeating: 0x5A, count: 8) + [0, 0, 0, 0, 0x80, 0, 0, 0] + [UInt8](repeating: 0x5A, count: 8))
    #expect(script.session.read { $0.bytes(0x8040_1000, 4096) } == [UInt8](repeating: 0x5A, count: 4096))
    try expectReplay(of: script.session)
  }
}
