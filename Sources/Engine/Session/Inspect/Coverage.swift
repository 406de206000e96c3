import Basics
import Host
import Machine

/// Which failure conditions have decided a call, of the RMM's interfaces and of FF-A, which rows of KVM's table of error numbers have
/// turned one down, and where.
package struct Coverage: Sendable {
  private var scripts: [String: [String]] = [:]
  private let conditions: [(command: CommandEntry, id: String)]

  package init() {
    let machine = Machine(MachineConfiguration())
    conditions = Calls.all.flatMap { entry in entry.list(machine).map { (entry, $0.id) } }
  }

  /// How many conditions the declarations have.
  package var total: Int { conditions.count }

  package mutating func note(_ decision: Decision, in script: String) {
    if decision.hasDecided { note("\(decision.fid) \(decision.id)", in: script) }
  }

  /// Rows of KVM's that were reached in a script, by their names.
  package mutating func note(refusals rows: Set<String>, in script: String) { for row in rows { note(row, in: script) } }

  private mutating func note(_ key: String, in script: String) {
    let name = fileName(script)
    if scripts[key]?.contains(name) != true { scripts[key, default: []].append(name) }
  }

  private func key(_ row: (command: CommandEntry, id: String)) -> String { "\(row.command.fid) \(row.id)" }

  /// `COMMAND condition`, for those that never decided.
  package var missing: [String] {
    conditions.filter { scripts[key($0)] == nil }.map { "\($0.command.name) \($0.id)" }
  }

  /// Names of KVM's rows that were never reached.
  package var missingRows: [String] { KVMErrnoRow.allCases.map(\.rawValue).filter { scripts[$0] == nil } }

  private func list(_ key: String) -> String {
    let names = scripts[key] ?? []
    return names.isEmpty ? "-" : names.prefix(3).joined(separator: " ") + (names.count > 3 ? " +\(names.count - 3)" : "")
  }

  private func exercised(_ rows: [(command: CommandEntry, id: String)]) -> String {
    "\(rows.count { scripts[key($0)] != nil }) of \(rows.count)"
  }

  /// A row a condition: command, condition, and the scripts that exercise it. Then the rows of KVM's, with error number and the layer
  /// that says it; then the sums, the last that of the RMM's interfaces.
  package func table() -> [String] {
    var lines: [String] = []
    for row in conditions {
      lines.append("\(row.command.name.padding(32))\(row.id.padding(18))\(list(key(row)))")
    }
    for row in KVMErrnoRow.allCases {
      lines.append("\(row.rawValue.padding(32))\("\(row.errno.rawValue) \(row.layer.rawValue)".padding(18))\(list(row.rawValue))")
    }
    let rows = KVMErrnoRow.allCases.count
    let rmm = conditions.filter { [.rmi, .rsi, .psci].contains($0.command.interface) }
    let secure = conditions.filter { ![.rmi, .rsi, .psci].contains($0.command.interface) }
    lines.append("\(exercised(secure)) failure conditions of FF-A, and of EL3's services for the SPMC, exercised")
    lines.append("\(rows - missingRows.count) of \(rows) rows of KVM's error numbers reached")
    lines.append("\(exercised(rmm)) failure conditions exercised")
    return lines
  }
}
