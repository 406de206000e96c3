import Engine
import Views

/// Executing statements, and going back and forth in time.
extension App {
  func travel(to step: Int) {
    guard step >= 0, step <= session.steps.count else { return }
    beginStatement()
    if step != session.position { noteDeparture() }
    let isThere = session.seek(step, isInterruptible: true)
    state.traceStep = nil
    afterChange()
    record()
    state.message = .init("\(isThere ? "" : "stopped by a key ")at step \(session.position) of \(session.steps.count)")
  }

  private func noteDeparture() {
    state.noteDeparture(from: BranchPlace(branch: session.branch.id, step: session.position))
  }

  /// Goes to a step of any branch.
  func go(to place: BranchPlace) {
    guard session.exists(place) else { return }
    if session.isOnLine(place),
      place.branch != session.branch.id || session.branches.count == 1 || session.common(with: place.branch) == nil
    {
      return travel(to: place.step)
    }
    beginStatement()
    noteDeparture()
    if let common = session.common(with: place.branch) { runner.guestControl.willReplaceSteps(after: common) }
    let isThere = session.go(to: place.branch, step: place.step, isInterruptible: true)
    state.traceStep = nil
    afterChange()
    record()
    state.message = .init(
      "\(isThere ? "" : "stopped by a key ")on branch \(session.branch.name), at step \(session.position) of \(session.steps.count)"
    )
  }

  /// Goes to where one left a branch, or to a step of it.
  private func go(toBranch name: String, _ step: Int?) {
    guard let branch = session.branch(named: name) else {
      state.message = .init(
        "there is no branch \"\(shown(name))\"; there are \(session.branches.map(\.name).joined(separator: " "))", isError: true)
      return
    }
    let end = session.end(of: branch.id)
    guard step ?? 0 <= end else {
      state.message = .init("\(branch.name) has no step \(step ?? 0); it has 0 to \(end)", isError: true)
      return
    }
    let here = branch.id == session.branch.id ? session.position : branch.left
    go(to: BranchPlace(branch: branch.id, step: min(step ?? here, end)))
  }

  /// To the next step, or the one before, that is one that is sought; a key seeks it again.
  private func go(to find: FindStatement) {
    beginStatement()
    state.sought = find.query
    guard let (step, text) = session.found(find.query, isNext: find.isNext) else {
      let which = interruption.isWanted ? "stopped by a key: no step found" : "no step"
      state.message = .init(
        "\(which) \(find.isNext ? "after" : "before") this one with \(session.labels.text(find.query.text))", isError: true)
      return
    }
    travel(to: step)
    if session.position == step { state.message = .init("step \(step): \(text)") }
  }

  /// Puts two places side by side; the second is where one is, if it is not said.
  func compare(_ first: String, _ second: String?) {
    let here = BranchPlace(branch: session.branch.id, step: session.position)
    func place(_ name: String) -> BranchPlace? {
      let place = session.place(named: name)
      if place == nil {
        state.message = .init(
          "there is no place \"\(shown(name))\"; expected BRANCH, BRANCH@STEP, a step or a bookmark", isError: true)
      }
      return place
    }
    guard let a = place(first) else { return }
    guard let b = second.map(place) ?? here else { return }
    beginStatement()
    if let common = session.common(with: a.branch) { runner.guestControl.willReplaceSteps(after: common) }
    if let common = session.common(with: b.branch) { runner.guestControl.willReplaceSteps(after: common) }
    state.show(ComparedPlaces(session, a, b))
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
    if let step = session.lastExplainedStep, step == session.position { state.why = session.explanation(ofStep: step) }
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
    case let branch as BranchStatement:
      if case .go(let name, let step) = branch.deed { go(toBranch: name, step) } else { executeStatement(text) }
    case let find as FindStatement: go(to: find)
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
    let count = session.branches.count
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
    report(session.branches.count > count && left > 0 ? leftBehind(left) : "")
    if session.position != before {
      noteChange(since: before)
      // Of a statement that made many steps the last may change nothing on the map.
      state.focusOnChange(session, since: before)
      if animates, WorldsPanel(session).hopCount > 0 { state.travel = 0 }
      if runner.guestControl.standsInTEE { showGuest() }
    }
  }

  /// What becomes of steps that were undone, when others take their place.
  private func leftBehind(_ count: Int) -> String {
    let steps = "\(count) undone step\(count == 1 ? "" : "s")"
    let parent = session.branch.parent.flatMap { parent in session.branches.first { $0.id == parent }?.name } ?? ""
    return
      " (\(steps) stay\(count == 1 ? "s" : "") on branch \(parent); this is \(session.branch.name), \(state.bindings[.branches]) shows all)"
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
