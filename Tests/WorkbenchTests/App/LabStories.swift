import Engine
import Foundation
import Testing
import Views

@testable import Workbench

/// The lab by keys: a check is switched off where it refuses, and attacks are tried with it and without.
@MainActor
struct LabStories {
  nonisolated private static let attacks = AttackFiles.trials.map(\.attack.number)

  private static let twice = """
    smc RMI_GRANULE_DELEGATE 0x80100000
    smc RMI_GRANULE_DELEGATE 0x80100000
    """

  // MARK: Why

  @Test func theConditionThatRefusesIsSwitchedOffAndOnAgain() throws {
    let story = try Story(Self.twice, records: true)
    story.keys("w")
    story.sees("x switch off")
    story.keys("x")
    story.sees("LAB 1 off")
    #expect(story.session.isOff("RMI_GRANULE_DELEGATE.gran_state") && story.session.position == 3)
    story.types("RMI_GRANULE_DELEGATE 0x80100000")
    story.sees("○ gran_state")
    // On the way back to where all checks are on it is the same key. Another condition decides now.
    story.keys(.up, "x")
    #expect(!story.session.isOff("RMI_GRANULE_DELEGATE.gran_state") && story.session.position == 5)
    story.sees("○ LAB")
    try story.quitsAndReplays()
  }

  @Test func theCallIsTriedWithoutTheCondition() throws {
    let story = try Story(Self.twice, records: true)
    story.keys("w", "X")
    #expect(story.session.branches.count == 2 && story.session.position == 3)
    #expect(story.session.steps[1].text == "without RMI_GRANULE_DELEGATE.gran_state")
    #expect(story.session.steps[2].result.overruled == ["RMI_GRANULE_DELEGATE.gran_state"])
    story.sees("Why · step 3")
    story.sees("○ gran_state")
    story.keys("o", "4")
    story.sees("passes RMI_GRANULE_DELEGATE.gran_state, which is off")
    try story.quitsAndReplays()
  }

  /// What stops an access is one check, whichever of its rows one is at.
  @Test func anAccessIsTriedWithoutItsCheck() throws {
    let story = try Story("smc RMI_GRANULE_DELEGATE 0x80100000\nns.read64 0x80100000", records: true)
    story.keys("w", "X")
    #expect(story.session.isOff("gpc.normal") && story.session.steps.last?.result.overruled == ["gpc.normal"])
    #expect(story.session.steps.last?.result.broken.map(\.rule) == ["isolation"])
    try story.quitsAndReplays()
  }

  /// The eye goes through the conditions of the call, those that passed too.
  @Test func anotherConditionIsChosen() throws {
    let story = try Story(Self.twice)
    story.keys("w", .up, "x")
    #expect(story.session.isOff("RMI_GRANULE_DELEGATE.gran_bound"))
    story.keys(.down)
    story.keys(.down, "x")
    #expect(story.session.switchedOff == 2)
  }

  @Test func aCallWithoutConditionsHasNothingToSwitch() throws {
    let story = try Story("RMI_FEATURES 0")
    story.keys("w", "x")
    story.sees("there is no condition here that can be switched off")
    #expect(story.session.steps.count == 1)
  }

  // MARK: Palette and command line

  @Test func everyCheckIsInThePalette() throws {
    let story = try Story()
    story.keys("?without RMI_DATA_CREATE.data_state")
    story.sees("check")
    story.keys(.enter)
    #expect(story.session.isOff("RMI_DATA_CREATE.data_state"))
    story.keys("?with RMI_DATA_CREATE.data_state")
    story.sees("with RMI_DATA_CREATE.data_state")
    story.keys(.escape, ":with RMI_DATA_CREATE.d", .tab, .enter)
    #expect(!story.session.isOff("RMI_DATA_CREATE.data_state"))
    story.keys(":without scrub.d", .tab)
    story.sees("without scrub.d")
  }

  // MARK: Broken rules

