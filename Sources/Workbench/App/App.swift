import Engine
import Views

#if canImport(Glibc)
  import Glibc
#endif

/// The workbench in a terminal: one loop that waits, changes the state, and draws.
@MainActor
final class App {
  let session: Session
  let terminal: Terminal
  let runner: ScriptRunner
  var state: ViewState
  var recorder: Recorder?
  let records: Bool
  var history: CommandHistory
  var theme: Theme
  var running = true
  var exitCode: Int32 = 0
  let began = CPUClock.wall
  var lastFrameTook = 0.0
  var lastFrameAt = 0.0
  let animates: Bool
  /// Why there is no recording although there should be one.
  var noRecorder: String?
  /// The person knows that leaving loses what was done.
  var hasWarned = false
  var lastReport: ScriptRunner.Report?
  var lastFailure: ScriptRunner.Failure?
  /// A guest goes on by itself until a key is pressed.
  var isGuestRunning = false
  /// Whether what takes long is to end.
  let interruption = Interruption()
  /// When a motion of a guest ends, for a look.
  var motionEnds = 0.0

  init(
    _ session: Session, _ terminal: Terminal, _ state: ViewState, records: Bool, theme: Theme, animates: Bool, names: ScriptNames,
    desk: GuestDesk?
  ) {
    self.session = session
    self.terminal = terminal
    self.state = state
    self.records = records
    self.theme = theme
    self.animates = animates
    runner = ScriptRunner(session, desk: desk)
    runner.names = names
    history = CommandHistory(Paths.history)
    if let trouble = history.trouble { self.state.message = .init("no history is kept: \(trouble)", isError: true) }
    serveGuests()
    runner.onReport = { [unowned self] in lastReport = $0 }
    runner.onFailure = { [unowned self] in lastFailure = $0 }
    if records, session.steps.isEmpty { startRecording() }
  }

  // MARK: Recording

  func startRecording() {
    guard records, recorder == nil else { return }
    do throws(Recorder.CannotCreate) {
      let made = try Recorder(session.origin, now: CPUClock.wall)
      recorder = made
      noRecorder = nil
      showRecording()
      if state.name == "untitled" { state.name = made.path.split(separator: "/").last.map(String.init) ?? state.name }
      terminal.setCrashNote("workbench: the session up to here is in \(made.path)\n")
    } catch {
      noRecorder = "not recorded: \(error.message)"
      state.recording = .off
      state.message = .init("not recorded: \(error.message)", isError: true)
    }
  }

  /// Brings the recording up to the session.
  func record() {
    recorder?.record(session, now: CPUClock.wall)
    showRecording()
  }

  /// The header tells the truth about the recording, and a line above the keys what is wrong with it.
  func showRecording() {
    guard let recorder else { return }
    switch recorder.trouble {
    case nil:
      state.recording = .on
      hasWarned = false
    case .unwritable: state.recording = .failing
    case .removed, .moved: state.recording = .lost
    }
    state.trouble = recorder.trouble.map { trouble in
      if case .unwritable = trouble { return "\(recorder.account) until there is room again" }
      return "\(recorder.account); :write FILE saves the session"
    }
  }

  /// What became of the recording, for standard error when the terminal is given back; and whether that is what was wanted.
  var recordingAccount: (sentence: String, isWhole: Bool)? {
    if let recorder { return (recorder.account, recorder.trouble == nil || recorder.trouble == .moved) }
    return noRecorder.map { ($0, false) }
  }

  /// Leaves, but not at once if that would lose what was done.
  func quit() {
    if let account = recordingAccount, !account.isWhole, !session.steps.isEmpty, !hasWarned {
      hasWarned = true
      state.message = .init("what was done is not recorded: :write FILE saves it, quit again leaves without", isError: true)
      return
    }
    running = false
  }

  // MARK: The loop

