import ArgumentParser
import Engine

/// Which machine a command works with.
struct MachineOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("The machine: default, tf-rmm, or properties such as \"dram=1G pe=4\".", valueName: "name"),
    completion: .list(MachineConfiguration.presets.map(\.name)))
  var machine: String?

  @Option(
    help: ArgumentHelp(
      "The RMM's personality: spec-1.0 or tf-rmm-0.6, with changes such as tf-rmm-0.6-D6.", valueName: "name"),
    completion: .list(Policy.personalities.map(\.name)))
  var rmm: String?

  @Option(
    help: ArgumentHelp(
      "The processor that executes a guest's code: \(ProcessorModel.allCases.map(\.rawValue).joined(separator: " or ")).",
      valueName: "name"),
    completion: .list(ProcessorModel.allCases.map(\.rawValue)))
  var cpu: String?

  func configuration() throws -> MachineConfiguration {
    try Self.configuration((machine ?? "default") + (cpu.map { " cpu=\($0)" } ?? ""), rmm)
  }

  /// The machine of that name, with the personality if one is said apart; what is wrong with them is wrong usage.
  static func configuration(_ machine: String, _ rmm: String?) throws -> MachineConfiguration {
    let configuration: MachineConfiguration
    do throws(ScriptError) {
      configuration = try MachineConfiguration(named: machine, rmm: rmm)
    } catch {
      throw ValidationError(error.message)
    }
    if let problem = configuration.problem { throw ValidationError(problem) }
    return configuration
  }

  /// Whether it says how much DRAM there is.
  var namesDRAM: Bool { machine?.split(separator: " ").contains { $0.lowercased().hasPrefix("dram=") } ?? false }

  mutating func validate() throws { _ = try configuration() }
}

extension MachineConfiguration {
  /// The machine that words and properties name, such as `tf-rmm` or `dram=1G pe=4`. It may still have a ``problem``.
  ///
  /// - Parameter rmm: its RMM's personality, if that is said apart.
  init(named name: String, rmm: String? = nil) throws(ScriptError) {
    self.init()
    for word in name.split(separator: " ") {
      if let equals = word.firstIndex(of: "=") {
        try set(word[..<equals].lowercased(), String(word[word.index(after: equals)...]))
      } else {
        try set("preset", String(word))
      }
    }
    if let rmm { try set("rmm", rmm) }
  }
}
