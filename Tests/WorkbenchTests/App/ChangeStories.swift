import Engine
import Testing
import Views

@testable import Workbench

/// From a thing to the steps that changed it, last and next.
@MainActor
struct ChangeStories {
  private static let script = """
    smc RMI_GRANULE_DELEGATE 0x80001000
    smc RMI_GRANULE_DELEGATE 0x80002000
    smc RMI_GRANULE_UNDELEGATE 0x80001000
    smc RMI_GRANULE_DELEGATE 0x80001000
    """

  @Test func ofAGranule() throws {
    let story = try Story(Self.script)
    story.keys("2")
    story.sees("0x80001000  DELEGATED")
    story.keys("(")
    story.sees("step 3: ")
    story.sees("by RMI_GRANULE_UNDELEGATE addr=0x80001000")
    // The eye stays where it was, whatever else the step has changed.
    story.sees("0x80001000  UNDELEGATED")
    story.keys("(")
    #expect(story.session.position == 1)
    story.keys("(")
    story.sees("no step before this one changes granule 0x80001000")
    story.keys(")")
    #expect(story.session.position == 3)
    story.keys("))")
    story.sees("no step after this one changes granule 0x80001000")
    #expect(story.session.position == 4)
  }

  @Test func ofARealmItsMeasurementAndAnEntryOfItsTables() throws {
    let story = try Story("realm\nsmc RMI_REC_ENTER rec run")
    story.keys("3g(")
    story.sees("NEW → ACTIVE, by RMI_REALM_ACTIVATE rd=rd")
    story.keys("jj")
    let active = story.session.position
    story.keys("(")
    story.sees("RIM of rd = ")
    #expect(story.session.position < active)
    story.keys("}", "t(")
    story.sees("RTT entry ")
    story.sees("Walk of ")
  }

  @Test func whereNothingIsChosenItSaysWhereSomethingIs() throws {
    let story = try Story(Self.script)
    story.keys("w(")
    story.sees("change before: nothing that steps change is chosen here; something is in 2 granules, 3 realms")
  }
}
