import Engine
import Testing

/// How long a vCPU keeps its PE: 1,048,576 instructions, unless it does what takes as long as hundreds of them.
struct EntryLengthTests {
  /// Instructions the vCPU of a guest has executed when its Host has the PE for the `entries`-th time, less what came before the loop.
  private static func executed(_ loop: [UInt32], _ engine: CodeEngine, entries: Int) throws -> UInt64 {
    var configuration = MachineConfiguration()
    configuration.vcpu = .code
    let session = Session(configuration, keepsHistory: false)
    session.codeEngine = engine
    let vm = RealmVM(session, RealmVM.Options())
    let bytes = loop.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32(8 * $0)) } }
    try vm.build(try BootImage(bytes, base: RealmVM.ramBase))
    #expect(vm.run(entries: entries) == nil, "it runs for ever")
    return session.now
  }

  @Test(arguments: CodeEngine.allCases)
  func whatTakesLongEndsAnEntry(_ engine: CodeEngine) throws {
    // B .
    #expect(try Self.executed([0x1400_0000], engine, entries: 2) == 2 << 20)
    // TLBI VMALLE1; B to it.
    #expect(try Self.executed([0xD508_871F, 0x17FF_FFFF], engine, entries: 2) == 2 * 65_536 - 1)
    // MSR TTBR0_EL1, X0; B to it.
    #expect(try Self.executed([0xD518_2000, 0x17FF_FFFF], engine, entries: 2) == 2 * 65_536 - 1)
    // MSR TPIDR_EL1, X0; B to it: translations do not depend on it.
    #expect(try Self.executed([0xD518_D080, 0x17FF_FFFF], engine, entries: 2) == 2 << 20)
  }
}
