import Engine
import Views

/// The command line: opened, filled from the history, entered.
extension App {
  var completion: Completion {
    Completion(
      session: session, names: runner.names, prediction: state.prediction.question, macros: state.bindings.macros.map(\.name))
  }

  func openCommandLine(_ prompt: Prompt, text: String = "") {
    var line = CommandLineState(prompt, text: text)
    completion.update(&line)
    state.command = line
    history.reset()
  }

  func recall(earlier isEarlier: Bool) {
    guard let line = state.command, let text = isEarlier ? history.earlier(than: line.text) : history.later(),
      line.purpose == .command
    else { return }
    var recalled = CommandLineState(.command, text: text)
    completion.update(&recalled)
    state.command = recalled
  }

  func submit() {
    guard let line = state.command else { return }
    state.command = nil
    if line.purpose == .command {
      history.add(line.text)
      if !asksForPrediction(line.text) { execute(line.text) }
    } else {
      change { line.purpose.enter(line.text, &$0) }
    }
  }
}
