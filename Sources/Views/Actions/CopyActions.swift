import Engine

/// Giving text to the clipboard of the terminal, through any number of connections.
extension UserAction {
  package static let copyLine: UserAction = UserAction(
    "copy", ["y"], "Copy", "Gives the chosen line, or the address on the map, to the terminal's clipboard."
  ) { effect in
    let panel = effect.state.focused
    if let text = panel.copied(effect) { return effect.ask(.copy(text)) }
    guard let lines = panel.lines(effect), lines.count > 0 else {
      return effect.say("there is no line to copy; \(effect.state.bindings[.copyPanel]) copies the panel", isError: true)
    }
    let line = effect.state[finding: panel].hit ?? max(0, lines.chosen)
    effect.ask(.copy(lines.text(min(line, lines.count - 1)).trimmingEnd))
  }

  package static let copyPanel: UserAction = UserAction(
    "copy-panel", ["Y"], "Copy the panel", "Gives the panel as it is shown to the terminal's clipboard."
  ) { effect in
    let place = effect.place(of: effect.state.focused)
    let canvas = Printout.draw(effect.state.focused, effect.session, effect.state, width: place.width, height: place.height)
    effect.ask(.copy(canvas.plainText))
  }
}
