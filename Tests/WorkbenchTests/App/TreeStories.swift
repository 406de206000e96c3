import Engine
import Testing
import Views

@testable import Workbench

/// The tree of the Realms: what is open, and what the last step has changed.
@MainActor
struct TreeStories {
  @Test(arguments: [(80, 24), (120, 36), (200, 60)])
  func itsLinesFoldAndUnfold(_ size: (Int, Int)) throws {
    let story = try Story("realm", size: size)
    story.keys("3g")
    story.sees("▾ realm 1")
    story.sees("RIM ")
    story.keys(.left)
    story.sees("▸ realm 1")
    story.doesNotSee("  RIM ")
    story.keys(.right, "jjj")
    story.sees("▸ REC 0")
    story.keys(.right)
    story.sees("▾ REC 0")
    story.sees("PSTATE 0x3c5")
    // From within to where it belongs, and that is closed.
    story.keys("j", .left)
    #expect(story.state.realmRow == 3)
    story.keys(.left)
    story.sees("▸ REC 0")
    story.keys("G", .right)
    story.sees("▾ RTT")
    story.sees("0x0          8K      RAM")
  }

  /// A measurement is marked at the steps that extend it, and at no others.
  @Test func whatHasChangedIsMarked() throws {
    let story = try Story("realm")
    func roles(_ words: String) -> Set<Role> {
      let lines = story.screen.split(separator: "\n", omittingEmptySubsequences: false)
      guard let y = lines.firstIndex(where: { $0.contains(words) }) else { return [] }
      return Set((1..<41).map { story.terminal.canvas[$0, y].role })
    }
    // The Realm is activated: its state is another, its RIM is not.
    story.keys("4")
    story.sees("ACTIVE")
    #expect(roles("realm 1  ACTIVE").contains(.changed))
    #expect(!roles("  RIM ").contains(.changed))
    // The REC is created: that goes into the RIM.
    story.keys("[")
    #expect(roles("  RIM ").contains(.changed))
    #expect(!roles("realm 1  NEW").contains(.changed))
    // Where one stands both are seen.
    story.keys("3gjj")
    #expect(roles("  RIM ").isSuperset(of: [.selected, .changed]))
  }
}
