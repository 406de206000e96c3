import Engine
import Foundation
import Libc
import Testing
import Views

@testable import Workbench

/// Keys, and where they lead.
@MainActor
struct KeyStories {
  private static let realm = """
    smc RMI_GRANULE_DELEGATE 0x80001000
    smc RMI_GRANULE_DELEGATE 0x80001000
    smc RMI_GRANULE_DELEGATE 0x80002000
    ns.read64 0x80001000
    """

  @Test func undoAndRedoMoveInTimeAndSayWhenThereIsNowhereToGo() throws {
    let story = try Story(Self.realm)
    story.keys("u")
    story.sees("at step 3 of 4")
    story.keys(.control("R"))
    story.sees("at step 4 of 4")
    story.keys(.control("R"))
    story.sees("redo: nothing was undone")
    story.keys("<")
    story.sees("at step 0 of 4")
    story.keys("u")
    story.sees("undo: nothing has been done yet")
    story.keys(">")
    story.sees("at step 4 of 4")
    story.keys("{")
    story.sees("at step 0 of 4")
    story.keys("}")
    story.sees("at step 4 of 4")
    story.keys("#")
    #expect(story.bottomLine == ": goto")
    story.keys("2", .enter)
    story.sees("at step 2 of 4")
  }

  @Test func eachScreenHasAKeyAndEscapeLeadsBackButNeverOut() throws {
    let story = try Story(Self.realm)
    for (key, words) in [
      ("w", "Why"), ("t", "There is no realm, so there are no tables"), ("a", "No Realm has got a token yet"),
      ("v", "No guest has run code"), ("?", "type to find"),
    ] as [(Typed, String)] {
      story.keys(key)
      story.sees(words)
      story.doesNotSee("Granules ─")
      story.keys(.escape)
      story.sees("Granules ─")
    }
    story.keys("t", "o")
    story.sees("Granules ─")
    story.keys(.escape, .escape, .escape)
    #expect(story.app.running)
  }

