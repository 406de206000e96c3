import Engine
import Testing

/// What a Host does for a guest has bounds, whose turn it is follows from the slices, and RAM reaches as far as it is said to.
struct HostBoundsTests {
  /// A guest of instructions that begin with registers set to values.
  struct Guest {
    var memory: UInt64 = 16 << 20
    var dram: UInt64 = 64 << 20
    var isRealm = true
    var vcpus = 1
    var budget: Int?
    var registers: [(UInt32, UInt64)] = []
    var code: [UInt32]

    func built() throws -> (session: Session, vm: RealmVM) {
      var configuration = MachineConfiguration()
      configuration.vcpu = .code
      configuration.recAuxCount = 0
      configuration.dramSize = dram
      let session = Session(configuration, keepsHistory: false)
      if let budget { session.setGuestBudget(budget) }
      var options = RealmVM.Options()
      options.memory = memory
      options.isRealm = isRealm
      options.vcpus = vcpus
      let vm = RealmVM(session, options)
      var words: [UInt32] = []
      for (register, value) in registers {
        for n in 0..<4 as Range<UInt32> {
          words.append((n == 0 ? 0xD280_0000 : 0xF280_0000) | n << 21 | UInt32(value >> UInt64(16 * n) & 0xFFFF) << 5 | register)
        }
      }
      words += code
      let bytes = words.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32(8 * $0)) } }
      try vm.build(try BootImage(bytes, base: RealmVM.ramBase))
      return (session, vm)
    }
  }

  /// MOVZ X0, #0x8400, LSL #16; MOVK X0, #8; SMC #0: PSCI_SYSTEM_OFF.
  private static let powerOff: [UInt32] = [0xD2B0_8000, 0xF280_0100, 0xD400_0003]

  /// vCPU 0 turns seven others on, which do nothing but burn their slices, and has its timer fire again before they are through. It
  /// gets to do more than to handle that.
  ///
  /// The others branch to themselves. vCPU 0: vectors at 0x80000800; GICD_CTLR 0x12; its redistributor woken, interrupts in group 1,
  /// PPI 27 enabled; ICC_PMR_EL1, ICC_IGRPEN1_EL1; PSCI_CPU_ON of 1 to 7; CNTV_CVAL_EL0 16384 ticks from now; DAIFClr; 16384 turns of a
  /// loop; PSCI_SYSTEM_OFF. The vector of an IRQ: ICC_IAR1_EL1, CNTV_CVAL_EL0 16384 ticks from now, ICC_EOIR1_EL1, ERET.
  @Test(arguments: [true, false])
  func aTimerDoesNotKeepAVCPUFromItsWork(_ isRealm: Bool) throws {
    let code: [UInt32] = [
      0xD538_00BC, 0x9240_1F9C, 0xB500_053C, 0x1000_3FA0, 0xD518_C000, 0xD2C0_0033, 0xF2A7_FFF3, 0x5280_0241, 0xB900_0261,
      0xD2C0_0034, 0xF2A7_FDF4, 0xB900_169F, 0x9140_4294, 0x1280_0001, 0xB900_8281, 0x52A1_0001, 0xB901_0281, 0xD280_1E01,
      0xD518_4601, 0xD280_0021, 0xD518_CCE1, 0xD280_0037, 0xD2B8_8000, 0xF280_0060, 0xAA17_03E1, 0xD2B0_0002, 0xD280_0003,
      0xD400_0003, 0x9100_06F7, 0xF100_22FF, 0x54FF_FF01, 0xD53B_E055, 0x9140_12B5, 0xD51B_E355, 0xD280_0021, 0xD51B_E321,
      0xD503_42FF, 0xD288_0018, 0xF100_0718, 0x54FF_FFE1, 0xD2B0_8000, 0xF280_0100, 0xD400_0003, 0x1400_0000,
    ]
    let vector: [UInt32] = [0xD538_CC0A, 0xD53B_E055, 0x9140_12B5, 0xD51B_E355, 0xD518_CC2A, 0xD69F_03E0]
    let gap = [UInt32](repeating: 0xD503_201F, count: 0xA80 / 4 - code.count)
    let guest = Guest(isRealm: isRealm, vcpus: 8, budget: 4096, code: code + gap + vector)
    let (session, vm) = try guest.built()
    #expect(vm.run(entries: 1000) == .poweredOff)
    #expect(session.read { $0.invariantViolations() } == [])
  }

  /// A page that is EMPTY and RAM again, 80 times, on a machine with no more than 64 granules for it.
  @Test func granulesOfTheGuestsAreUsedAgain() throws {
    // X19 is the page: RSI_IPA_STATE_SET to EMPTY, to RAM, a store, X20 times.
    let code: [UInt32] = [
      0xD280_0003, 0x9400_0009, 0xD280_0023, 0x9400_0007, 0xF900_0273, 0xD100_0694, 0xB5FF_FF54, 0xD2B0_8000, 0xF280_0100,
      0xD400_0003, 0xD2B8_8000, 0xF280_32E0, 0xAA13_03E1, 0x9140_0662, 0xD280_0004, 0xD400_0003, 0xD65F_03C0,
    ]
    let guest = Guest(dram: (1 << 20) + 64 * 4096, registers: [(19, 0x8080_0000), (20, 80)], code: code)
    let (session, vm) = try guest.built()
    #expect(vm.run(entries: 1000) == .poweredOff)
    #expect(vm.pagesGiven == 80)
    #expect(session.read { $0.invariantViolations() } == [])
  }

  /// Gives X19 to X21 back with RSI_IPA_STATE_SET, from where the answer says it ended, until it is done; before, X20 pages from X19 on
  /// are touched.
  private static let giveBack: [UInt32] = [
    0xAA13_03E0, 0xF900_0000, 0x9140_0400, 0xD100_0694, 0xB5FF_FFB4, 0xD2B8_8000, 0xF280_32E0, 0xAA13_03E1, 0xAA15_03E2,
    0xD280_0003, 0xD280_0004, 0xD400_0003, 0xB500_00E0, 0xAA01_03F3, 0xEB15_027F, 0x54FF_FEC1, 0xD2B0_8000, 0xF280_0100,
    0xD400_0003, 0x1400_0000,
  ]

  /// Pages in two pieces of 2 MiB are more than this Host takes back at one exit: the Realm asks for the rest.
  @Test func aLargeChangeOfRIPASIsServedInPieces() throws {
    let registers: [(UInt32, UInt64)] = [(19, 0x803F_0000), (20, 32), (21, 0x8100_0000)]
    let (session, vm) = try Guest(registers: registers, code: Self.giveBack).built()
    vm.callsForRIPAS = 16
    #expect(vm.run(entries: 100) == .poweredOff)
    #expect(vm.pagesGiven == 32)
    #expect(vm.exits[.ripasChange] ?? 0 > 1)
    #expect(session.read { $0.invariantViolations() } == [])
  }

  /// A change of everything there is does not cost a call for each page that was never given.
  @Test func aChangeOfTheWholeSpaceCostsWhatWasGiven() throws {
    let registers: [(UInt32, UInt64)] = [(19, 0x8020_0000), (20, 3), (21, 0x1_0000_0000)]
    let (session, vm) = try Guest(registers: registers, code: Self.giveBack).built()
    let before = session.position
    #expect(vm.run(entries: 100) == .poweredOff)
    #expect(session.position - before < 100)
  }

  /// RAM up to its end, also where that is beyond the devices' usual places: stores to X19, X20 and X21, and 'A' to the UART at X22.
  @Test(
    arguments: [(2 << 30, 0x1_0100_0000), (3 << 30, 0x2_0100_0000), (6 << 30, 0x2_0100_0000)] as [(UInt64, UInt64)],
    [true, false])
  func ramBeyondAGiBIsThere(_ size: (memory: UInt64, uart: UInt64), _ isRealm: Bool) throws {
    let code = [0xF900_0273, 0xF900_0294, 0xF900_02B5, 0x5280_0820, 0x3900_02C0] as [UInt32] + Self.powerOff
    let last = RealmVM.ramBase + size.memory - 4096
    let registers: [(UInt32, UInt64)] = [(19, 0xBFFF_F000), (20, 0xC000_0000), (21, last), (22, size.uart)]
    let (session, vm) = try Guest(memory: size.memory, isRealm: isRealm, registers: registers, code: code).built()
    #expect(vm.run(entries: 100) == .poweredOff)
    #expect(vm.pagesGiven == 3)
    #expect(vm.uart.output == [0x41])
    #expect(session.console == [0x41])
    #expect(session.read { $0.invariantViolations() } == [])
  }

  /// Where the standard layout has its UART is RAM of a guest with more: a byte stored there is none on the console.
  @Test(arguments: [true, false])
  func ramWhereTheUARTWasIsRAM(_ isRealm: Bool) throws {
    // MOV W0, #0x41; STRB W0, [X22].
    let code = [0x5280_0820, 0x3900_02C0] as [UInt32] + Self.powerOff
    let guest = Guest(memory: 3 << 30, isRealm: isRealm, registers: [(22, GuestLayout.standard.uart.lowerBound)], code: code)
    let (session, vm) = try guest.built()
    #expect(vm.run(entries: 100) == .poweredOff)
    #expect(vm.pagesGiven == 1)
    #expect(vm.uart.output.isEmpty && session.console.isEmpty)
  }

  @Test(arguments: [0, 3 << 20, (8 << 30) + (2 << 20), UInt64.max & ~0x1F_FFFF] as [UInt64])
  func otherSizesAreRefused(_ memory: UInt64) {
    #expect(throws: RealmVM.Failure.self) { _ = try Guest(memory: memory, code: [0]).built() }
  }

  /// What the UART keeps has a bound; it counts on, and goes back by count.
  @Test func theUARTKeepsTheLastBytes() {
    var uart = PL011()
    for n in 0..<2 * PL011.limit { uart.write(0, UInt64(n & 0xFF)) }
    #expect(uart.output.count == PL011.limit && uart.count == 2 * PL011.limit)
    uart.truncate(to: 2 * PL011.limit - 5)
    #expect(uart.output.last == 0xFA && uart.count == 2 * PL011.limit - 5)
    #expect(uart.write(0x18, 7) == nil && uart.write(0, 0x107) == 7)
    #expect(uart.count == 2 * PL011.limit - 4)
  }

  /// With a seed, what RNDR gives is the same each time, and so is the state; without one it is not.
  @Test func aSeedMakesRandomNumbersTheSame() throws {
    func digest(_ seed: UInt64?) throws -> UInt64 {
      // MRS X0, RNDR; STR X0, [X19].
      let code = [0xD53B_2400, 0xF900_0260] as [UInt32] + Self.powerOff
      let (session, vm) = try Guest(registers: [(19, 0x8080_0000)], code: code).built()
      if let seed { session.seedEntropy(seed) }
      #expect(vm.run(entries: 100) == .poweredOff)
      return session.digest()
    }
    #expect(try digest(7) == digest(7))
    #expect(try digest(7) != digest(8))
    #expect(try digest(nil) != digest(nil))
  }

  /// One entry draws so many random numbers and no more: RNDR fails from there on, as the architecture lets it, until the next.
  @Test func randomNumbersOfOneEntryHaveABound() throws {
    // again: MRS X1, RNDR; B.EQ done; ADD X2, X2, #1; B again; done: power off.
    let code = [0xD53B_2401, 0x5400_0060, 0x9100_0442, 0x17FF_FFFD] as [UInt32] + [0xAA02_03F3] + Self.powerOff
    let (session, vm) = try Guest(registers: [(2, 0)], code: code).built()
    #expect(vm.run(entries: 100) == .poweredOff)
    let registers = try #require(session.read { $0.guestRegisters(vm.lastVCPU.registers) })
    #expect(registers.x[19] == 4096 && registers.x[1] == 0)
    #expect(registers.pstate.bit(30))
  }

  /// A guest that does nothing but have tokens signed gives its PE back after some: an entry ends in the time its budget stands for.
  @Test func tokensOfOneEntryHaveABound() throws {
    // again: RSI_ATTESTATION_TOKEN_INIT; RSI_ATTESTATION_TOKEN_CONTINUE of a granule to 0x80800000; B again.
    let code: [UInt32] = [
      0xD2B8_8000, 0xF280_3280, 0xD400_0003, 0xD2B8_8000, 0xF280_32A0, 0xAA13_03E1, 0xD280_0002, 0xD282_0003, 0xD400_0003,
      0x17FF_FFF7,
    ]
    let (session, vm) = try Guest(registers: [(19, 0x8080_0000)], code: code).built()
    // The first ends where the Host has to give it the page.
    #expect(vm.enter() == nil)
    for _ in 0..<2 {
      let start = session.now
      #expect(vm.enter() == nil)
      #expect((310...330).contains(session.now - start), "32 turns of ten instructions, not a million")
    }
  }
}
