import Engine

/// Switching checks off where one sees what they refuse.
extension UserAction {
  package static let switchCheck: UserAction = UserAction(
    "switch-check", ["x"], in: [.panel("why")], "Switch the check",
    "Switches the chosen condition off from here on, or on again: the machine is one of the lab then.", label: "switch off",
    unless: noCheck
  ) { effect in
    guard let check = WhyPanel(effect.state).check else { return }
    effect.ask(.execute("\(effect.session.isOff(check) ? "with" : "without") \(check)"))
  }

  package static let tryWithout: UserAction = UserAction(
    "try-without", ["X"], in: [.panel("why")], "Try without it",
    "Goes back before the call, switches the chosen condition off, and makes the call again: a branch of its own.",
    label: "try without it",
    unless: { session, state in
      if let reason = noCheck(session, state) { return reason }
      guard let step = state.why?.step, session.steps.indices.contains(step - 1) else { return "the call has not been made" }
      return nil
    }
  ) { effect in
    guard let check = WhyPanel(effect.state).check, let step = effect.state.why?.step else { return }
    effect.ask(.tryWithout(step: step, check: check))
  }

  @Sendable private static func noCheck(_ session: Session, _ state: ViewState) -> String? {
    WhyPanel(state).check == nil ? "there is no condition here that can be switched off" : nil
  }
}

extension Session {
  /// Whether a check is switched off now.
  package func isOff(_ check: String) -> Bool { read { $0.switchedOff.contains(check) } }

  /// That the machine is one of the lab: which bugs it has, and how many checks are off besides; nil if it is none.
  package var labMark: String? {
    read { machine in
      guard machine.isLab else { return nil }
      let configuration = machine.configuration
      let off = machine.switchedOff.subtracting(configuration.leftOut).count
      let bugs = MachineBug.allCases.filter(configuration.bugs.contains).map { " bug \($0.rawValue)" }.joined()
      return "○ LAB\(bugs)" + (off == 0 ? "" : " \(off) off")
    }
  }
}
