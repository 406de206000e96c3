import ArgumentParser
import Engine
struct ShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "show", abstract: "Prints a screen as text.")
  func run() throws {}
}
struct OpenCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "open", abstract: "Opens the workbench in the terminal (the default).")
  @Argument var file: String?
  @OptionGroup var machine: MachineOptions
  func run() throws {}
}
