import ArgumentParser
import Engine

struct CoverageCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "coverage", abstract: "Shows which failure conditions and which of KVM's error numbers scripts reach.",
    discussion: """
      A condition counts as exercised when it decided a call, a row of KVM's table of error numbers when KVM answered a call by it; beside \
      it stand the error number and the layer that said it. The last three lines say how many of all there are: of FF-A, of KVM, of the RMM.
      """)

  @Argument(help: ArgumentHelp("Scripts.", valueName: "file"), completion: .file())
  var files: [String]

  @OptionGroup var machine: MachineOptions

  func run() throws {
    let configuration = try machine.configuration()
    var coverage = Coverage()
    var worst: Int32 = 0
    for file in files {
      let script = ScriptFile(path: file, configuration: configuration)
      let code = script.run(printing: .nothing, onEnd: { coverage.note(refusals: $0.kvmRefusals, in: file) }) { report in
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
