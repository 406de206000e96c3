import Engine

/// Before a call is made, one says what it will answer.
extension UserAction {
  package static let predict: UserAction = UserAction(
    "predict", ["P"], "Predict answers", "Asks what a call will answer before it is made, and keeps the score; again, no more."
  ) { effect in
    effect.state.prediction.isOn.toggle()
    let prediction = effect.state.prediction
    effect.say(
      prediction.isOn
        ? "predict: before a call is made you say what it answers; \(effect.state.bindings[.predict]) ends it"
        : "predict is over\(prediction.made == 0 ? "" : ": \(prediction.score)")")
  }
}

extension Prompt {
  /// What a call will answer; without an answer it is made all the same.
  package static let prediction: Prompt = Prompt(
    "prediction", "it answers ", help: "a status, such as RMI_SUCCESS or ERROR_INPUT; nothing: no guess",
    entered: { $1.ask(.predicted($0)) })

  /// What else of an attack will come to.
  package static let outcome: Prompt = Prompt(
    "outcome", "it comes to ", help: "ok, or gpf: a granule protection fault; accepted or refused, of a token; nothing: no guess",
    entered: { $1.ask(.predicted($0)) })
}

/// What has been predicted in this session.
package struct PredictionState: PanelState, Equatable {
  package var isOn = false
  package private(set) var right = 0
  package private(set) var made = 0
  /// The line that is executed when it has been guessed what comes of it.
  package var line: String?
  /// What is asked of it.
  package var question: Prediction.Question?
  /// Whether it is one of the attack that is tried.
  package var isOfAttack = false

  package init() {}

  package mutating func count(_ isRight: Bool) {
    made += 1
    if isRight { right += 1 }
  }

  package var score: String { "\(right) of \(made) right" }
}

extension ViewState {
  package var prediction: PredictionState {
    get { self[PredictionState.self] }
    set { self[PredictionState.self] = newValue }
  }
}