  @Test(arguments: [(80, 24), (120, 36), (200, 60)])
  func whatIsBrokenIsShownInTheTraceAndOnTheMap(_ size: (Int, Int)) throws {
    let story = try Story(
      """
      realm
      delegate 2
      without RMI_DATA_CREATE_UNKNOWN.data_state
      """, size: size)
    let rd = try #require(story.session.read { $0.control.realms.first })
    let data = story.session.read { machine in
      stride(from: machine.configuration.dramBase, to: machine.configuration.dramBase + (2 << 20), by: 4096).first {
        machine.granuleState($0) == .data
      }
    }
    let page = try #require(data)
    story.types("RMI_DATA_DESTROY rd 0x1000")
    story.types("RMI_DATA_CREATE_UNKNOWN \(rd) \(page) 0x1000")
    story.sees("broken")
    story.keys("4")
    story.sees("✗ breaks ")
    story.keys("2")
    story.sees("✗ breaks a rule")
    #expect(!story.session.brokenGranules.isEmpty)
    story.keys("u")
    story.doesNotSee("✗ breaks a rule")
  }

  // MARK: Attacks

  private func begin(_ number: String, _ size: (Int, Int) = (120, 36)) throws -> Story {
    let found = try #require(AttackFiles.trials.first { $0.attack.number == number })
    return try Story(trying: try AttackFiles.begun(found.path, found.attack), size: size)
  }

