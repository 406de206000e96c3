import Engine

/// From a thing to the steps that changed it.
extension UserAction {
  package static let changeBefore: UserAction = toChange(
    "change-before", "(", "Change before",
    "Travels to the last step before that changed what is chosen: a granule, a Realm, a register, some bytes.", isNext: false)
  package static let nextChange: UserAction = toChange(
    "next-change", ")", "Next change",
    "Travels to the next step that changes what is chosen: a granule, a Realm, a register, some bytes.", isNext: true)

  private static func toChange(_ id: String, _ key: Key, _ title: String, _ help: String, isNext: Bool) -> UserAction {
    UserAction(id, [key], title, help, unless: nothingIsChosen) { effect in
      guard let subject = effect.state.focused.changing(effect.session, effect.state) else { return }
      guard let change = effect.session.change(of: subject, isNext: isNext) else {
        let name = effect.session.labels.text(subject.name)
        return effect.say("no step \(isNext ? "after" : "before") this one changes \(name)", isError: true)
      }
      effect.ask(.visit(step: change.step, saying: change.text))
    }
  }

  @Sendable private static func nothingIsChosen(_ session: Session, _ state: ViewState) -> String? {
    guard state.focused.changing(session, state) == nil else { return nil }
    let places = [Panel.granules, .realms, .rtt, .guest].map { "\(state.bindings[$0]) \($0.title.lowercased())" }
    return "nothing that steps change is chosen here; something is in \(places.joined(separator: ", "))"
  }
}
