import Engine

/// Moving what is looked at, and the program itself.
extension UserAction {
  package static let nextPanel: UserAction = UserAction(
    "next-panel", [.tab], "Next panel", "Moves the focus between the panels.", label: "panel"
  ) { OverviewPanel.moveFocus(by: 1, &$0.state) }

  package static let previousPanel: UserAction = UserAction(
    "previous-panel", ["S-tab"], "Previous panel", "Moves the focus between the panels."
  ) { OverviewPanel.moveFocus(by: -1, &$0.state) }

  package static let up: UserAction = moving("up", [.up, "k"], "Up", .up, "The line above, in the list one is in.")
  package static let down: UserAction = moving("down", [.down, "j"], "Down", .down, "The line below.")
  package static let left: UserAction = moving("left", [.left, "h"], "Left", .left, "Left on a map; the tab before.")
  package static let right: UserAction = moving("right", [.right, "l"], "Right", .right, "Right on a map; the next tab.")
  package static let pageUp: UserAction = moving(
    "page-up", ["pgup", "^B"], "Page up", .pageUp, "As many lines up as are seen.")
  package static let pageDown: UserAction = moving(
    "page-down", ["pgdn", "^F"], "Page down", .pageDown, "As many lines down as are seen.")
  package static let top: UserAction = moving(
    "top", ["home", "g"], "First line", .first, "The first line of the list one is in.")
  package static let bottom: UserAction = moving(
    "bottom", ["end", "G"], "Last line", .last, "The last line of the list one is in.")

  private static func moving(_ id: String, _ keys: [Key], _ title: String, _ motion: Motion, _ help: String) -> UserAction {
    UserAction(id, keys, title, help, unless: { motion.isSideways ? cannotTurn($0, $1) : $1.focused.whyEmpty($0, $1) }) {
      $0.state.screen.move(motion, &$0)
    }
  }

  /// To the side the trace opens and closes the lines of statements that stood for others, and the host has its panes.
  private static func cannotTurn(_ session: Session, _ state: ViewState) -> String? {
    if state.focused == .stack { return state.focused.whyEmpty(session, state) }
    guard state.focused == .trace, session.groups(around: (state.traceStep ?? session.position) - 1).isEmpty else { return nil }
    let keys = state.bindings
    return "nothing is folded here; \(keys[.stepEarlier]) and \(keys[.stepLater]) go through time"
  }

  package static let large: UserAction = UserAction(
    "large", ["Z"], "Large print", "For a beamer: one panel at a time, nothing dim, more room for words; again, as before."
  ) { effect in
    effect.state.isLarge.toggle()
    effect.say(
      effect.state.isLarge
        ? "large print: one panel at a time; enlarge the letters of the terminal to 80x24" : "large print is over")
    effect.ask(.applyTheme)
  }

  package static let theme: UserAction = UserAction("theme", ["T"], "Next theme", "Changes the colours.") { $0.ask(.nextTheme) }

  package static let mouse: UserAction = UserAction(
    "mouse", ["M"], "Mouse on or off", "Lets the terminal select text, or the workbench take clicks."
  ) { $0.ask(.toggleMouse) }

  package static let redraw: UserAction = UserAction("redraw", ["^L"], in: everywhere, "Redraw", "Paints the whole screen again.")
  {
    $0.ask(.redraw)
  }

  package static let suspend: UserAction = UserAction(
    "suspend", ["^Z"], in: everywhere, "Suspend", "Stops the workbench and gives the shell back; fg brings it on."
  ) { $0.ask(.suspend) }

  private static let everywhere: [KeyContext] = [.anywhere, .commandLine, .panel("palette"), .panel("form")]

  package static let back: UserAction = UserAction("back", [.escape], "Back", "Back to the screen before; never quits.") {
    effect in
    if effect.state.contradiction != nil, !effect.state.isContradictionKnown {
      effect.state.isContradictionKnown = true
    } else if !effect.state[finding: effect.state.focused].words.isEmpty {
      effect.state[finding: effect.state.focused] = Finding()
    } else if effect.state.screen != .overview {
      effect.state.goBack()
    } else if effect.state.traceStep != nil {
      effect.state.traceStep = nil
    } else if effect.state.zoom != nil {
      effect.state.zoom = nil
    }
  }

  package static let quit: UserAction = UserAction("quit", ["q", "^C"], "Quit", "Ends the workbench; the recording stays.") {
    $0.ask(.quit)
  }
}
