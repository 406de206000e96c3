import Engine
import Testing
import Views

@testable import Workbench

/// Names of a script and of a person, where addresses are; names of fields, where structures are.
@MainActor
struct NameStories {
  @Test func namesOfAScriptStandForItsAddresses() throws {
    let story = try Story("let my_rd = 0x80100000\nlet offset = 0x100\nRMI_GRANULE_DELEGATE my_rd")
    story.sees("RMI_GRANULE_DELEGATE addr=my_rd")
    story.keys("w")
    story.sees("RMI_GRANULE_DELEGATE addr=my_rd")
    story.sees("addr = 0x80100000 (my_rd)")
  }

  @Test func aPersonsNameIsShownAndRecorded() throws {
    let story = try Story(records: true)
    story.types("RMI_GRANULE_DELEGATE 0x80001000")
    story.types("name 0x80001000 my-rd")
    story.sees("0x80001000 is my-rd")
    story.sees("addr=my-rd")
    story.keys("2")
    story.sees("0x80001000 my-rd  DELEGATED")
    let (path, text) = try story.quitsAndLeaves()
    #expect(text.contains("#name 0x80001000 my-rd"))
    let again = try Story(opening: path)
    again.sees("addr=my-rd")
  }

  /// A name that can be a word of the language is one.
  @Test func aNameStandsForItsNumber() throws {
    let story = try Story()
    story.types("name 0x80001000 page")
    story.types("RMI_GRANULE_DELEGATE page")
    #expect(story.session.steps.map(\.text) == ["smc RMI_GRANULE_DELEGATE 0x80001000"])
    story.types("name 0x80001000 1st")
    story.sees("\"1st\" is no name; expected up to 32 letters")
  }

  @Test func whatARealmIsMadeOfHasItsNames() throws {
    let story = try Story(size: (200, 60))
    story.types("realm")
    story.types("RMI_REC_ENTER rec run")
    story.sees("RMI_REC_ENTER rec=rec run_ptr=run")
    story.types("name 0x80100000 alice")
    story.keys("3")
    story.sees("ACTIVE  vmid 1  rd alice")
  }

  @Test func theTraceAndTheLineSpeakFieldNames() throws {
    let story = try Story(size: (200, 60))
    story.types("delegate 2")
    story.types("fill RmiRealmParams 0x83000000")
    story.keys(.right)
    story.sees("rtt_base of RmiRealmParams")
    story.keys(":ns.write64 0x83000008 ")
    story.sees("0x83000008 is s2sz of RmiRealmParams, at 0x8: width of the IPA space")
  }

  @Test func fieldsAreCompleted() throws {
    let story = try Story()
    story.types("delegate 2")
    story.keys(":fill RmiRealmP", .tab)
    story.sees("fill RmiRealmParams")
    story.keys(.control("U"), "fill RmiRealmParams 0x83000000 s2", .tab)
    story.sees("s2sz=")
    story.keys(.backspace, .tab)
    story.sees("s2sz: width of the IPA space  ·  32 to 52")
  }
}
