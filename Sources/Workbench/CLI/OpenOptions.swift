import ArgumentParser
import Engine
import Views

/// What the command line says of the screen. What it leaves open, a person's file says, or nobody.
struct ScreenOptions: ParsableArguments {
  @Flag(inversion: .prefixedNo, help: "Takes clicks and the wheel, or leaves the mouse to the terminal.")
  var mouse: Bool?

  @Flag(inversion: .prefixedNo, help: "Large print, for a beamer: one panel at a time, nothing dim, more room for words.")
  var large: Bool?

  @Flag(inversion: .prefixedNo, help: "Draws with ASCII characters only.")
  var ascii: Bool?

  @Flag(inversion: .prefixedNo, help: "Shows SMCs travelling.")
  var animation: Bool?

  @Option(
    help: ArgumentHelp("Colours: \(ColourMode.allCases.map(\.rawValue).joined(separator: ", ")).", valueName: "mode"),
    completion: .list(ColourMode.allCases.map(\.rawValue)))
  var color: String?

  @Option(
    help: ArgumentHelp(
      "Theme: \(Theme.all.map(\.name).joined(separator: ", ")); auto asks the terminal for its background.", valueName: "name"),
    completion: .list(["auto"] + Theme.all.map(\.name)))
  var theme: String?

  fileprivate var given: [(setting: Setting, value: Setting.Value?)] {
    [
      (.theme, theme.map { .text($0) }), (.color, color.map { .text($0) }), (.large, large.map { .flag($0) }),
      (.ascii, ascii.map { .flag($0) }), (.mouse, mouse.map { .flag($0) }), (.animation, animation.map { .flag($0) }),
    ]
  }

  mutating func validate() throws { try OpenOptions.validate(given) }
}

/// What the command line says of the workbench in the terminal.
struct OpenOptions: ParsableArguments {
  @Flag(inversion: .prefixedNo, help: "Records the session.")
  var record: Bool?

  @OptionGroup var screen: ScreenOptions
  @OptionGroup var machine: MachineOptions

  private var given: [(setting: Setting, value: Setting.Value?)] {
    screen.given + [
      (.record, record.map { .flag($0) }), (.machine, machine.machine.map { .text($0) }), (.rmm, machine.rmm.map { .text($0) }),
    ]
  }

  mutating func validate() throws { try Self.validate(given) }

  fileprivate static func validate(_ given: [(setting: Setting, value: Setting.Value?)]) throws {
    for case (let setting, let value?) in given {
      if let problem = setting.problem(with: value) { throw ValidationError("--\(problem)") }
    }
  }

  /// The settings that hold: those of a person's file, with what the command line says instead.
  func configuration(_ path: String? = Configuration.standardPath) throws(Configuration.Failure) -> Configuration {
    var configuration = try Configuration.load(path)
    for (setting, value) in given { configuration.override(setting, value) }
    return configuration
  }
}

extension Configuration.Failure: Complaint {
  var exitCode: ExitCode { Exit.badData }
}

extension Configuration {
  /// The machine the workbench starts with. A personality that is set holds for it if the machine's name does not say one.
  func machine() throws -> MachineConfiguration {
    try MachineOptions.configuration(text(.machine), value(.rmm).origin == .standard ? nil : text(.rmm))
  }
}
