import Engine
import Foundation
import Testing
import Views

@testable import Workbench

/// What becomes of what was done.
@MainActor
struct RecordingStories {
  /// Steps that were undone stay in the recording; what was done instead follows them.
  @Test func aRecordingHasBothBranches() throws {
    let story = try Story(records: true)
    story.types("RMI_GRANULE_DELEGATE 0x80001000")
    story.types("RMI_GRANULE_DELEGATE 0x80002000")
    story.keys("u")
    story.types("RMI_GRANULE_DELEGATE 0x80003000")
    story.sees("(1 undone step stays on branch main; this is b1, U shows all)")
    story.types("ns.read64 0x80002000")
    story.keys("uu")
    story.types("RMI_GRANULE_UNDELEGATE 0x80001000")
    let text = try story.quitsAndLeaves().text
    let statements = text.split(separator: "\n").compactMap { line in
      line.firstMatch(of: /^(?:@\S+ )?((?:GRANULE_|ns\.|goto|fork|switch).*)/).map { String($0.1) }
    }
    #expect(
      statements == [
        "GRANULE_DELEGATE 0x80001000", "GRANULE_DELEGATE 0x80002000", "goto 1", "fork b1",
        "GRANULE_DELEGATE 0x80003000", "ns.read64 0x80002000", "goto 2", "goto 1", "fork b2",
        "GRANULE_UNDELEGATE 0x80001000", "switch main 2", "switch b1 3", "switch b2 2",
      ])
    let replayed = try story.quitsAndReplays().session
    #expect(replayed.steps.count == 2)
    #expect(replayed.branches.map(\.name) == ["main", "b1", "b2"])
    #expect(replayed.digest() == story.session.digest())
  }

  /// Behind where one left off by going back, nothing is replaced before something else is done.
  @Test func aRecordingEndsWhereThePersonStood() throws {
    let story = try Story(records: true)
    for n in 1...3 { story.types("RMI_GRANULE_DELEGATE 0x8000\(n)000") }
    story.keys("uu")
    let replayed = try story.quitsAndReplays().session
    #expect(replayed.steps.count == 3)
    #expect(replayed.position == 1)
  }

  /// Who looks and leaves again leaves nothing.
  @Test func aRecordingOfNothingIsNotKept() throws {
    let story = try Story(records: true)
    story.keys("?", .escape, "1", "q")
    let path = try #require(story.recorded)
    #expect(!FileManager.default.fileExists(atPath: path))
    #expect(story.app.recordingAccount?.sentence == "nothing was done, and nothing is recorded")
    #expect(story.app.recordingAccount?.isWhole == true)
    // What was done and undone is something.
    let other = try Story(records: true)
    other.types("RMI_VERSION 0x10000")
    other.keys("u", "q")
    #expect(FileManager.default.fileExists(atPath: try #require(other.recorded)))
  }

  @Test func aRecordingThatIsRemovedIsMissed() throws {
    let story = try Story(records: true)
    story.sees("● REC")
    story.types("RMI_GRANULE_DELEGATE 0x80001000")
    let path = try #require(story.recorded)
    #expect(story.terminal.crashNote.contains(path))
    try FileManager.default.removeItem(atPath: path)
    // Without a key.
    story.waits()
    story.sees("REC LOST")
    story.sees(":write FILE saves the session")
    story.keys("q")
    story.sees("quit again leaves without")
    story.keys("q")
    #expect(story.code == 0)
    let account = try #require(story.app.recordingAccount)
    #expect(!account.isWhole && account.sentence == "\(path) was removed: nothing of the recording is left")
  }

  @Test func aRecordingThatIsMovedIsWhole() throws {
    let story = try Story(records: true)
    story.types("RMI_GRANULE_DELEGATE 0x80001000")
    let path = try #require(story.recorded)
    let other = path + ".moved"
    try FileManager.default.moveItem(atPath: path, toPath: other)
    story.types("RMI_GRANULE_DELEGATE 0x80002000")
    story.sees("REC LOST")
    story.keys("q")
    #expect(story.code == 0)
    let account = try #require(story.app.recordingAccount)
    #expect(account.isWhole && account.sentence == "the recording was moved away from \(path)")
    #expect(try String(contentsOfFile: other, encoding: .utf8).contains("0x80002000"))
  }

  nonisolated static let recording = """
    #workbench 2
    machine dram=64M pe=2 rmm=spec-1.0
    @0.1 smc RMI_GRANULE_DELEGATE 0x80001000
    => RMI_ERROR_INPUT
    @0.2 smc RMI_GRANULE_DELEGATE 0x80002000
    => RMI_SUCCESS

    """
  nonisolated static let script =
    "smc RMI_GRANULE_DELEGATE 0x80001000\nexpect RMI_ERROR_INPUT\nsmc RMI_GRANULE_DELEGATE 0x80002000\n"

  /// What a file contradicts stays on the screen whatever is done, until esc says that it was read; the header has it for good.
  @Test(arguments: [(recording, 4), (script, 2)])
  func aContradictionStaysUntilItWasRead(_ text: String, _ line: Int) throws {
    let folder = try TemporaryFolder()
    let story = try Story(opening: try folder.write("other.session", text))
    let sentence = "≠ line \(line): expected RMI_ERROR_INPUT, got RMI_SUCCESS"
    story.sees(sentence)
    story.keys("t", "w")
    story.sees(sentence)
    story.keys(.escape)
    story.sees("≠ line \(line)")
    story.doesNotSee("≠ line \(line):")
    let right = try folder.write("right.session", text.replacing("RMI_ERROR_INPUT", with: "RMI_SUCCESS"))
    let other = try Story(opening: right)
    other.doesNotSee("≠")
  }
}

