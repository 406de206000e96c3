import Engine
import Testing
import Views

@testable import Workbench

/// Lessons of the course as somebody learns them who presses what the screen says, makes mistakes, and looks at the machine meanwhile:
/// the first one, and one of each part.
@MainActor
struct CourseStories {
  private func learns(_ number: String, _ size: (Int, Int) = (80, 24)) throws -> Story {
    let path = try #require(LessonStories.course.first { $0.contains("/\(number)-") })
    return try Story(learning: path, course: LessonStories.course, size: size)
  }

  /// Goes to the answer that begins so, and takes it.
  private func takes(_ answer: String, _ story: Story, sourceLocation: SourceLocation = #_sourceLocation) {
    for _ in 0..<6 { story.keys(.up) }
    for _ in 0..<6 where !story.lines.contains(where: { $0.contains("▶ ") && $0.contains("  \(answer)") }) { story.keys(.down) }
    if !story.lines.contains(where: { $0.contains("▶ ") && $0.contains("  \(answer)") }) {
      Issue.record("no answer begins \"\(answer)\":\n\(story.screen)", sourceLocation: sourceLocation)
    }
    story.keys(.enter)
  }

  /// Part 1, and somebody's first five minutes: nothing is pressed that the screen has not named.
  @Test func fourWorlds() throws {
    let story = try learns("01")
    story.sees("Four worlds · 1 of 5")
    story.sees(": opens the command")
    story.sees("RMI_VERSION 0x10000")
    story.sees("○ the RMM has answered RMI_VERSION with RMI_SUCCESS")
    story.sees("RMI_VERSION has not been called yet")
    story.doesNotSee("↓")
    story.types("RMI_VERSION 0x10000")
    story.sees("✓ Make a call: done.")
    story.sees("RMI_SUCCESS lower=0x10000 higher=0x10000")
    story.sees("W shows the machine; there, 1 shows the worlds")
    story.keys("W", "1")
    story.sees("NS-EL2 → EL3 → R-EL2 → EL3 → NS-EL2")
    story.sees("SCR_EL3.{NSE,NS}={0,1}")
    story.keys("W")
    story.sees("the GPT entry of 0x80001000 is NS, not REALM yet")
    // A digit is wrong, and the goal does not move.
    story.types("RMI_GRANULE_DELEGATE 0x80002000")
    story.sees("the GPT entry of 0x80001000 is NS, not REALM yet")
    story.keys("u")
    story.types("RMI_GRANULE_DELEGATE 0x80001000")
    story.sees("✓ Give a page away: done.")
    story.sees("ns.read64 0x80001000")
    story.types("ns.read64 0x80001000")
    story.sees("gpf (granule protection fault)")
    story.sees("? What stopped the read?")
    takes("The RMM", story)
    story.sees("✗ Wrong: no call was made, so it did not run.")
    takes("The granule protection check", story)
    story.sees("✓ Try to read it: done.")
    story.sees("RMI_GRANULE_DELEGATE has not been called in this task yet")
    story.sees("In the command line (:) the up arrow")
    story.keys(":", .up, .up)
    story.sees(": RMI_GRANULE_DELEGATE 0x80001000")
    story.keys(.enter)
    story.sees("RMI_ERROR_INPUT by gran_state (w: why)")
    story.sees("? Which condition did the RMM not come to?")
    story.keys("w")
    story.sees("✗ gran_state")
    story.sees("· gran_gpt")
    story.keys(.escape)
    takes("gran_gpt", story)
    story.sees("✓ Ask why: done.")
    story.keys("u", "u")
    story.sees("the GPT entry of 0x80001000 is REALM, not NS yet")
    story.keys("u")
    story.sees("✓ the GPT has the page in the Non-secure PAS again")
    takes("Root", story)
    story.sees("The lesson is done.")
    story.sees("It took 4 lines; 5 are enough. 0 hints, 1 wrong answer.")
    #expect(story.keyCount < 300, "five minutes, with a second for each key")
    story.keys(.enter)
    #expect(story.app.successor?.name == "02-boot-chain")
  }

