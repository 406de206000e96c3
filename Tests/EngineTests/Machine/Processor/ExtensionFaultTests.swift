import Engine
import Testing

/// What PAN, BTI and pointer authentication stop, and what the ID registers say of an Armv8.5 processor: code at EL1 with its MMU on.
struct ExtensionFaultTests {
  /// X28, from where results are stored.
  private static let results = InstructionSequence.buffer

  private static func move(_ register: UInt32, _ value: UInt64) -> [UInt32] {
    (0..<4 as Range<UInt32>).map { n in
      (n == 0 ? 0xD280_0000 : 0xF280_0000) | n << 21 | UInt32(value >> UInt64(16 * n) & 0xFFFF) << 5 | register
    }
  }

  /// STR Xn, [X28], #8
  private static func store(_ register: UInt32) -> UInt32 { 0xF800_8780 | register }

  /// Runs code with three views of the same memory: at its own place the kernel's, 1 GiB above it one that EL0 may access, 2 GiB above it
  /// one that is guarded. An exception stores ESR_EL1 and SPSR_EL1, and goes on where X25 says.
  private static func run(_ body: (inout [UInt32]) -> Void, _ engine: CodeEngine, sctlr: UInt64 = 0) throws -> [UInt64] {
    var code = move(28, results)
    code += move(0, 0x8000_2000) + [0xD518_C000]  // MSR VBAR_EL1, X0
    let table: UInt64 = 0x8090_0000
    // Blocks of 1 GiB: AF, Normal memory; AP 01 for EL0; UXN or PXN; GP.
    for (index, descriptor) in [
      (UInt64(2), 0x8000_0401 as UInt64), (3, 0x8000_0441), (4, 0x8000_0401 | 1 << 50),
    ] {
      code += move(0, table + 8 * index) + move(1, descriptor) + [0xF900_0001]  // STR X1, [X0]
    }
    code += move(0, 0xFF) + [0xD518_A200]  // MSR MAIR_EL1, X0
    code += move(0, table) + [0xD518_2000]  // MSR TTBR0_EL1, X0
    code += move(0, 25 | 1 << 23 | 1 << 37) + [0xD518_2040]  // MSR TCR_EL1, X0
    code += move(0, 0x30D0_0801 | sctlr) + [0xD518_1000, 0xD503_3FDF]  // MSR SCTLR_EL1, X0; ISB
    body(&code)
    // MRS X21, ESR_EL1; STR; MRS X21, SPSR_EL1; STR; MSR ELR_EL1, X25; ERET.
    let handler: [UInt32] = [0xD538_5215, store(21), 0xD538_4015, store(21), 0xD518_4039, 0xD69F_03E0]
    let vector = 0x2200 / 4
    #expect(code.count < vector)
    code.append(0x1400_0000 | UInt32(vector + handler.count - code.count))
    code += [UInt32](repeating: 0xD503_201F, count: vector - code.count) + handler
    let bytes = try InstructionTests.run(code, engine, bytes: 256, cpu: "v8.5")
    return stride(from: 0, to: bytes.count, by: 8).map { place in
      (0..<8).reduce(0) { $0 | UInt64(bytes[place + $1]) << UInt64(8 * $1) }
    }
  }

  /// ADR X25, of what comes behind so many instructions from here.
  private static func resume(after count: UInt32) -> UInt32 { 0x1000_0000 | (count + 1) << 5 | 25 }

  @Test(arguments: CodeEngine.allCases)
  func panKeepsEL1FromWhatEL0CanAccess(_ engine: CodeEngine) throws {
    let words = try Self.run(
      { code in
        // The same place as the kernel's view has, as EL0 may access it.
        code += Self.move(1, 0xC080_0800)
        code += Self.move(2, 0x1234)
        code += [0xF900_0022]  // STR X2, [X1]: without PAN
        code += [0xD500_419F]  // MSR PAN, #1
        code += [Self.resume(after: 1), 0xF940_0023]  // LDR X3, [X1]
        code += [Self.resume(after: 1), 0xF900_0022]  // STR X2, [X1]
        code += [Self.resume(after: 1), 0xF840_0824]  // LDTR X4, [X1]
        code += [Self.store(4)]
        code += [0xD538_4265, Self.store(5)]  // MRS X5, PAN
        // An address that EL0 may not access is the kernel's own.
        code += Self.move(1, 0x8080_0800) + [0xF940_0023, Self.store(3)]
        code += [Self.resume(after: 1), 0xF840_0824]  // LDTR of that
      }, engine)
    // Data aborts of this level, permission faults of level 1; the second a write. SPSR has PAN.
    #expect(words[0] == 0x25 << 26 | 1 << 25 | 0x0D)
    #expect(words[1] & 1 << 22 != 0)
    #expect(words[2] == 0x25 << 26 | 1 << 25 | 1 << 6 | 0x0D)
    #expect(words[4...6] == [0x1234, 1 << 22, 0x1234])
    #expect(words[7] == 0x25 << 26 | 1 << 25 | 0x0D)
  }

