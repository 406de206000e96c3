import Engine
import Views

/// The lab: attacks that are tried with a check and without, and calls made again without the condition that refused them.
extension App {
  func offerAttacks() { state.attack.all = AttackFiles.trials.map(\.attack) }

  /// Leaves this session for one that stands where an attack begins.
  func tryAttack(_ word: String) {
    let all = AttackFiles.trials
    guard let found = all.first(where: { $0.attack.number.lowercased() == word.lowercased() }) else {
      let known = all.isEmpty ? "there are none here" : "there are \(all[0].attack.number) to \(all[all.count - 1].attack.number)"
      state.message = .init("there is no attack \(shown(word)); \(known)", isError: true)
      return
    }
    do throws(SessionLoader.Failure) {
      successor = (try AttackFiles.begun(found.path, found.attack), found.attack.number)
      quit()
      if running { successor = nil }
    } catch {
      state.message = .init(error.message, isError: true)
    }
  }

  /// Shows an attack before it is tried.
  func begin(_ attack: AttackTrial) {
    state.name = "\(attack.number) \(attack.title)"
    state.focusOnLastChange(session)
    state.attack.begin(attack, among: AttackFiles.trials.map(\.attack))
    state.screen = .attacks
  }

  /// Has the half of the attack done that is next, or goes on with it.
  ///
  /// - Parameter answer: what one has said of it before, from 0.
  func runAttack(_ answer: Int?) {
    guard attack != nil, state.attack.half != nil else { return }
    if state.attack.underWay == nil { state.attack.start(answer, at: place) }
    goOnWithAttack()
  }

  private var place: BranchPlace { BranchPlace(branch: session.branch.id, step: session.position) }

  /// Does the half that is under way, up to the next call of which is asked what it comes to, if one wants to be asked.
  private func goOnWithAttack() {
    guard let attack, let half = state.attack.half, let underWay = state.attack.underWay, standsInAttack() else { return }
    let asks = state.prediction.isOn
    let rest = half.acts[underWay.done...]
    guard let done = perform(rest, attack, isWhole: true, until: { asks && question($0) != nil }) else { return }
    state.attack.goOn(done, at: place)
    guard let next = state.attack.next else { return conclude(attack.attack, half) }
    state.prediction.line = next.text
    state.prediction.question = question(next)
    state.prediction.isOfAttack = true
    openCommandLine(state.prediction.question?.isStatus == false ? .outcome : .prediction)
  }

  /// What is asked of a line of the attack's, if anything is.
  private func question(_ line: AttackTrial.Line) -> Prediction.Question? {
    guard let script = attack?.runner else { return nil }
    let parser = StatementParser(line: line.number, names: script.names, language: runner.language)
    return (try? parser.parse(line.text)).flatMap { $0 }.flatMap(Prediction.ofAttack)
  }

  /// Whether the session is where the attack goes on; if it is not, that is said.
  private func standsInAttack() -> Bool {
    guard let wanted = state.attack.underWay?.place, wanted != place else { return true }
    let branch = session.branches.first { $0.id == wanted.branch }?.name ?? session.branch.name
    state.message = .init("the attack goes on from \(branch)@\(wanted.step), and you are elsewhere", isError: true)
    return false
  }

  /// Makes the call of the attack's that waits, and goes on.
  ///
  /// - Parameter prediction: what it will answer, and how one said it; nil if one said nothing.
  func goOnWithAttack(predicting prediction: (Prediction, text: String)?) {
    guard let attack, let next = state.attack.next, standsInAttack() else { return }
    lastReport = nil
    guard perform([next], attack, isWhole: false) != nil else { return }
    let answer = lastReport?.result.answer
    let isRight = prediction.map { $0.0.holds(answer) }
    if let isRight { state.prediction.count(isRight) }
    state.attack.take(AttackState.Call(guess: prediction?.text, isRight: isRight ?? false, answer: answer?.text ?? ""))
    state.attack.goOn(1, at: place)
    goOnWithAttack()
    guard let isRight, state.command != nil else { return }
    state.message = .init("\(isRight ? "right" : "wrong"), \(state.prediction.score)", isError: !isRight)
  }

