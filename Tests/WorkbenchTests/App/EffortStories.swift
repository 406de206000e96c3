import Engine
import Foundation
import Testing
import Views

@testable import Workbench

/// How many keys a task takes: what Documentation/Terminal.md says, and no more.
@MainActor
struct EffortStories {
  private static let sessions = PseudoTerminal.root.appending(path: "Sessions").path

  /// From the boot to the first exit of a Realm, by one statement.
  @Test func aRealmByOneStatement() throws {
    let story = try Story()
    story.types("realm enter=1")
    #expect(story.session.lastStep?.result.exit?.reason == .irq)
    #expect(story.keyCount == 15)
    story.sees("RMI_REC_ENTER rec run: exit IRQ")
    // It is one line of the trace, opened by one key.
    story.sees("▸ realm pages=2 recs=1 enter=1")
    story.keys(.right)
    story.sees("RMI_REALM_ACTIVATE")
    story.sees("exit IRQ")
  }

  /// The same by forms and helpers, each call seen before it is made.
  @Test func aRealmByHand() throws {
    let story = try Story()
    var statements = 0
    func line(_ words: String) {
      story.types(words)
      statements += 1
    }
    func form(_ name: String) {
      line("form \(name)")
      story.sees("✓")
      story.keys(.enter)
    }
    line("delegate 2")
    form("RmiRealmParams")
    form("RMI_REALM_CREATE")
    line("tables 0x80100000 0..0x1000")
    line("rec 0x80100000")
    form("RMI_REALM_ACTIVATE")
    form("RMI_REC_ENTER run_ptr=run")
    #expect(story.session.lastStep?.result.exit?.reason == .irq)
    #expect(statements == 7)
    #expect(story.keyCount == 162)
  }

  /// Why a call was refused, and the step that made it so.
  @Test func whyACallFailed() throws {
    let story = try Story("smc RMI_GRANULE_DELEGATE 0x80001000\nRMI_VERSION 0x10000\nsmc RMI_GRANULE_DELEGATE 0x80001000")
    story.keys("w")
    story.sees("✗ gran_state")
    story.sees("made so by step 1")
    #expect(story.keyCount == 1)
    story.keys(.enter)
    #expect(story.session.position == 1)
    #expect(story.keyCount == 2)
  }

  /// The check that refuses a token, with its inputs: of a file, or of a session's token compared with a challenge.
  @Test func theFailedCheckOfAToken() throws {
    let story = try Story(opening: "\(Self.sessions)/11-replayed-token.session")
    story.keys("}", "a")
    let before = story.keyCount
    story.keys("c", "0100001127201124", .enter)
    story.sees("refused: freshness")
    story.keys(.right)
    #expect(story.lines.contains { $0.contains("✗ freshness") })
    #expect(story.state.token.row == 0)
    // But for the challenge itself.
    #expect(story.keyCount - before - 16 == 3)
  }

  /// All that a guest has printed, from its first line.
  @Test(arguments: [(80, 24), (120, 36), (200, 60)])
  func aGuestsWholeConsole(_ size: (Int, Int)) throws {
    let story = try Story(size: size)
    story.types("boot --normal tour")
    story.waits()
    story.sees("Good bye.")
    let before = story.keyCount
    story.keys("g")
    story.sees("Hello, but not from a Realm.")
    var pages = 0
    while !story.screen.contains("Good bye.") {
      story.keys(.key("pgdn"))
      pages += 1
    }
    #expect(story.keyCount - before == 1 + pages)
    #expect(pages <= (size.1 == 24 ? 4 : 1))
  }
}
