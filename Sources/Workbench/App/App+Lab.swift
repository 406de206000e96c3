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

  /// Has the half of the attack done that is next, and says what came of it.
  ///
  /// - Parameter answer: what one has said of it before, from 0.
  func runAttack(_ answer: Int?) {
    guard let underWay = attack else { return }
    let attack = underWay.attack
    guard let half = state.attack.phase == .asked ? attack.asItIs : attack.off else { return }
    let right = state.attack.phase == .asked ? attack.stop : half.rules.first
    let choices = state.attack.question?.choices ?? []
    let guess = answer.flatMap { choices.indices.contains($0) ? choices[$0] : nil }.map { ($0, $0 == right) }
    let before = session.position
    guard perform(half.acts, underWay, isWhole: true) else { return }
    let steps = session.steps[min(before, session.position)..<session.position]
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
    guard let underWay = attack, let half = underWay.attack.off, perform(half.setup, underWay, isWhole: false) else { return }
    state.attack.switchOff()
    state.message = .init("off: \(half.off.joined(separator: ", ")); the machine is as it was before the attack")
  }

  /// Lines of an attack's file, as one thing that was done.
  ///
  /// - Parameter isWhole: whether a half ends with them.
  private func perform(_ lines: [AttackTrial.Line], _ underWay: SessionLoader.AttackUnderWay, isWhole: Bool) -> Bool {
    startRecording()
    beginStatement()
    lastFailure = nil
    let before = session.position
    let script = underWay.runner
    script.names = runner.names
    script.onFailure = { [unowned self] in lastFailure = $0 }
    defer {
      script.onFailure = { _ in }
      runner.names = script.names
      record()
      runner.guestControl.willReplaceSteps(after: before)
      state.traceStep = nil
      afterChange()
    }
    do throws(ScriptError) {
      for line in lines { try script.run(line: line.text, number: line.number, file: underWay.path) }
      if isWhole { script.finish(file: underWay.path) }
      return true
    } catch {
      state.message = .init(error.description(in: underWay.path), isError: true)
      return false
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