  /// Runs until the person quits or a signal ends it. Returns the exit code.
  func run() -> Int32 {
    draw()
    var owesFrame = false
    while running {
      if takeWaiting() { owesFrame = true }
      guard running else { break }
      // A slow line gets fewer frames, so that keys are never behind a queue of screens.
      let rest = lastFrameAt + 3 * lastFrameTook - CPUClock.wall
      if owesFrame, rest <= 0 {
        draw()
        owesFrame = false
      }
      let patience =
        owesFrame ? Int(rest * 1000) + 1 : isGuestRunning ? 0 : state.travel != nil ? 70 : recorder != nil ? 1000 : 60_000
      switch terminal.wait(patience) {
      case .timeout:
        if owesFrame { continue }
        if isGuestRunning { guestCommand("continue") }
        if state.travel != nil { advanceTravel() }
        if let recorder {
          recorder.check()
          showRecording()
        }
      case .input:
        while let input = terminal.next() {
          take(input)
          if !running { break }
        }
      case .signal(let number): handleSignal(number)
      case .hangup: hangUp()
      }
      owesFrame = true
    }
    finish()
    return exitCode
  }

  /// Takes what came in while something took long: keys that were typed ahead, signals. False if there was nothing.
  private func takeWaiting() -> Bool {
    if interruption.hasHungUp { hangUp() }
    var isSomething = false
    while running, let number = interruption.nextSignal() {
      isSomething = true
      handleSignal(number)
    }
    while running, let input = interruption.nextInput() {
      isSomething = true
      take(input)
    }
    return isSomething
  }

  private func hangUp() {
    running = false
    exitCode = 129
  }

  func finish() {
    recorder?.finish(session, now: CPUClock.wall)
    history.save()
  }

  func draw() {
    let start = CPUClock.wall
    state.seconds = Int(start - began)
    if state.screen == .guest { state.guest.console.follow(session) }
    if state.screen == .palette { state.palette.rows = Keymap.rows(session, state) }
    terminal.present(Screens(session, state).draw(width: terminal.width, height: terminal.height))
    lastFrameAt = CPUClock.wall
    lastFrameTook = lastFrameAt - start
  }

  func handleSignal(_ number: Int32) {
    switch number {
    case SIGWINCH: terminal.resized()
    case SIGCONT: terminal.repaint()
    case SIGTSTP: terminal.suspend()
    default:
      running = false
      exitCode = 128 + number
    }
  }

  /// Shows the next hop of the last step's way through the worlds.
  func advanceTravel() {
    guard let hop = state.travel else { return }
    state.travel = hop + 1 < WorldsPanel(session).hopCount ? hop + 1 : nil
  }

  // MARK: Input

  func take(_ input: Terminal.Input) {
    state.travel = nil
    interruption.noteInput()
    if isGuestRunning, pauseGuest(input) { return }
    switch input {
    case .key(let key): take(key: key)
    case .click(let x, let y): click(x, y)
    case .wheel(let x, let y, let up):
      click(x, y, focusOnly: true)
      perform(up ? .up : .down)
    case .paste(let scalar):
      // Pasted text goes to the command line and is never executed: a line end becomes a space.
      if state.command == nil { openCommandLine(.command) }
      insert(scalar.value < 0x20 ? " " : scalar)
    }
  }

  func take(key: String) {
    // A screen that is drawn anew is the same screen.
    if key != "^L" { state.message = nil }
    if state.command != nil {
      takeInCommandLine(key)
      return
    }
    if state.screen == .palette {
      takeInPalette(key)
      return
    }
    guard let action = Keymap.action(key) else {
      state.message = .init("\(shown(key)) does nothing here; ? shows every key", isError: true)
      return
    }
    perform(action)
  }

