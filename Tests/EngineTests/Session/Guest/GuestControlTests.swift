import Engine
import Testing

/// Guests that scripts boot, stop, step and take back.
struct GuestControlTests {
  @Test func aScriptStopsAndGoesBack() throws {
    let script = Script(keepsHistory: false)
    try script.run(
      """
      debug tour
      expect stands
      break smc
      continue
      expect event x0=RSI_VERSION x1=0x10000
      delete
      break secondary_start
      continue
      expect breakpoint
      step 3
      expect stepped x1=?sp
      back 3
      expect stepped x1=0
      step 3
      expect stepped x1=?sp
      watch visits
      continue
      expect watchpoint
      reverse
      expect breakpoint
      delete
      continue
      expect powered_off
      token verify
      expect accepted
      """)
    #expect(script.runner.failures == [])
    #expect(script.session.read { $0.invariantViolations() } == [])
  }

  /// What a script boots is recorded as what its Host did: the recording needs no image.
  @Test func itsRecordingReplays() throws {
    let script = Script(keepsHistory: false)
    try script.run(
      "print 1\ndebug tour\nbreak secondary_start\ncontinue\nns.read64 0x80110000\nexpect gpf\ndelete\ncontinue\nexpect powered_off"
    )
    #expect(script.runner.failures == [])
    try expectReplay(of: script.session)
  }

  /// A guest's Host goes on on its own PE, whichever one a person has chosen; and when a person has let the PE go on himself, its Host
  /// looks at what the guest left for.
  @Test func itsHostKeepsItsPE() throws {
    let script = Script(keepsHistory: false)
    try script.run(
      """
      debug tour
      step 3
      pe 1
      ns.read64 0x80110000
      expect gpf
      step
      expect stepped
      resume 0
      step
      expect stepped
      continue
      expect powered_off
      debug --normal kernel
      pe 1
      step
      expect stepped
      """)
    #expect(script.runner.failures == [])
  }

  /// `reverse` and `step N` stop where `continue` does: at code, SMCs, exits.
  @Test func everyMotionStopsAlike() throws {
    let script = Script(keepsHistory: false)
    try script.run(
      """
      debug tour
      break exit psci
      continue
      expect event
      continue
      expect event
      reverse
      expect event
      delete exit psci
      break smc
      reverse
      expect event x0=PSCI_CPU_ON
      reverse
      expect event
      delete smc
      break print
      reverse
      expect breakpoint
      step 20
      expect stepped
      reverse
      expect breakpoint
      back
      step 100
      expect breakpoint
      """)
    #expect(script.runner.failures == [])
  }

