import ArgumentParser
import Engine
import Libc
import SystemPackage

@main
struct Workbench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "workbench",
    abstract: "A whole Arm CCA machine on your desk.",
    discussion: """
      Without a subcommand the workbench opens in the terminal. Everything it does can also be done from a script: \
      see run, show and replay.

      Exit codes:
      \(Exit.table.map { "\($0.code.padding(8))\($0.meaning)" }.joined(separator: "\n"))
      """,
    version: "0.1.0",
    subcommands: [
      OpenCommand.self, RunCommand.self, ReplayCommand.self, ShowCommand.self, ExplainCommand.self, CommandsCommand.self,
      StatementsCommand.self, CoverageCommand.self, KeysCommand.self, StructuresCommand.self,
      FuzzCommand.self, ExploreCommand.self, TokenCommand.self, MeasureCommand.self, BootCommand.self, DisassembleCommand.self,
      StateCommand.self,
      ConfigCommand.self, ManualCommand.self, VirshCommand.self, QEMUCommand.self, DiffCommand.self, SessionCommand.self,
      ExportCommand.self, LessonCommand.self, LearnCommand.self, SwitchesCommand.self, AttacksCommand.self,
      LkvmCommand.self,
    ],
    defaultSubcommand: OpenCommand.self)

  static func main() {
    prepare()
    if let script = CompletionScript.asked(Array(CommandLine.arguments.dropFirst())) {
      var out = Output()
      out.lines(script)
      out.flush()
      leave(EXIT_SUCCESS)
    }
    suggest()
    do {
      var command = try parseAsRoot(MeasuredVMM.separated(Array(CommandLine.arguments.dropFirst())))
      try command.run()
    } catch {
      end(error)
    }
  }

  /// What the shell may have left open, closed or set.
  private static func prepare() {
    // A file must not become standard output because that was closed: what is written there shall fail.
    for descriptor in [0, 1, 2] as [Int32] where fcntl(descriptor, F_GETFD) < 0 {
      _ = open("/dev/null", descriptor == 0 ? O_WRONLY : O_RDONLY)
    }
    // A pipe nobody reads, or a file that may not grow, is an error of the write that finds out.
    for number in [SIGPIPE, SIGXFSZ] { signal(number, SIG_IGN) }
  }

  /// A first word that is neither a subcommand nor a file, but almost the one.
  private static func suggest() {
    guard CommandLine.arguments.count > 1, let word = CommandLine.arguments.dropFirst().first, !word.hasPrefix("-"),
      (try? Stat(FilePath(word))) == nil
    else { return }
    guard word != "help" else { return }
    guard let command = configuration.subcommands.first(where: { $0.configuration.commandName == word }) else {
      guard let near = closest(to: word.lowercased(), among: names(configuration)) else { return }
      complain("there is no subcommand and no file \"\(shown(word))\"; did you mean workbench \(near)?")
      leave(Exit.usage.rawValue)
    }
    // Of a subcommand that has some of its own, and does nothing else, the second word is one.
    guard let second = CommandLine.arguments.dropFirst(2).first, !second.hasPrefix("-"), second != "help" else { return }
    let names = names(command.configuration)
    guard !names.isEmpty, !names.contains(second) else { return }
    let near = closest(to: second.lowercased(), among: names)
    complain(
      "\(word) has no subcommand \"\(shown(second))\"; "
        + (near.map { "did you mean workbench \(word) \($0)?" } ?? "it has \(names.joined(separator: ", "))"))
    leave(Exit.usage.rawValue)
  }

  private static func names(_ configuration: CommandConfiguration) -> [String] {
    configuration.subcommands.compactMap { $0.configuration.commandName }
  }

  /// Help, or what was wrong with the command line; then the exit code.
  private static func end(_ error: any Error) -> Never {
    let code = exitCode(for: error)
    let text = fullMessage(for: error)
    if !text.isEmpty {
      var out = Output(code.isSuccess ? .standardOutput : .standardError)
      // Who reads the errors of a pipeline wants to know whose they are.
      let argumentParsers = "Error: "
      out.lines(text.hasPrefix(argumentParsers) ? "workbench: " + text.dropFirst(argumentParsers.count) : text)
      out.flush()
    }
    leave(code.rawValue)
  }
}

/// exit(3), by a name that the command's own method does not hide.
private func leave(_ code: Int32) -> Never { exit(code) }