  @Test(arguments: CodeEngine.allCases)
  func btiStopsABranchThatLandsElsewhere(_ engine: CodeEngine) throws {
    // In the guarded view: at 0x3000 no place to land, at 0x3010 BTI C, at 0x3020 BTI J, at 0x3030 PACIASP.
    let words = try Self.run(
      { code in
        func place(_ address: UInt64, _ landing: UInt32) {
          // What lies there: the landing, and BR X25.
          code += Self.move(0, address) + Self.move(1, UInt64(0xD61F_0320) << 32 | UInt64(landing)) + [0xF900_0001]
        }
        place(0x8080_0900, 0xD503_201F)
        place(0x8080_0910, 0xD503_245F)
        place(0x8080_0920, 0xD503_249F)
        place(0x8080_0930, 0xD503_233F)
        for (target, branch) in [
          (0x1_0080_0900 as UInt64, 0xD63F_0020 as UInt32),  // BLR X1 to no landing
          (0x1_0080_0910, 0xD63F_0020), (0x1_0080_0920, 0xD63F_0020), (0x1_0080_0930, 0xD63F_0020),
          (0x1_0080_0920, 0xD61F_0020), (0x1_0080_0900, 0xD65F_0020),  // BR X1, RET X1
          (0x8080_0900, 0xD63F_0020),  // in the view that is not guarded
        ] {
          code += Self.move(1, target) + [Self.resume(after: 1), branch, Self.store(25)]
        }
      }, engine)
    // BLR to what is no landing, and to BTI J: branch target exceptions with BTYPE 10, which SPSR has, too.
    let exception: UInt64 = 0x0D << 26 | 1 << 25 | 0b10
    #expect(words.filter { $0 == exception }.count == 2)
    #expect(words[0] == exception && words[1] >> 10 & 3 == 0b10)
    #expect(words[4] == exception)
    // After every branch it went on where X25 says, with an exception or without.
    #expect(words.filter { $0 >> 12 == 0x80000 }.count == 7)
  }

  @Test(arguments: CodeEngine.allCases)
  func aPointerThatFailsLeadsNowhere(_ engine: CodeEngine) throws {
    let words = try Self.run(
      { code in
        code += Self.move(0, 0x1234_5678_9ABC_DEF0) + [0xD518_2100, 0xD518_2120]  // APIAKeyLo_EL1, APIAKeyHi_EL1
        code += Self.move(1, 0x8080_0000) + [0xAA01_03E3, 0xDAC1_0021, 0xDAC1_1061]  // MOV X3, X1; PACIA X1, X1; AUTIA X1, X3
        code += [Self.store(1)]
        code += Self.move(1, 0x8080_0000) + [0xDAC1_0061, 0xD240_0021, 0xDAC1_1061]  // PACIA X1, X3; EOR X1, X1, #1; AUTIA X1, X3
        code += [Self.store(1)]
        code += Self.move(2, 0x8080_0000) + [0xDAC1_43E2, Self.store(2)]  // XPACI X2
      }, engine, sctlr: 1 << 31)
    #expect(words[0] == 0x8080_0000)
    // The error code of key A in bits 54:53, as bits 63:56 may have a tag.
    #expect(words[1] == 0x8080_0001 | 0b01 << 53)
    #expect(words[2] == 0x8080_0000)
  }

  /// Each feature's field is in its ID register, and nothing is there on an Armv8.0 processor.
  @Test(arguments: ["v8.0", "v8.5"])
  func idRegistersTellWhatThereIs(_ cpu: String) throws {
    var code = Self.move(28, Self.results)
    // ID_AA64PFR0, PFR1, DFR0, ISAR0, ISAR1, MMFR1, MMFR2, MIDR.
    for register: UInt32 in [
      0xD538_0400, 0xD538_0420, 0xD538_0500, 0xD538_0600, 0xD538_0620, 0xD538_0720, 0xD538_0740, 0xD538_0000,
    ] {
      code += [register, Self.store(0)]
    }
    let bytes = try InstructionTests.run(code, .fast, bytes: 64, cpu: cpu)
    let words = stride(from: 0, to: 64, by: 8).map { place in
      (0..<8).reduce(0 as UInt64) { $0 | UInt64(bytes[place + $1]) << UInt64(8 * $1) }
    }
    let expected: [UInt64] =
      cpu == "v8.0"
      ? [0x0100_0011, 0, 0x1010_1006, 0x1000_0000_0001_0000, 0, 0, 0, 0x411F_D070]
      : [
        0x0001_0000_0111_0011, 0x21, 0x1010_1009, 0x1020_1001_1021_2120, 0x0000_0110_0121_1012, 0x0020_0000, 0x10, 0x411F_D0F0,
      ]
    #expect(words == expected, "\(words.map { String($0, radix: 16) })")
  }
}
