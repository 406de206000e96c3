/// Moving what is looked at, and the program itself.
extension UserAction {
  public static let nextPanel: UserAction = UserAction(
    "next-panel", [.tab], "Next panel", "Moves the focus between the panels.", label: "panel"
  ) { OverviewPanel.moveFocus(by: 1, &$0.state) }

  public static let previousPanel: UserAction = UserAction(
    "previous-panel", ["S-tab"], "Previous panel", "Moves the focus between the panels."
  ) { OverviewPanel.moveFocus(by: -1, &$0.state) }

  public static let up: UserAction = UserAction("up", [.up, "k"], "Up", "Moves the cursor of the focused panel.") {
    $0.state.screen.move(.up, &$0)
  }
  public static let down: UserAction = UserAction("down", [.down, "j"], "Down", "Moves the cursor of the focused panel.") {
    $0.state.screen.move(.down, &$0)
  }
  public static let left: UserAction = UserAction("left", [.left, "h"], "Left", sideways) { $0.state.screen.move(.left, &$0) }
  public static let right: UserAction = UserAction("right", [.right, "l"], "Right", sideways) {
    $0.state.screen.move(.right, &$0)
  }
  private static let sideways = "Moves on the map; changes the token's tab; elsewhere one step back or on."

  public static let theme: UserAction = UserAction("theme", ["T"], "Next theme", "Changes the colours.") { $0.ask(.nextTheme) }

  public static let mouse: UserAction = UserAction(
    "mouse", ["M"], "Mouse on or off", "Lets the terminal select text, or the workbench take clicks."
  ) { $0.ask(.toggleMouse) }

  public static let redraw: UserAction = UserAction("redraw", ["^L"], in: everywhere, "Redraw", "Paints the whole screen again.")
  {
    $0.ask(.redraw)
  }

  public static let suspend: UserAction = UserAction(
    "suspend", ["^Z"], in: everywhere, "Suspend", "Stops the workbench and gives the shell back; fg brings it on."
  ) { $0.ask(.suspend) }

  private static let everywhere: [KeyContext] = [.anywhere, .commandLine, .panel("palette")]

  public static let back: UserAction = UserAction("back", [.escape], "Back", "Closes what is open; never quits.") { effect in
    if effect.state.contradiction != nil, !effect.state.isContradictionKnown {
      effect.state.isContradictionKnown = true
    } else if effect.state.screen != .overview {
      effect.state.screen = .overview
    } else if !effect.state.filter.isEmpty {
      effect.state.filter = ""
    } else if effect.state.traceStep != nil {
      effect.state.traceStep = nil
    } else if effect.state.zoom != nil {
      effect.state.zoom = nil
    }
  }

  public static let quit: UserAction = UserAction("quit", ["q", "^C"], "Quit", "Ends the workbench; the recording stays.") {
    $0.ask(.quit)
  }
}
