import Engine
import Views

/// Executing statements, and going back and forth in time.
extension App {
  func travel(to step: Int) {
    guard step >= 0, step <= session.steps.count else { return }
    beginStatement()
    let isThere = session.seek(step, isInterruptible: true)
    state.traceStep = nil
    afterChange()
    record()
    state.message = .init("\(isThere ? "" : "stopped by a key ")at step \(session.position) of \(session.steps.count)")
  }

  /// After the machine has changed: what was looked at may be gone, and something new deserves the eye.
  func afterChange() {
    state.focusOnLastChange(session)
    if let step = session.lastCallStep, step == session.position { state.why = session.explanation(ofStep: step) }
    let realms = session.read { $0.control.realms.count }
    state.rttRealm = min(state.rttRealm, max(0, realms - 1))
  }

  /// Executes a line of the command bar.
  func execute(_ text: String) {
    let words = text.split(separator: " ").map(String.init)
    guard let verb = words.first?.lowercased() else { return }
    switch verb {
    case "q", "quit", "exit": quit()
    case "undo": perform(.undo)
    case "redo": perform(.redo)
    case "help": open(.palette)
    case "goto": goto(words)
    case "theme":
      if words.count == 2, let theme = Theme.named(words[1]) {
        use(theme)
      } else {
        state.message = .init("expected theme NAME: \(Theme.all.map(\.name).joined(separator: ", "))", isError: true)
      }
    case "write": write(words)
    case _ where GuestCommand.verbs.contains(verb): guestCommand(text, isTyped: true)
    default: executeStatement(text)
    }
  }

  func goto(_ words: [String]) {
    guard words.count == 2, let step = Int(words[1]), (0...session.steps.count).contains(step) else {
      state.message = .init("expected goto STEP with a step from 0 to \(session.steps.count)", isError: true)
      return
    }
    travel(to: step)
  }

  func write(_ words: [String]) {
    guard words.count == 2 else {
      state.message = .init("expected write FILE", isError: true)
      return
    }
    do throws(NewFile.Failure) {
      try SessionWriter.write(session, to: words[1])
      state.message = .init("\(session.position) steps written to \(words[1])")
    } catch {
      state.message = .init(error.message, isError: true)
    }
  }

  /// What a person asks for now has nothing to do with what was asked before.
  func beginStatement() {
    session.renewLimits()
    interruption.begin()
  }

  func executeStatement(_ text: String) {
    startRecording()
    beginStatement()
    let before = session.position
    let left = session.steps.count - before
    lastReport = nil
    lastFailure = nil
    do throws(ScriptError) {
      try runner.run(line: text, number: 1, file: ".")
    } catch {
      record()
      state.message = .init(error.message, isError: true)
      // What an included file did before stays.
      if session.position != before { noteChange(since: before) }
      if !runner.wasInterrupted { openCommandLine(.command, text: text) }
      return
    }
    record()
    report(left > 0 && session.position != before ? " (\(left) undone steps left behind; the recording has them)" : "")
    if session.position != before {
      noteChange(since: before)
      if animates, WorldsPanel(session).hopCount > 0 { state.travel = 0 }
    }
  }

  private func noteChange(since before: Int) {
    runner.desk.noteLeft(before)
    state.traceStep = nil
    afterChange()
  }

  func report(_ note: String) {
    if let failure = lastFailure {
      state.message = .init(failure.message, isError: true)
      return
    }
    guard let report = lastReport else { return }
    let lines = Decoder.lines(report.result)
    var text = lines.joined(separator: " · ")
    if case .perform(.guest) = report.statement { text = "queued: the next RMI_REC_ENTER does it" }
    let failed = session.lastStep?.hasFailed ?? false
    if failed, let decision = report.result.decidedBy { text += " by \(decision) (\(state.bindings[.why]): why)" }
    if !text.isEmpty { state.message = .init(text + note, isError: failed) }
  }
}
