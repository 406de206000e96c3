import Crypto
import Engine
import Foundation
import Testing

/// What came after Armv8.0 against qemu-system-aarch64: what random sequences leave in registers, flags and memory.
struct ExtensionTests {
  private static func golden() throws -> [String: String] {
    let lines = try Project.text("Tests/EngineTests/Fixtures/extension-sequences.txt").split(separator: "\n")
    let pairs = lines.filter { !$0.hasPrefix("#") }.map { $0.split(separator: " ").map(String.init) }
    return Dictionary(uniqueKeysWithValues: pairs.map { ($0[0], $0[1]) })
  }

  @Test(arguments: ExtensionSequence.Group.allCases, CodeEngine.allCases)
  func sequencesEndAsTheyDoInQEMU(_ group: ExtensionSequence.Group, _ engine: CodeEngine) throws {
    let sequence = ExtensionSequence(group)
    let environment = ProcessInfo.processInfo.environment
    if let folder = environment["A64_SEQUENCES"] {
      // For Scripts/extension-sequences, which has qemu-system-aarch64 make the fixture.
      let text = sequence.words.map { ".word \($0)" }.joined(separator: "\n")
      try text.write(toFile: "\(folder)/\(group.rawValue).inc", atomically: true, encoding: .utf8)
      return
    }
    let state = try InstructionTests.run(sequence.words, engine, bytes: ExtensionSequence.stateBytes, cpu: "v8.5")
    if let folder = environment["A64_STATES"] {
      try Data(state).write(to: URL(filePath: "\(folder)/\(group.rawValue)-\(engine.rawValue)"))
    }
    #expect(try Self.golden()[group.rawValue] == hexBytes(SHA256.hash(data: state)))
  }

  /// An Armv8.0 processor has none of them: each word of the new rows is UNDEFINED there, or a hint.
  @Test func armv80HasNoneOfThem() {
    var random = SplitMix(seed: 80)
    for row in InstructionTable.extensions {
      let word = row.value | UInt32(truncatingIfNeeded: random.next()) & ~row.mask
      #expect(!A64Words.isAllocated(word, .armv80), "\(String(word, radix: 16))")
    }
    for row in VectorTable.extensions {
      let word = row.value | UInt32(truncatingIfNeeded: random.next()) & ~row.mask
      #expect(!VectorWords.isAllocated(word, .armv80), "\(String(word, radix: 16))")
    }
  }
}