/// A long recording, of which the rest is read behind the first screen.
@MainActor
struct ReadingStories {
  private static let steps = 600

  /// - Parameter last: lines behind the steps.
  private static func recording(_ folder: TemporaryFolder, last: String = "") throws -> String {
    var text = Recording.header(MachineConfiguration())
    for n in 0..<steps {
      let call = n % 2 == 0 ? "RMI_GRANULE_DELEGATE" : "RMI_GRANULE_UNDELEGATE"
      text += "@0.000 smc \(call) 0x80001000\n=> RMI_SUCCESS\n"
    }
    let path = folder.path + "/long.rec"
    try (text + last).write(toFile: path, atomically: true, encoding: .utf8)
    return path
  }

  @Test func theFirstScreenComesBeforeTheRest() throws {
    let folder = try TemporaryFolder()
    let path = try Self.recording(folder, last: "@0.000 goto 200\n# so far\n@0.000 ns.read64 0x80002000\n=> ok\n")
    let whole = try Story(opening: path)
    let story = try Story(opening: path, patience: 0)
    story.sees("reading: ")
    #expect(story.session.allSteps < Self.steps && story.app.rest != nil)
    // Keys that are pressed meanwhile are taken afterwards.
    story.keys("u")
    whole.keys("u")
    #expect(story.app.rest == nil && story.session.allSteps == Self.steps + 1)
    #expect(story.session.position == whole.session.position && story.session.digest() == whole.session.digest())
    #expect(story.screen == whole.screen)
    story.types("RMI_VERSION 0x10000")
    #expect(story.session.branches.count == whole.session.branches.count + 1)
  }

  @Test func escapeEndsTheReading() throws {
    let folder = try TemporaryFolder()
    let story = try Story(opening: try Self.recording(folder), patience: 0)
    story.terminal.drips = true
    story.keys(.escape)
    #expect(story.app.rest == nil && story.app.running)
    #expect((1...Self.steps).contains(story.session.allSteps))
    let read = story.session.allSteps
    story.keys("u")
    #expect(story.session.position == read - 1)
  }

  /// What is wrong far behind ends the program as it does at once.
  @Test func whatIsWrongBehindIsSaid() throws {
    let folder = try TemporaryFolder()
    let story = try Story(opening: try Self.recording(folder, last: "@0.000 nonsense\n"), patience: 0)
    story.waits()
    #expect(story.code == 65)
    #expect(story.app.failure?.message.contains("unknown statement \"nonsense\"") == true)
    let other = try Story(
      opening: try Self.recording(folder, last: "@0.000 smc RMI_VERSION 0x10000\n=> RMI_ERROR_INPUT\n"), patience: 0)
    other.waits()
    #expect(other.state.contradiction?.line == 2 * Self.steps + 4)
  }
}
