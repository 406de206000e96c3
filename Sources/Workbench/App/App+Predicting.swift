import Engine
import Views

/// Calls whose answer is guessed before they are made.
extension App {
  /// Asks what a line will come to, if it is a call of the Host's and that is wanted.
  ///
  /// - Returns: whether it is asked; then the line waits.
  func asksForPrediction(_ text: String) -> Bool {
    guard state.prediction.isOn, let question = question(text) else { return false }
    state.prediction.line = text
    state.prediction.question = question
    state.prediction.isOfAttack = false
    openCommandLine(.prediction)
    return true
  }

  /// What is asked of a line that is typed.
  private func question(_ text: String) -> Prediction.Question? {
    let parser = StatementParser(line: 1, names: runner.names, language: runner.language)
    return (try? parser.parse(text)).flatMap { $0 }.flatMap(Prediction.ofCall)
  }

  /// Makes the call that waits, and says whether the guess was right.
  func execute(predicting guess: String) {
    guard let line = state.prediction.line, let question = state.prediction.question else { return }
    let prediction = Prediction(guess, question)
    guard guess.allSatisfy({ $0 == " " }) || prediction != nil else {
      openCommandLine(question.isStatus ? .prediction : .outcome, text: guess)
      state.message = .init(
        "\"\(shown(guess))\" is no \(question.isStatus ? "status" : "outcome"); \(question.choices.joined(separator: ", "))",
        isError: true)
      return
    }
    state.prediction.line = nil
    if state.prediction.isOfAttack {
      return goOnWithAttack(predicting: prediction.map { ($0, text: shown(guess.trimmingPrefix(" ").description)) })
    }
    let before = session.position
    execute(line)
    guard let prediction, session.position > before else { return }
    let isRight = prediction.holds(lastReport?.result.answer)
    state.prediction.count(isRight)
    let said = state.message.map { " · \($0.text)" } ?? ""
    state.message = .init("\(isRight ? "right" : "wrong"), \(state.prediction.score)\(said)", isError: !isRight)
  }
}
