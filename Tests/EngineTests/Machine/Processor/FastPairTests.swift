import Engine
import Testing

/// Pairs of instructions the fast engine executes at once, against the reference engine, which executes each by itself.
struct FastPairTests {
  /// Words of an operation. Results go to X0 to X15, operands come from X0 to X15; X27 is the middle of the buffer, X26 an offset into it,
  /// X29 and X30 lead behind the instruction that follows.
  static func word(_ operation: String, _ random: inout SplitMix) -> UInt32? {
    func register() -> UInt32 { UInt32(random.below(16)) }
    let (d, n, m) = (register(), register(), register())
    // Rd, Rn and Rm.
    let three = d | n << 5 | m << 16
    let two = n << 5 | m << 16
    /// An access of 1 << size bytes in the buffer.
    func offset(_ size: UInt32) -> UInt32 { UInt32(random.below(200)) << 10 | size << 30 | 27 << 5 | d }
    let condition = UInt32(random.below(14)) << 12
    // Branches go over the instruction that follows.
    switch operation {
    case "addImm64": return 0x9100_0000 | UInt32(random.below(4096)) << 10 | d | n << 5
    case "mov64": return 0xAA00_03E0 | d | m << 16
    case "mov32": return 0x2A00_03E0 | d | m << 16
    case "andImm64": return 0x9240_0000 | UInt32(random.below(63)) << 10 | UInt32(random.below(64)) << 16 | d | n << 5
    case "eor32": return 0x4A00_0000 | three
    case "eorLsr32": return 0x4A40_0000 | three | UInt32(1 + random.below(31)) << 10
    case "eorRor32": return 0x4AC0_0000 | three | UInt32(1 + random.below(31)) << 10
    case "and32": return 0x0A00_0000 | three
    case "bic32": return 0x0A20_0000 | three
    case "orr64": return 0xAA00_0000 | three
    case "add64": return 0x8B00_0000 | three
    case "add32": return 0x0B00_0000 | three
    case "sub64": return 0xCB00_0000 | three
    case "addLsl64": return 0x8B00_0000 | three | UInt32(1 + random.below(63)) << 10
    case "addShifted64": return 0x8B40_0000 | three | UInt32(1 + random.below(63)) << 10
    case "addExtended": return 0x8B20_0000 | three | UInt32(random.below(8)) << 13 | UInt32(random.below(5)) << 10
    case "ands64": return 0xEA00_0000 | three | UInt32(random.below(2)) << 21 | UInt32(random.below(64)) << 10
    case "subs64": return 0xEB00_0000 | three
    case "addsImm32": return 0x3100_0000 | UInt32(random.below(4096)) << 10 | d | n << 5
    case "cmpImm64": return 0xF100_001F | UInt32(random.below(4096)) << 10 | n << 5
    case "cmpImm32": return 0x7100_001F | UInt32(random.below(4096)) << 10 | n << 5
    case "cmp64": return 0xEB00_001F | two
    case "cmp32": return 0x6B00_001F | two
    case "csel64": return 0x9A80_0000 | three | condition
    case "csinc": return 0x1A80_0400 | three | condition | UInt32(random.below(2)) << 31
    case "madd64": return 0x9B00_0000 | three | register() << 10
    case "lsr64": return 0xD340_FC00 | UInt32(1 + random.below(63)) << 16 | d | n << 5
    case "sbfx64": return 0x9340_0000 | UInt32(random.below(20)) << 16 | UInt32(20 + random.below(40)) << 10 | d | n << 5
    case "extr32": return 0x1380_0000 | three | UInt32(1 + random.below(31)) << 10
    case "lslv64": return 0x9AC0_2000 | three
    case "lsrv64": return 0x9AC0_2400 | three
    case "ldrb": return 0x3940_0000 | offset(0)
    case "ldrw": return 0x3940_0000 | offset(2)
    case "strb": return 0x3900_0000 | offset(0)
    case "ldrbRegister": return 0x3860_6800 | 26 << 16 | 27 << 5 | d
    case "ldrwRegister": return 0xB860_6800 | UInt32(random.below(2)) << 12 | 26 << 16 | 27 << 5 | d
    case "ldrxRegister": return 0xF860_6800 | UInt32(random.below(2)) << 12 | 26 << 16 | 27 << 5 | d
    case "strxRegister": return 0xF820_6800 | UInt32(random.below(2)) << 12 | 26 << 16 | 27 << 5 | d
    case "ldrwIndexed": return 0xB840_0400 | UInt32(random.below(2)) << 11 | UInt32(random.below(16)) << 15 | 27 << 5 | d
    case "ldrxIndexed": return 0xF840_0400 | UInt32(random.below(2)) << 11 | UInt32(random.below(16)) << 15 | 27 << 5 | d
    case "strxIndexed": return 0xF800_0400 | UInt32(random.below(2)) << 11 | UInt32(random.below(16)) << 15 | 27 << 5 | d
    case "ldpx": return 0xA940_0000 | UInt32(random.below(64)) << 15 | 27 << 5 | d | (d + 1 & 15) << 10
    case "stpx": return 0xA900_0000 | UInt32(random.below(64)) << 15 | 27 << 5 | d | m << 10
    case "beq": return 0x5400_0040
    case "bne": return 0x5400_0041
    case "blo": return 0x5400_0043
    case "bhi": return 0x5400_0048
    case "bge": return 0x5400_004A
    case "cbnz32": return 0x3500_0040 | d
    case "br": return 0xD61F_0000 | 29 << 5
    case "blr": return 0xD63F_0000 | 29 << 5
    case "ret": return 0xD65F_0000 | 30 << 5
    default: return nil
    }
  }

