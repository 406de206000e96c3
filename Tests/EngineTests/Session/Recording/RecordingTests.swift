import Engine
import Testing

struct RecordingTests {
  private func replay(_ text: String) throws -> Replayer {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    let replayer = Replayer(Session(try Recording.configuration(of: lines)))
    for (index, line) in lines.enumerated() { try replayer.take(line, line: index + 1) }
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
    ("#workbench 7", 1), ("=> RMI_SUCCESS", 1), ("% digest", 1), ("@0 entropy 2:00", 1),
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

  /// Answers and entropy that were taken out of a recording are missed, each of them; one without any answer has none to compare.
  @Test(arguments: [1, 2, 4])
  func whatIsTakenOutIsMissed(_ version: Int) throws {
    let script = Script()
    try script.run(Script.activeRealm.split(separator: "\n").prefix(24).joined(separator: "\n"))
    try script.run("RMI_REALM_ACTIVATE rd\nns.read64 0x83f00008\nguest wfi\nguest clear\npe 1\ngpt.set 0x80301000 secure\nidle 5")
    var lines = ["#workbench \(version)", "machine dram=64M pe=2 rmm=spec-1.0"]
    for step in script.session.steps { lines += ["@0.000 \(step.text)"] + Recording.answerLines(step.result).map { "=> \($0)" } }
    #expect(try replay(lines.joined(separator: "\n")).difference == nil)
    let answers = lines.indices.filter { lines[$0].hasPrefix("=>") }
    #expect(answers.count > 20)
    for index in answers {
      var fewer = lines
      fewer.remove(at: index)
      let difference = try #require(try replay(fewer.joined(separator: "\n")).difference)
      #expect(difference.line == index && difference.expected == "an answer (=>) to be recorded")
    }
    #expect(try replay(lines.filter { !$0.hasPrefix("=>") }.joined(separator: "\n")).difference == nil)
  }

  /// Where no answer is recorded it was as usual. One that was not, and is taken out, is missed, and so is one that is added.
  @Test func answersThatAreUsualAreLeftOut() throws {
    let script = Script()
    try script.run(Script.activeRealm.split(separator: "\n").prefix(24).joined(separator: "\n"))
    try script.run("RMI_REALM_ACTIVATE rd\nns.read64 0x83f00008\nguest wfi\nguest clear\npe 1\ngpt.set 0x80301000 secure\nidle 5")
    try script.run("RMI_REALM_ACTIVATE rd\nRMI_VERSION 0x10000\nns.read64 rd\nmachine pe=3\nRMI_GRANULE_DELEGATE 1")
    let lines = SessionText.whole(script.session).split(separator: "\n").map(String.init)
    #expect(try replay(lines.joined(separator: "\n")).difference == nil)
    let answers = lines.indices.filter { lines[$0].hasPrefix("=>") }
    #expect(
      answers.map { lines[$0] } == [
        "=> x1=0x10000", "=> -> 0x28", "=> RMI_ERROR_REALM", "=> x1=0x10000 x2=0x10000", "=> gpf", "=> RMI_ERROR_INPUT",
      ])
    for index in answers {
      var fewer = lines
      fewer.remove(at: index)
      let difference = try #require(try replay(fewer.joined(separator: "\n")).difference)
      #expect(difference.line == index && difference.got.hasSuffix(lines[index].dropFirst(3)))
    }
    for index in lines.indices.dropFirst(2) where lines[index].contains("DELEGATE 0x8") {
      var more = lines
      more.insert("=> RMI_ERROR_INPUT", at: index + 1)
      #expect(try replay(more.joined(separator: "\n")).difference?.got == "RMI_SUCCESS")
    }
  }

