import Engine
import Testing

/// Compiled code against the reference engine where the others' sequences do not lead: with the MMU on, where accesses need no alignment,
/// and where what is compiled has to be forgotten.
struct CompiledCodeTests {
  private static let buffer = InstructionSequence.buffer

  private static func move(_ register: UInt32, _ value: UInt64) -> [UInt32] {
    (0..<4 as Range<UInt32>).map { n in
      (n == 0 ? 0xD280_0000 : 0xF280_0000) | n << 21 | UInt32(value >> UInt64(16 * n) & 0xFFFF) << 5 | register
    }
  }

  /// Turns the MMU on: one block of 1 GiB, that all of RAM is in.
  private static let mmu: [UInt32] =
    move(0, buffer + 0x4000) + move(1, 0x8000_0000 | 1 << 10 | 3 << 8 | 1)
    + [0xF900_0801]  // STR X1, [X0, #16]
    + move(1, 25 | 1 << 23 | 2 << 30 | 2 << 32)
    + [
      0xD518_2041, 0xD518_2000, 0xD503_3FDF,  // MSR TCR_EL1, X1; MSR TTBR0_EL1, X0; ISB
      0xD538_1001, 0xB240_0021, 0xD518_1001, 0xD503_3FDF,  // MRS X1, SCTLR_EL1; ORR X1, X1, #1; MSR SCTLR_EL1, X1; ISB
    ]

  /// Loads and stores of every size and form near a base that is not aligned, some across the end of a page.
  private static func accesses(_ random: inout SplitMix, _ count: Int) -> [UInt32] {
    var words: [UInt32] = []
    func register(_ random: inout SplitMix) -> UInt32 { UInt32(random.below(26)) }
    for _ in 0..<count {
      let size = UInt32(random.below(4))
      let d = register(&random)
      let isLoad = UInt32(random.below(2))
      // ADD X27, X28, #…, in the middle of the buffer or near the end of its first page; X26 is an index.
      let base = random.below(3) == 0 ? 4070 + random.below(25) : 1024 + random.below(64)
      words += [0x9100_0000 | UInt32(base) << 10 | 28 << 5 | 27, 0xD280_0000 | UInt32(random.below(16)) << 5 | 26]
      switch random.below(6) {
      case 0: words.append(size << 30 | 0x3900_0000 | isLoad << 22 | UInt32(random.below(8)) << 10 | 27 << 5 | d)
      case 1: words.append(size << 30 | 0x3800_0000 | isLoad << 22 | UInt32(random.below(512)) << 12 | 27 << 5 | d)
      case 2:
        let mode: UInt32 = random.below(2) == 0 ? 1 : 3
        words.append(size << 30 | 0x3800_0000 | isLoad << 22 | UInt32(random.below(64)) << 12 | mode << 10 | 27 << 5 | d)
      case 3:
        let option: UInt32 = [2, 3, 6, 7][random.below(4)]
        words.append(
          size << 30 | 0x3820_0800 | isLoad << 22 | 26 << 16 | option << 13 | UInt32(random.below(2)) << 12 | 27 << 5 | d)
      case 4:
        // Signed loads.
        let small = UInt32(random.below(3))
        words.append(
          small << 30 | 0x3980_0000 | UInt32(small < 2 ? random.below(2) : 0) << 22 | UInt32(random.below(8)) << 10 | 27 << 5 | d)
      default:
        let mode = UInt32(1 + random.below(3))
        let wide = UInt32(random.below(2))
        words.append(
          wide << 31 | 0x2800_0000 | mode << 23 | isLoad << 22 | UInt32(random.below(16)) << 15 | (d + 1) % 26 << 10 | 27 << 5 | d
        )
      }
    }
    return words
  }

  @Test(arguments: 0..<6 as Range<UInt64>)
  func accessesThatAreNotAlignedAreMade(_ seed: UInt64) throws {
    var random = SplitMix(seed: seed)
    let words = Self.accesses(&random, 600)
    let program = Self.mmu + InstructionTests.program(InstructionSequence(seed: seed), words: words)
    let reference = try InstructionTests.run(program, .reference, bytes: 8192)
    #expect(reference == (try InstructionTests.run(program, .compiled, bytes: 8192)))
    #expect(reference == (try InstructionTests.run(program, .fast, bytes: 8192)))
  }

