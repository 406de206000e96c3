import Engine
import Views

#if canImport(Glibc)
  import Glibc
#endif

/// The workbench in a terminal: one loop that waits, changes the state, and draws.
@MainActor
final class App {
  let session: Session
  private let terminal: Terminal
  private let runner: ScriptRunner
  var state: ViewState
  private var recorder: Recorder?
  private let records: Bool
  private var history: CommandHistory
  private var theme: Theme
  private var running = true
  private var exitCode: Int32 = 0
  private let began = CPUClock.wall
  private var lastFrameTook = 0.0
  private var lastFrameAt = 0.0
  private let animates: Bool
  private var lastReport: ScriptRunner.Report?
  private var lastFailure: ScriptRunner.Failure?

  init(
    _ session: Session, _ terminal: Terminal, _ state: ViewState, records: Bool, theme: Theme, animates: Bool, names: ScriptNames
  ) {
    self.session = session
    self.terminal = terminal
    self.state = state
    self.records = records
    self.theme = theme
    self.animates = animates
    runner = ScriptRunner(session)
    runner.names = names
    history = CommandHistory(Paths.history)
    runner.load = { name, file throws(ScriptError) in try Includes.load(name, from: file) }
    runner.onReport = { [unowned self] in lastReport = $0 }
    runner.onFailure = { [unowned self] in lastFailure = $0 }
    if records, session.steps.isEmpty { startRecording() }
  }

  /// Where the session is recorded, if it is.
  var recordingPath: String? { recorder?.path }

  private func startRecording() {
    guard records, recorder == nil else { return }
    do throws(Recorder.CannotCreate) {
      let made = try Recorder(session.origin, now: CPUClock.wall)
      recorder = made
      state.recording = .on
      if state.name == "untitled" { state.name = made.path.split(separator: "/").last.map(String.init) ?? state.name }
      terminal.setCrashNote("workbench: the session up to here is in \(made.path)\n")
    } catch {
      state.recording = .off
      state.message = .init("not recorded: \(error.message)", isError: true)
    }
  }

  // MARK: The loop

  /// Runs until the person quits or a signal ends it. Returns the exit code.
  func run() -> Int32 {
    draw()
    var owesFrame = false
    while running {
      // A slow line gets fewer frames, so that keys are never behind a queue of screens.
      let rest = lastFrameAt + 3 * lastFrameTook - CPUClock.wall
      if owesFrame, rest <= 0 {
        draw()
        owesFrame = false
      }
      let patience = owesFrame ? Int(rest * 1000) + 1 : state.travel != nil ? 70 : state.recording == .on ? 1000 : 60_000
      switch terminal.wait(patience) {
      case .timeout:
        if owesFrame { continue }
        if state.travel != nil { advanceTravel() }
      case .input:
        while let input = terminal.next() {
          take(input)
          if !running { break }
        }
      case .signal(let number): handleSignal(number)
      case .hangup:
        running = false
        exitCode = 129
      }
      owesFrame = true
    }
    finish()
    return exitCode
  }

  private func finish() {
    recorder?.finish(session, now: CPUClock.wall)
    history.save()
  }

  private func draw() {
    let start = CPUClock.wall
    state.seconds = Int(start - began)
    if state.screen == .palette { state.palette.rows = Keymap.rows(session, state) }
    terminal.present(Screens(session, state).draw(width: terminal.width, height: terminal.height))
    lastFrameAt = CPUClock.wall
    lastFrameTook = lastFrameAt - start
  }

