import Engine

/// What an action does: to where the eye is at once, and to all else by what it asks the program for.
package struct Effect {
  package let session: Session
  package var state: ViewState
  /// Names a script has given, for what is typed.
  package let names: ScriptNames
  /// The size of the screen.
  package let width: Int
  package let height: Int
  package private(set) var requests: [Request] = []

  /// What only the program can do.
  package enum Request: Sendable {
    /// Go to the state after a step.
    case travel(to: Int)
    /// Go to a step of a branch.
    case go(branch: Int, step: Int)
    /// Go to the state after a step with the eye where it is, and say what it did.
    case visit(step: Int, saying: String)
    /// Something for the guest that was booted here, as it would be typed.
    case guest(String)
    /// The keys are the guest's.
    case giveKeys
    /// Ask for something on the command line.
    case open(Prompt, text: String)
    /// A line, as if it were typed.
    case execute(String)
    /// Say what the palette is to offer.
    case offer
    /// Say which lessons there are, and how far one is.
    case offerCourse
    /// Say which attacks there are.
    case offerAttacks
    /// Go on with the attack that is tried.
    case attack(AttackDeed)
    /// Go back before the call that Why explains, switch a check of it off, and make it again.
    case tryWithout(step: Int, check: String)
    /// Take what stands on the command line.
    case enter
    /// What a call will answer has been said, and it is made.
    case predicted(String)
    /// Execute a line as if it had been typed.
    case perform(String)
    /// Put what was typed before, or after that, on the command line.
    case recall(earlier: Bool)
    /// Put the next candidate, or the one before, in place of the word that is being typed.
    case complete(backwards: Bool)
    /// A text for the terminal's clipboard.
    case copy(String)
    /// Lines that were pasted, one by one.
    case run([String])
    /// Use the theme, as one has it for large print or not.
    case applyTheme
    case nextTheme, toggleMouse, redraw, suspend, quit
  }

  /// What one does with an attack.
  package enum AttackDeed: Sendable {
    /// Have it done; what one has said of it before, from 0.
    case run(answer: Int?)
    /// Make the machine on which its check is off.
    case switchOff
  }

  package init(_ session: Session, _ state: ViewState, names: ScriptNames = ScriptNames(), width: Int, height: Int) {
    self.session = session
    self.state = state
    self.names = names
    self.width = width
    self.height = height
  }

  /// Where a panel is on the screen now.
  func place(of panel: Panel) -> Rect {
    let body = Screens.place(of: state.screen, session, state, width: width, height: height)
    return panel.isTile ? OverviewPanel.layout(body, focus: panel, isLarge: state.isLarge)[panel] ?? body : body
  }

  package mutating func ask(_ request: Request) { requests.append(request) }

  package mutating func say(_ text: String, isError: Bool = false) { state.message = .init(text, isError: isError) }

  /// One step back or on, if there is one.
  mutating func travel(by steps: Int) {
    ask(.travel(to: max(0, min(session.steps.count, session.position + steps))))
  }
}
