import Engine
import Testing
import Views

@testable import Workbench

/// Commands and structures filled in row by row.
@MainActor
struct FormStories {
  nonisolated static let sizes = [(80, 24), (120, 36), (200, 60)]

  private func story(_ size: (Int, Int) = (120, 36), _ lines: String...) throws -> Story {
    let story = try Story(size: (width: size.0, height: size.1), records: true)
    for line in lines { story.types(line) }
    return story
  }

  /// A whole Realm, by forms alone: what would be right stands there already.
  @Test(arguments: sizes)
  func aRealmIsMadeOfFormsThatAreRightAlready(_ size: (Int, Int)) throws {
    let story = try story(size, "delegate 2")
    for name in ["RmiRealmParams", "RMI_REALM_CREATE"] {
      story.types("form \(name)")
      story.sees("Form · \(name)")
      story.sees("✓")
      story.doesNotSee("✗")
      story.keys(.enter)
    }
    story.types("tables 0x80100000 0..0x1000")
    story.types("rec 0x80100000")
    story.types("form RMI_REALM_ACTIVATE")
    story.keys(.enter)
    story.types("form RMI_REC_ENTER run_ptr=run")
    story.keys(.enter)
    #expect(story.session.lastStep?.result.exit?.reason == .irq)
    try story.quitsAndReplays()
  }

  @Test func aFieldSaysWhatItIsAndWhatItMayBe() throws {
    let story = try story((80, 24), "delegate 2", "form RmiRealmParams")
    story.keys(.down, .down)
    story.sees("s2sz (0x8): width of the IPA space")
    story.sees("allowed: 32 to 52: the bits of an IPA")
    story.sees("✓ params_supp rtt_num_level")
  }

  /// The verdict stands beside the field it is about, and the call's answer below.
  @Test(arguments: sizes)
  func theVerdictFollowsWhatIsTyped(_ size: (Int, Int)) throws {
    let story = try story(size, "delegate 2", "form RmiRealmParams")
    story.keys(.down, .down, "50")
    story.sees("✗ params_supp: s2sz = 50, supported 32 to 48")
    story.sees("✗ RMI_REALM_CREATE: RMI_ERROR_INPUT by params_supp")
    story.keys(.backspace, .backspace, "40")
    story.sees("✓ RMI_REALM_CREATE: RMI_SUCCESS")
    // What is right for one field follows from another.
    #expect(story.lines.contains { $0.contains("rtt_level_start") && $0.contains(" 0 ") })
  }

  @Test func whatIsNoValueIsSaidAndIsNotPerformed() throws {
    let story = try story((120, 36), "delegate 2", "form RmiRealmParams")
    story.keys(.down, .down, "60")
    story.sees("✗ s2sz is 32 to 52 (the bits of an IPA), not 60")
    let before = story.session.position
    story.keys(.enter)
    #expect(story.session.position == before && story.state.screen == .form)
    story.keys(.control("U"))
    story.sees("✓ RMI_REALM_CREATE: RMI_SUCCESS")
  }

  @Test func whatFitsIsTakenByAKey() throws {
    let story = try story((120, 36), "delegate 3", "form RMI_REALM_CREATE")
    story.keys(.tab)
    story.sees("RMI_REALM_CREATE rd=0x80100000")
    story.keys(.tab)
    story.sees("RMI_REALM_CREATE rd=0x80101000")
    story.keys(.key("S-tab"))
    story.sees("RMI_REALM_CREATE rd=0x80100000")
  }

  @Test func namesAndFlagsAreOffered() throws {
    let story = try story((120, 36), "delegate 2", "form RmiRealmParams")
    story.keys(.down, .tab, .tab, .tab)
    story.sees("fill RmiRealmParams 0x80001000 flags=sve")
    story.sees("✗ params_supp: SVE is not supported")
  }

  @Test func whereNothingFitsItSaysSo() throws {
    let story = try story((80, 24), "form RMI_REALM_ACTIVATE")
    story.sees("✗ there is no Realm")
    story.keys(.enter)
    story.sees("rd: there is no Realm")
    #expect(story.session.steps.isEmpty)
  }

