import ArgumentParser
import Engine

struct SwitchesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "switches", abstract: "Lists the checks that can be switched off, with what each of them does.",
    discussion: "Conditions of the RMI, RSI and PSCI calls, then protections that are no conditions.")

  @Argument(
    help: "Those that a name or a pattern such as RMI_DATA_CREATE.* stands for.",
    completion: .custom { _, _, prefix in Switch.all.map(\.name).filter { $0.hasPrefix(prefix) } })
  var name: String?

  func run() throws {
    var out = Output()
    defer { out.flush() }
    var shown = Switch.all
    if let name {
      do throws(SwitchSet.Unknown) {
        let wanted = try SwitchSet(named: name)
        shown = shown.filter { wanted.contains($0.name) }
      } catch {
        complain(error.message)
        throw Exit.usage
      }
    }
    let width = shown.map(\.name.count).max() ?? 0
    for row in shown { out.line("\(row.name.padding(width))  \(row.summary)") }
  }
}
