import ArgumentParser
import Engine

/// Which machine a command works with.
struct MachineOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The machine: default, tf-rmm, or properties such as \"dram=1G pe=4\".", valueName: "name"))
  var machine: String = "default"

  @Option(
    help: ArgumentHelp(
      "The RMM's personality: spec-1.0 or tf-rmm-0.6, with changes such as tf-rmm-0.6-D6.", valueName: "name"))
  var rmm: String?

  func configuration() throws -> MachineConfiguration {
    var configuration = MachineConfiguration()
    do throws(ScriptError) {
      for word in machine.split(separator: " ") {
        if let equals = word.firstIndex(of: "=") {
          try configuration.set(word[..<equals].lowercased(), String(word[word.index(after: equals)...]))
        } else {
          try configuration.set("preset", String(word))
        }
      }
      if let rmm { try configuration.set("rmm", rmm) }
    } catch {
      throw ValidationError(error.message)
    }
    if let problem = configuration.problem { throw ValidationError(problem) }
    return configuration
  }

  /// Whether it says how much DRAM there is.
  var namesDRAM: Bool { machine.split(separator: " ").contains { $0.lowercased().hasPrefix("dram=") } }

  mutating func validate() throws { _ = try configuration() }
}
