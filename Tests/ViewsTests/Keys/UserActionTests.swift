import Engine
import Testing

@testable import Views

/// What the declarations of actions and panels must be for keys, palette and texts to be right.
struct UserActionTests {
  @Test func noKeyMeansTwoThingsInOneContext() {
    var meanings: [KeyContext: [Key: String]] = [:]
    for action in UserAction.all {
      for context in action.contexts {
        for key in action.defaultKeys {
          let other = meanings[context, default: [:]].updateValue(action.id, forKey: key)
          #expect(other == nil, "\(key.name) is \(action.id) and \(other ?? ""), \(context)")
        }
      }
    }
    #expect(meanings[.anywhere]?["q"] == "quit")
    #expect(meanings[.commandLine]?["^K"] == "line-delete-end")
  }

  @Test func eachHasANameOfItsOwnAndSaysWhatItDoes() {
    #expect(Set(UserAction.all.map(\.id)).count == UserAction.all.count)
    for action in UserAction.all {
      #expect(action.id.wholeMatch(of: /[a-z]+(-[a-z]+)*/) != nil, "\(action.id)")
      #expect(!action.defaultKeys.isEmpty && !action.contexts.isEmpty, "\(action.id)")
      #expect(action.help.hasSuffix("."), "\(action.id)")
      // A sentence in the palette has room for its reason.
      #expect(action.title.count <= 22 || !action.isOnScreens, "\(action.id)")
    }
  }

  @Test func eachPanelIsOpenedByAKeyOrIsOnlyPrinted() {
    for panel in Panel.all {
      #expect((panel.opening == nil) == (panel == .timeline), "\(panel.name)")
      if let opening = panel.opening { #expect(UserAction.all.contains { $0.id == opening.id }) }
      #expect(Panel.named(panel.name) == panel)
    }
    #expect(Set(Panel.all).count == Panel.all.count)
    #expect(Panel.tiles.map(\.name) == ["worlds", "granules", "realms", "trace"])
  }

  /// What opens a panel shows it, whatever was shown before.
  @Test func openingAPanelShowsIt() throws {
    let session = try ScreenTests.session()
    for panel in Panel.all {
      guard let opening = panel.opening else { continue }
      // From the lesson its key leads back to the machine.
      for screen in Panel.screens where screen != panel || screen.name != "lesson" {
        var state = ScreenTests.state(session)
        state.screen = screen
        var effect = Effect(session, state, width: 120, height: 36)
        opening.perform(&effect)
        let shown = Panel.tiles.contains(panel) ? effect.state.focus : effect.state.screen
        #expect(shown == panel, "\(panel.name) from \(screen.name): \(effect.state.message?.text ?? "")")
      }
    }
  }

  @Test func aKeyMeansWhatTheNearestContextSays() {
    var state = ViewState()
    #expect(state.keyContexts == [.panel("trace"), .panel("overview"), .anywhere])
    #expect(state.bindings.action(.up, in: state.keyContexts)?.id == "up")
    state.screen = .palette
    #expect(state.bindings.action(.up, in: state.keyContexts)?.id == "palette-up")
    #expect(state.bindings.action("q", in: state.keyContexts) == nil)
    state.command = CommandLineState()
    #expect(state.bindings.action(.up, in: state.keyContexts)?.id == "line-earlier")
    #expect(state.bindings.action("q", in: state.keyContexts) == nil)
  }

  /// Where somebody has bound other keys, those work and no others, and every text names them.
  @Test func textsNameTheKeysThatWork() throws {
    let bindings = KeyBindings(Dictionary(uniqueKeysWithValues: UserAction.all.map { ($0.id, ["§"]) }))
    let session = try ScreenTests.session()
    var state = ScreenTests.state(session)
    state.bindings = bindings
    #expect(bindings.action("w", in: [.anywhere]) == nil)
    func sees(_ words: String, _ panel: Panel, _ session: Session, sourceLocation: SourceLocation = #_sourceLocation) {
      state.screen = panel
      let text =
        panel == .overview
        ? Screens(session, state).draw(width: 120, height: 36).plainText
        : Printout.draw(panel, session, state, width: 120, height: 36).plainText
      if !text.contains(words) { Issue.record("no \(words) in\n\(text)", sourceLocation: sourceLocation) }
    }
    let fresh = Session(MachineConfiguration())
    sees("§ help  § command", .overview, session)
    sees("§ find · § travel", .overview, session)
    sees("§realm", .trace, fresh)
    sees("· § IPA", .rtt, session)
    sees("§ boots one, § lets one be stepped", .guest, fresh)
    sees("§RSI_ATTESTATION_TOKEN_INIT", .token, fresh)
    sees("type to find · § do · § close", .palette, fresh)
    state.why = nil
    sees("press §.", .why, fresh)
    let tokens = try ScreenTests.tokenSession()
    state.token.tab = .appraisal
    sees("§: as in the token", .token, tokens)
    state.token.tab = .provenance
    state.token.row = 3
    sees("; § goes there", .token, tokens)
    for screen in Panel.screens {
      state.screen = screen
      let bar = Screens(session, state).draw(width: 200, height: 60).plainText.split(separator: "\n").last ?? ""
      let hints = bar.matches(of: /\S.*?(?=  |$)/).map(\.output)
      #expect(!hints.isEmpty)
      for hint in hints { #expect(hint.hasPrefix("§ ") || hint.hasPrefix("type "), "\(screen.name): \(hint)") }
    }
    let tiny = Screens(session, state).draw(width: 39, height: 9).plainText
    #expect(tiny.contains("§ quits."))
  }

  /// What cannot be done says why, and does nothing.
  @Test func whatIsImpossibleSaysWhy() {
    let session = Session(MachineConfiguration())
    for (action, reason) in [
      (.undo, "undo: nothing has been done yet"), (.redo, "redo: nothing was undone"),
      (.rttIPA, "walk an ipa: there is no realm"), (.zoomAll, "all of memory: the map shows all of memory already"),
      (.challenge, "challenge: there is no token"),
    ] as [(UserAction, String)] {
      var effect = Effect(session, ViewState(), width: 120, height: 36)
      action.perform(&effect)
      #expect(effect.state.message == .init(reason, isError: true))
      #expect(effect.requests.isEmpty && effect.state.screen == .overview)
    }
  }
}