  /// Says what came of a half.
  private func conclude(_ attack: AttackTrial, _ half: AttackTrial.Half) {
    guard let underWay = state.attack.underWay else { return }
    let right = state.attack.phase == .asked ? attack.stop : half.rules.first
    let choices = (state.attack.phase == .asked ? attack.guesses(state.attack.all) : attack.ruleGuesses) ?? []
    let guess = underWay.answer.flatMap { choices.indices.contains($0) ? choices[$0] : nil }.map { ($0, $0 == right) }
    let steps = session.steps[min(underWay.first, session.position)..<session.position]
    var decided: [String] = []
    var broken: [String] = []
    for step in steps {
      if let check = step.result.decidedBy, !decided.contains(check) { decided.append(check) }
      for violation in step.result.broken {
        let words = "\(violation.rule): \(session.labels.text(violation.detail))"
        if !broken.contains(where: { $0.hasPrefix("\(violation.rule):") }) { broken.append(words) }
      }
    }
    if let guess { state.prediction.count(guess.1) }
    state.attack.take(
      AttackState.Outcome(guess: guess.map { (text: $0.0, isRight: $0.1) }, decided: decided, broken: broken))
    if let failure = lastFailure {
      state.message = .init(failure.message, isError: true)
    } else if let guess {
      state.message = .init("\(guess.1 ? "right" : "wrong"), \(state.prediction.score)", isError: !guess.1)
    }
  }

  /// Makes the machine on which the check is off that stops the attack.
  func switchOffForAttack() {
    guard let underWay = attack, let half = underWay.attack.off,
      perform(half.setup[...], underWay, isWhole: false) != nil
    else { return }
    state.attack.switchOff()
    state.message = .init("off: \(half.off.joined(separator: ", ")); the machine is as it was before the attack")
  }

  /// Lines of an attack's file, as one thing that was done.
  ///
  /// - Parameters:
  ///   - isWhole: whether a half ends with the last of them.
  ///   - waits: whether a line is not to be done yet, nor what follows it.
  /// - Returns: how many of them are done; nil if something was wrong with one.
  private func perform(
    _ lines: ArraySlice<AttackTrial.Line>, _ underWay: SessionLoader.AttackUnderWay, isWhole: Bool,
    until waits: (AttackTrial.Line) -> Bool = { _ in false }
  ) -> Int? {
    startRecording()
    beginStatement()
    lastFailure = nil
    let before = session.position
    let script = underWay.runner
    script.names = runner.names
    script.onFailure = { [unowned self] in lastFailure = $0 }
    script.onReport = { [unowned self] in lastReport = $0 }
    defer {
      script.onFailure = { _ in }
      script.onReport = { _ in }
      runner.names = script.names
      record()
      runner.guestControl.willReplaceSteps(after: before)
      state.traceStep = nil
      afterChange()
    }
    do throws(ScriptError) {
      for (count, line) in lines.enumerated() {
        if waits(line) { return count }
        try script.run(line: line.text, number: line.number, file: underWay.path)
      }
      if isWhole { script.finish(file: underWay.path) }
      return lines.count
    } catch {
      state.message = .init(error.description(in: underWay.path), isError: true)
      return nil
    }
  }

  /// Makes a call again as if one check had not been there: a branch of its own.
  func tryAgain(_ step: Int, without check: String) {
    guard session.steps.indices.contains(step - 1) else { return }
    let line = session.steps[step - 1].text
    travel(to: step - 1)
    guard session.position == step - 1 else { return }
    executeStatement("without \(check)")
    guard session.position == step else { return }
    executeStatement(line)
  }
}
