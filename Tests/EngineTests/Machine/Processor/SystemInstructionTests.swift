import Engine
import Testing

/// System instructions and registers whose outcome is a number to look at.
struct SystemInstructionTests {
  /// AT without an MMU: Device memory, Outer Shareable. With one: what MAIR_EL1 and the descriptor say. Without a descriptor: the fault
  /// (Arm ARM D24, PAR_EL1).
  @Test(arguments: CodeEngine.allCases)
  func addressTranslationTellsAttributesAndFaults(_ engine: CodeEngine) throws {
    // X28 = 0x80800000; X2 = X28 + 4096; AT S1E1R of X2; PAR_EL1 to [X28]. A block of 1 GiB at 0x80000000 with AttrIndx 1 and inner
    // shareable in a table at X2, and an invalid entry before it; MAIR_EL1.Attr1 = 0xFF; TCR_EL1 for 39 bits; MMU on. AT S1E1R of X28;
    // PAR_EL1 to [X28, #8]. AT S1E1W of 0x40000000; PAR_EL1 to [X28, #16].
    let code: [UInt32] = [
      0xD2B0_101C, 0x9140_0782, 0xD508_7802, 0xD503_3FDF, 0xD538_7403, 0xF900_0383, 0xD2B0_0004, 0xD280_E0A5, 0xAA05_0084,
      0xF900_0844, 0xD280_9005, 0xF900_0445, 0xD29F_E006, 0xD518_A206, 0xD280_0326, 0xF2C0_0026, 0xD518_2046, 0xD518_2002,
      0xD503_3FDF, 0xD538_1006, 0xB240_00C6, 0xD518_1006, 0xD503_3FDF, 0xD508_781C, 0xD503_3FDF, 0xD538_7403, 0xF900_0783,
      0xD2A8_0007, 0xD508_7827, 0xD503_3FDF, 0xD538_7403, 0xF900_0B83,
    ]
    let bytes = try InstructionTests.run(code, engine)
    let words = (0..<3).map { n in (0..<8).reduce(UInt64(0)) { $0 | UInt64(bytes[n * 8 + $1]) << UInt64(8 * $1) } }
    #expect(words == [0x8080_1900, 0xFF00_0000_8080_0980, 0x80B])
  }

  /// A guest that takes the right to write from a page and forgets the TLBI: what it finds does not depend on the engine. Here code is
  /// entered in between that was not in use before, and the write faults.
  @Test(arguments: CodeEngine.allCases)
  func aForgottenTLBIIsTheSameWithBothEngines(_ engine: CodeEngine) throws {
    // Tables at 0x80900000: VA 0x40000000 leads to 0x80800000, and a block of 1 GiB to the code. MMU on, vectors at 0x80004000; 1 to the
    // page; its descriptor read-only; BLR to 0x80002000; 2 to the page. The vector, as the end of it, powers off.
    var code: [UInt32] = [
      0xD2B0_121C, 0xD2B0_101B, 0x9140_0782, 0x9140_0B83, 0xF900_037F, 0xB240_0444, 0xF900_0784, 0xB240_0464, 0xF900_0044,
      0xD280_E065, 0xAA05_0364, 0xF900_0064, 0xD2B0_0004, 0xD280_E025, 0xAA05_0084, 0xF900_0B84, 0xD280_1FE6, 0xD518_A206,
      0xD280_0326, 0xF2C0_0026, 0xD518_2046, 0xD518_201C, 0xD503_3FDF, 0xD538_1006, 0xB240_00C6, 0xD518_1006, 0xD503_3FDF,
      0xD2B0_0009, 0x9140_1129, 0xD518_C009, 0xD2A8_0007, 0xD280_0028, 0xF900_00E8, 0xF940_0064, 0xB279_0084, 0xF900_0064,
      0xD2B0_0009, 0x9140_0929, 0xD63F_0120, 0xD280_0048, 0xF900_04E8,
    ]
    let vector = 0x4200 / 4
    code.append(0x1400_0000 | UInt32(vector - code.count))
    code += [UInt32](repeating: 0xD503_201F, count: 2048 - code.count) + [0xD65F_03C0]
    code += [UInt32](repeating: 0xD503_201F, count: vector - code.count)
    let bytes = try InstructionTests.run(code, engine)
    #expect([bytes[0], bytes[8]] == [1, 0])
  }

