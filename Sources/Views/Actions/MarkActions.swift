import Engine

/// Steps one has marked with a letter, to come back to.
package struct Marks: PanelState, Equatable {
  /// What the next key says.
  package enum Question: Sendable {
    case set, goTo
  }

  /// Steps by letter. The apostrophe is where one was before one went elsewhere.
  package internal(set) var steps: [Unicode.Scalar: Int] = [:]
  /// The next key is a letter.
  package internal(set) var question: Question?

  package init() {}

  /// Letters of a step.
  func of(_ steps: ClosedRange<Int>) -> Unicode.Scalar? {
    self.steps.filter { steps.contains($0.value) && $0.key != "'" }.keys.min { $0.value < $1.value }
  }

  fileprivate var text: String {
    steps.sorted { $0.key.value < $1.key.value }.map { "\($0.key == "'" ? "' where one was" : "\($0.key)"): step \($0.value)" }
      .joined(separator: " · ")
  }
}

extension ViewState {
  package var marks: Marks {
    get { self[Marks.self] }
    set { self[Marks.self] = newValue }
  }

  /// Notes where one is before one goes elsewhere.
  package mutating func noteDeparture(from step: Int) { marks.steps["'"] = step }
}

extension UserAction {
  package static let mark: UserAction = UserAction(
    "mark", ["m"], "Mark this step", "Then a letter, by which one comes back."
  ) { effect in
    effect.state.marks.question = .set
    effect.say("mark step \(effect.session.position) with a letter")
  }

  package static let goToMark: UserAction = UserAction(
    "go-to-mark", ["'"], "Go to a mark", "Then its letter; again this key goes where one was before.",
    unless: { _, state in state.marks.steps.isEmpty ? "no step is marked; \(state.bindings[.mark]) marks one" : nil }
  ) { effect in
    effect.state.marks.question = .goTo
    effect.say(effect.state.marks.text)
  }
}

extension Effect {
  /// Takes the letter that was asked for.
  package mutating func answerMark(_ key: Key) {
    let question = state.marks.question
    state.marks.question = nil
    guard let letter = key.scalar, letter != " " else { return say("no mark", isError: key != .escape) }
    switch question {
    case .set?:
      state.marks.steps[letter] = session.position
      say("step \(session.position) is mark \(letter)")
    case .goTo?:
      guard let step = state.marks.steps[letter] else {
        return say("there is no mark \(letter); there is \(state.marks.text)", isError: true)
      }
      guard step <= session.steps.count else {
        return say("mark \(letter) was step \(step); there are \(session.steps.count) now", isError: true)
      }
      ask(.travel(to: step))
    case nil: break
    }
  }
}
