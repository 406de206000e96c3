import Engine
import Libc
import Views

/// The workbench in a terminal: one loop that waits, changes the state, and draws.
@MainActor
final class App {
  let session: Session
  let terminal: any Terminal
  let runner: ScriptRunner
  var state: ViewState
  var recorder: Recorder?
  var records: Bool
  var history: CommandHistory
  var theme: Theme
  var running = true
  var exitCode: Int32 = 0
  let began = CPUClock.wall
  /// Something has happened that no frame shows yet.
  private var owesFrame = false
  /// How many times as long as a frame took the next one waits.
  var pace = 3.0
  var lastFrameTook = 0.0
  var lastFrameAt = 0.0
  var animates: Bool
  /// What holds.
  var settings: Configuration
  /// The theme that suits the terminal, if it was asked for its background.
  let suitable: Theme?
  /// Where recordings and what was typed are kept, if there is such a place.
  let folder: String?
  /// Why there is no recording although there should be one.
  var noRecorder: String?
  /// The person knows that leaving loses what was done.
  var hasWarned = false
  var lastReport: ScriptRunner.Report?
  var lastFailure: ExpectationFailure?
  /// A guest, or the host with its guests, goes on by itself until a key is pressed.
  var goingOn: GoingOn?
  var isGuestRunning: Bool { goingOn != nil }
  /// The lesson under way.
  let lesson: LessonRun?
  /// The recording that lesson is gone on with, and the time of its last line.
  private let lessonRecording: (path: String, seconds: Double)?
  /// How far it is in the file of progress.
  var keptStanding: CourseProgress.Row?
  /// The attack that is tried.
  let attack: SessionLoader.AttackUnderWay?
  /// The files of the course.
  let course: [String]
  /// What is being pasted.
  var pasted = ""
  /// The session one goes on with when this one is left.
  var successor: (loaded: SessionLoader.Loaded, name: String)?
  /// What is still to be read of the recording the session comes from.
  var rest: RecordingReader?
  /// Why it could not be.
  var failure: SessionLoader.Failure?
  /// When the next step is played, and at which step the last one led to.
  var nextPlay: (time: Double, position: Int)?
  /// Whether what takes long is to end.
  let interruption = Interruption()
  /// When a guest that runs stops for a look.
  var runEnds = 0.0
  /// When the guest that has the keyboard last stopped running.
  var guestRanUntil = 0.0

  /// What goes on by itself.
  enum GoingOn { case guest, host }

  init(
    _ session: Session, _ terminal: any Terminal, _ state: ViewState, records: Bool, theme: Theme, animates: Bool,
    names: ScriptNames,
    guest: GuestControl?, stack: StackControl? = nil, folder: String? = Paths.state, settings: Configuration = Configuration(),
    suitable: Theme? = nil, lesson: SessionLoader.LessonUnderWay? = nil, course: [String] = LessonFiles.courseFiles,
    attack: SessionLoader.AttackUnderWay? = nil, rest: RecordingReader? = nil
  ) {
    self.session = session
    self.terminal = terminal
    self.state = state
    self.state.bindings.spellsKeys = terminal.isASCII
    self.records = records
    self.theme = theme
    self.animates = animates
    self.settings = settings
    self.suitable = suitable
    self.lesson = lesson?.run
    lessonRecording = lesson?.recording
    self.course = course
    self.attack = attack
    runner = ScriptRunner(session, guest: guest, stack: stack, language: .workbench, place: .commandLine)
    runner.names = names
    self.folder = folder
    self.rest = rest
    history = CommandHistory(Paths.history(in: folder))
    if let trouble = history.trouble { self.state.message = .init("no history is kept: \(trouble)", isError: true) }
    serveGuests()
    if state.isLarge { applyTheme() }
    runner.onReport = { [unowned self] in lastReport = $0 }
    runner.onFailure = { [unowned self] in lastFailure = $0 }
    if records, session.steps.isEmpty && rest == nil || lesson != nil { startRecording() }
    if let lesson { begin(lesson) }
    if let attack { begin(attack.attack) }
  }

  // MARK: Recording

  func startRecording() {
    guard records, recorder == nil else { return }
    do throws(Recorder.CannotCreate) {
      let made: Recorder
      if let lessonRecording {
        made = try Recorder(
          goingOnWith: lessonRecording.path, session, now: CPUClock.wall, seconds: lessonRecording.seconds)
      } else {
        made = try Recorder(session.origin, now: CPUClock.wall, in: Paths.sessions(in: folder))
        // What was undone before is in it, too.
        if !session.steps.isEmpty { made.record(session, now: CPUClock.wall) }
      }
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

  /// After something was done: the lesson looks at it, and it is recorded.
  func record() {
    followLesson()
    writeRecording()
  }

  /// Brings the recording up to the session.
  func writeRecording() {
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
    while running { turn() }
    finish()
    return exitCode
  }

  /// Once around the loop: what came in is taken, and drawn when it is time to.
  func turn() {
    if let rest { readOn(rest) }
    if takeWaiting() { owesFrame = true }
    guard running else { return }
    // A slow line gets fewer frames, so that keys are never behind a queue of screens.
    let rest = lastFrameAt + pace * lastFrameTook - CPUClock.wall
    if owesFrame, rest <= 0 {
      draw()
      owesFrame = false
    }
    switch terminal.wait(owesFrame ? Int(rest * 1000) + 1 : patience) {
    case .timeout:
      if owesFrame { return }
      guard goOn() else { return }
    case .input:
      while running, let input = terminal.next() { take(input) }
    case .signal(let number): handleSignal(number)
    case .hangup: hangUp()
    }
    owesFrame = true
  }

  /// Milliseconds until something is to be done without a key.
  private var patience: Int {
    if state.guest.hasKeys, goingOn == .guest { return guestPatience }
    if isGuestRunning { return 0 }
    if let nextPlay { return max(0, min(999, Int((nextPlay.time - CPUClock.wall) * 1000) + 1)) }
    return state.travel != nil ? 70 : recorder != nil ? 1000 : 60_000
  }

  /// What is done without a key: a guest runs, an SMC travels, the recording is looked at.
  ///
  /// - Returns: whether there is anything new to be seen.
  private func goOn() -> Bool {
    let isMoving = goingOn != nil || nextPlay != nil || state.travel != nil
    switch goingOn {
    case .guest: if !state.guest.hasKeys || guestPatience == 0 { guestCommand("continue") }
    case .host: hostCommand("wait")
    case nil: break
    }
    if nextPlay != nil { play() }
    if state.travel != nil { advanceTravel() }
    guard let recorder else { return isMoving }
    let before = (state.recording, state.trouble)
    recorder.check()
    showRecording()
    return isMoving || before != (state.recording, state.trouble)
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
    state.screen.prepare(session, &state)
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
}
