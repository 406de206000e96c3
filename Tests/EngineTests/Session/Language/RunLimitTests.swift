import Engine
import Testing

@testable import Session

/// A stranger's script ends: by itself, or because it has used up what a run may use.
struct RunLimitTests {
  /// A script whose file `two` includes itself twice, and whose file `lines` has a hundred lines.
  private func script(keepsHistory: Bool = false, _ change: (inout RunLimits) -> Void = { _ in }) -> Script {
    let script = Script(keepsHistory: keepsHistory)
    script.session.limits = RunLimits()
    change(&script.session.limits)
    script.runner.load = { name, _ throws(ScriptError) in
      switch name {
      case "lines": (name, Array(repeating: "pe 0", count: 100))
      case "long": (name, ["# " + String(repeating: "x", count: 60_000)])
      case "5": (name, [])
      default: (name, Array(repeating: "include \((Int(name) ?? 0) + 1)", count: 8))
      }
    }
    return script
  }

  private func refusal(_ script: Script, _ text: String) -> ScriptError? {
    #expect(throws: ScriptError.self) { try script.run(text) }
  }

  /// The table of Documentation/Sessions.md has the numbers: of a file, and of a line that is typed.
  @Test func theDocumentHasTheLimits() throws {
    let (file, replay, person) = (RunLimits(), RunLimits.replay, RunLimits.person)
    func size(_ bytes: Int) -> String { bytes >> 30 > 0 ? "\(bytes >> 30)G" : "\(bytes >> 20)M" }
    let rows = [
      ("files included", grouped(file.includes), grouped(person.includes)),
      ("lines of included files", grouped(file.includedLines), grouped(person.includedLines)),
      ("bytes of included files", size(file.includedBytes), size(person.includedBytes)),
      ("fresh machines", grouped(file.machines), ""),
      ("steps done", "\(grouped(file.steps)); `replay` \(grouped(replay.steps))", ""),
      (
        "instructions of guests",
        "\(grouped(Int(file.instructions))); `replay` \(grouped(Int(replay.instructions)))", ""
      ),
      ("`token verify`", grouped(file.verdicts), ""),
      ("bytes written by fills", size(Int(file.filled)), ""),
      ("memory of a machine", size(Int(file.memory)), ""),
      ("steps a session keeps", "\(grouped(file.history)); a recording has as many as it has", grouped(person.history)),
      ("bytes they take", "\(size(file.historyBytes)); a recording \(size(replay.historyBytes))", size(person.historyBytes)),
    ]
    let lines = try Project.text("Documentation/Sessions.md").split(separator: "\n")
    for (what, ofFile, ofLine) in rows {
      let line = try #require(lines.first { $0.hasPrefix("| \(what)") }, "\(what)")
      let cells = line.split(separator: "|", omittingEmptySubsequences: false).map { $0.filter { $0 != " " } }
      #expect([cells[2], cells[3]] == [ofFile, ofLine].map { $0.filter { $0 != " " } }, "\(line)")
    }
    // What counts for instructions is in the row, too.
    let costs = [
      RunLimits.exceptionCost, RunLimits.nameCost, RunLimits.entryCost, RunLimits.signatureCost, RunLimits.debuggedCost,
      RunLimits.rulesCost,
    ]
    let line = try #require(lines.first { $0.hasPrefix("| instructions of guests") })
    for cost in costs { #expect(line.contains(" \(grouped(Int(cost)))"), "\(cost)") }
  }

  @Test func includesAreCountedInAll() throws {
    // 8 + 64 + 512 + 4096 files, none of them deeper than 16.
    let error = refusal(script(), "include 1")
    #expect(error?.line == 1)
    #expect(error?.message.hasSuffix("the run included 1000 files, as many as it may") == true)
    let lines = refusal(script { $0.includedLines = 250 }, "include lines\ninclude lines\ninclude lines")
    #expect(lines?.line == 3)
    #expect(lines?.message.contains("lines:51:1: the run read 250 lines of included files") == true)
    let bytes = refusal(script { $0.includedBytes = 100_000 }, "include long\ninclude long")
    #expect(bytes?.line == 2)
    #expect(bytes?.message.contains("more than 100000 in all") == true)
  }

  @Test(arguments: [
    ("pe 0\npe 0\npe 0\npe 0", 4, "the run did 3 steps"),
    ("case a\ncase b\nmachine\ncase c", 3, "the run made 2 machines"),
    ("token verify\ntoken appraise\ntoken verify", 0, ""),
    (
      "ns.fill 0x80000000 1M 1\nns.fill 0x80000000 8M 1", 2, "a fill of 8M is too large; the machine's memory may hold at most 8M"
    ),
    ("ns.fill 0x80000000 1M 0\nns.fill 0x80000000 4M 0\npe 0", 3, "the run filled 4M of memory"),
  ])
  func whatIsDoneIsCounted(_ text: String, _ line: Int, _ message: String) throws {
    let script = script {
      $0.steps = 3
      $0.machines = 2
      $0.memory = 8 << 20
      $0.filled = 4 << 20
    }
    guard line > 0 else { return try script.run(text) }
    let error = refusal(script, text)
    #expect(error?.line == line)
    #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
  }

  @Test func aGuestsInstructionsAreCounted() throws {
    let script = script { $0.instructions = 60_000 }
    let error = refusal(script, "debug tour\nstep 10\ncontinue")
    #expect(error?.line == 3)
    #expect(error?.message == "the run executed 60000 instructions of guests, as many as it may")
    #expect(script.session.read { $0.invariantViolations() } == [])
    // What only looks may always.
    try script.run("print 1\npeek64 0x80000000")
  }

  /// What an exception takes is counted, not only the instruction that raised it.
  @Test func anExceptionCountsForManyInstructions() throws {
    let script = script { $0.instructions = 1_000_000_000 }
    try script.run("debug tour\ncontinue")
    let executed = script.session.now
    #expect(script.session.usage.instructions > executed + 50 * RunLimits.exceptionCost)
  }

  /// A read of a system register takes as long as many instructions of compiled code.
  @Test func whatTheFastEngineLeavesCountsForManyInstructions() throws {
    var configuration = MachineConfiguration()
    configuration.vcpu = .code
    let script = Script(configuration)
    // MRS X0, CNTVCT_EL0; B .-4
    try script.run("ns.write 0x83f10000 40e03bd5ffffff17")
    try script.run(Script.activeRealm)
    let before = script.session.usage.instructions
    try script.run("smc RMI_REC_ENTER rec run")
    let executed = script.session.now
    #expect(executed > 100_000)
    #expect(script.session.usage.instructions - before > executed / 2 * RunLimits.rareCost)
  }

  @Test func placesToStopAtAreCountedAndNotAllNamed() throws {
    let script = script()
    let breaks = (0..<1001).map { "break \(hex(0x8000_0000 + UInt64($0) * 4))" }
    let error = refusal(script, (["debug tour"] + breaks).joined(separator: "\n"))
    #expect(error?.line == 1002)
    #expect(error?.message.hasPrefix("the guest has 1000 places to stop at") == true)
    try script.run("delete 0x80000000")
    let told = try script.runner.guestControl.perform(.stop(.event(.smc)), in: "test")
    #expect(told.message.hasSuffix(" and 992 more") && told.message.utf8.count < 200, "\(told.message)")
  }

  /// Reading names takes time, which is counted.
  @Test func theNamesOfAGuestAreCounted() throws {
    let script = script { $0.instructions = 200 * RunLimits.nameCost }
    let error = refusal(script, (["debug tour"] + Array(repeating: "symbols tour", count: 200)).joined(separator: "\n"))
    #expect(error?.message.hasSuffix("instructions of guests, as many as it may") == true, "\(error?.message ?? "")")
  }

  @Test func aTokenIsJudgedSoManyTimes() throws {
    let script = script { $0.verdicts = 0 }
    #expect(refusal(script, "token verify")?.message.contains("judged 0 tokens") == true)
  }

  @Test func aSessionKeepsSoManyStepsAndGoingBackMakesRoom() throws {
    let script = script(keepsHistory: true) { $0.history = 10 }
    let error = refusal(script, "include lines")
    #expect(error?.message.contains("the session has 10 steps, as many as one keeps; go back") == true)
    try script.run("print 1\ngoto 5\npe 0")
    #expect(script.session.position == 6)
  }

  /// Failures are counted, and the first of them kept.
  @Test func manyFailuresAreCounted() throws {
    let script = script()
    for line in 1...1500 { try script.runner.run(line: "expect ok", number: line, file: "test") }
    #expect(script.runner.failureCount == 1500)
    #expect(script.runner.failures.count == 1000)
  }

  /// A long run of spaces and a long sum take as long as they are: seconds and minutes once.
  @Test func longLinesAreReadAtOnce() throws {
    let script = script()
    let clock = ContinuousClock()
    let time = try clock.measure {
      try script.run("print 1" + String(repeating: " ", count: 65_000) + "+ 1" + String(repeating: " ", count: 500))
      try script.run("print " + String(repeating: "1+", count: 32_000) + "1")
    }
    #expect(script.takeRaw() == ["0x2", hex(32_001)])
    #expect(time < .seconds(5))
  }

  // MARK: Interruption

  @Test func anIncludeIsInterruptedBetweenTwoLines() throws {
    let script = script()
    var looks = 0
    script.session.isInterrupted = {
      looks += 1
      return looks > 40
    }
    let error = refusal(script, "include lines")
    #expect(error == ScriptError(line: 1, column: 9, message: "stopped by a key after 40 lines"))
    #expect(script.runner.wasInterrupted)
    #expect(script.session.position == 40)
    script.session.isInterrupted = { false }
    try script.run("pe 0")
    #expect(!script.runner.wasInterrupted)
  }

  @Test func aLongWayToAStepIsInterrupted() throws {
    let script = script(keepsHistory: true)
    try script.run("include lines\ngoto 0")
    var looks = 0
    script.session.isInterrupted = {
      looks += 1
      return looks > 30
    }
    let error = refusal(script, "goto 90")
    #expect(error?.message == "stopped by a key on the way: this is step 30")
    #expect(script.session.position == 30)
    script.session.isInterrupted = { false }
    try script.run("goto 90")
    #expect(script.session.position == 90)
  }

  /// However a run is interrupted, forward or back: what is complete stays, the guest goes on, and a recording replays.
  @Test(arguments: [("step 300", "of 300 steps"), ("back 20", "of 20 steps"), ("reverse", "instructions")], [3, 17])
  func aRunOfAGuestIsInterrupted(_ run: (line: String, message: String), _ after: Int) throws {
    let script = script(keepsHistory: true)
    try script.run("debug tour\nstep 40")
    var looks = 0
    script.session.isInterrupted = {
      looks += 1
      return looks > after
    }
    try script.run(run.line)
    #expect(script.runner.wasInterrupted)
    let message = try #require(script.runner.lastOutcome?.message)
    #expect(message.hasPrefix("stopped by a key after ") && message.contains(run.message), "\(message)")
    #expect(script.runner.guestControl.guest != nil)
    script.session.isInterrupted = { false }
    try script.run("step\nexpect stepped\nback\nexpect stepped\ncontinue\nexpect powered_off")
    #expect(script.runner.failures == [])
    try expectReplay(of: script.session)
  }
}
