import ArgumentParser
import Engine

struct CommandsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "commands", abstract: "Prints the reference of all RMI, RSI and PSCI commands, in Markdown.")

  @Argument(help: "One command instead of all.", completion: .list(Calls.all.map(\.name)))
  var command: String?

  func run() throws {
    var out = Output()
    defer { out.flush() }
    if let command {
      guard let entry = Calls.named(command) else {
        complain(CommandsCommand.unknown(command))
        throw Exit.usage
      }
      for line in CommandReference.page(entry) { out.line(line) }
      return
    }
    for line in CommandReference.all() { out.line(line) }
  }

  /// That no call is named so, and which may have been meant.
  static func unknown(_ name: String) -> String {
    let near = closest(to: name.lowercased(), among: Calls.all.map(\.name))
    return "unknown command \"\(shown(name))\"; "
      + (near.map { "did you mean \($0)?" } ?? "workbench commands lists all \(Calls.all.count)")
  }
}
