import Engine
import Testing

/// A recording that is run or included as a script: the steps it goes to are its own.
struct RecordingAsScriptTests {
  private static let recording = """
    #workbench 3
    machine rmm=tf-rmm-0.6 dram=32M
    @0.0 smc RMI_GRANULE_DELEGATE 0x80001000
    => RMI_SUCCESS
    @0.1 smc RMI_GRANULE_DELEGATE 0x80002000
    => RMI_SUCCESS
    @0.2 goto 1
    @0.3 smc RMI_GRANULE_DELEGATE 0x80003000
    => RMI_SUCCESS
    @0.4 goto 0
    @0.5 smc RMI_GRANULE_DELEGATE 0x80004000
    => RMI_SUCCESS
    """

  private func replayed() throws -> Session {
    let lines = Self.recording.split(separator: "\n").map(String.init)
    let replayer = Replayer(Session(try Recording.configuration(of: lines)))
    for (index, line) in lines.enumerated() { try replayer.take(line, line: index + 1) }
    try replayer.finish()
    #expect(replayer.difference == nil)
    return replayer.session
  }

  @Test func itRunsAsItIsReplayed() throws {
    let replayed = try replayed()
    let script = Script()
    try script.run(Self.recording)
    #expect(script.session.digest() == replayed.digest())
    #expect(script.session.configuration.propertyText == replayed.configuration.propertyText)
  }

  /// Whether the script keeps a history or not, and whatever it did before.
  @Test(arguments: [true, false], ["", "RMI_GRANULE_DELEGATE 0x80005000\npe 1\n"])
  func itIsIncludedAsItIsReplayed(_ keepsHistory: Bool, _ before: String) throws {
    let replayed = try replayed()
    let script = Script(keepsHistory: keepsHistory)
    script.runner.load = { name, _ throws(ScriptError) in (name, Self.recording.split(separator: "\n").map(String.init)) }
    try script.run("\(before)include recording")
    #expect(script.session.digest() == replayed.digest())
    try script.run("state 0x80004000\nexpect DELEGATED\nstate 0x80001000\nexpect NS")
    #expect(script.runner.failures == [])
    #expect(script.session.keepsHistory)
  }

  @Test func whatDoesNotGoBackKeepsNoHistory() throws {
    let script = Script(keepsHistory: false)
    script.runner.load = { name, _ throws(ScriptError) in (name, ["#workbench 3", "machine pe=1", "@0.0 pe 0"]) }
    try script.run("include recording")
    #expect(!script.session.keepsHistory)
    let error = #expect(throws: ScriptError.self) { try script.run("goto 0") }
    #expect(error?.message == "going back needs a session with its history: this one keeps none")
  }

  @Test func itsOwnStepsAreCountedInMessages() throws {
    let script = Script()
    script.runner.load = { name, _ throws(ScriptError) in (name, ["#workbench 3", "machine pe=1", "@0.0 pe 0", "@0.1 goto 2"]) }
    let error = #expect(throws: ScriptError.self) { try script.run("pe 1\npe 0\ninclude recording") }
    #expect(error?.message == "in recording:4:6: there is no step 2; there are 0 to 1")
    #expect(error?.line == 3)
  }

  /// Version 1 knew one platform only, however its recording is read.
  @Test func theFirstVersionHasTheSamplePlatform() throws {
    let script = Script()
    try script.run("#workbench 1\nmachine pe=2\npe 1")
    #expect(script.session.configuration.platform == .sample)
  }

  @Test func aNewerFormatIsRefused() throws {
    let error = #expect(throws: ScriptError.self) { try Script().run("#workbench 7\nmachine pe=2") }
    #expect(error?.message == "recording format \"7\" is newer than this program, which reads up to 6")
    // A comment of another kind.
    let script = Script()
    try script.run("#workbench notes\npe 1")
    #expect(script.session.position == 1)
  }
}
