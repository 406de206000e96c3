import Engine
import Testing

struct RecordingTests {
  private func replay(_ text: String) throws -> Replayer {
    let replayer = Replayer(Session(MachineConfiguration()))
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      try replayer.take(String(line), line: index + 1)
    }
    try replayer.finish()
    return replayer
  }

  @Test func theFirstDifferenceIsNamed() throws {
    let replayer = try replay(
      """
      #workbench 1
      machine dram=64M pe=2 rmm=spec-1.0
      @0.000 smc RMI_VERSION 0x10000
      => RMI_SUCCESS x1=0x10000 x2=0x10000
      @0.100 smc RMI_GRANULE_DELEGATE 0x80001000
      => RMI_ERROR_INPUT
      %  state 0000000000000001
      """)
    #expect(replayer.difference == .init(line: 6, expected: "RMI_ERROR_INPUT", got: "RMI_SUCCESS"))
    #expect(replayer.answersCompared == 2)
    #expect(replayer.digestsCompared == 1)
  }

  @Test func travellingIsReplayed() throws {
    let replayer = try replay(
      """
      #workbench 1
      machine dram=64M pe=2 rmm=spec-1.0
      @0.0 smc RMI_GRANULE_DELEGATE 0x80001000
      => RMI_SUCCESS
      @0.1 goto 0
      @0.2 smc RMI_GRANULE_UNDELEGATE 0x80001000
      => RMI_ERROR_INPUT
      """)
    #expect(replayer.difference == nil)
    #expect(replayer.session.steps.count == 1)
  }

  @Test(arguments: [
    ("#workbench 3", 1), ("=> RMI_SUCCESS", 1), ("% digest", 1), ("@0 entropy 2:00", 1),
    ("@0 smc RMI_VERSION\n@0 entropy 9999999:00", 2),
    ("@0 smc\n=> x", 1), ("@0 bogus\n=>", 1),
  ])
  func nonsenseIsRefusedWithItsLine(_ text: String, _ line: Int) {
    let error = #expect(throws: ScriptError.self) { _ = try replay(text) }
    #expect(error?.line == line)
  }

  @Test func aTokenSignatureIsRecordedAndUsedAgain() throws {
    let script = Script()
    try script.run(Script.activeRealm)
    try script.run(
      """
      guest smc RSI_ATTESTATION_TOKEN_INIT 1 2 3 4 5 6 7 8
      guest smc RSI_ATTESTATION_TOKEN_CONTINUE 0 0 0x1000
      guest expect RSI_SUCCESS x1=1424
      smc RMI_REC_ENTER rec run
      """)
    #expect(script.runner.failures == [])
    let digest = script.session.digest()
    #expect(script.session.lastStep?.entropy.map(\.count) == [96, 96])
    _ = script.session.undo()
    _ = script.session.redo()
    #expect(script.session.digest() == digest, "the same signatures enter again")
  }

  /// Recordings of version 1 knew one platform only, the sample.
  @Test func recordingsOfTheFirstVersionHaveTheSamplePlatform() throws {
    #expect(try Recording.configuration(of: ["#workbench 1", "machine pe=2"]).platform == .sample)
    #expect(try Recording.configuration(of: ["#workbench 2", "machine pe=2"]).platform == .model)
    #expect(try Recording.configuration(of: ["#workbench 2", "machine pe=2 platform=sample"]).platform == .sample)
  }
}
