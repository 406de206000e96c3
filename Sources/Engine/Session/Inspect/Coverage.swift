import Basics
import Machine

/// Which failure conditions have decided a call, and where.
package struct Coverage: Sendable {
  private var scripts: [String: [String]] = [:]
  private let conditions: [(command: CommandEntry, id: String)]

  package init() {
    let machine = Machine(MachineConfiguration())
    conditions = Commands.all.flatMap { entry in entry.list(machine).map { (entry, $0.id) } }
  }

  /// How many conditions the declarations have.
  package var total: Int { conditions.count }

  public mutating func note(_ decision: Decision, in script: String) {
    let key = "\(decision.fid) \(decision.id)"
    let name = script.split(separator: "/").last.map(String.init) ?? script
    if scripts[key]?.contains(name) != true { scripts[key, default: []].append(name) }
  }

  private func key(_ row: (command: CommandEntry, id: String)) -> String { "\(row.command.fid) \(row.id)" }

  package var exercised: Int { conditions.count { scripts[key($0)] != nil } }

  /// `COMMAND condition`, for those that never decided.
  package var missing: [String] {
    conditions.filter { scripts[key($0)] == nil }.map { "\($0.command.name) \($0.id)" }
  }

  /// A row a condition: command, condition, and the scripts that exercise it; then the sum.
  public func table() -> [String] {
    var lines: [String] = []
    for row in conditions {
      let names = scripts[key(row)] ?? []
      let list = names.isEmpty ? "-" : names.prefix(3).joined(separator: " ") + (names.count > 3 ? " +\(names.count - 3)" : "")
      lines.append("\(row.command.name.padding(32))\(row.id.padding(18))\(list)")
    }
    lines.append("\(exercised) of \(total) failure conditions exercised")
    return lines
  }
}