  private func handleSignal(_ number: Int32) {
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
  private func advanceTravel() {
    guard let hop = state.travel else { return }
    state.travel = hop + 1 < WorldsPanel(session).hops().count ? hop + 1 : nil
  }

  // MARK: Input

  private func take(_ input: Terminal.Input) {
    state.travel = nil
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

  private func take(key: String) {
    state.message = nil
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
    case .quit: running = false
    }
  }

  private func back() {
    if state.screen != .overview {
      state.screen = .overview
    } else if !state.filter.isEmpty {
      state.filter = ""
    } else if state.traceStep != nil {
      state.traceStep = nil
    } else if state.zoom != nil {
      state.zoom = nil
    }
  }

  private func nextTheme() {
    let index = Theme.all.firstIndex { $0.name == theme.name } ?? 0
    use(Theme.all[(index + 1) % Theme.all.count])
  }

  private func use(_ theme: Theme) {
    self.theme = theme
    terminal.use(theme)
    state.message = .init("theme \(theme.name): \(theme.summary)")
  }

  private func focus(_ step: Int) {
    state.screen = .overview
    let panels = Panel.allCases
    let index = panels.firstIndex(of: state.focus) ?? 0
    state.focus = panels[(index + step + panels.count) % panels.count]
  }

  private func focus(on panel: Panel) {
    state.screen = .overview
    state.focus = panel
  }

  // MARK: Moving

  private func move(_ action: AppAction) {
    switch state.screen {
    case .rtt: moveIPA(action)
    case .why:
      if action == .down { state.whyScroll += 1 } else if action == .up { state.whyScroll = max(0, state.whyScroll - 1) }
    case .palette: break
    case .overview:
      switch (state.focus, action) {
      case (.granules, _): moveOnMap(action)
      case (_, .left): travel(to: max(0, session.position - 1))
      case (_, .right): travel(to: min(session.steps.count, session.position + 1))
      case (.trace, .up): choose(step: (state.traceStep ?? session.position) - 1)
      case (.trace, .down): choose(step: (state.traceStep ?? session.position) + 1)
      case (.realms, .up): state.realmRow = max(0, state.realmRow - 1)
      case (.realms, .down):
        state.realmRow = min(state.realmRow + 1, max(0, RealmsPanel(session, state).rows().count - 1))
      default: break
      }
    }
  }

  private func choose(step: Int) {
    let step = max(1, min(step, session.steps.count))
    guard !session.steps.isEmpty else { return }
    state.traceStep = step == session.position ? nil : step
  }

  private func moveOnMap(_ action: AppAction) {
    let layout = Screens.layout(bodyRect, focus: .granules)
    guard let rect = layout[.granules] else { return }
    let map = GranulesPanel(session, state).geometry(rect)
    let configuration = session.configuration
    let step: Int64 =
      switch action {
      case .up: -Int64(map.rect.width)
      case .down: Int64(map.rect.width)
      case .left: -1
      default: 1
      }
    let cursor = state.cursor ?? configuration.dramBase
    let moved = Int64(bitPattern: cursor) + step * Int64(map.bytesPerCell)
    let top = Int64(bitPattern: configuration.dramTop) - Int64(Granule.size)
    state.cursor = UInt64(max(Int64(bitPattern: configuration.dramBase), min(moved, top)))
    state.mapBase = map.base
  }

  private var bodyRect: Rect {
    Rect(0, 1, terminal.width, terminal.height - 2 - CommandLinePanel.extraRows(state))
  }

  private func zoom(_ step: Int) {
    state.screen = .overview
    state.focus = .granules
    guard let rect = Screens.layout(bodyRect, focus: .granules)[.granules] else { return }
    let now = GranulesPanel(session, state).geometry(rect).granules.trailingZeroBitCount
    state.zoom = max(0, now + step)
    if GranulesPanel(session, state).geometry(rect).granules.trailingZeroBitCount < now + step { state.zoom = nil }
    if state.cursor == nil { state.cursor = session.configuration.dramBase }
  }

  private func moveIPA(_ action: AppAction) {
    let rd = session.read { machine in
      machine.control.realms.isEmpty ? nil : machine.control.realms[min(state.rttRealm, machine.control.realms.count - 1)]
    }
    guard let rd, let report = session.read({ $0.walkReport(rd, state.rttIPA) }), let hop = report.hops.last else { return }
    let step = action == .left || action == .right ? hop.coverage &* 16 : hop.coverage
    let base = state.rttIPA & ~(hop.coverage - 1)
    let next = action == .up || action == .left ? base >= step ? base - step : 0 : base &+ step
    if session.read({ $0.walkReport(rd, next)?.hops.isEmpty == false }) { state.rttIPA = next }
  }

  private func click(_ x: Int, _ y: Int, focusOnly: Bool = false) {
    guard state.screen == .overview else { return }
    let layout = Screens.layout(bodyRect, focus: state.focus)
    if layout.count == 1, y == bodyRect.y {
      var column = bodyRect.x + 1
      for panel in Panel.allCases {
        let width = panel.title.count + 4
        if x >= column, x < column + width { state.focus = panel }
        column += width + 1
      }
      return
    }
    for (panel, rect) in layout where rect.contains(x, y) {
      state.focus = panel
      if focusOnly { return }
      switch panel {
      case .granules:
        let map = GranulesPanel(session, state).geometry(rect)
        guard map.rect.contains(x, y) else { return }
        let index = (y - map.rect.y) * map.rect.width + x - map.rect.x
        let address = map.base + UInt64(index) * map.bytesPerCell
        if address < session.configuration.dramTop { state.cursor = address }
      case .realms: state.realmRow = max(0, y - rect.y - 1)
      case .worlds, .trace: break
      }
    }
    let bottom = bodyRect.y + bodyRect.height - 1
    if y == bottom, !session.steps.isEmpty, terminal.width > 20 {
      travel(to: min(session.steps.count, x * (session.steps.count + 1) / terminal.width))
    }
  }

  // MARK: Doing

  private func enter() {
    switch state.focus {
    case .trace:
      if let step = state.traceStep { travel(to: step) }
    case .realms:
      let rows = RealmsPanel(session, state).rows()
      guard !rows.isEmpty else { return }
      state.cursor = rows[min(state.realmRow, rows.count - 1)].address
      state.focus = .granules
    case .granules: zoom(-4)
    case .worlds: break
    }
  }

  private func travel(to step: Int) {
    guard step >= 0, step <= session.steps.count else { return }
    session.seek(step)
    state.traceStep = nil
    afterChange()
    recorder?.record(session, now: CPUClock.wall)
    state.message = .init("at step \(session.position) of \(session.steps.count)")
  }

  /// After the machine has changed: what was looked at may be gone, and something new deserves the eye.
  private func afterChange() {
    state.focusOnLastChange(session)
    if let step = session.lastCallStep, step == session.position { state.why = session.explanation(ofStep: step) }
    let realms = session.read { $0.control.realms.count }
    state.rttRealm = min(state.rttRealm, max(0, realms - 1))
  }

  private func showWhy() {
    let chosen = state.traceStep ?? session.lastCallStep
    guard let chosen, let explanation = session.explanation(ofStep: chosen) else {
      state.message = .init("step \(state.traceStep ?? session.position) is no call with conditions", isError: true)
      return
    }
    state.why = explanation
    state.whyScroll = 0
    state.screen = .why
  }

  /// Executes a line of the command bar.
  func execute(_ text: String) {
    let words = text.split(separator: " ").map(String.init)
    guard let verb = words.first?.lowercased() else { return }
    switch verb {
    case "q", "quit", "exit": running = false
    case "undo": perform(.undo)
    case "redo": perform(.redo)
    case "help": perform(.palette)
    case "goto": goto(words)
    case "theme":
      if words.count == 2, let theme = Theme.named(words[1]) {
        use(theme)
      } else {
        state.message = .init("expected theme NAME: \(Theme.all.map(\.name).joined(separator: ", "))", isError: true)
      }
    case "write": write(words)
    default: executeStatement(text)
    }
  }

  private func goto(_ words: [String]) {
    guard words.count == 2, let step = Int(words[1]), (0...session.steps.count).contains(step) else {
      state.message = .init("expected goto STEP with a step from 0 to \(session.steps.count)", isError: true)
      return
    }
    travel(to: step)
  }

  private func write(_ words: [String]) {
    guard words.count == 2 else {
      state.message = .init("expected write FILE", isError: true)
      return
    }
    do throws(SessionWriter.Failure) {
      try SessionWriter.write(session, to: words[1])
      state.message = .init("\(session.position) steps written to \(words[1])")
    } catch {
      state.message = .init(error.message, isError: true)
    }
  }

  private func executeStatement(_ text: String) {
    startRecording()
    let before = session.position
    let left = session.steps.count - before
    lastReport = nil
    lastFailure = nil
    recorder?.willPerform(at: before)
    do throws(ScriptError) {
      try runner.run(line: text, number: 1, file: ".")
    } catch {
      recorder?.record(session, now: CPUClock.wall)
      state.message = .init(error.message, isError: true)
      state.command = CommandLineState(.command, text: text)
      if var line = state.command {
        Completion(session: session).update(&line)
        state.command = line
      }
      return
    }
    recorder?.record(session, now: CPUClock.wall)
    if let failure = recorder?.failure {
      state.recording = .off
      state.message = .init("the recording cannot be written: \(failure)", isError: true)
      return
    }
    report(left > 0 && session.position != before ? " (\(left) undone steps left behind; the recording has them)" : "")
    if session.position != before {
      state.traceStep = nil
      afterChange()
      if animates, !WorldsPanel(session).hops().isEmpty { state.travel = 0 }
    }
  }

  private func report(_ note: String) {
    if let failure = lastFailure {
      state.message = .init(failure.message, isError: true)
      return
    }
    guard let report = lastReport else { return }
    let lines = Decoder.lines(report.result)
    var text = lines.joined(separator: " · ")
    if case .perform(.guest) = report.statement { text = "queued: the next RMI_REC_ENTER does it" }
    let failed = session.lastStep.map { TracePanel.failed($0) } ?? false
    if failed, let decision = report.result.decidedBy { text += " by \(decision) (w: why)" }
    if !text.isEmpty { state.message = .init(text + note, isError: failed) }
  }

  // MARK: Command line

  private func openCommandLine(_ purpose: CommandLineState.Purpose, text: String = "") {
    var line = CommandLineState(purpose, text: text)
    Completion(session: session).update(&line)
    state.command = line
    history.reset()
  }

  private func insert(_ scalar: Unicode.Scalar) {
    guard var line = state.command else { return }
    var scalars = Array(line.text.unicodeScalars)
    guard scalars.count < 4096 else { return }
    scalars.insert(scalar, at: min(line.cursor, scalars.count))
    line.cursor += 1
    set(&line, scalars)
  }

  private func set(_ line: inout CommandLineState, _ scalars: [Unicode.Scalar]) {
    var view = String.UnicodeScalarView()
    view.append(contentsOf: scalars)
    line.text = String(view)
    line.cursor = max(0, min(line.cursor, scalars.count))
    Completion(session: session).update(&line)
    state.command = line
  }

  private func takeInCommandLine(_ key: String) {
    guard var line = state.command else { return }
    var scalars = Array(line.text.unicodeScalars)
    switch key {
    case "esc", "^C":
      state.command = nil
      if line.purpose == .filter { state.filter = "" }
    case "enter": submit(line)
    case "tab":
      Completion(session: session).cycle(&line, backwards: false)
      state.command = line
    case "S-tab":
      Completion(session: session).cycle(&line, backwards: true)
      state.command = line
    case "backspace":
      guard line.cursor > 0 else { return }
      scalars.remove(at: line.cursor - 1)
      line.cursor -= 1
      set(&line, scalars)
    case "delete", "^D":
      guard line.cursor < scalars.count else { return }
      scalars.remove(at: line.cursor)
      set(&line, scalars)
    case "left", "^B": line.cursor = max(0, line.cursor - 1); state.command = line
    case "right", "^F": line.cursor = min(scalars.count, line.cursor + 1); state.command = line
    case "home", "^A": line.cursor = 0; state.command = line
    case "end", "^E": line.cursor = scalars.count; state.command = line
    case "^U":
      scalars.removeFirst(line.cursor)
      line.cursor = 0
      set(&line, scalars)
    case "^K":
      scalars.removeLast(scalars.count - line.cursor)
      set(&line, scalars)
    case "^W":
      var start = line.cursor
      while start > 0, scalars[start - 1] == " " { start -= 1 }
      while start > 0, scalars[start - 1] != " " { start -= 1 }
      scalars.removeSubrange(start..<line.cursor)
      line.cursor = start
      set(&line, scalars)
    case "up", "^P": recall(history.earlier(than: line.text), line)
    case "down", "^N": recall(history.later(), line)
    case "^Z": terminal.suspend()
    case "^L": terminal.repaint()
    default:
      if key.unicodeScalars.count == 1, let scalar = key.unicodeScalars.first { insert(scalar) }
    }
    if line.purpose == .filter, let now = state.command { state.filter = now.text }
  }

  private func recall(_ text: String?, _ line: CommandLineState) {
    guard let text, line.purpose == .command else { return }
    var line = line
    line.cursor = text.unicodeScalars.count
    set(&line, Array(text.unicodeScalars))
  }

  private func submit(_ line: CommandLineState) {
    state.command = nil
    switch line.purpose {
    case .filter: state.filter = line.text
    case .rttIPA:
      do throws(ScriptError) {
        state.rttIPA = try StatementParser(line: 0, names: ScriptNames()).value(line.text)
      } catch {
        state.message = .init(error.message, isError: true)
      }
    case .command:
      history.add(line.text)
      execute(line.text)
    }
  }

  // MARK: Palette

  private func takeInPalette(_ key: String) {
    let panel = PalettePanel(state.palette)
    switch key {
    case "esc", "^C": state.screen = .overview
    case "up", "^P": state.palette.selected = max(0, state.palette.selected - 1)
    case "down", "^N": state.palette.selected = min(state.palette.selected + 1, max(0, panel.shown.count - 1))
    case "enter":
      let rows = panel.shown
      guard !rows.isEmpty else { return }
      let row = rows[min(state.palette.selected, rows.count - 1)]
      state.screen = .overview
      if let action = AppAction.allCases.first(where: { $0.title == row.title }) { perform(action) }
    case "backspace":
      if !state.palette.filter.isEmpty { state.palette.filter.removeLast() }
      state.palette.selected = 0
    case "^Z": terminal.suspend()
    case "^L": terminal.repaint()
    default:
      if key.unicodeScalars.count == 1 {
        state.palette.filter += key
        state.palette.selected = 0
      }
    }
  }
}
