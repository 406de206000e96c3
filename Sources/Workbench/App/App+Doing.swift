import Engine
import Views

/// Executing statements, and going back and forth in time.
extension App {
  func travel(to step: Int) {
    guard step >= 0, step <= session.steps.count else { return }
    beginStatement()
    if step != session.position { state.noteDeparture(from: session.position) }
    let isThere = session.seek(step, isInterruptible: true)
    state.traceStep = nil
    afterChange()
    record()
    state.message = .init("\(isThere ? "" : "stopped by a key ")at step \(session.position) of \(session.steps.count)")
  }

  /// Begins to play, or ends, as the person wants it.
  func followPlayback() {
    guard state.playback.isOn else {
      nextPlay = nil
      return
    }
    if nextPlay == nil { nextPlay = (CPUClock.wall + state.playback.interval, session.position) }
  }

  /// The next step of a session that plays, when it is time to; not if somebody has gone elsewhere, and not past the end.
  func play() {
    guard let next = nextPlay, CPUClock.wall >= next.time else { return }
    state.playback.isOn = session.position == next.position && session.position < session.steps.count
    guard state.playback.isOn else { return followPlayback() }
    travel(to: session.position + 1)
    state.playback.isOn = session.position < session.steps.count
    nextPlay = state.playback.isOn ? (CPUClock.wall + state.playback.interval, session.position) : nil
    state.message = .init(
      state.playback.isOn
        ? "step \(session.position) of \(session.steps.count), \(state.playback.text); \(state.bindings[.play]) stops"
        : "the last step, \(session.position)")
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
    let parser = StatementParser(line: 1, names: runner.names, language: runner.language)
    let words = text.lowercased().split(separator: " ")
    let isLeaving = words == ["q"] || words == ["exit"]
    switch try? parser.parse(isLeaving ? "quit" : text) {
    case let own as WorkbenchStatement: own.act(self)
    case let travel as TravelStatement: go(travel.way)
    case is GuestStatement: guestCommand(text, isTyped: true)
    case is StackStatement: hostCommand(text)
    // What is wrong with a line, the runner says.
    default: executeStatement(text)
    }
  }

  private func go(_ way: TravelStatement.Way) {
    switch way {
    case .undo: perform(.undo)
    case .redo: perform(.redo)
    case .goto(let step) where step <= session.steps.count: travel(to: step)
    case .goto:
      state.message = .init("expected goto STEP with a step from 0 to \(session.steps.count)", isError: true)
    }
  }

  func write(to path: String) {
    do throws(NewFile.Failure) {
      try SessionWriter.write(session, to: path)
      state.message = .init("\(session.position) steps written to \(path)")
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
    report(left > 0 && session.position != before ? leftBehind(left) : "")
    if session.position != before {
      noteChange(since: before)
      // Of a statement that made many steps the last may change nothing on the map.
      state.focusOnChange(session, since: before)
      if animates, WorldsPanel(session).hopCount > 0 { state.travel = 0 }
    }
  }

  /// What becomes of steps that were undone, when others take their place.
  private func leftBehind(_ count: Int) -> String {
    let steps = "\(count) undone step\(count == 1 ? "" : "s")"
    let isKept = recorder != nil && state.recording == .on
    return isKept ? " (\(steps) left behind; the recording has them)" : " (\(steps) gone: nothing is recorded)"
  }

  private func noteChange(since before: Int) {
    runner.guestControl.willReplaceSteps(after: before)
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
    if case .guest = report.statement.action { text = "queued: the next RMI_REC_ENTER does it" }
    guard !report.result.isStopped else {
      state.message = .init(text + note, isError: true)
      return
    }
    let failed = session.lastStep?.hasFailed ?? false
    if failed, let decision = report.result.decidedBy { text += " by \(decision) (\(state.bindings[.why]): why)" }
    if !text.isEmpty { state.message = .init(text + note, isError: failed) }
  }
}