  /// Says something, has it done, switches the check off, and has it done again: each of them, with every expectation held.
  @Test(arguments: attacks)
  func anAttackIsTriedBothWays(_ number: String) throws {
    let story = try begin(number)
    let attack = try #require(story.state.attack.attack)
    let choices = try #require(story.state.attack.question?.choices)
    for _ in 0..<(choices.firstIndex(of: attack.stop) ?? 0) { story.keys(.down) }
    story.keys(.enter)
    #expect(story.state.attack.outcome?.guess?.isRight == true && story.app.lastFailure == nil, "\(story.screen)")
    // The machine stands beside it.
    story.sees("─ Worlds ─")
    story.sees("─ Trace ─")
    story.sees("Stopped by \(attack.stop.prefix(20))")
    guard let off = attack.off else { return }
    story.keys("x")
    #expect(story.state.attack.phase == .askedOff, "\(story.screen)")
    for name in off.off where off.off.count == 1 && !name.contains("*") { #expect(story.session.isOff(name)) }
    story.keys(.enter)
    #expect(story.state.attack.phase == .triedOff && story.app.lastFailure == nil, "\(story.screen)")
    let broken = story.state.attack.offOutcome?.broken.compactMap { $0.split(separator: ":").first.map(String.init) } ?? []
    for rule in off.rules { #expect(broken.contains(rule), "\(broken)") }
  }

  @Test func attacksAreChosenFromAList() throws {
    let story = try Story()
    story.keys("A")
    story.sees("A1 The Host reads the memory of a Realm")
    story.sees("Wants: ")
    story.keys(.down, .down, .down, .enter)
    #expect(story.app.successor?.loaded.attack?.attack.number == "A4")
    let other = try Story()
    other.types("attack A99")
    other.sees("there is no attack A99; there are A1 to A31")
  }

  @Test func oneIsGoneBackInAndTheListIsOneKeyAway() throws {
    let story = try begin("A4")
    story.keys("x")
    story.sees("try it first, with the check on")
    story.keys(.enter)
    story.keys(.backspace)
    story.sees("Attacks ─")
    story.keys("A")
    #expect(story.state.screen == .attacks)
  }

  /// Attacks are read again where a file of them has changed, and not at each key.
  @Test func attacksAreReadAgainWhereAFileHasChanged() throws {
    let folder = try TemporaryFolder()
    let first = try #require(AttackFiles.trials.first)
    let text = try String(contentsOfFile: first.path, encoding: .utf8)
    let path = try folder.write("a01.session", text)
    #expect(AttackFiles.trials(in: [path]).map(\.attack) == [first.attack])
    #expect(AttackFiles.trials(in: [path]).map(\.attack) == [first.attack])
    _ = try folder.write("a01.session", text.replacingOccurrences(of: "# A1. ", with: "# A1. Again: "))
    #expect(AttackFiles.trials(in: [path]).first?.attack.title == "Again: \(first.attack.title)")
    _ = try folder.write("a01.session", "nothing of the kind")
    #expect(AttackFiles.trials(in: [path]).isEmpty)
    #expect(AttackFiles.trials(in: []).isEmpty)
  }

  // MARK: Call by call

  /// Before each call of an attack one says what it answers, with the check on and with it off.
  @Test(arguments: [(80, 24), (120, 36)])
  func anAttackIsPredictedCallByCall(_ size: (Int, Int)) throws {
    let story = try begin("A4", size)
    let before = story.session.position
    story.keys("P", .enter)
    story.sees("it answers")
    story.sees("▶ RMI_DATA_CREATE rd_b vault")
    #expect(story.session.position == before)
    story.keys("input", .enter)
    story.sees("✓ RMI_DATA_CREATE rd_b vault")
    story.sees("? predict 1/1")
    story.keys("success", .enter)
    story.sees("✗ RMI_DATA_CREATE_UNKNOWN")
    story.sees("wrong, 1 of 2 right")
    // One looks round before one goes on.
    story.keys(.escape)
    story.sees("⏎ go on")
    story.sees("▶ RMI_GRANULE_UNDELEGATE vault")
    story.keys(.enter, .enter)
    story.sees("? predict 1/2")
    story.keys("success", .enter)
    story.sees("Stopped by RMI_DATA_CREATE data_state")
    #expect(story.state.attack.calls.count == 4 && story.app.lastFailure == nil)
    story.keys("x", .enter)
    story.sees("▶ RMI_DATA_CREATE_UNKNOWN rd_b vault")
    story.keys("success", .enter)
    #expect(story.state.attack.calls.count == 5 && story.state.prediction.score == "3 of 5 right")
    // What is left is done at once where one does not want to be asked.
    story.keys(.escape, "P", .enter)
    #expect(story.state.attack.phase == .triedOff && story.app.lastFailure == nil, "\(story.screen)")
    story.sees("✗ breaks assigned_data")
  }

  /// An access passes or faults; a token is accepted or not.
  @Test func whatIsNoCallIsPredictedToo() throws {
    let story = try begin("A1")
    story.keys("P", .enter)
    story.sees("it comes to")
    story.keys("moon", .enter)
    story.sees("is no outcome; ok, gpf")
    story.keys(.control("U"), "g", .tab, .enter)
    story.sees("✓ ns.read64 vault → gpf")
    let token = try begin("A26")
    token.keys("P", .enter)
    for _ in 0..<60 where token.state.command != nil && token.state.prediction.line?.hasPrefix("token verify") != true {
      token.keys(.enter)
    }
    token.sees("it comes to")
    token.keys("refused", .enter)
    #expect(token.state.attack.calls.values.contains { $0.guess == "refused" })
  }

  /// An attack goes on where it stands, and nowhere else.
  @Test func anAttackUnderWayIsLeftAndTakenUpAgain() throws {
    let story = try begin("A4")
    story.keys("P", .enter, "input", .enter, .escape, "u", .enter)
    story.sees("the attack goes on from main@")
    story.keys(.control("R"), .enter)
    story.sees("it answers")
    story.keys(.escape, .backspace)
    story.sees("Attacks ─")
  }

  /// Call by call all of them come to what they come to at once.
  @Test(arguments: attacks)
  func anAttackComesToTheSameCallByCall(_ number: String) throws {
    let story = try begin(number)
    story.keys("P")
    func half() {
      story.keys(.enter)
      for _ in 0..<100 where story.state.command != nil { story.keys(.enter) }
    }
    half()
    #expect(story.state.attack.phase == .tried && story.app.lastFailure == nil, "\(story.screen)")
    #expect(!story.state.attack.calls.isEmpty)
    guard let off = story.state.attack.attack?.off else { return }
    story.keys("x")
    half()
    #expect(story.state.attack.phase == .triedOff && story.app.lastFailure == nil, "\(story.screen)")
    let broken = story.state.attack.offOutcome?.broken.compactMap { $0.split(separator: ":").first.map(String.init) } ?? []
    for rule in off.rules { #expect(broken.contains(rule), "\(broken)") }
  }

  // MARK: Screens

  nonisolated static let ways: [(String, [Typed])] = [
    ("asked", []), ("tried", [.enter]), ("off", [.enter, "x"]), ("broken", [.enter, "x", .enter]),
    ("call", ["P", .enter, "input", .enter, "success", .enter]), ("trace", [.enter, "x", .enter, "o4"]),
    ("map", [.enter, "x", .enter, "o2"]), ("list", [.backspace]),
  ]

  @Test(arguments: ways, [(80, 24), (120, 36), (200, 60)])
  func screens(_ way: (name: String, keys: [Typed]), _ size: (Int, Int)) throws {
    let story = try begin("A4", size)
    story.give(way.keys.flatMap(\.inputs))
    try ScreenStories.compare(story, "attack-\(way.name)")
  }
}

extension Session {
  fileprivate var switchedOff: Int { read { $0.switchedOff.count } }
}
