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

  /// What the RMM writes to its own structures has a step that made it so, too: the exit that left a request, the call that counted.
  @Test(arguments: [
    (
      "guest smc PSCI_CPU_ON 1 0x1000 0\nsmc RMI_REC_ENTER rec run\nsmc RMI_REC_ENTER rec run",
      "psci_pending of RmmRec 0x0 → 0x1, by RMI_REC_ENTER rec=rec", 2
    ),
    (
      "guest smc PSCI_CPU_OFF\nsmc RMI_REC_ENTER rec run\nsmc RMI_REC_ENTER rec run",
      "runnable of RmmRec 0x1 → 0x0, by RMI_REC_ENTER rec=rec", 2
    ),
    ("smc RMI_REALM_DESTROY rd", "num_recs of RmmRealm 0x1 → 0x2, by RMI_REC_CREATE rd=rd", 0),
  ])
  func whatTheRMMKeepsLeadsToTheCallThatChangedIt(_ lines: String, _ words: String, _ after: Int) throws {
    let story = try Story("realm recs=2")
    let made = story.session.position
    for line in lines.components(separatedBy: "\n") { story.types(line) }
    story.keys("w")
    story.sees("made so by step")
    story.sees(words)
    let position = story.session.position
    story.keys(.enter)
    #expect(story.session.position < position)
    if after > 0 { #expect(story.session.position == made + after) }
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

  /// What is legal and hardly meant is said before it is done, and afterwards.
  @Test(arguments: [
    ("ns.write64 0x80100000 7", "RMI_GRANULE_DELEGATE 0x80100000", "what the granule holds is lost"),
    (
      """
      smc RMI_GRANULE_DELEGATE 0x80200000
      smc RMI_GRANULE_DELEGATE 0x80201000
      fill RmiRealmParams 0x83f00000 s2sz=32 rtt_base=0x80201000 rtt_num_start=1 rtt_level_start=1
      smc RMI_REALM_CREATE 0x80200000 0x83f00000
      """, "RMI_REALM_ACTIVATE 0x80200000", "the Realm has no REC, and gets none any more"
    ),
    ("realm", "RMI_DATA_DESTROY rd 0x0", "what the Realm had there is lost for good"),
    (
      "realm\ntables rd 0x100000000..0x100200000", "RMI_RTT_MAP_UNPROTECTED rd 0x100000000 3 rd",
      "the granule at 0x80100000 is REALM in the GPT"
    ),
  ])
  func whatIsHardlyMeantIsSaid(_ before: String, _ call: String, _ caveat: String) throws {
    let story = try Story(before)
    story.keys(":smc \(call)")
    story.sees(caveat)
    story.keys(.enter, "w")
    story.sees("but \(caveat)")
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