  /// Part 1: the trace says who was asked on the way, and hints lead there.
  @Test func delegateAndUndelegate() throws {
    let story = try learns("05")
    story.types("RMI_GRANULE_DELEGATE 0x80201000")
    story.sees("is UNDELEGATED, not DELEGATED yet")
    story.keys("u")
    story.types("RMI_GRANULE_DELEGATE 0x80200000")
    story.sees("✓ Delegate a page: done.")
    story.keys("W", "4")
    story.sees("EL3   GPT page NS → REALM")
    story.sees("R-EL2 granule page UNDELEGATED → DELEGATED")
    story.keys("W", "h")
    story.sees("Hint 1 of 3: The call that undoes")
    story.types("RMI_GRANULE_UNDELEGATE 0x80200000")
    story.sees("✓ the page is in the Non-secure PAS again")
    story.sees("○ the Host has read its first 8 bytes, and they are zero")
    story.types("ns.read64 page")
    takes("The RMM wipes", story)
    takes("A line can be in a cache", story)
    story.sees("✓ Have it back: done.")
    story.types("realm")
    story.sees("✓ there is a Realm")
    story.types("RMI_GRANULE_UNDELEGATE rd")
    story.keys("w")
    story.sees("is RD, needed DELEGATED")
    story.keys(.escape)
    takes("The RMM by its rules", story)
    story.sees("The lesson is done.")
    story.sees("1 hint, 0 wrong answers.")
  }

  /// Part 2: a walk is looked at in the tables, and a call in the reference.
  @Test func walkingTables() throws {
    let story = try learns("08")
    story.types("RMI_RTT_READ_ENTRY 0x80100000 0 0")
    story.sees("○ its walk has ended at level 1")
    story.sees("RMI_RTT_READ_ENTRY answered RMI_ERROR_INPUT last, not RMI_SUCCESS")
    story.types("RMI_RTT_READ_ENTRY 0x80100000 0 3")
    story.sees("walk_level=0x1")
    takes("What the entry of level 1 says", story)
    story.types("RMI_DATA_CREATE 0x80100000 0x80122000 0 0x83001000 1")
    story.sees("RMI_ERROR_RTT 1 by rtt_walk (w: why)")
    story.keys("K")
    story.sees("RMI_DATA_CREATE rd data ipa src flags")
    story.keys(.escape)
    takes("Create a table of level 1", story)
    story.sees("✗ Wrong: that is there")
    takes("Create a table of level 2", story)
    story.sees("✓ A call that needs a table: done.")
    story.types("RMI_RTT_CREATE rd 0x80120000 0 2")
    story.types("RMI_RTT_CREATE rd 0x80121000 0 3")
    story.sees("✓ the walk for IPA 0 ends at level 3")
    story.keys("W", "t")
    story.sees("Walk of 0x0")
    story.sees("TABLE")
    story.keys(.escape)
    if story.state.screen != .lesson { story.keys("W") }
    takes("No", story)
    story.types("RMI_RTT_READ_ENTRY rd 0x200000 3")
    story.sees("✓ a walk to level 3 has ended at level 2")
    story.types("RMI_DATA_CREATE rd 0x80122000 0x1ff000 0x83001000 1")
    takes("RMI_ERROR_RTT, with the deepest level", story)
    story.sees("The lesson is done.")
  }

  /// Part 3: a guest is stopped and stepped by the keys of its view.
  @Test func aGuestBoots() throws {
    let story = try learns("15", (120, 36))
    story.types("break smc")
    story.types("continue")
    story.sees("an SMC at 0x80000820")
    story.sees("✓ The first question: done.")
    story.sees("x0  00000000c4000190")
    story.keys("s")
    story.sees("x2  0000000000010000")
    story.sees("? Why is the Host not told of this call?")
    story.keys("W")
    takes("The call goes to EL3", story)
    story.sees("✗ Wrong: an SMC of R-EL1 traps to the RMM at R-EL2.")
    takes("The RMM answers it by itself", story)
    takes("Boot as an ordinary guest", story)
    story.sees("✓ RSI_VERSION is answered: done.")
    story.keys("W", "r")
    story.sees("Hello from a Realm.")
    story.keys("s")
    story.sees("○ the guest has printed: IPA space of 33 bits")
    story.keys("r")
    story.sees("IPA space of 33 bits, hash algorithm 0")
    story.keys("W")
    takes("Those with bit 32 set", story)
    story.keys("W", "s", "r")
    story.sees("this page is RAM")
    story.keys("W")
    takes("A page the Host has destroyed", story)
    story.types("delete")
    story.types("continue")
    if story.state.screen != .lesson { story.keys("W") }
    story.sees("✓ it has turned itself off")
    takes("Its address is in the shared half", story)
    story.sees("The lesson is done.")
    // What one line did there cannot be told from what several did.
    story.sees("0 hints, 1 wrong answer.")
    story.doesNotSee("It took")
  }

