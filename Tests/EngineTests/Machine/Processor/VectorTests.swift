import Crypto
import Engine
import Foundation
import Testing

/// FP and AdvSIMD against qemu-aarch64: what random sequences leave in registers, flags and memory.
struct VectorTests {
  static let count = 40
  /// The buffer; X0 to X30 and the flags; V0 to V31; FPSR and FPCR.
  static let stateBytes = 4096 + 256 + 512 + 16

  /// Constants, what sets the registers, the sequence, and what stores the registers behind the buffer.
  ///
  /// - Parameter isRealm: EL1 lets itself have FP; EL0 under qemu has it.
  static func program(_ sequence: VectorSequence, isRealm: Bool) -> [UInt32] {
    var code: [UInt32] = [0x1400_0000 | UInt32(4 + 4 * VectorSequence.constantCount), 0xD503_201F, 0xD503_201F, 0xD503_201F]
    for constant in sequence.constants {
      code += [UInt32(truncatingIfNeeded: constant), UInt32(truncatingIfNeeded: constant >> 32)]
    }
    func move(_ register: UInt32, _ value: UInt64) {
      for n in 0..<4 as Range<UInt32> {
        code.append((n == 0 ? 0xD280_0000 : 0xF280_0000) | n << 21 | UInt32(value >> UInt64(16 * n) & 0xFFFF) << 5 | register)
      }
    }
    /// A literal load of a constant by its number, with the distance to it.
    func literal(_ word: UInt32) {
      let distance = 4 + 4 * Int(word >> 5 & 0x7FFFF) - code.count
      code.append(word & 0xFF00_001F | (UInt32(truncatingIfNeeded: distance) & 0x7FFFF) << 5)
    }
    move(0, 3 << 20)
    code += isRealm ? [0xD518_1040, 0xD503_3FDF] : [0xD503_201F, 0xD503_201F]  // MSR CPACR_EL1, X0; ISB
    move(28, InstructionSequence.buffer)
    code += [0xAA1C_03FB, 0x9100_039F]  // MOV X27, X28; MOV SP, X28
    for n in 0..<32 as Range<UInt32> { literal(0x9C00_0000 | n << 5 | n) }
    move(0, sequence.control)
    code += [0xD51B_4400, 0xD51B_443F]  // MSR FPCR, X0; MSR FPSR, XZR
    move(0, sequence.flags)
    code.append(0xD51B_4200)  // MSR NZCV, X0
    for n in 0..<31 as Range<UInt32> where n != 27 && n != 28 { move(n, sequence.initial[Int(n)]) }
    for word in sequence.words {
      if word & 0x3F00_0000 == 0x1C00_0000 { literal(word) } else { code.append(word) }
    }
    for n in 0..<31 as Range<UInt32> where n != 28 { code.append(0xF900_0000 | (512 + n) << 10 | 28 << 5 | n) }
    code += [0xD53B_4201, 0xF900_0000 | (512 + 31) << 10 | 28 << 5 | 1]  // MRS X1, NZCV; STR X1
    for n in 0..<32 as Range<UInt32> { code.append(0x3D80_0000 | (272 + n) << 10 | 28 << 5 | n) }
    code += [0xD53B_4421, 0xF900_0000 | 608 << 10 | 28 << 5 | 1]  // MRS X1, FPSR; STR X1
    code += [0xD53B_4401, 0xF900_0000 | 609 << 10 | 28 << 5 | 1]  // MRS X1, FPCR; STR X1
    return code
  }

  @Test(arguments: [0..<10, 10..<20, 20..<30, 30..<40], CodeEngine.allCases)
  func sequencesEndAsTheyDoInQEMU(_ seeds: Range<Int>, _ engine: CodeEngine) throws {
    if let folder = ProcessInfo.processInfo.environment["A64_SEQUENCES"] {
      // For Scripts/vector-sequences, which has qemu-aarch64 make the fixture.
      for seed in seeds {
        let words = Self.program(VectorSequence(seed: UInt64(seed)), isRealm: false).map { ".word \($0)" }
        try words.joined(separator: "\n").write(toFile: "\(folder)/\(seed).inc", atomically: true, encoding: .utf8)
      }
      return
    }
    let golden = try Project.text("Tests/EngineTests/Fixtures/vector-sequences.txt").split(separator: "\n").filter {
      !$0.hasPrefix("#")
    }
    #expect(golden.count == Self.count)
    for seed in seeds {
      let program = Self.program(VectorSequence(seed: UInt64(seed)), isRealm: true)
      let state = try InstructionTests.run(program, engine, bytes: Self.stateBytes)
      #expect("\(seed) \(hexBytes(SHA256.hash(data: state)))" == golden[seed])
    }
  }
}
