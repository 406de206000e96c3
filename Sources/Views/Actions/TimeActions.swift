import Engine

/// What is typed, and moving in time.
extension UserAction {
  package static let command: UserAction = UserAction(
    "command", [":"], "Command line", "Type an RMI, RSI or PSCI call or any statement of the script language.", label: "command"
  ) { $0.ask(.open(.command, text: "")) }

  package static let undo: UserAction = UserAction(
    "undo", ["u"], "Undo", "Takes the last step back by restoring the state before it.", unless: isAtBeginning
  ) { $0.travel(by: -1) }

  package static let redo: UserAction = UserAction("redo", ["^R"], "Redo", "Does the next undone step again.", unless: isAtEnd) {
    $0.travel(by: 1)
  }

  package static let goto: UserAction = UserAction(
    "goto", ["#"], "Go to step", "Opens the command line with goto; any step can be reached."
  ) { $0.ask(.open(.command, text: "goto ")) }

  package static let travel: UserAction = UserAction(
    "travel", [.enter], "Travel", "Goes to the state after the chosen step, or shows the chosen line's granule.",
    unless: { $1.focused.whyNoChoice($0, $1) }
  ) { $0.state.screen.choose(&$0) }

  package static let stepEarlier: UserAction = UserAction(
    "step-earlier", ["["], "One step back", "Travels in time to the state before the last step.", label: "time",
    unless: isAtBeginning
  ) { $0.travel(by: -1) }

  package static let stepLater: UserAction = UserAction(
    "step-later", ["]"], "One step on", "Travels in time to the state after the next step.", unless: isAtEnd
  ) { $0.travel(by: 1) }

  package static let earlier: UserAction = UserAction(
    "earlier", ["<"], "Ten steps back", "Travels in time.", unless: isAtBeginning
  ) { $0.travel(by: -10) }

  package static let later: UserAction = UserAction("later", [">"], "Ten steps on", "Travels in time.", unless: isAtEnd) {
    $0.travel(by: 10)
  }

  package static let beginning: UserAction = UserAction(
    "beginning", ["{"], "Beginning", "Travels to the state before the first step.", unless: isAtBeginning
  ) { $0.ask(.travel(to: 0)) }

  package static let end: UserAction = UserAction(
    "end", ["}"], "End", "Travels to the state after the last step.", unless: isAtEnd
  ) { $0.ask(.travel(to: $0.session.steps.count)) }

  @Sendable private static func isAtBeginning(_ session: Session, _ state: ViewState) -> String? {
    session.position == 0 ? "nothing has been done yet" : nil
  }

  @Sendable private static func isAtEnd(_ session: Session, _ state: ViewState) -> String? {
    session.position == session.steps.count ? "nothing was undone" : nil
  }
}
