import Engine
import Views

/// Another thing in the place of a step.
extension App {
  /// Does a statement in the place of a step, from 1, and all that was done behind it again: a new branch. What differs is shown.
  func edit(_ step: Int, _ text: String) {
    func refuse(_ message: String) { state.message = .init(message, isError: true) }
    guard (1...max(1, session.steps.count)).contains(step), !session.steps.isEmpty else {
      return refuse("expected edit STEP with a step from 1 to \(session.steps.count)")
    }
    guard let rest = session.rest(after: step) else {
      return refuse("more than \(Session.Rest.most) steps come behind step \(step)")
    }
    let here = session.position
    startRecording()
    beginStatement()
    guard session.seek(step - 1, isInterruptible: true) else { return refuse("stopped by a key at step \(session.position)") }
    runner.guestControl.willReplaceSteps(after: step - 1)
    let before = session.branch.id
    lastReport = nil
    do throws(ScriptError) {
      try runner.run(line: text, number: 1, file: Self.commandLine)
    } catch {
      if session.position == step - 1, session.branch.id == before { session.seek(here) }
      record()
      afterChange()
      return refuse("step \(step): \(error.message)")
    }
    guard session.position > step - 1 else {
      session.seek(here)
      return refuse("\"\(text)\" does nothing to the machine: step \(step) stays what it is")
    }
    let made = session.position - step + 1
    let done = session.perform(rest)
    record()
    state.traceStep = nil
    afterChange()
    let compared = ComparedPlaces(session, rest.line, session.place(at: session.position))
    state.show(compared)
    let others = compared.comparison.rows.filter { $0.a != nil && $0.b != nil && !$0.isSame }.count
    let end = done < rest.count ? "\(done) of \(rest.count) steps were done again, then it was stopped" : "\(done) done again"
    state.message = .init(
      "\(made) step\(made == 1 ? "" : "s") on \(session.branch.name) in place of step \(step), \(end): "
        + "\(others) answer\(others == 1 ? "" : "s") and \(compared.comparison.state.items.count) things of the state differ",
      isError: done < rest.count)
  }
}
