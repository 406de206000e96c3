import Engine

/// Steps at which something was so.
extension UserAction {
  package static let findStep: UserAction = UserAction(
    "find-step", ["*"], "Find a step",
    "Opens the command line with next: failed, exit, granule, realm, rec, entry, address, a look."
  ) { $0.ask(.open(.command, text: "next ")) }

  package static let findAgain: UserAction = UserAction(
    "find-again", ["J"], "Next found step", "Goes to the next step that is one that was sought.", unless: nothingIsSought
  ) { effect in
    if let sought = effect.state.sought { effect.ask(.execute("next \(sought.text)")) }
  }

  package static let findBefore: UserAction = UserAction(
    "find-before", ["Q"], "Found step before", "Goes to the last step before that is one that was sought.",
    unless: nothingIsSought
  ) { effect in
    if let sought = effect.state.sought { effect.ask(.execute("previous \(sought.text)")) }
  }

  @Sendable private static func nothingIsSought(_ session: Session, _ state: ViewState) -> String? {
    state.sought == nil ? "nothing is sought among the steps; \(state.bindings[.findStep]) asks what" : nil
  }
}

extension ViewState {
  private struct Sought: PanelState {
    var query: TimeQuery?
  }

  /// What is sought among the steps.
  package var sought: TimeQuery? {
    get { self[Sought.self].query }
    set { self[Sought.self].query = newValue }
  }
}
