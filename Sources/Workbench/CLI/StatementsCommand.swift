import ArgumentParser
import Engine

struct StatementsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "statements", abstract: "Prints the reference of the script language's statements, in Markdown.")

  func run() throws {
    var out = Output()
    for line in StatementReference.lines(.workbench) { out.line(line) }
    out.flush()
  }
}
