import ArgumentParser
import Engine

struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain", abstract: "Says why a call would answer what it answers.",
    discussion: """
      Shows every failure condition in order with its operands: ✓ passed, ✗ decided, · not reached. The call is not made. \
      Without arguments the conditions are listed with what they mean.
      """)

  @Argument(help: "Command name, such as RMI_DATA_CREATE.", completion: .list(Calls.all.map(\.name)))
  var command: String

  @Argument(parsing: .remaining, help: ArgumentHelp("X1 and up: numbers, or name=value.", valueName: "argument"))
  var arguments: [String] = []

  @Option(help: ArgumentHelp("Script or recording to run first.", valueName: "file"), completion: .file())
  var after: String?

  @Option(help: ArgumentHelp("REC that makes an RSI or PSCI call.", valueName: "pa"))
  var rec: String?

  @OptionGroup var machine: MachineOptions

  func run() throws {
    guard let entry = Calls.named(command) else {
      complain(CommandsCommand.unknown(command))
      throw Exit.usage
    }
    let configuration = try machine.configuration()
    var session = Session(configuration)
    if let after {
      do throws(SessionLoader.Failure) {
        let loaded = try SessionLoader.load(after, configuration)
        SessionLoader.warn(of: loaded.contradiction, in: after)
        session = loaded.session
      } catch {
        complain(error.message)
        throw ExitCode(error.code)
      }
    }
    var out = Output()
    defer { out.flush() }
    if arguments.isEmpty, !entry.argumentNames.isEmpty {
      for line in CommandReference.page(entry) { out.line(line) }
      return
    }
    let parser = StatementParser(line: 0, names: ScriptNames())
    let x: InlineArray<18, UInt64>
    var caller: UInt64?
    do throws(ScriptError) {
      x = try parser.registers(of: entry, arguments)
      if let doubt = try parser.doubt(about: entry, arguments) { complain("warning: \(doubt)") }
      if let rec { caller = try parser.value(rec) }
    } catch {
      complain(error.message)
      throw Exit.usage
    }
    let explanation = session.read { $0.explain(entry, x, rec: caller ?? $0.callingREC) }
    for line in explanation.lines { out.line(line) }
  }
}
