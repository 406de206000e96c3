import ArgumentParser
import Engine
import SystemPackage
import Views

struct OpenCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "open", abstract: "Opens the workbench in the terminal (the default).",
    discussion: """
      FILE is a script, a recording, a token, or an image of a guest, which is booted first; what it is its first bytes tell. What is \
      done is recorded in $XDG_STATE_HOME/workbench/sessions unless --no-record is given.
      """)

  @Argument(help: ArgumentHelp("Script, recording, token or image to open.", valueName: "file"), completion: .file())
  var file: String?

  @Flag(help: "Does not record the session.")
  var noRecord = false

  @Flag(help: "Leaves the mouse to the terminal.")
  var noMouse = false

  @Flag(help: "Draws with ASCII characters only.")
  var ascii = false

  @Flag(help: "Does not show SMCs travelling.")
  var noAnimation = false

  @Option(help: ArgumentHelp("Colours: auto, never, 16, 256 or true.", valueName: "mode"))
  var color: String = "auto"

  @Option(
    help: ArgumentHelp(
      "Theme: \(Theme.all.map(\.name).joined(separator: ", ")); auto asks the terminal for its background.", valueName: "name"),
    completion: .list(["auto"] + Theme.all.map(\.name)))
  var theme: String = "auto"

  @OptionGroup var machine: MachineOptions

  mutating func validate() throws {
    guard ColourMode(rawValue: color) != nil else {
      throw ValidationError(
        "--color is one of \(ColourMode.allCases.map(\.rawValue).joined(separator: ", ")), not \"\(shown(color))\"")
    }
    guard theme == "auto" || Theme.named(theme) != nil else {
      throw ValidationError("--theme is one of auto, \(Theme.all.map(\.name).joined(separator: ", ")), not \"\(shown(theme))\"")
    }
  }

  func run() throws {
    switch file.map(FileKind.init) {
    case .image?: try BootCommand.parse(["--open", "--", file ?? ""]).run()
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

  /// - Parameters:
  ///   - finished: a session to look at, instead of the file's or a fresh one.
  ///   - control: of its guest.
  ///   - look: says what to look at first.
  func run(on finished: Session?, _ control: GuestControl?, _ look: (inout ViewState) -> Void) throws {
    let configuration = try machine.configuration()
    var start = ViewState()
    look(&start)
    // This is the main thread already, and nobody else has the session.
    nonisolated(unsafe) let (session, guest) = (finished, control)
    let code = try MainActor.assumeIsolated { [start] in
      try open(session ?? Session(configuration), guest, configuration, start)
    }
    if code != 0 { throw ExitCode(code) }
  }

  @MainActor
  private func open(_ first: Session, _ control: GuestControl?, _ configuration: MachineConfiguration, _ start: ViewState) throws
    -> Int32
  {
    var session = first
    var names = ScriptNames()
    var control = control
    var contradiction: Contradiction?
    var state = start
    if let file {
      do throws(SessionLoader.Failure) {
        let loaded = try SessionLoader.load(file, configuration)
        session = loaded.session
        names = loaded.names
        control = loaded.guestControl
        contradiction = loaded.contradiction
      } catch {
        complain(error.message)
        return error.code
      }
      state = .reading(session, name: file.split(separator: "/").last.map(String.init) ?? file)
      state.contradiction = contradiction
    } else if session.steps.isEmpty {
      state.cursor = configuration.dramBase
    } else {
      let screen = state.screen
      state = .reading(session, name: state.name)
      state.screen = screen
    }
    let theme = CursesTerminal.suitable(Theme.named(theme))
    let terminal: CursesTerminal
    do throws(CursesTerminal.OpenFailure) {
      terminal = try CursesTerminal(mouse: !noMouse, colours: ColourMode(rawValue: color) ?? .auto, ascii: ascii, theme: theme)
    } catch {
      complain(error.message)
      return 69
    }
    if let note = terminal.typeNote { state.message = .init(note) }
    let app = App(
      session, terminal, state, records: !noRecord, theme: theme, animates: !noAnimation, names: names, guest: control)
    let code = app.run()
    terminal.close()
    guard let account = app.recordingAccount else { return code }
    var out = Output(.standardError)
    out.line(account.sentence)
    out.flush()
    return code == 0 && !account.isWhole ? Exit.unwritable.rawValue : code
  }
}
