import Engine
import Foundation
import Testing
import Views

@testable import Workbench

/// The Why screen says who made it so, and a key goes there.
@MainActor
struct WhyStories {
  @Test func aGranuleThatIsDelegatedAlreadyLeadsToTheStepThatDidIt() throws {
    let story = try Story(
      """
      smc RMI_GRANULE_DELEGATE 0x80100000
      smc RMI_GRANULE_DELEGATE 0x80101000
      smc RMI_GRANULE_DELEGATE 0x80100000
      """)
    story.keys("w")
    story.sees("Why · step 3")
    story.sees("made so by step 1: granule 0x80100000 UNDELEGATED → DELEGATED, by RMI_GRANULE_DELEGATE")
    story.sees("⏎ who made it so")
    story.keys(.enter)
    #expect(story.session.position == 1)
  }

  @Test func aFieldLeadsToTheWriteOfIt() throws {
    let story = try Story(
      """
      smc RMI_GRANULE_DELEGATE 0x80100000
      ns.write64 0x83f00000+8 20
      ns.write64 0x83f00000+0x10 0
      smc RMI_REALM_CREATE 0x80100000 0x83f00000
      """)
    story.keys("w")
    story.sees("made so by step 2: writes 0x83f00008, 8 bytes, by ns.write64 0x83f00008 0x14")
    story.doesNotSee("no statement has written")
    story.keys(.enter)
    #expect(story.session.position == 3)
  }

  @Test func anEntryOfATableLeadsToTheCallThatMadeIt() throws {
    let story = try Story("realm")
    let rd = try #require(story.session.read { $0.control.realms.first })
    story.keys(":smc RMI_RTT_DESTROY \(rd) 0x10000000 3", .enter)
    story.keys("w")
    story.sees("rtt_walk")
    story.sees("by RMI_RTT_CREATE rd=rd")
  }

  @Test func fieldsNobodyHasWrittenAreSaidToBeSo() throws {
    let story = try Story(
      """
      smc RMI_GRANULE_DELEGATE 0x80100000
      smc RMI_REALM_CREATE 0x80100000 0x83f00000
      """)
    story.keys("w")
    story.sees("✗ params_supp")
    story.sees("no statement has written flags")
  }

  @Test func whereNothingMadeItSoTheKeySaysSo() throws {
    let story = try Story("smc RMI_GRANULE_UNDELEGATE 0x80100000")
    story.keys("w")
    story.sees("granule 0x80100000 is as it was at boot")
    story.doesNotSee("who made it so")
    story.keys(.enter)
    story.sees("no step of this session made it so")
  }
}
