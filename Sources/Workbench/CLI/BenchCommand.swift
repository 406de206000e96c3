import ArgumentParser
import Engine

struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "bench", abstract: "Measures the machine's speed.")
  func run() throws {}
}