  /// Random code with the MMU on: the same sequences as against QEMU, compiled for accesses that need no alignment.
  @Test(arguments: 0..<8 as Range<UInt64>)
  func sequencesAreTheSameWithTheMMUOn(_ seed: UInt64) throws {
    let program = Self.mmu + InstructionTests.program(InstructionSequence(seed: 1000 + seed))
    #expect(try InstructionTests.run(program, .reference) == (try InstructionTests.run(program, .compiled)))
  }

  /// SCTLR_EL1.A is set and cleared while a loop runs: each access that is not aligned then faults, or is made.
  @Test(arguments: CodeEngine.allCases)
  func alignmentIsCheckedWhileItIsAskedFor(_ engine: CodeEngine) throws {
    let vectors = Self.buffer + 0x6000
    // At EL1h's synchronous vector: ADD X20, X20, #1; MRS X21, ELR_EL1; ADD X21, X21, #4; MSR ELR_EL1, X21; ERET.
    let handler: [UInt32] = [0x9100_0694, 0xD538_4035, 0x9100_12B5, 0xD518_4035, 0xD69F_03E0]
    var code = Self.mmu + Self.move(0, vectors) + [0xD518_C000]
    for (n, word) in handler.enumerated() {
      code += Self.move(1, UInt64(word)) + Self.move(2, vectors + 0x200 + UInt64(4 * n)) + [0xB900_0041]
    }
    code += Self.move(28, Self.buffer)
    code += [
      0xD280_0014, 0xD280_0C83, 0xD538_1001,  // MOV X20, #0; MOV X3, #100; MRS X1, SCTLR_EL1
      0xD27F_0021,  // EOR X1, X1, #2
      0xD518_1001, 0xD503_3FDF,  // MSR SCTLR_EL1, X1; ISB
      0xF840_1384, 0x7840_3385,  // LDUR X4, [X28, #1]; LDURH W5, [X28, #3]
      0xF100_0463, 0x54FF_FF41,  // SUBS X3, X3, #1; B.NE to the EOR
      0xF908_0394,  // STR X20, [X28, #4096]
    ]
    let bytes = try InstructionTests.run(code, engine)
    #expect(Array(bytes[4096..<4098]) == [100, 0])
  }

  /// An instruction of a loop is written over each time: so often that its page is not compiled any more.
  @Test(arguments: CodeEngine.allCases)
  func codeThatChangesAllTheTimeIsExecutedAsItIs(_ engine: CodeEngine) throws {
    let code: [UInt32] = [
      0xD280_0004, 0xD280_0005, 0xD280_1903, 0xF900_0384,  // MOV X4, #0; MOV X5, #0; MOV X3, #200; STR X4, [X28]
      0x1000_00E1,  // ADR X1, to the second one of the loop
      0x5288_14A2, 0x72B2_2002,  // W2: ADD X5, X5, #16
      0x5288_8006, 0xD503_201F, 0xD503_201F,  // W6: what it differs by from ADD X5, X5, #1
      0x9100_0484, 0x9100_04A5,  // ADD X4, X4, #1; ADD X5, X5, #1
      0xB900_0022, 0xD503_3B9F, 0xD508_751F, 0xD503_3FDF,  // STR W2, [X1]; DSB ISH; IC IALLU; ISB
      0x4A06_0042, 0xF100_0463, 0x54FF_FF01,  // EOR W2, W2, W6; SUBS X3, X3, #1; B.NE to the loop
    ]
    let state = try InstructionTests.run(InstructionTests.program(InstructionSequence(seed: 1), words: code), engine)
    #expect(Array(state[4096 + 4 * 8..<4096 + 4 * 8 + 2]) == [200, 0])
    #expect(Array(state[4096 + 5 * 8..<4096 + 5 * 8 + 2]) == [0xA4, 0x06])
  }
}
