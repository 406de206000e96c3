import ArgumentParser
import Engine

struct CoverageCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "coverage", abstract: "Shows which failure conditions scripts exercise.",
    discussion: """
      A condition counts as exercised when it decided a call. The last line says how many of all conditions were exercised.
      """)

  @Argument(help: ArgumentHelp("Scripts.", valueName: "file"), completion: .file())
  var files: [String]

  @OptionGroup var machine: MachineOptions

  func run() throws {
    let configuration = try machine.configuration()
    var coverage = Coverage()
    var worst: Int32 = 0
    for file in files {
      let code = ScriptFile(path: file, configuration: configuration).run(printing: .nothing) { report in
        for decision in report.result.decisions { coverage.note(decision, in: file) }
      }
      worst = max(worst, code)
    }
    var out = Output()
    for line in coverage.table() { out.line(line) }
    out.flush()
    if worst > 1 { throw ExitCode(worst) }
  }
}
