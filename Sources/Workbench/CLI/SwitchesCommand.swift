import ArgumentParser
import Engine

struct SwitchesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "switches", abstract: "Lists the checks that can be switched off, with what each of them does.",
    discussion: """
      Conditions of the RMI, RSI and PSCI calls, then protections that are no conditions; at the end the bugs that a machine can have \
      (machine bug=NAME), each with the real one it is like.
      """)

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
    var rows = shown.map { ($0.name, $0.summary) }
    if name == nil { rows += MachineBug.allCases.map { ("bug=\($0.rawValue)", "\($0.summary) (\($0.source))") } }
    let width = rows.map(\.0.count).max() ?? 0
    for (name, summary) in rows { out.line("\(name.padding(width))  \(summary)") }
  }
}