  /// TLBI by address: the page has its new place, and a block from which another address was named has, too. What nobody had written and
  /// was read is where it was written when another page leads to it.
  @Test(arguments: CodeEngine.allCases)
  func aTLBIByAddressIsAboutItsPageOrBlock(_ engine: CodeEngine) throws {
    // X27 = 0x80800000, tables at 0x80900000: the code a page at 0x80000000, X27 and the tables in a block. VA 0x40000000 leads to a page at
    // 0x80A00000, VA 0x40200000 to a block there; 1, 2 and 3 to 0x80A00000, 0x80A01000 and 0x80C00000. MMU on. [X27] = [0x40000000]; its
    // descriptor to 0x80A01000, TLBI VAAE1IS; [X27, #8] = [0x40000000]. [X27, #16] = [0x40200000]; its descriptor to 0x80C00000, TLBI VALE1
    // of 0x40205000; [X27, #24] = [0x40200000]. VA 0x40001000 and 0x40002000 to 0x80D00000: [X27, #32] = [0x40001000]; 4 to 0x40002000;
    // [X27, #40] = [0x40001000].
    let code: [UInt32] = [
      0xD2B0_101B, 0xD2B0_121C, 0x9140_0781, 0x9140_0B82, 0x9140_0F83, 0x9140_1384, 0xD280_E025, 0xD280_E066, 0xB240_0427,
      0xF900_0787, 0xB240_0467, 0xF900_0B87, 0xB240_0487, 0xF900_0067, 0xD2B0_0009, 0xAA06_0127, 0xF900_0087, 0xD2B0_100A,
      0xAA05_0147, 0xF900_1067, 0xB240_0447, 0xF900_0027, 0xD2B0_140A, 0xAA06_0147, 0xF900_0047, 0xAA05_0147, 0xF900_0427,
      0x9140_054B, 0xD2B0_180C, 0xD280_0028, 0xF900_0148, 0xD280_0048, 0xF900_0168, 0xD280_0068, 0xF900_0188, 0xD280_1FE7,
      0xD518_A207, 0xD280_0327, 0xF2C0_0027, 0xD518_2047, 0xD518_201C, 0xD503_3FDF, 0xD538_1007, 0xB240_00E7, 0xD518_1007,
      0xD503_3FDF, 0xD2A8_000D, 0xF940_01AE, 0xF900_036E, 0xAA06_0167, 0xF900_0047, 0xD503_3A9F, 0xD34C_FDAF, 0xD508_836F,
      0xD503_3B9F, 0xD503_3FDF, 0xF940_01AE, 0xF900_076E, 0xD2A8_040D, 0xF940_01AE, 0xF900_0B6E, 0xAA05_0187, 0xF900_0427,
      0xD503_3A9F, 0x9140_15AF, 0xD34C_FDEF, 0xD508_87AF, 0xD503_3B9F, 0xD503_3FDF, 0xF940_01AE, 0xF900_0F6E, 0xD2A8_000D,
      0xD2B0_1A10, 0xAA06_0207, 0xF900_0447, 0x9140_05B1, 0xF940_022E, 0xF900_136E, 0xAA06_0207, 0xF900_0847, 0x9140_09B2,
      0xD280_0088, 0xF900_0248, 0xF940_022E, 0xF900_176E,
    ]
    let bytes = try InstructionTests.run(code, engine)
    #expect((0..<6).map { bytes[$0 * 8] } == [1, 2, 1, 3, 0, 4])
  }

  /// An operation that came after Armv8.0 is UNDEFINED, as ID_AA64ISAR1_EL1 says: here DC CVAP.
  @Test(arguments: CodeEngine.allCases)
  func anOperationThereIsNotIsUndefined(_ engine: CodeEngine) throws {
    // X28 = 0x80800000; vectors at 0x80004000; DC CVAP of X0. The vector stores ESR_EL1 at [X28].
    var code: [UInt32] = [0xD2B0_101C, 0xD2B0_0009, 0x9140_1129, 0xD518_C009, 0xD50B_7C20]
    code += [UInt32](repeating: 0xD503_201F, count: 0x4200 / 4 - code.count) + [0xD538_5201, 0xF900_0381]
    let bytes = try InstructionTests.run(code, engine)
    #expect(bytes[0..<4] == [0, 0, 0, 2], "EC 0, IL")
  }

  /// Identification registers do not contradict each other (Arm ARM D24): two breakpoints at least, no more of them aware of contexts
  /// than there are; EL1 and EL0 in AArch64 only; FP with AdvSIMD; 4 KiB granules.
  @Test func identificationIsArchitected() throws {
    // X28 = 0x80800000; MRS X0 of ID_AA64DFR0_EL1, ID_AA64PFR0_EL1, ID_AA64MMFR0_EL1; STR X0, [X28, #8 * n].
    let code: [UInt32] = [
      0xD2B0_101C, 0xD538_0500, 0xF900_0380, 0xD538_0400, 0xF900_0780, 0xD538_0700, 0xF900_0B80,
    ]
    let bytes = try InstructionTests.run(code, .fast)
    let words = (0..<3).map { n in (0..<8).reduce(UInt64(0)) { $0 | UInt64(bytes[n * 8 + $1]) << UInt64(8 * $1) } }
    func field(_ word: Int, _ low: UInt64) -> UInt64 { words[word] >> low & 0xF }
    let (breakpoints, contexts, watchpoints) = (field(0, 12), field(0, 28), field(0, 20))
    #expect(breakpoints == 1 && contexts <= breakpoints && watchpoints == 1)
    #expect(field(0, 0) == 6, "DebugVer: Armv8.0")
    #expect(field(1, 0) == 1 && field(1, 4) == 1 && field(1, 16) == field(1, 20))
    #expect(field(2, 28) == 0 && field(2, 24) == 0xF && field(2, 20) == 0)
  }

  /// With ICH_HCR_EL2.TDIR, which the Host may set for an entry, ICC_DIR_EL1 comes to it.
  @Test func deactivationIsTrappedWhenTheHostWantsIt() throws {
    var configuration = MachineConfiguration()
    configuration.vcpu = .code
    let script = Script(configuration)
    // MOVZ X0, #27; MSR ICC_DIR_EL1, X0; B to itself.
    try script.run("ns.write64 0x83f10000 0xd518cb20d2800360\nns.write64 0x83f10008 0x14000000")
    try script.run(Script.activeRealm)
    try script.run(
      """
      guest pause 100
      ns.fill run 0x1000 0
      ns.write64 run+0x300 0x4000
      RMI_REC_ENTER rec run
      expect RMI_SUCCESS
      """)
    #expect(script.runner.failures == [])
    let exit = try #require(script.session.lastStep?.result.exit)
    #expect(exit.reason == .sync)
    // EC 0x18, IL, S3_0_C12_C11_1, X0, a write.
    #expect(exit.fields.first { $0.name == "esr" }?.value == 0x6232_3016)
    #expect(exit.fields.first { $0.name == "gpr0" }?.value == 27)
  }
}
