import Crypto
import Engine
import Foundation
import Testing

/// The interpreter against qemu-aarch64: what random sequences leave in registers, flags and memory.
struct InstructionTests {
  static let count = 100

  /// Sets registers and flags, does the sequence, or other words, and stores X0 to X30 and the flags behind the buffer.
  static func program(_ sequence: InstructionSequence, words: [UInt32]? = nil) -> [UInt32] {
    var code: [UInt32] = []
    func move(_ register: UInt32, _ value: UInt64) {
      for n in 0..<4 as Range<UInt32> {
        code.append((n == 0 ? 0xD280_0000 : 0xF280_0000) | n << 21 | UInt32(value >> UInt64(16 * n) & 0xFFFF) << 5 | register)
      }
    }
    move(28, InstructionSequence.buffer)
    code += [0xAA1C_03FB, 0x9100_039F]  // MOV X27, X28; MOV SP, X28
    move(0, sequence.flags)
    code.append(0xD51B_4200)  // MSR NZCV, X0
    for n in 0..<31 as Range<UInt32> where n != 27 && n != 28 { move(n, sequence.initial[Int(n)]) }
    code += words ?? sequence.words
    for n in 0..<31 as Range<UInt32> where n != 28 { code.append(0xF900_0000 | (512 + n) << 10 | 28 << 5 | n) }
    code += [0xD53B_4201, 0xF900_0000 | (512 + 31) << 10 | 28 << 5 | 1]  // MRS X1, NZCV; STR X1
    return code
  }

  /// Runs a program in a Realm at EL1 with the MMU off; returns `count` bytes from the buffer on.
  static func run(
    _ program: [UInt32], _ engine: CodeEngine, bytes count: Int = 4096 + 256, cpu: String = "v8.0"
  ) throws -> [UInt8] {
    // MOVZ X0, #0x8400, LSL #16; MOVK X0, #8; SMC #0: PSCI_SYSTEM_OFF.
    let code = program + [0xD2B0_8000, 0xF280_0100, 0xD400_0003]
    var configuration = MachineConfiguration()
    configuration.vcpu = .code
    configuration.recAuxCount = 0
    configuration.cpu = try #require(ProcessorModel(rawValue: cpu))
    let session = Session(configuration, keepsHistory: false)
    session.codeEngine = engine
    let vm = RealmVM(session, RealmVM.Options())
    let bytes = code.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32(8 * $0)) } }
    try vm.build(try BootImage(bytes, base: RealmVM.ramBase))
    #expect(vm.run(entries: 100) == .poweredOff)
    #expect(vm.pagesGiven > 0, "the buffer is given when it is touched")
    let state = session.read { machine in
      let rd = machine.control.realms.first ?? 0
      return (0..<(count + 4095) / 4096).flatMap { page -> [UInt8] in
        let address = machine.walkReport(rd, InstructionSequence.buffer + UInt64(page) * 4096)?.address
        return address.map { address in
          (0..<4096).map { machine.memory.page(address).load(fromByteOffset: $0, as: UInt8.self) }
        } ?? [UInt8](repeating: 0, count: 4096)
      }
    }
    return Array(state.prefix(count))
  }

  @Test(arguments: [0..<25, 25..<50, 50..<75, 75..<100], CodeEngine.allCases)
  func sequencesEndAsTheyDoInQEMU(_ seeds: Range<Int>, _ engine: CodeEngine) throws {
    if let folder = ProcessInfo.processInfo.environment["A64_SEQUENCES"] {
      // For Scripts/a64-sequences, which has qemu-aarch64 make the fixture.
      for seed in seeds {
        let words = Self.program(InstructionSequence(seed: UInt64(seed))).map { ".word \($0)" }
        try words.joined(separator: "\n").write(toFile: "\(folder)/\(seed).inc", atomically: true, encoding: .utf8)
      }
      return
    }
    let golden = try Project.text("Tests/EngineTests/Fixtures/a64-sequences.txt").split(separator: "\n").filter {
      !$0.hasPrefix("#")
    }
    #expect(golden.count == Self.count)
    for seed in seeds {
      let state = try Self.run(Self.program(InstructionSequence(seed: UInt64(seed))), engine)
      #expect("\(seed) \(hexBytes(SHA256.hash(data: state)))" == golden[seed])
    }
  }
}
