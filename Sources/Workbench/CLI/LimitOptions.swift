import ArgumentParser
import Engine

/// What a run may use up, where a person wants it to be something else.
struct LimitOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Most instructions guests may execute, such as 20G.", valueName: "n"))
  var instructions: String?

  @Option(help: ArgumentHelp("Most steps, of those that are kept and of those that are done.", valueName: "n"))
  var steps: String?

  @Option(help: ArgumentHelp("Most bytes of memory a machine may fill, such as 2G.", valueName: "bytes"))
  var memory: String?

  /// - Parameter usual: those that no option changes.
  func limits(_ usual: RunLimits = RunLimits()) throws -> RunLimits { try changes().applied(to: usual) }

  /// What is asked for, whatever the limits would be otherwise.
  func changes() throws -> LimitChanges {
    LimitChanges(
      instructions: try instructions.map { try number($0, "--instructions") },
      steps: try steps.map { Int(try number($0, "--steps")) }, memory: try memory.map { try number($0, "--memory") })
  }

  private func number(_ text: String, _ option: String) throws -> UInt64 {
    let most: UInt64 = 1 << 50
    do throws(ScriptError) {
      let value = try StatementParser(line: 0, names: ScriptNames()).value(text)
      guard (1...most).contains(value) else { throw ScriptError(message: "expected a number from 1 to \(sizeText(most))") }
      return value
    } catch {
      throw ValidationError("\(option): \(error.message)")
    }
  }

  mutating func validate() throws { _ = try limits() }
}

/// Limits that a person has chosen; nil is as usual.
struct LimitChanges {
  var instructions: UInt64?
  var steps: Int?
  var memory: UInt64?

  func applied(to usual: RunLimits) -> RunLimits {
    var limits = usual
    if let instructions { limits.instructions = instructions }
    if let steps { (limits.steps, limits.history) = (steps, steps) }
    if let memory { limits.memory = memory }
    return limits
  }
}
