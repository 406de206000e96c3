import Engine

/// Moving on a token, and what can be supposed of it.
extension UserAction {
  package static let suppose: UserAction = UserAction(
    "suppose", ["x"], "What if", "Supposes another reference value or policy, in the token's appraisal.", label: "suppose",
    unless: { session, state in
      guard state.screen == .token, state.token.tab == .appraisal else {
        return "it is for the appraisal of a token (\(state.bindings[.token]), then the tab Appraisal)"
      }
      return TokenPanel(session, state.token).chosenFact == nil ? "the chosen line is no reference value" : nil
    }
  ) { effect in
    if let fact = TokenPanel(effect.session, effect.state.token).chosenFact { effect.state.token.whatIf.cycle(fact) }
  }

  package static let challenge: UserAction = UserAction(
    "challenge", ["c"], "Challenge", "Asks for the challenge that was sent, to compare with the token's.",
    unless: { session, state in session.tokens.isEmpty && state.token.file == nil ? "there is no token" : nil }
  ) { effect in
    effect.state.screen = .token
    effect.ask(.open(.challenge, text: ""))
  }
}

extension Prompt {
  static let challenge: Prompt = Prompt(
    "challenge", "challenge: ", help: "what was sent to the Realm: up to 64 bytes in hexadecimal; nothing forgets it",
    entered: { text, effect in
      guard let bytes = [UInt8](hex: text), bytes.count <= 64 else {
        effect.say("a challenge is up to 64 bytes in hexadecimal, without 0x", isError: true)
        effect.ask(.open(.challenge, text: text))
        return
      }
      effect.state.token.challenge = bytes.isEmpty ? nil : bytes
    })
}

extension TokenPanel {
  @Sendable static func move(_ motion: Motion, _ effect: inout Effect) {
    guard motion.isSideways else { return Panel.token.scroll(motion, &effect) }
    let tabs = TokenTab.allCases
    let tab = tabs.firstIndex(of: effect.state.token.tab) ?? 0
    effect.state.token.tab = tabs[(tab + (motion.isBack ? tabs.count - 1 : 1)) % tabs.count]
    effect.state.token.row = 0
  }

  /// A line that stands for a step leads to it; where there is no token yet one goes to the step that finishes the next.
  @Sendable static func choose(_ effect: inout Effect) {
    let isEmpty = effect.session.tokens.isEmpty && effect.state.token.file == nil && effect.state.token.realm == nil
    if isEmpty, let step = effect.session.laterToken { return effect.ask(.travel(to: step)) }
    guard let step = TokenPanel(effect.session, effect.state.token).chosenStep else { return }
    effect.ask(.travel(to: step))
    effect.state.show(.trace)
  }

  static func showNext(_ effect: inout Effect) {
    let tokens = effect.session.tokens
    let number = effect.session.token(effect.state.token.number)?.number ?? tokens.count
    effect.state.token.number = number % tokens.count + 1
  }
}