  /// A store the Host emulates is an instruction like any other, forward and back.
  @Test func anEmulatedStoreIsAStep() throws {
    let script = Script(keepsHistory: false)
    try script.run("debug tour\nbreak print\ncontinue\ndelete")
    var forward: [String] = []
    for _ in 0..<40 {
      try script.run("step")
      forward.append(try #require(script.takeRaw().last))
    }
    #expect(forward.contains("vCPU 0 at print+0x1c"), "the store")
    // Nothing is done twice or left out: what follows an instruction is behind it, or where it branches to.
    #expect(zip(forward, forward.dropFirst()).allSatisfy { $0 != $1 })
    for expected in forward.dropLast().reversed() {
      try script.run("back")
      #expect(script.takeRaw().last == expected)
    }
  }

  /// The same from where an exit has stopped it, or where it was taken back to: before the store.
  @Test func aStepFromAnExitCompletesIt() throws {
    let script = Script(keepsHistory: false)
    try script.run("debug faults\nbreak exit sync\ncontinue\nstep\nback\nstep\ndelete\nback\nstep\nstep")
    let places = script.takeRaw().filter { $0.contains("vCPU 0 at") }.map { $0.split(separator: " ").last ?? "" }
    #expect(places == ["main+0x4c", "main+0x50", "main+0x4c", "main+0x50", "main+0x4c", "main+0x50", "main+0x54"])
  }

  /// The Host destroys the page a vCPU runs in, and the other one only waits for it.
  @Test func aVCPUThatStandsIsSaidToStand() throws {
    let script = Script(keepsHistory: false)
    try script.run(
      """
      debug tour
      break secondary_start
      continue
      expect breakpoint
      pe 1
      RMI_DATA_DESTROY 0x80100000 0x80000000
      expect RMI_SUCCESS
      step
      expect failed
      continue
      expect failed
      """)
    #expect(script.runner.failures == [])
    #expect(script.takeRaw().last?.contains("the page at 0x80000000 is DESTROYED") == true)
  }

  /// From an earlier step of the session the guest goes on from there.
  @Test func itGoesOnFromAnEarlierStep() throws {
    let script = Script()
    try script.run("debug tour\nbreak secondary_start\ncontinue\nexpect breakpoint")
    let there = script.session.position
    try script.run("delete\ncontinue\nexpect powered_off\ngoto \(there)\nbreak secondary_main\ncontinue\nexpect breakpoint")
    #expect(script.runner.failures == [])
    try expectReplay(of: script.session)
  }

  /// A recorder is told of every step that a command has made anew, also of those that its last run took back.
  @Test func newStepsAreToldOf() throws {
    let script = Script()
    try script.run("debug tour\nbreak 0x80000008\ncontinue\nexpect breakpoint")
    let before = script.session.steps.map(\.text)
    try script.run("back 2\nexpect stepped")
    let after = script.session.steps.map(\.text)
    let changed = try #require(zip(before, after).enumerated().first { $1.0 != $1.1 }?.offset)
    #expect(try #require(script.runner.guestControl.firstNewStep) <= changed)
  }

  /// Another machine has another console.
  @Test func consolesAreNotMixed() throws {
    let script = Script()
    try script.run("boot tour\nboot faults")
    let console = script.session.console
    let reset = try #require(console.lastIndex(of: 0x1B))
    #expect(String(decoding: console[(reset + 2)...], as: UTF8.self).hasPrefix("own RAM"))
  }

  /// Whole lines of its console come with the statement, and what happened outside of it in between.
  @Test func theConsoleIsTold() throws {
    let script = Script(keepsHistory: false)
    try script.run("boot faults")
    let lines = script.takeRaw()
    let golden = try Project.text("Tests/EngineTests/Fixtures/faults-console.txt").split(separator: "\n").map { "| \($0)" }
    #expect(lines.filter { !$0.hasPrefix("| (") }.dropLast() == golden[...])
    #expect(lines.last == "the guest turned itself off")
    #expect(lines.contains("| (The Host destroys the page at 0x80008000.)"))
    let place = try #require(lines.firstIndex(of: "| (The Host destroys the page at 0x80008000.)"))
    #expect(lines[place - 1] == "| DESTROYED")
  }

  @Test func outsideARealmItIsTheSameGuest() throws {
    let script = Script(keepsHistory: false)
    try script.run("boot --normal tour\nexpect powered_off")
    #expect(script.runner.failures == [])
    #expect(script.session.tokens.isEmpty)
  }

  @Test(arguments: [
    ("step", "no guest was booted here"), ("boot ../tour", "no image"), ("boot tour 9", "from 1 to 8"),
    ("boot a b c", "expected: boot"),
    ("debug tour\nbreak nosuch", "neither a number nor a name"), ("debug tour\nbreak 0x80000001", "multiple of 4"),
    ("debug tour\nbreak exit never", "there are"), ("debug tour\nbreak granule 1", "no granule"),
    ("debug tour\nbreak", "expected: break"),
    ("debug tour\nstep 0", "from 1 to"), ("debug tour\nwatch 0 5000", "from 1 to 4096"),
    ("debug tour\ngoto 1", "keeps none"), ("debug tour\ndelete smc", "stops nowhere"), ("boot --norm tour", "no option"),
    ("debug tour\ncase other\nstep", "no guest was booted here"),
  ])
  func whatIsWrongIsSaid(_ text: String, _ words: String) throws {
    let error = #expect(throws: ScriptError.self) { try Script(keepsHistory: false).run(text) }
    #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
  }

  /// A recording holds what a Host did; it opens no image.
  @Test func aRecordingBootsNothing() throws {
    let replayer = Replayer(Session(MachineConfiguration()))
    try replayer.take("@0.0 boot tour", line: 1)
    #expect(throws: ScriptError.self) { try replayer.finish() }
  }
}