  /// Part 3: a task is begun again, and its solution is asked for.
  @Test func sevenWaysOut() throws {
    let story = try learns("20")
    // The goal is beyond the fold, and comes into sight as soon as something is done.
    story.doesNotSee("○ there was an exit for an IRQ")
    story.types("guest fiq")
    story.types("guest irq")
    story.types("RMI_REC_ENTER rec run")
    story.sees("exit FIQ")
    story.sees("○ there was an exit for an IRQ")
    story.sees("✓ there was an exit for an FIQ")
    story.keys("z")
    story.sees("the machine is as it was when the task began")
    story.keys("h", "h")
    story.sees("Hint 2 of 2: This reaches the goal:")
    for line in ["guest irq", "RMI_REC_ENTER rec run", "guest fiq", "RMI_REC_ENTER rec run"] {
      story.sees(line)
      story.types(line)
    }
    story.sees("✓ there was an exit for an FIQ")
    takes("No, they are zero", story)
    story.types("guest serror 0xbe000011")
    story.types("RMI_REC_ENTER rec run")
    story.sees("✓ What goes wrong: done.")
    for line in ["PSCI_CPU_SUSPEND 0 0 0", "RSI_HOST_CALL 0x1000", "RSI_IPA_STATE_SET base=0x1000 top=0x2000 ripas=0 flags=0"] {
      story.types(line)
      story.types("RMI_REC_ENTER rec run")
    }
    story.sees("✓ What a Realm asks for: done.")
    story.types("guest read64 0x100001000")
    story.types("RMI_REC_ENTER rec run")
    story.sees("✓ there was an exit for a synchronous exception")
    story.types("ns.write64 run+0x200 0x5eed")
    story.types("ns.write64 run 1")
    story.types("RMI_REC_ENTER rec run")
    takes("SYNC of a load", story)
    story.sees("The lesson is done.")
    story.sees("2 hints, 0 wrong answers.")
  }

  /// Part 4: a token is made in two pieces, and read in its own view.
  @Test func aToken() throws {
    let story = try learns("22")
    story.types("RSI_ATTESTATION_TOKEN_CONTINUE addr=0x1000 offset=0 size=0x400")
    story.sees("queued: the next RMI_REC_ENTER does it")
    story.types("RMI_REC_ENTER rec run")
    story.sees("✓ The order of the two calls: done.")
    story.types("RSI_ATTESTATION_TOKEN_INIT challenge_0=0x1122334455667788")
    story.types("RSI_ATTESTATION_TOKEN_CONTINUE addr=0x1000 offset=0 size=0x400")
    story.types("RMI_REC_ENTER rec run")
    story.sees("answered RSI_INCOMPLETE last")
    story.types("RSI_ATTESTATION_TOKEN_CONTINUE addr=0x1000 offset=0x400 size=0xc00")
    story.types("RMI_REC_ENTER rec run")
    story.sees("✓ it came in more than one piece")
    takes("To sign takes long", story)
    story.sees("✓ In pieces: done.")
    story.sees("? Who has signed what?")
    story.keys("a")
    story.sees("CCA token (tag 399)")
    story.sees("accepted")
    story.types("token verify challenge=8877665544332211")
    story.sees("every mandatory check passed")
    story.keys(.escape)
    takes("The platform's key has signed its token", story)
    takes("The platform token's challenge is not", story)
    takes("As much as on hardware", story)
    story.sees("✗ Wrong: there the key is secret")
    takes("That its format is right", story)
    story.sees("The lesson is done.")
  }

  /// Part 5: a page goes to the Secure world, and the map and Why say so.
  @Test func theSecureWorldNextDoor() throws {
    let story = try learns("26")
    story.types("tee open hello")
    story.types("tee invoke 1 0 value=42")
    story.sees("✓ A call into the Secure world: done.")
    story.types("ffa share page to=keys")
    story.sees("the GPT entry of 0x82000000 is NS, not SECURE yet")
    story.keys("z")
    story.types("ffa lend page to=keys")
    story.sees("✓ the page is in the Secure PAS")
    story.types("ns.read64 page")
    story.sees("gpf (granule protection fault)")
    takes("The SPMC", story)
    story.sees("✗ Wrong: the GPT lies in Root memory")
    takes("EL3, for the SPMC", story)
    story.types("RMI_GRANULE_DELEGATE page")
    story.keys("w")
    story.sees("GPT entry of 0x82000000 (page) is SECURE")
    story.keys(.escape, "W", "2")
    story.sees("SECURE in the GPT: Secure and Root may access it")
    story.keys("W")
    takes("EL3", story)
    story.types("realm")
    story.types("secure.read64 rd")
    story.types("realm.read64 key")
    story.sees("✓ a read of the Realm world took one")
    takes("No, EL3 refuses", story)
    takes("Through the Normal world", story)
    story.sees("The lesson is done.")
  }
}