  /// Sets X0 to X30, does a pair again and again with others of its kind, and stores X0 to X30 and the flags behind the buffer.
  static func program(_ first: String, _ second: String, _ random: inout SplitMix) throws -> [UInt32] {
    var code: [UInt32] = []
    for _ in 0..<8 {
      let one = try #require(word(first, &random), "no words of \(first)")
      let other = try #require(word(second, &random), "no words of \(second)")
      #expect(A64Words.fastPair(one, other) == [first, second])
      // ADD X27, X28, #2048; MOVZ X26, #8; ADR X29 and ADR X30 behind what follows the pair; the pair; ADD X25, X25, #1.
      code += [0x9120_039B, 0xD280_011A, 0x1000_00BD, 0x1000_009E, one, other, 0x9100_0739]
    }
    return InstructionTests.program(InstructionSequence(seed: random.next()), words: code)
  }

  @Test func everyPairDoesWhatItsInstructionsDo() throws {
    var random = SplitMix(seed: 77)
    let pairs = A64Words.fastPairs
    #expect(pairs.count > 50)
    for pair in pairs {
      let program = try Self.program(pair[0], pair[1], &random)
      let reference = try InstructionTests.run(program, .reference)
      #expect(try InstructionTests.run(program, .fast) == reference, "\(pair)")
      #expect(try InstructionTests.run(program, .compiled) == reference, "\(pair), compiled")
    }
  }

  /// The second one of a pair is written anew while its page executes: what comes then is the new one.
  @Test(arguments: CodeEngine.allCases)
  func aPairThatIsRewrittenIsSeen(_ engine: CodeEngine) throws {
    let code: [UInt32] = [
      0xD280_0004, 0xD280_0005, 0xD280_0043, 0xF900_0384,  // MOV X4, #0; MOV X5, #0; MOV X3, #2; STR X4, [X28]
      0x1000_00A1,  // ADR X1, to the second one of the pair
      0x5288_14A2, 0x72B2_2002,  // W2: ADD X5, X5, #16
      0xD503_201F,
      0x9100_0484, 0x9100_04A5,  // ADD X4, X4, #1; ADD X5, X5, #1
      0xB900_0022, 0xD503_3B9F, 0xD508_751F, 0xD503_3FDF,  // STR W2, [X1]; DSB ISH; IC IALLU; ISB
      0xF100_0463, 0x54FF_FF21,  // SUBS X3, X3, #1; B.NE to the pair
    ]
    let state = try InstructionTests.run(InstructionTests.program(InstructionSequence(seed: 1), words: code), engine)
    #expect([state[4096 + 4 * 8], state[4096 + 5 * 8]] == [2, 17])
  }
}