  /// A call of the RMM stands without `RMI_`, and a success that gives something without `RMI_SUCCESS`. Both may be there, as they were up
  /// to version 5, and what was given is compared either way.
  @Test(arguments: [5, 6], [("", ""), ("RMI_", ""), ("", "RMI_SUCCESS "), ("RMI_", "RMI_SUCCESS ")])
  func whatIsSaidInEachLineMayBeThere(_ version: Int, _ said: (prefix: String, success: String)) throws {
    let (prefix, success) = said
    func text(_ highest: String) -> String {
      """
      #workbench \(version)
      machine dram=64M
      \(prefix)GRANULE_DELEGATE 0x80001000
      @1.000 \(prefix)VERSION 0x10000
      => \(success)x1=0x10000 x2=\(highest)
      \(prefix)GRANULE_DELEGATE 0x80001001
      => RMI_ERROR_INPUT
      """
    }
    let replayer = try replay(text("0x10000"))
    #expect(replayer.difference == nil && replayer.answersCompared == 3)
    #expect(replayer.session.steps.map(\.text)[1] == "smc RMI_VERSION 0x10000")
    let difference = Replayer.Difference(
      line: 5, expected: "RMI_SUCCESS x1=0x10000 x2=0x10001", got: "RMI_SUCCESS x1=0x10000 x2=0x10000")
    #expect(try replay(text("0x10001")).difference == difference)
    let again = SessionText.whole(replayer.session)
    #expect(again.contains("\nVERSION 0x10000\n=> x1=0x10000 x2=0x10000\nGRANULE_DELEGATE 0x80001001\n"))
    // A script may have them, too; what has a name of its own keeps it.
    let script = Script()
    try script.run("GRANULE_DELEGATE 0x80001000\nexpect RMI_SUCCESS\nPSCI_VERSION")
    #expect(script.runner.failures == [])
    #expect(script.session.steps.map(\.text) == ["smc RMI_GRANULE_DELEGATE 0x80001000", "guest smc PSCI_VERSION"])
    #expect(throws: ScriptError.self) { try script.run("version 0x10000") }
  }

  /// For which device the Host's software did something is kept.
  @Test func devicesAreNamed() throws {
    let text = "#workbench 6\nmachine dram=64M\nns.write 0x80001000 00ff\n#host device rng"
    let session = try replay(text).session
    #expect(SessionText.whole(session).contains("ns.write 0x80001000 00ff\n#host device rng\n"))
    let error = #expect(throws: ScriptError.self) { try replay(text + "s") }
    #expect(error?.line == 4 && error?.message.contains("net disk console rng vsock fs") == true)
  }

  /// When something was done is said where it is another time than before.
  @Test func timesAreSaidOnce() throws {
    let script = Script()
    var feed = RecordingFeed()
    var text = Recording.header(script.session.origin)
    for (line, seconds) in [("RMI_VERSION 0x10000", 1.0), ("idle 5", 1.0), ("pe 1", 2.5), ("machine pe=1", 2.5), ("pe 0", 2.5)] {
      try script.run(line)
      text += feed.lines(script.session, seconds: seconds)
    }
    let times = text.split(separator: "\n").dropFirst(2).filter { !$0.hasPrefix("=>") }.map {
      $0.hasPrefix("@") ? $0.prefix(6) : ""
    }
    #expect(times == ["@1.000", "", "@2.500", "@2.500", ""])
    #expect(try replay(text).difference == nil)
  }

  /// A session of RMI calls takes less than 40 bytes a step.
  @Test func aStepTakesFewBytes() throws {
    let script = Script()
    try script.run(Script.activeRealm)
    for call in ["DELEGATE", "UNDELEGATE"] {
      for n in 1..<200 { try script.run("RMI_GRANULE_\(call) \(0x8020_0000 + n << 12)") }
    }
    let text = SessionText.whole(script.session)
    #expect(text.utf8.count < 40 * script.session.steps.count)
    #expect(try replay(text).difference == nil)
  }

  @Test func entropyThatIsTakenOutOrAddedIsMissed() throws {
    let script = Script()
    try script.run(Script.activeRealm)
    try script.run(
      "guest smc RSI_ATTESTATION_TOKEN_INIT\nguest smc RSI_ATTESTATION_TOKEN_CONTINUE 0 0 0x1000\nsmc RMI_REC_ENTER rec run")
    var lines = Recording.header(script.session.origin).split(separator: "\n").map(String.init)
    for step in script.session.steps {
      lines += Recording.lines(step, seconds: 0).split(separator: "\n").map(String.init)
    }
    #expect(try replay(lines.joined(separator: "\n")).difference == nil)
    let entropy = try #require(lines.firstIndex { $0.hasPrefix("entropy ") })
    var fewer = lines
    fewer.remove(at: entropy)
    #expect(try replay(fewer.joined(separator: "\n")).difference?.got == "2 values of entropy")
    var more = lines
    more.insert(lines[entropy], at: entropy)
    #expect(try replay(more.joined(separator: "\n")).difference?.expected == "3 values of entropy")
  }

  /// Recordings of version 1 knew one platform only, the sample.
  @Test func recordingsOfTheFirstVersionHaveTheSamplePlatform() throws {
    #expect(try Recording.configuration(of: ["#workbench 1", "machine pe=2"]).platform == .sample)
    #expect(try Recording.configuration(of: ["#workbench 2", "machine pe=2"]).platform == .model)
    #expect(try Recording.configuration(of: ["#workbench 2", "machine pe=2 platform=sample"]).platform == .sample)
  }
}
