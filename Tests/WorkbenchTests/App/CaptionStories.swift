import Engine
import Foundation
import Testing
import Views

@testable import Workbench

/// What the author of a session says reaches the screen.
@MainActor
struct CaptionStories {
  private static let script = """
    # A granule is given away
    # and taken back.

    echo 1. Away
    RMI_GRANULE_DELEGATE 0x80001000   # the first one
    expect RMI_SUCCESS
    ns.read64 0x80001000
    expect ok
    # Back again
    RMI_GRANULE_UNDELEGATE 0x80001000
    expect RMI_SUCCESS
    echo That was all.

    """

  private func story(_ text: String, size: (Int, Int) = (120, 36), records: Bool = false) throws -> Story {
    let folder = try TemporaryFolder()
    return try Story(opening: try folder.write("words.session", text), size: size, records: records)
  }

  @Test(arguments: [(80, 24), (120, 36), (200, 60)])
  func aSessionOpensAtItsFirstWordsAndSpeaksStepByStep(_ size: (Int, Int)) throws {
    let story = try story(Self.script, size: size)
    #expect(story.session.position == 1)
    story.sees("A granule is given away and taken back.")
    story.sees("] goes on")
    story.keys("]")
    story.sees("✗ expect ok: expected ok, got gpf")
    story.keys("]")
    story.sees("Back again")
    if size.1 == 60 {
      story.sees("That was all.")
      story.sees("✓ expect RMI_SUCCESS")
    }
    #expect(story.session.position == 3)
  }

  /// Wherever one is, something says that an expectation did not hold, and leads there.
  @Test func aFailedExpectationIsImpossibleToMiss() throws {
    let story = try story(Self.script)
    story.sees("≠ line 8: expected ok, got gpf")
    story.sees("✗")
    story.keys("C")
    story.sees("1 expectation failed")
    story.keys("/gpf", .enter, .enter)
    #expect(story.session.position == 2)
    story.keys("o4")
    story.sees("└ ✗")
  }

  @Test func theAuthorSaysWhereToBegin() throws {
    let story = try story(Self.script.replacing("# Back again", with: "start here\n# Back again"))
    #expect(story.session.position == 2)
    // A session without words is opened at its end.
    #expect(try self.story("RMI_VERSION 0x10000\nRMI_VERSION 0x10000\n").session.position == 2)
  }

  /// Every session that comes with the project opens where it begins to speak, with all that is to come before one.
  @Test func theProjectsSessionsOpenAtTheirBeginning() throws {
    let folder = PseudoTerminal.root.appending(path: "Sessions").path
    let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".session") }
    #expect(names.count >= 16)
    for name in names {
      let loaded = try SessionLoader.load("\(folder)/\(name)", MachineConfiguration())
      _ = SessionLoader.opened(loaded, name: name)
      let session = loaded.session
      #expect(session.position < session.steps.count, "\(name)")
      #expect(session.captions.of(session.position).contains { $0.kind == .words }, "\(name)")
    }
  }

  @Test func captionsAreListedSoughtAndTravelledTo() throws {
    let story = try story(Self.script)
    story.keys("C")
    for words in ["1. Away", "the first one", "✓ expect RMI_SUCCESS", "Back again", "That was all."] { story.sees(words) }
    story.keys("/back again", .enter, .enter)
    #expect(story.session.position == 3)
    story.sees("▶    3")
  }

  /// What was said stays with its steps in what is recorded, and what is typed is said, too.
  @Test func aRecordingKeepsTheWords() throws {
    let story = try story(Self.script, records: true)
    story.keys("}")
    story.types("# by hand")
    story.types("RMI_VERSION 0x10000")
    story.sees("by hand")
    let (path, text) = try story.quitsAndLeaves()
    #expect(text.contains("# 1. Away\n"))
    #expect(text.contains("# by hand\n"))
    let again = try Story(opening: path)
    #expect(again.session.position == 1)
    again.sees("A granule is given away and taken back.")
    again.sees("1. Away")
  }

  /// Lines by which a recording notes something of itself are nobody's words, whether it is opened or included.
  @Test func whatARecordingNotesOfItselfIsNoCaption() throws {
    let folder = try TemporaryFolder()
    let text = """
      #workbench 3
      machine dram=64M pe=2 rmm=spec-1.0
      #something new
      # Words.
      @0.1 smc RMI_VERSION 0x10000
      => RMI_SUCCESS x1=0x10000 x2=0x10000
      #host aside

      """
    let path = try folder.write("noted.session", text)
    #expect(try Story(opening: path).session.captions.all.map(\.text) == ["Words."])
    let other = try Story(opening: try folder.write("including.session", "include noted.session\n"))
    #expect(other.session.captions.all.map(\.text) == ["Words."])
  }

  @Test func anUndoneStepTakesItsWordsWithIt() throws {
    let story = try story(Self.script)
    story.types("RMI_VERSION 0x10000")
    story.keys("C")
    story.doesNotSee("Back again")
  }

  @Test func aSessionPlaysByItselfAtASpeed() throws {
    let story = try story(Self.script)
    story.keys(".....")
    story.sees("32 steps a second; , slower, . faster, space plays")
    story.keys("<", .key("space"))
    #expect(story.session.position == 3)
    story.sees("the last step, 3")
    story.keys(.key("space"))
    story.sees("play or stop: this is the last step; { goes to the beginning")
  }

  @Test func whatPlaysIsStoppedByItsKeyAndByGoingElsewhere() throws {
    let story = try story(Self.script)
    story.app.take(.key(Key("space")))
    #expect(story.state.playback.isOn)
    story.app.take(.key(Key("space")))
    #expect(!story.state.playback.isOn)
    story.keys(".....")
    story.app.take(.key(Key("space")))
    story.app.take(.key(Key("{")))
    story.waits()
    #expect(story.session.position == 0)
    #expect(!story.state.playback.isOn)
  }

  /// The road of an SMC is there as long as one looks at its step.
  @Test func theRoadOfAnSMCStays() throws {
    let story = try Story("RMI_VERSION 0x10000\nns.read64 0x80001000")
    story.doesNotSee("NS-EL2 → EL3")
    story.keys("[")
    story.waits()
    story.sees("NS-EL2 → EL3 → R-EL2 → EL3 → NS-EL2")
  }
}
