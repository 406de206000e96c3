import ArgumentParser
import Engine

@main
struct Workbench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "workbench",
    abstract: "A whole Arm CCA machine on your desk.",
    discussion: """
      Without a subcommand the workbench opens in the terminal. Everything it does can also be done from a script: \
      see run, show and replay.

      Exit codes: 0 success, 1 a check found a difference, 64 wrong usage, 65 a malformed file, 66 a file that cannot be \
      read, 69 no usable terminal, 74 output that cannot be written, 128 plus the signal that ended it.
      """,
    version: "0.1.0",
    subcommands: [
      OpenCommand.self, RunCommand.self, ReplayCommand.self, ShowCommand.self, ExplainCommand.self, CommandsCommand.self,
      CoverageCommand.self, BenchCommand.self, KeysCommand.self, FuzzCommand.self, TokenCommand.self, MeasureCommand.self,
      BootCommand.self, DisassembleCommand.self,
    ],
    defaultSubcommand: OpenCommand.self)
}

/// Exit codes, as sysexits.h numbers them.
enum Exit {
  static let difference = ExitCode(1)
  static let usage = ExitCode(64)
  static let badData = ExitCode(65)
  static let noInput = ExitCode(66)
}
