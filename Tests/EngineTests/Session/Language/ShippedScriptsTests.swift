import Engine
import Testing

/// Every script of the project: its expectations hold, every rule holds after every step, and its recording replays.
struct ShippedScriptsTests {
  static let sessions = ["Sessions", "Sessions/hosts", "Sessions/secure"].flatMap { Project.files($0, ".session") }
  static let scripts = sessions + Project.files("Tests/Scripts", ".session")

  @Test(arguments: scripts)
  func expectationsAndRulesHold(_ path: String) throws {
    let script = Script(keepsHistory: false)
    let report = script.runner.onReport
    let text = try Project.text(path)
    script.runner.onReport = { result in
      report(result)
      if result.statement.action != nil {
        let broken = script.session.read { $0.invariantViolations() }
        #expect(broken == [], "\(path):\(result.line)")
      }
    }
    try script.run(text, file: path)
    script.runner.finish(file: path)
    #expect(script.runner.failures == [])
    #expect(script.runner.unseen == [])
  }

  @Test(arguments: sessions)
  func recordingsReplayToTheSameAnswersAndDigests(_ path: String) throws {
    let script = Script()
    try script.run(try Project.text(path), file: path)
    let session = script.session
    var text = Recording.header(session.origin)
    for (index, step) in session.steps.enumerated() {
      text += Recording.lines(step, seconds: Double(index))
      if index % 10 == 0 {
        session.seek(index + 1)
        text += Recording.digestLine(session.digest())
      }
    }
    session.seek(session.steps.count)
    text += Recording.digestLine(session.digest())
    let replayer = Replayer(Session(MachineConfiguration()))
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      try replayer.take(String(line), line: index + 1)
    }
    try replayer.finish()
    #expect(replayer.difference == nil)
    #expect(replayer.digestsCompared > 1)
    #expect(replayer.session.digest() == session.digest())
  }

  @Test func scriptsExerciseEveryCondition() throws {
    var coverage = Coverage()
    for path in Self.scripts {
      let script = Script(keepsHistory: false)
      try script.run(try Project.text(path), file: path)
      for decision in script.decisions { coverage.note(decision, in: path) }
    }
    #expect(coverage.total > 200)
    #expect(coverage.missing == [])
  }
}