  /// Where there is nothing yet, no key is named that would do nothing.
  @Test func theKeyBarHasOnlyWhatIsPossible() throws {
    let story = try Story()
    func offers(not words: String...) {
      let bar = story.bottomLine
      for word in words { #expect(!bar.contains(word), "\(bar)") }
      #expect(bar.contains("? help  q quit"), "\(bar)")
    }
    offers(not: "step", "travel", "find", "fold", "why")
    story.keys(.down)
    story.sees("down: nothing has been done yet")
    story.keys(.enter)
    story.sees("travel: nothing has been done yet")
    story.keys(.right)
    story.sees("right: nothing is folded here; [ and ] go through time")
    for (key, words) in [
      ("v", ["console", "pane", "memory at", "break", "find"]), ("t", ["entry", "range", "next realm"]),
      ("a", ["line", "challenge"]), ("H", ["pane", "line", "find"]), ("C", ["line", "travel", "find"]),
      ("U", ["compare", "prune", "next branch"]), ("V", ["line", "travel", "find"]),
    ] as [(Typed, [String])] {
      story.keys(key)
      for word in words { offers(not: word) }
      story.keys(.escape)
    }
    // What can be done is named.
    story.types("realm")
    for word in ["step", "travel", "find", "why", "fold"] { #expect(story.bottomLine.contains(word), "\(story.bottomLine)") }
  }

  /// A terminal that is too small still says how large it has to be.
  @Test(arguments: [(39, 9), (20, 5), (12, 6), (6, 2)])
  func aTerminalThatIsTooSmallSaysWhatIsNeeded(_ size: (width: Int, height: Int)) throws {
    let story = try Story(size: size)
    story.sees("40x10")
    story.keys("q")
    #expect(!story.app.running)
  }

  /// From screen to screen, and back the same way, with the way in the header.
  @Test func escapeLeadsBackScreenByScreen() throws {
    let story = try Story("realm\nsmc RMI_GRANULE_DELEGATE 0x80001001")
    story.keys("t")
    story.doesNotSee(" › ")
    story.keys("w")
    story.sees("RTT explorer › Why")
    story.keys("K")
    story.sees("RTT explorer › Why › Reference")
    story.keys("?", .escape)
    story.sees("RTT explorer › Why › Reference")
    story.keys(.escape)
    story.sees("Why · step")
    story.keys(.escape)
    story.sees("Walk of 0x0")
    // Who opens a screen again that is on the way is back there.
    story.keys("wt")
    story.sees("Walk of 0x0")
    story.keys(.escape)
    story.sees("Granules ─")
  }

  @Test func aPanelIsChosenByItsNumberOrInTurn() throws {
    let story = try Story(Self.realm, size: (80, 24))
    for (key, words) in [
      ("1", "SCR_EL3"), ("2", "the Host's"), ("3", "No realm yet."), ("4", "RMI_GRANULE_DELEGATE"), (.tab, "SCR_EL3"),
      (.tab, "the Host's"), (.key("S-tab"), "SCR_EL3"),
    ] as [(Typed, String)] {
      story.keys(key)
      story.sees(words)
    }
  }

  /// Time has keys of its own, on every screen; whatever moves in a list does not move in time.
  @Test func bracketsMoveInTimeAndArrowsDoNot() throws {
    let story = try Story(Self.realm)
    story.keys("[")
    story.sees("at step 3 of 4")
    for screen in ["1", "2", "3", "4", "t", "a", "v", "C", "w"] as [Typed] {
      story.keys(screen, .up, .down, .left, .right, "hjklgG", .home, .key("end"), .key("pgup"), .key("pgdn"))
      #expect(story.session.position == 3)
      story.keys("[", "]")
      #expect(story.session.position == 3)
    }
    story.keys("1", .left)
    story.sees("nothing to move that way here; [ and ] go through time")
  }

  /// A step chosen in the trace is gone to from other screens, too.
  @Test func enterGoesToTheChosenStepFromAnyScreen() throws {
    let story = try Story(Self.realm)
    story.keys(.up, .up, "t", .enter)
    story.sees("at step 2 of 4")
    story.sees("There is no realm")
  }

  @Test func theTraceIsWalkedFilteredAndTravelled() throws {
    let story = try Story(Self.realm)
    story.keys(.up, .up, .enter)
    story.sees("at step 2 of 4")
    story.keys("/gpf", .enter)
    story.sees("/gpf ")
    story.doesNotSee("RMI_GRANULE_DELEGATE addr=0x80002000")
    story.keys("/", .escape)
    story.sees("/ find")
    story.sees("RMI_GRANULE_DELEGATE addr=0x80002000")
    story.keys("d")
    story.doesNotSee("UNDELEGATED → DELEGATED")
  }

  @Test func theMapIsWalkedAndZoomed() throws {
    let story = try Story(Self.realm)
    story.keys("2-")
    story.sees("zoom out: the map shows all of memory already")
    story.sees("1 cell = 1 granule")
    story.keys(.right)
    story.sees("0x80001000  DELEGATED")
    story.keys("+-")
    story.sees("1 cell = 2 granules")
    story.keys("-")
    story.sees("1 cell = 4 granules")
    story.keys("0")
    story.sees("1 cell = 1 granule")
  }

  @Test func theRealmsTreeLeadsToTheMapAndToTheStepsOfARIM() throws {
    let path = PseudoTerminal.root.appending(path: "Sessions/01-realm-life.session").path
    let story = try Story(opening: path)
    story.keys("#", .control("U"), "goto 40", .enter, "3")
    story.sees("▾ realm 1")
    story.keys(.down, .down, .enter)
    story.sees("RMI_REALM_CREATE")
    story.sees("Provenance")
    story.keys(.escape, "3", .up, .up, .enter)
    #expect(story.state.focus == .granules)
    story.sees("  RD · ")
    // The tables of the same realm.
    story.keys("t")
    story.sees("Walk of 0x0")
    story.keys("i0x1000", .enter)
    story.sees("Walk of 0x1000")
    story.keys("inonsense", .enter)
    story.sees("nonsense")
    story.keys(.down)
    story.doesNotSee("Walk of 0x1000 ")
    story.keys("O")
    story.sees("realm 1")
  }

  @Test func aKeyThatMeansNothingSaysWhereTheKeysAre() throws {
    let story = try Story()
    story.keys("z")
    story.sees("z does nothing here; ? shows every key")
  }

  @Test func thePaletteFindsAnActionAndDoesIt() throws {
    let story = try Story(Self.realm)
    story.keys("?")
    story.sees("not now: nothing was undone")
    story.keys("takes the last")
    story.sees("▶ u ")
    story.doesNotSee("Redo")
    story.keys(.enter)
    story.sees("at step 3 of 4")
    story.keys("?zzz")
    story.sees("nothing matches")
    story.keys(.backspace, .backspace, .backspace, .down, .down, .up)
    story.sees("▶ u ")
    story.keys(.escape)
    story.sees("Granules ─")
  }

  /// One palette for all there is: its letters in their order find it, and what is impossible says why.
  @Test func thePaletteHasCommandsStatementsGuestsSessionsAndThemes() throws {
    let story = try Story(Self.realm)
    story.keys("?rmirec", .key("home"))
    story.sees("▶ command      RMI_REC")
    story.keys(.control("U"), "granule_delegate", .enter)
    #expect(story.bottomLine == ": RMI_GRANULE_DELEGATE")
    story.keys(.escape, "?boot irq")
    story.sees("▶ guest        boot irq")
    story.keys(.control("U"), "theme light", .enter)
    #expect(story.terminal.theme?.name == "light")
    story.keys("?run the guest")
    story.sees("not now: no guest was booted here; b boots one")
    story.keys(.control("U"), "token verify")
    story.sees("not now: no token has been finished")
    story.keys(.enter)
    story.sees("no token has been finished")
    story.keys("?setting mouse")
    story.sees("setting      mouse = true")
    story.sees("leaves the mouse to the terminal. (default)")
    story.keys(.escape, "t?", .escape)
    // Back where one was.
    story.sees("There is no realm")
  }

  @Test func aCommandIsShownWithItsArgumentsAndConditions() throws {
    let story = try Story(Self.realm)
    story.types("help RMI_REALM_CREATE")
    for words in ["Reference", "RMI_REALM_CREATE rd params_ptr", "Arguments", "params_supp", "RMI_ERROR_INPUT"] {
      story.sees(words)
    }
    story.keys("/vmid", .enter)
    story.sees("/vmid · 1 of")
    story.types("help gpt.set")
    story.sees("gpt.set PA")
    story.sees("Such as")
    story.types("help zoom")
    story.sees("▶ +")
    story.keys(.escape, "o4", .up, "K")
    story.sees("RMI_GRANULE_DELEGATE addr")
  }

  @Test func anotherSessionIsOpened() throws {
    let story = try Story(Self.realm)
    let path = try story.folder.write("other.session", "# Something else\nRMI_VERSION 0x10000\n")
    story.types("open nowhere.session")
    story.sees("nowhere.session")
    #expect(story.app.running)
    // Without a file: those there are, with their first words.
    story.types("open")
    story.sees("> session ")
    story.sees("session      01-realm-life.session")
    story.sees("The whole life of a Realm")
    story.keys(.escape)
    story.types("open \(path)")
    #expect(story.code == 0)
    #expect(story.app.successor?.loaded.session.steps.count == 1)
    #expect(story.app.successor?.name == "other.session")
  }

  @Test func stepsAreMarkedAndComeBackTo() throws {
    let story = try Story(Self.realm)
    story.keys("'")
    story.sees("go to a bookmark: no step has a bookmark; m gives it one")
    story.keys("[", "ma")
    story.sees("step 3 has the bookmark a")
    story.keys("{", "'")
    story.sees("' where one was: main@3 · a: main@3")
    story.keys("a")
    #expect(story.session.position == 3)
    story.keys("''")
    #expect(story.session.position == 0)
    story.keys("'b")
    story.sees("there is no bookmark b")
    story.keys("m", .escape)
    story.sees("no bookmark")
    #expect(story.lines[story.lines.count - 2].contains("a"))
  }

  @Test func whatIsChosenIsCopied() throws {
    let story = try Story(Self.realm)
    story.keys("2", .right, "y")
    #expect(story.terminal.clipboard == "0x80001000")
    story.sees("copied 0x80001000")
    story.keys("4y")
    #expect(story.terminal.clipboard?.contains("ns.read64 0x80001000") == true)
    story.keys("Y")
    #expect(story.terminal.clipboard?.contains("╭─ Trace") == true)
    story.keys("1y")
    story.sees("there is no line to copy; Y copies the panel")
  }

  /// What there is always is always on the screen, whatever has just happened; what cannot be done is not.
  @Test(arguments: [(40, 10), (80, 24), (120, 36), (200, 60)])
  func helpAndTheWayOutAreAlwaysSeen(_ size: (Int, Int)) throws {
    let story = try Story(Self.realm, size: size)
    for key in ["1", "2", "3", "4", "t", "a", "v", "w", "C", "K", "z", "[", "o"] as [Typed] {
      story.keys(key)
      let always = story.state.screen == .overview ? "? help  q quit" : "esc back  ? help  q quit"
      #expect(story.bottomLine.hasSuffix(always), "\(key): \(story.bottomLine)")
    }
    // Whoever reads a session goes through it; whoever makes one takes back.
    if size.0 > 40 { #expect(story.bottomLine.contains("[ ] time  space play")) }
    story.keys("}", "o")
    #expect(!story.bottomLine.contains("redo"))
    let own = try Story(size: size)
    own.types("RMI_GRANULE_DELEGATE 0x80001000")
    own.keys("o")
    if size.0 > 40 { #expect(own.bottomLine.contains("u undo")) }
  }

  @Test func coloursAndMouseAreChanged() throws {
    let story = try Story()
    story.keys("T")
    #expect(story.terminal.theme?.name == Theme.all[1].name)
    story.sees("theme \(Theme.all[1].name): \(Theme.all[1].summary)")
    story.types("theme mono")
    #expect(story.terminal.theme?.name == "mono")
    story.keys("M")
    #expect(!story.terminal.mouse)
    story.sees("mouse off")
    story.keys("M")
    story.sees("mouse on")
  }

  @Test func theTerminalsOwnKeysWorkEverywhere() throws {
    let story = try Story()
    for place in ["", ":", "?"] as [Typed] {
      story.keys(place, .control("L"), .control("Z"), .escape)
    }
    story.types("form RMI_VERSION")
    story.keys(.control("L"), .control("Z"))
    #expect(story.terminal.repaints == 4)
    #expect(story.terminal.suspensions == 4)
  }

  @Test func aTerminalThatChangesItsSizeIsDrawnAnew() throws {
    let story = try Story()
    story.resizes(to: 30, 8)
    story.sees("needs 40x10")
    story.resizes(to: 80, 24)
    story.sees("4 Trace")
    #expect(story.terminal.repaints == 2)
  }

  @Test(arguments: [SIGTERM, SIGHUP] as [Int32])
  func aSignalEndsIt(_ signal: Int32) throws {
    let story = try Story()
    story.gets(signal: signal)
    #expect(story.code == 128 + signal)
  }

  @Test func aTerminalThatIsGoneEndsIt() throws {
    let story = try Story()
    story.hangsUp()
    #expect(story.code == 129)
  }

  /// Over a slow line there are fewer frames, and no key waits for one.
  @Test func aSlowLineGetsFewerFrames() throws {
    let story = try Story((0..<40).map { _ in "RMI_VERSION 0x10000" }.joined(separator: "\n"))
    story.app.pace = 3
    story.terminal.slowness = 20_000
    story.terminal.drips = true
    let before = story.terminal.frames
    story.keys("g", Typed.text(String(repeating: "j", count: 38)))
    #expect(story.state.traceStep == 39)
    story.sees("▶  40")
    #expect(story.terminal.frames - before < 12)
  }

  /// An SMC is seen on its way through the worlds, and the next key ends that.
  @Test func anSMCTravels() throws {
    let story = try Story(animates: true)
    story.types("RMI_VERSION 0x10000")
    #expect(story.state.travel == nil)
    story.sees("NS-EL2 → EL3 → R-EL2 → EL3 → NS-EL2")
  }
}
