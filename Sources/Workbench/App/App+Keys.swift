import Engine
import Views

/// From what a person does at the terminal to what it does.
extension App {
  func take(_ input: TerminalInput) {
    state.travel = nil
    interruption.noteInput()
    if state.guest.hasKeys, takeForGuest(input) { return }
    if isGuestRunning, !state.guest.hasKeys, pauseGuest(input) { return }
    switch input {
    case .key(let key): take(key)
    case .click(let x, let y):
      state.message = nil
      change { Screens.click(x, y, &$0) }
    case .wheel(let x, let y, let up):
      change { Screens.wheel(x, y, up: up, &$0) }
    case .paste(let scalar): if pasted.unicodeScalars.count < Pasted.most { pasted.unicodeScalars.append(scalar) }
    case .pasteEnd:
      let text = pasted
      pasted = ""
      takePaste(text)
    }
  }

  private func take(_ key: Key) {
    state.offer = nil
    if state.marks.question != nil {
      state.message = nil
      return change { $0.answerMark(key) }
    }
    let action = state.bindings.action(key, in: state.keyContexts)
    // A screen that is drawn anew is the same screen.
    if action?.id != UserAction.redraw.id { state.message = nil }
    if let action {
      perform(action)
    } else if state.command != nil || state.screen.takesText {
      if let scalar = key.scalar { type(scalar) }
    } else {
      state.message = .init(
        "\(shown(key.name)) does nothing here; \(state.bindings[.palette]) shows every key", isError: true)
    }
  }

  /// Text, where text is taken.
  func type(_ scalar: Unicode.Scalar) {
    change { effect in
      if effect.state.command != nil {
        effect.state.command?.insert(scalar)
      } else {
        effect.state.screen.type(scalar, &effect)
      }
    }
  }

  func perform(_ action: UserAction) { change { action.perform(&$0) } }

  func open(_ panel: Panel) {
    if let opening = panel.opening { perform(opening) }
  }

  /// Lets something act on what is looked at, and does what it asks for.
  func change(_ act: (inout Effect) -> Void) {
    var effect = Effect(session, state, names: runner.names, width: terminal.width, height: terminal.height)
    let before = state.command
    act(&effect)
    // The line may mean something else now.
    if var line = effect.state.command, let before, line.purpose == before.purpose, line.text != before.text {
      completion.update(&line)
      effect.state.command = line
      line.purpose.change(to: line.text, &effect)
    }
    state = effect.state
    followPlayback()
    for request in effect.requests { carryOut(request) }
  }

  private func carryOut(_ request: Effect.Request) {
    switch request {
    case .travel(let step): travel(to: step)
    case .go(let branch, let step): go(to: BranchPlace(branch: branch, step: step))
    case .visit(let step, let words):
      let cursor = state.cursor
      travel(to: step)
      state.cursor = cursor
      if session.position == step { state.message = .init("step \(step): \(words)") }
    case .guest(let command): guestCommand(command)
    case .giveKeys: giveKeys()
    case .open(let prompt, let text): openCommandLine(prompt, text: text)
    case .execute(let line): execute(line)
    case .offer: offer()
    case .offerCourse: offerCourse()
    case .offerAttacks: offerAttacks()
    case .attack(.run(let answer)): runAttack(answer)
    case .attack(.switchOff): switchOffForAttack()
    case .tryWithout(let step, let check): tryAgain(step, without: check)
    case .enter: submit()
    case .perform(let line):
      history.add(line)
      if !asksForPrediction(line) { execute(line) }
    case .predicted(let guess): execute(predicting: guess)
    case .recall(let isEarlier): recall(earlier: isEarlier)
    case .complete(let isBackwards):
      guard var line = state.command else { return }
      completion.cycle(&line, backwards: isBackwards)
      state.command = line
    case .copy(let text): copy(text)
    case .run(let lines): run(lines)
    case .applyTheme: applyTheme()
    case .nextTheme: nextTheme()
    case .toggleMouse:
      terminal.toggleMouse()
      state.message = .init(
        terminal.mouse
          ? "mouse on: clicks choose; \(state.bindings[.mouse]) gives selection back to the terminal" : "mouse off")
    case .redraw: terminal.repaint()
    case .suspend: terminal.suspend()
    case .quit: quit()
    }
  }

  private func nextTheme() {
    let index = Theme.all.firstIndex { $0.name == theme.name } ?? 0
    use(Theme.all[(index + 1) % Theme.all.count])
  }

  /// Shows the theme as it is for the print one has.
  func applyTheme() { terminal.use(state.isLarge ? theme.large : theme) }

  func use(_ theme: Theme) {
    self.theme = theme
    applyTheme()
    state.message = .init("theme \(theme.name): \(theme.summary)")
  }
}
