import Engine
import Views

/// Calls whose answer is guessed before they are made.
extension App {
  /// Asks what a line will come to, if it is a call of the Host's and that is wanted.
  ///
  /// - Returns: whether it is asked; then the line waits.
  func asksForPrediction(_ text: String) -> Bool {
    guard state.prediction.isOn, predictable(text) != nil else { return false }
    state.prediction.line = text
    openCommandLine(.prediction)
    return true
  }

  /// The command a line calls, if its answer comes at once.
  private func predictable(_ text: String) -> CommandEntry? {
    let parser = StatementParser(line: 1, names: runner.names, language: runner.language)
    // A call that will not be made, because an argument is missing, need not be guessed.
    guard let statement = (try? parser.parse(text)) as? ActionStatement, statement.doubt == nil else { return nil }
    guard case .smc(.normal, let x) = statement.action else { return nil }
    return Calls.called(x[0])
  }

  /// Makes the call that waits, and says whether the guess was right.
  func execute(predicting guess: String) {
    guard let line = state.prediction.line, let entry = predictable(line) else { return }
    let prediction = Prediction(guess, entry.interface)
    guard guess.allSatisfy({ $0 == " " }) || prediction != nil else {
      openCommandLine(.prediction, text: guess)
      state.message = .init(
        "\"\(shown(guess))\" is no status; \(Prediction.choices(entry.interface).joined(separator: ", "))", isError: true)
      return
    }
    state.prediction.line = nil
    let before = session.position
    execute(line)
    guard let prediction, session.position > before else { return }
    let isRight = prediction.holds(lastReport?.result.answer)
    state.prediction.count(isRight)
    let said = state.message.map { " · \($0.text)" } ?? ""
    state.message = .init("\(isRight ? "right" : "wrong"), \(state.prediction.score)\(said)", isError: !isRight)
  }
}