  func perform(_ action: AppAction) {
    if let reason = action.disabled(session, state) {
      state.message = .init("\(action.title.lowercased()): \(reason)", isError: true)
      return
    }
    switch action {
    case .command: openCommandLine(.command)
    case .goto: openCommandLine(.command, text: "goto ")
    case .filter:
      state.focus = .trace
      openCommandLine(.filter, text: state.filter)
    case .rttIPA:
      state.screen = .rtt
      openCommandLine(.rttIPA)
    case .undo: travel(to: session.position - 1)
    case .redo: travel(to: session.position + 1)
    case .earlier: travel(to: max(0, session.position - 10))
    case .later: travel(to: min(session.steps.count, session.position + 10))
    case .first: travel(to: 0)
    case .last: travel(to: session.steps.count)
    case .travel: enter()
    case .why: showWhy()
    case .tables: state.screen = .rtt
    case .token:
      state.token.row = 0
      state.token.realm = nil
      state.screen = .token
    case .guest: state.screen = .guest
    case .boot: openCommandLine(.command, text: "boot tour")
    case .debug: openCommandLine(.command, text: "debug tour")
    case .breakpoint: openCommandLine(.command, text: "break ")
    case .run: guestCommand("continue")
    case .step: guestCommand("step")
    case .stepBack: guestCommand("back")
    case .stepOver: guestCommand("over")
    case .runToExit: guestCommand("out")
    case .runBack: guestCommand("reverse")
    case .overview: state.screen = .overview
    case .palette:
      state.palette = PaletteState()
      state.screen = .palette
    case .nextPanel: focus(1)
    case .previousPanel: focus(-1)
    case .worlds: focus(on: .worlds)
    case .granules: focus(on: .granules)
    case .realms: focus(on: .realms)
    case .trace: focus(on: .trace)
    case .up, .down, .left, .right: move(action)
    case .zoomIn: zoom(-1)
    case .zoomOut: zoom(1)
    case .zoomAll: state.zoom = nil
    case .details: state.traceDetails.toggle()
    case .suppose: if let fact = TokenPanel(session, state.token).chosenFact { state.token.whatIf.cycle(fact) }
    case .challenge:
      state.screen = .token
      openCommandLine(.challenge)
    case .nextRealm where state.screen == .token: nextToken()
    case .nextRealm:
      state.rttRealm = (state.rttRealm + 1) % max(1, session.read { $0.control.realms.count })
      state.screen = .rtt
    case .theme: nextTheme()
    case .mouse:
      terminal.toggleMouse()
      state.message = .init(terminal.mouse ? "mouse on: clicks choose; M gives selection back to the terminal" : "mouse off")
    case .redraw: terminal.repaint()
    case .suspend: terminal.suspend()
    case .back: back()
    case .quit: quit()
    }
  }

  func nextToken() {
    let tokens = session.tokens
    guard state.token.file == nil, tokens.count > 1 else {
      state.message = .init("there is no other token", isError: true)
      return
    }
    let number = session.token(state.token.number)?.number ?? tokens.count
    state.token.number = number % tokens.count + 1
  }

  func back() {
    if state.contradiction != nil, !state.isContradictionKnown {
      state.isContradictionKnown = true
    } else if state.screen != .overview {
      state.screen = .overview
    } else if !state.filter.isEmpty {
      state.filter = ""
    } else if state.traceStep != nil {
      state.traceStep = nil
    } else if state.zoom != nil {
      state.zoom = nil
    }
  }

  func nextTheme() {
    let index = Theme.all.firstIndex { $0.name == theme.name } ?? 0
    use(Theme.all[(index + 1) % Theme.all.count])
  }

  func use(_ theme: Theme) {
    self.theme = theme
    terminal.use(theme)
    state.message = .init("theme \(theme.name): \(theme.summary)")
  }

  func focus(_ step: Int) {
    state.screen = .overview
    let panels = Panel.allCases
    let index = panels.firstIndex(of: state.focus) ?? 0
    state.focus = panels[(index + step + panels.count) % panels.count]
  }

  func focus(on panel: Panel) {
    state.screen = .overview
    state.focus = panel
  }
}
