import Engine
import Foundation
import Testing
import Views

@testable import Workbench

/// The mouse, where it is the workbench's.
@MainActor
struct MouseStories {
  private static let steps = (0..<8).map { "smc RMI_GRANULE_DELEGATE \(0x8000_1000 + $0 * 4096)" }.joined(separator: "\n")

  @Test func aClickChoosesAPanelAndACellOfTheMap() throws {
    let story = try Story(Self.steps)
    try story.clicks(on: "Granules")
    #expect(story.state.focus == .granules)
    try story.clicks(on: "·dddddddd")
    #expect(story.state.cursor == 0x8000_0000)
    try story.clicks(on: "ddd·")
    #expect(story.state.cursor == 0x8000_6000)
    story.sees("0x80006000  DELEGATED")
  }

  @Test func aClickOnTheTimelineTravels() throws {
    let story = try Story(Self.steps)
    let y = 34
    story.give([.click(x: 0, y: y)])
    story.sees("at step 0 of 8")
    story.give([.click(x: 119, y: y)])
    story.sees("at step 8 of 8")
    story.give([.click(x: 60, y: y)])
    story.sees("at step 4 of 8")
  }

  @Test func aClickOnATabChoosesItInASmallTerminal() throws {
    let story = try Story(Self.steps, size: (80, 24))
    try story.clicks(on: "3 Realms")
    story.sees("No realm yet.")
    try story.clicks(on: "1 Worlds")
    story.sees("SCR_EL3")
  }

  @Test func theWheelMovesWhereItIs() throws {
    let story = try Story(Self.steps)
    try story.turnsWheel(over: "Trace", up: true)
    try story.turnsWheel(over: "Trace", up: true)
    #expect(story.state.traceStep == 6)
    try story.turnsWheel(over: "Trace", up: false)
    #expect(story.state.traceStep == 7)
  }

  /// A text goes by three lines, and what cannot be moved stays without a word.
  @Test func theWheelScrollsATextFaster() throws {
    let story = try Story(Self.steps, size: (80, 24))
    story.types("help RMI_REALM_CREATE")
    try story.turnsWheel(over: "Arguments", up: false)
    try story.turnsWheel(over: "params_pas", up: false)
    story.doesNotSee("Arguments")
    story.keys("1")
    try story.turnsWheel(over: "Worlds", up: false)
    story.doesNotSee("nothing to move")
  }

  @Test func aClickOnTheKeyBarDoesWhatTheKeyDoes() throws {
    let story = try Story(Self.steps)
    try story.clicks(on: "[ ] time")
    #expect(story.session.position == 7)
    try story.clicks(on: "help  q quit")
    story.sees("Palette")
    story.keys(.escape)
    try story.clicks(on: "] time")
    #expect(story.session.position == 8)
    try story.clicks(on: "q quit")
    #expect(story.code == 0)
  }

  @Test func aClickOnARowChoosesItAndAnotherGoesThere() throws {
    let story = try Story(Self.steps)
    try story.clicks(on: "addr=0x80005000")
    #expect(story.state.traceStep == 5)
    try story.clicks(on: "addr=0x80005000")
    #expect(story.session.position == 5)
    // The palette, too.
    story.keys("?undo")
    try story.clicks(on: "Undo")
    #expect(story.session.position == 4)
  }

  @Test func aClickOnATabOfTheTokenChoosesIt() throws {
    let story = try Story(opening: PseudoTerminal.root.appending(path: "Sessions/11-replayed-token.session").path)
    story.keys("}a")
    try story.clicks(on: "Chain")
    story.sees("verifier")
    try story.clicks(on: "platform token")
    #expect(story.state.token.row == 2)
  }

  /// On a screen of its own there is nothing to choose.
  @Test func aClickElsewhereDoesNothing() throws {
    let story = try Story(Self.steps)
    story.keys("w")
    let before = story.screen
    story.give([.click(x: 3, y: 3), .click(x: 60, y: 34)])
    #expect(story.screen == before)
  }
}