  @Test func leavingDoesNothing() throws {
    let story = try story((80, 24), "delegate 2", "form RmiRealmParams")
    let before = story.session.position
    story.keys("5", .escape)
    story.doesNotSee("Form ·")
    #expect(story.session.position == before && story.state.screen == .overview)
  }

  /// From the command line, with what has been typed so far.
  @Test func aLineGoesOnAsAForm() throws {
    let story = try story((120, 36), "delegate 2")
    story.keys(":fill RmiRealmParams 0x83000000 s2sz=40", .control("O"))
    story.sees("Form · RmiRealmParams")
    story.sees("fill RmiRealmParams 0x83000000 s2sz=40")
    story.keys(.enter)
    story.sees("RmiRealmParams at 0x83000000: s2sz=40")
    story.keys(":RMI_GRANULE_DELEGATE 0x80001001", .key("F2"))
    story.sees("✗ gran_align: addr = 0x80001001")
    story.keys(.escape, ":echo x", .control("O"))
    story.sees("there is a form of a command, or of fill STRUCTURE")
  }

  @Test func theKeyAsksForWhat() throws {
    let story = try story()
    story.keys("F", "granule del", .enter)
    story.sees("Form · RMI_GRANULE_DELEGATE")
    story.keys(.enter)
    #expect(story.session.steps.map(\.text) == ["smc RMI_GRANULE_DELEGATE 0x80100000"])
  }

  @Test func whatHasNoFormIsSaid() throws {
    let story = try story()
    story.types("form RMI_REALM_CRAETE")
    story.sees("did you mean RMI_REALM_CREATE?")
    story.keys(.escape)
    story.types("form moon")
    story.sees("expected a command, or a structure fill writes")
  }

  /// A guest's call has no caller, and its form says so.
  @Test func aCallOfARealmIsQueued() throws {
    let story = try story((80, 24), "form RSI_VERSION")
    story.sees("it is queued for the next RMI_REC_ENTER")
    story.keys(.enter)
    story.sees("queued")
  }

  /// Nothing that is only looked at changes anything.
  @Test func aFormChangesNothing() throws {
    let story = try story((120, 36), "delegate 2")
    let before = story.session.digest()
    story.types("form RmiRealmParams")
    story.keys(.down, .down, "41", .down, .tab, .down, .tab)
    #expect(story.session.digest() == before)
  }

  @Test func everyCommandAndStructureHasOneAtEverySize() throws {
    for size in Self.sizes {
      let story = try story(size, "realm")
      for name in Form.names {
        story.types("form \(name)")
        story.sees("Form · \(name)")
        story.keys(.down, .tab, .escape)
      }
    }
  }

  /// A row has an end, the rows have ends, and what is sought has one: nothing is lost there but what has no room.
  @Test func itsEndsAreReached() throws {
    let story = try story((80, 24), "form RMI_GRANULE_DELEGATE")
    story.keys(.text("0x" + String(repeating: "1", count: 400)))
    #expect(story.state.form.typed == ["0x" + String(repeating: "1", count: 158)])
    story.sees("…1111")
    story.sees("✗")
    story.keys(.enter)
    story.sees("Form · RMI_GRANULE_DELEGATE")
    story.keys(Typed.control("U"))
    #expect(story.state.form.typed == [""])
    story.keys(.backspace)
    #expect(story.state.form.typed == [""])
    story.keys(.escape)
    story.types("form RmiRecRun")
    let count = story.state.form.typed.count
    #expect(count > 40)
    for _ in 0..<count / 10 + 2 { story.keys(.key("pgdn")) }
    #expect(story.state.form.selected == count - 1)
    story.keys(.down)
    #expect(story.state.form.selected == count - 1)
    for _ in 0..<count / 10 + 2 { story.keys(.key("pgup")) }
    story.keys(.up)
    #expect(story.state.form.selected == 0)
    story.keys(.escape, "F", .text(String(repeating: "x", count: 60)))
    #expect(story.state.form.filter.count == 40)
    story.sees("nothing matches")
    story.keys(.enter, Typed.control("U"))
    #expect(story.state.form.filter.isEmpty)
  }

  @Test func aRowIsChosenByTheMouse() throws {
    let story = try story((120, 36), "delegate 2", "form RmiRealmParams")
    try story.clicks(on: "vmid ")
    story.sees("vmid (0x800): VMID, which no other Realm has")
  }
}
