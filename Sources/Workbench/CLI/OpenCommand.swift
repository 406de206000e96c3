import ArgumentParser
import Engine
import SystemPackage
import Views

struct OpenCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "open", abstract: "Opens the workbench in the terminal (the default).",
    discussion: """
      FILE is a script, a recording, a token, an image of a guest, which is booted first, a snapshot of one, or the XML of a libvirt domain, which is \
      defined on a host of its own; without a terminal virsh starts it. What it is its first bytes tell. What is done is recorded in $XDG_STATE_HOME/workbench/sessions unless --no-record is \
      given. What is to hold every time can be set in $XDG_CONFIG_HOME/workbench/config.toml: see workbench config.
      """)

  @Argument(
    help: ArgumentHelp("Script, recording, token, image, snapshot or domain XML to open.", valueName: "file"), completion: .file()
  )
  var file: String?

  @OptionGroup var options: OpenOptions

  /// The XML of a domain to define first.
  private var domain: String?
  /// A lesson's file to begin with.
  private var lesson: String?

  private enum CodingKeys: CodingKey { case file, options }

  func run() throws {
    switch file.map(FileKind.init) {
    case .image?: try BootCommand.parse(["--open", "--", file ?? ""]).run()
    case .snapshot?:
      let path = file ?? ""
      let session = try orComplain { () throws(TokenFile.Failure) in try SnapshotFile.session(path, keepsHistory: true) }
      var looking = self
      looking.file = nil
      // A recording begins with a machine that boots.
      looking.options.record = false
      try looking.run(on: session, GuestControl(session)) { state in
        state.screen = .guest
        state.name = fileName(path)
      }
    case .domain? where !isTerminal(.standardInput) || !isTerminal(.standardOutput):
      try VirshCommand.parse([]).open(file ?? "")
    case .domain?:
      let settings = try orComplain { () throws(Configuration.Failure) in try options.configuration() }
      var looking = self
      looking.file = nil
      looking.domain = file
      try looking.run(on: Session(HostStack.configuration(try settings.machine())), nil) { _ in }
    case .token?:
      let path = file ?? ""
      let token = try TokenFile.view(path, key: nil)
      var looking = self
      looking.file = nil
      try looking.run(on: nil, nil) { state in
        state.screen = .token
        state.token.file = token
        state.name = token.name
      }
    case .session?, nil: try run(on: nil, nil) { _ in }
    }
  }

  /// The workbench with a lesson in it: where it was left, or its beginning.
  func learn(_ path: String, _ screen: ScreenOptions) throws {
    var looking = self
    looking.options.screen = screen
    looking.lesson = path
    try looking.run(on: nil, nil) { _ in }
  }

  /// - Parameters:
  ///   - finished: a session to look at, instead of the file's or a fresh one.
  ///   - control: of its guest.
  ///   - look: says what to look at first.
  func run(on finished: Session?, _ control: GuestControl?, _ look: (inout ViewState) -> Void) throws {
    let settings = try orComplain { () throws(Configuration.Failure) in try options.configuration() }
    let configuration = try settings.machine()
    var start = ViewState()
    look(&start)
    // This is the main thread already, and nobody else has the session.
    nonisolated(unsafe) let (session, guest) = (finished, control)
    let code = try MainActor.assumeIsolated { [start] in
      try open(session ?? Session(configuration), guest, settings, configuration, start)
    }
    if code != 0 { throw ExitCode(code) }
  }

  @MainActor
  private func open(
    _ first: Session, _ control: GuestControl?, _ settings: Configuration, _ configuration: MachineConfiguration,
    _ start: ViewState
  ) throws -> Int32 {
    var opened = SessionLoader.Loaded(session: first, guestControl: control)
    var state = start
    if let lesson {
      do throws(SessionLoader.Failure) {
        opened = try LessonFiles.underWay(lesson, settings.bindings, in: settings.flag(.record) ? Paths.state : nil)
      } catch {
        complain(error.message)
        return error.code
      }
    } else if let file {
      do throws(SessionLoader.Failure) {
        opened = try SessionLoader.load(file, configuration, patience: App.patience)
        state = SessionLoader.opened(opened, name: fileName(file), settings.bindings)
      } catch {
        complain(error.message)
        return error.code
      }
    } else if first.steps.isEmpty {
      state.cursor = configuration.dramBase
    } else {
      let screen = state.screen
      state = .reading(first, name: state.name)
      state.screen = screen
    }
    let named = Theme.named(settings.text(.theme))
    let theme = CursesTerminal.suitable(named)
    let terminal: CursesTerminal
    do throws(CursesTerminal.OpenFailure) {
      terminal = try CursesTerminal(
        mouse: settings.flag(.mouse), colours: ColourMode(rawValue: settings.text(.color)) ?? .auto,
        ascii: settings.flag(.ascii), theme: theme)
    } catch {
      complain(error.message)
      return Exit.noTerminal.rawValue
    }
    if let note = terminal.typeNote { state.message = .init(note) }
    func app(
      _ loaded: SessionLoader.Loaded, _ state: ViewState, _ theme: Theme, isLarge: Bool, _ settings: Configuration
    ) -> App {
      var state = state
      state.bindings = settings.bindings
      state.isLarge = isLarge
      return App(
        loaded.session, terminal, state, records: settings.flag(.record), theme: theme, animates: settings.flag(.animation),
        names: loaded.names, guest: loaded.guestControl, stack: loaded.stackControl, settings: settings,
        suitable: named == nil ? theme : nil, lesson: loaded.lesson, attack: loaded.attack, rest: loaded.rest)
    }
    var running = app(opened, state, theme, isLarge: settings.flag(.large), settings)
    if let domain { running.define(domain: domain) }
    if file == nil, domain == nil, first.steps.isEmpty, state.screen == .overview { running.offerFirstLesson() }
    var code = running.run()
    var accounts = [running.recordingAccount]
    while let (loaded, name) = running.successor {
      let isOwn = loaded.lesson != nil || loaded.attack != nil
      let state = !isOwn ? SessionLoader.opened(loaded, name: name, settings.bindings) : ViewState()
      running = app(loaded, state, running.theme, isLarge: running.state.isLarge, running.settings)
      code = running.run()
      accounts.append(running.recordingAccount)
    }
    terminal.close()
    if let failure = running.failure { complain(failure.message) }
    return report(accounts.compactMap(\.self), code)
  }

  /// Says what became of the recordings.
  private func report(_ accounts: [(sentence: String, isWhole: Bool)], _ code: Int32) -> Int32 {
    var out = Output(.standardError)
    for account in accounts { out.line(account.sentence) }
    out.flush()
    return code == 0 && accounts.contains { !$0.isWhole } ? Exit.unwritable.rawValue : code
  }
}
