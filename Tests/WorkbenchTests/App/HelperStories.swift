import Engine
import Testing
import Views

@testable import Workbench

/// Statements that stand for others, at the screen: what they made is below them, and can be opened and replayed.
@MainActor
struct HelperStories {
  /// From the boot to a REC that exits.
  @Test(arguments: FormStories.sizes)
  func aRealmInOneStatement(_ size: (Int, Int)) throws {
    let story = try Story(size: (width: size.0, height: size.1), records: true)
    story.types("realm")
    story.sees("ACTIVE: rd=0x80100000; RMI_REC_ENTER rec run runs it")
    story.types("RMI_REC_ENTER rec run")
    story.sees("exit IRQ")
    try story.quitsAndReplays()
  }

  @Test func itStandsAboveWhatItMade() throws {
    let story = try Story(records: true)
    story.types("delegate 2 granules")
    story.sees("▸ delegate 2")
    story.sees("2 steps")
    story.doesNotSee("RMI_GRANULE_DELEGATE addr=0x80101000")
    story.keys(.right)
    story.sees("▾ delegate 2")
    story.sees("RMI_GRANULE_DELEGATE addr=0x80100000")
    story.sees("RMI_GRANULE_DELEGATE addr=0x80101000")
    story.keys(.left)
    story.sees("▸ delegate 2")
    let text = try story.quitsAndLeaves().text
    #expect(text.contains("#statement 2 delegate 2\n@"))
  }

  @Test func whereItStopsIsSaid() throws {
    let story = try Story(size: (200, 60))
    story.types("realm s2sz=50")
    story.sees("stopped: RMI_REALM_CREATE rd=0x80100000 params_ptr=0x80001000 answered RMI_ERROR_INPUT, decided by params_supp")
    story.keys("w")
    story.sees("✗ params_supp")
  }

  /// A recording that is opened has them, too.
  @Test func aRecordingHasThem() throws {
    let story = try Story(records: true)
    story.types("delegate 2")
    let again = try Story(opening: try story.quitsAndLeaves().path)
    again.sees("▸ delegate 2")
  }

  /// What lies in another is opened in its turn, and what is sought is found in what is closed.
  @Test func oneInAnotherIsOpenedInItsTurn() throws {
    let story = try Story(size: (200, 60))
    story.types("realm")
    story.sees("▸ realm pages=2 recs=1")
    story.keys(.right)
    story.sees("▸ rec 0x80100000")
    story.sees("RMI_REALM_ACTIVATE rd=rd")
    story.doesNotSee("RMI_REC_CREATE rd=rd")
    story.keys("/", "REC_CREATE", .enter)
    story.sees("RMI_REC_CREATE rd=rd")
    story.keys(.escape, "g")
    story.sees("▾ realm pages=2 recs=1")
  }

  /// Whoever travels into what one statement made sees where, and closes it again if that is wished.
  @Test(arguments: FormStories.sizes)
  func whereOneStandsIsOpen(_ size: (Int, Int)) throws {
    let story = try Story(size: size)
    story.types("realm")
    story.sees("▸ realm pages=2 recs=1")
    story.keys("4", "u")
    story.sees("▾ realm pages=2 recs=1")
    story.sees("RMI_REALM_ACTIVATE rd=rd")
    story.types("goto 5")
    story.sees("▾ fill RmiRealmParams")
    #expect(story.lines.contains { $0.contains("▶   5") }, "\(story.lines)")
    story.keys(.left)
    story.sees("▸ fill RmiRealmParams")
    story.keys("]")
    story.sees("▾ fill RmiRealmParams")
    // At its end nothing of it is hidden that one stands before.
    story.keys("}", "g", .left)
    story.sees("▸ realm pages=2 recs=1")
  }

  @Test func stepsAreTakenBackOneByOne() throws {
    let story = try Story()
    story.types("delegate 3")
    story.keys("u")
    #expect(story.session.position == 2)
    story.types("RMI_VERSION 0x10000")
    #expect(story.session.groups(around: 1).first?.count == 2)
  }
}
