import Foundation
import Libc
import Testing

/// What the program says of files: of a recording it cannot write, and of one that says otherwise.
@Suite(.serialized)
struct RecordingTests {
  private func open(_ state: TemporaryFolder) throws -> PseudoTerminal {
    let terminal = try PseudoTerminal(["--no-animation"], environment: ["XDG_STATE_HOME": state.path])
    try terminal.until("Worlds")
    return terminal
  }

  private func size(_ path: String) throws -> Int {
    try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
  }

  /// The whole screen anew, in which `wanted` must be.
  private func redrawn(_ terminal: PseudoTerminal, _ wanted: String) throws {
    let mark = terminal.mark
    terminal.type("\u{c}")
    try terminal.until(wanted, since: mark)
  }

  /// A disk that is full and has room again: the header says so at once, and nothing is missing or torn in the end.
  @Test func aRecordingGoesOnWhenThereIsRoomAgain() throws {
    let state = try TemporaryFolder()
    let terminal = try open(state)
    terminal.type(":RMI_GRANULE_DELEGATE 0x80001000\r")
    try terminal.until("UNDELEGATED → DELEGATED")
    let recording = try #require(state.recordings.first)
    // In the middle of the next line.
    let before = try size(recording)
    terminal.limitFiles(to: before + 7)
    terminal.type("u")
    try redrawn(terminal, "✗ REC FAILS")
    try redrawn(terminal, "File too large")
    #expect(try size(recording) == before)
    terminal.type(":RMI_GRANULE_DELEGATE 0x80002000\r")
    try redrawn(terminal, "80002000")
    terminal.type("q")
    try terminal.until("quit again leaves without")
    let path = state.path + "/saved.session"
    terminal.type(":write \(path)\r")
    try redrawn(terminal, "cannot write ")
    #expect(!FileManager.default.fileExists(atPath: path))
    terminal.limitFiles(to: nil)
    terminal.type(":RMI_GRANULE_UNDELEGATE 0x80002000\r")
    try redrawn(terminal, "● REC")
    terminal.type(":write \(path)\r")
    try terminal.until("steps written to")
    terminal.type("q")
    #expect(try terminal.exitCode() == 0)
    #expect(terminal.text.contains("recorded in \(recording)"))
    // A recording keeps what was undone as a branch.
    for (file, words) in [(recording, "3 steps on 2 branches"), (path, "2 steps")] {
      let replay = try Headless.run(["replay", "--verify", file])
      #expect(replay.code == 0, "\(replay.error)")
      #expect(replay.error.isEmpty)
      #expect(replay.output.hasPrefix(words), "\(replay.output)")
    }
    // The step that was undone is in it, too.
    #expect(try String(contentsOfFile: recording, encoding: .utf8).contains(" GRANULE_DELEGATE 0x80001000"))
  }

  @Test func aRecordingThatFailedIsNotSaidToBeOne() throws {
    let state = try TemporaryFolder()
    let terminal = try open(state)
    let recording = try #require(state.recordings.first)
    terminal.limitFiles(to: try size(recording))
    // After a guest's command, too.
    terminal.type(":boot tour\r")
    try terminal.until("✗ REC FAILS")
    try terminal.until("; S steps back")
    terminal.type("qq")
    #expect(try terminal.exitCode() == 74)
    #expect(terminal.text.contains("\(recording) cannot be written: File too large"))
    #expect(!terminal.text.contains("recorded in"))
    #expect(terminal.modesAreRestored)
  }

  /// The terminal is closed and SIGHUP ignored, as nohup does it.
  @Test func aTerminalThatIsGoneEndsIt() throws {
    let state = try TemporaryFolder()
    let terminal = try PseudoTerminal(["--no-animation"], environment: ["XDG_STATE_HOME": state.path], shell: "trap '' HUP")
    try terminal.until("Booted")
    terminal.type(":RMI_GRANULE_DELEGATE 0x80001000\r")
    try terminal.until("UNDELEGATED → DELEGATED")
    terminal.hangUp()
    #expect(try terminal.exitCode(seconds: 5) == 129)
    let text = try String(contentsOfFile: try #require(state.recordings.first), encoding: .utf8)
    #expect(text.split(separator: "\n").last?.hasPrefix("%  state ") == true)
  }

  @Test(arguments: [(RecordingStories.recording, 4), (RecordingStories.script, 2)])
  func aScreenSaysWhatTheFileContradicts(_ text: String, _ line: Int) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("other.session", text)
    for panel in ["overview", "trace", "worlds", "timeline", "why"] {
      let result = try Headless.run(["show", panel, path])
      #expect(result.code == 1, "\(panel)")
      #expect(result.error.contains("\(path):\(line): expected RMI_ERROR_INPUT, got RMI_SUCCESS"), "\(result.error)")
      #expect(result.output.contains("≠ line \(line): expected RMI_ERROR_INPUT, got RMI_SUCCESS"), "\(panel): \(result.output)")
    }
    // A file that is right says nothing of the kind.
    let right = try folder.write("right.session", text.replacing("RMI_ERROR_INPUT", with: "RMI_SUCCESS"))
    let result = try Headless.run(["show", "overview", right])
    #expect(result.code == 0 && result.error.isEmpty && !result.output.contains("≠"))
  }
}
