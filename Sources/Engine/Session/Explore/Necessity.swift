import Basics
import Machine

/// What each failure condition is there for, as far as an exploration without it shows: the shortest way to a broken rule, or which other
/// conditions refuse what it would have refused.
package struct Necessity: Sendable, Equatable {
  package struct Row: Sendable, Equatable {
    /// `RMI_DATA_CREATE.data_state`.
    package var condition: String
    /// Where no rule was broken: calls it would have refused, had it not been off.
    package var calls = 0
    /// Of these, calls nothing else refused; and what refused the others.
    package var passed = 0
    package var refusedBy: [String] = []
    /// The rule that was broken, how, after how many moves, and the script that does it.
    package var rule: String?
    package var detail = ""
    package var moves = 0
    package var script = ""
  }

  package enum Verdict: String, Sendable, CaseIterable {
    case needed, implied, harmless, unreached
  }

  package var world: String
  /// All ways of so many moves were gone.
  package var depth: Int
  /// Whether these were all ways there are.
  package var isComplete: Bool
  package var rows: [Row]

  package init(_ explorer: Explorer, _ end: Explorer.End) {
    world = explorer.world.name
    depth = explorer.levels.count - 1
    isComplete = end == .complete
    let names = explorer.conditions.names
    rows = explorer.searchedConditions.map { number in
      guard let broken = explorer.broken.first(where: { $0.condition == number }) else {
        let lab = explorer.lab[number] ?? ConditionLab()
        return Row(
          condition: names[number], calls: lab.calls, passed: lab.passed, refusedBy: lab.refusedBy.sorted().map { names[$0] })
      }
      return Row(
        condition: names[number], rule: broken.rule, detail: broken.detail, moves: broken.depth, script: explorer.script(broken))
    }
  }

  package static func verdict(_ row: Row) -> Verdict {
    if row.rule != nil { return .needed }
    if row.calls == 0 { return .unreached }
    return row.passed > 0 ? .harmless : .implied
  }

  // MARK: Lines

  package var lines: [String] {
    var lines: [String] = []
    for row in rows {
      let what =
        switch Self.verdict(row) {
        case .needed: "\(row.rule ?? "") after \(row.moves) moves: \(row.detail)"
        case .implied: "implied by \(row.refusedBy.joined(separator: ", "))"
        case .harmless: "no rule is broken by \(grouped(row.passed)) calls that pass"
        case .unreached: "never decides in this world"
        }
      lines.append("\(row.condition.padding(50))\(what)")
    }
    for verdict in Verdict.allCases {
      lines.append("\(rows.count { Self.verdict($0) == verdict }) \(verdict.rawValue)")
    }
    lines.append("rules that no condition's absence breaks: \(unbroken.map(\.name).joined(separator: ", "))")
    return lines
  }

  /// Rules of the model, but those of the Secure world, that no condition alone keeps.
  package var unbroken: [ModelRule] {
    let broken = Set(rows.compactMap(\.rule))
    return ModelRule.all.filter { !$0.name.hasPrefix("ffa_") && !broken.contains($0.name) }
  }

  // MARK: JSON lines

  package var jsonLines: [String] {
    let head = JSONValue.object([
      "kind": .string("necessity"), "world": .string(world), "depth": .integer(Int64(depth)), "complete": .bool(isComplete),
    ])
    return [head.text(.libvirt)]
      + rows.map { row in
        JSONValue.object([
          "kind": .string("condition"), "condition": .string(row.condition), "calls": .integer(Int64(row.calls)),
          "passed": .integer(Int64(row.passed)), "refused_by": .array(row.refusedBy.map { .string($0) }),
          "rule": row.rule.map { .string($0) } ?? .null, "detail": .string(row.detail), "moves": .integer(Int64(row.moves)),
          "script": .string(row.script),
        ]).text(.libvirt)
      }
  }

  /// Most bytes of a file of results.
  package static let sizeLimit = 64 << 20

  /// Reads ``jsonLines``, of one search or of several that shared the conditions, in any order and any number of times.
  package init(jsonLines lines: [Substring]) throws(ScriptError) {
    (world, depth, isComplete, rows) = ("", .max, true, [])
    var known: [String: Row] = [:]
    for (index, line) in lines.enumerated() where !line.isEmpty {
      func bad(_ message: String) -> ScriptError { ScriptError(line: index + 1, column: 1, message: message) }
      let value: JSONValue
      do throws(JSONParser.Malformed) { value = try JSONParser.value(of: line) } catch { throw bad(error.message) }
      switch value["kind"]?.text {
      case "necessity":
        guard let name = value["world"]?.text, let reached = value["depth"]?.count, case .bool(let all)? = value["complete"],
          world.isEmpty || world == name
        else { throw bad("a head of a result names its world, the same in all files, its depth, and whether it is complete") }
        (world, depth, isComplete) = (name, min(depth, reached), isComplete && all)
      case "condition":
        guard let row = Row(value) else {
          throw bad("a condition has condition, calls, passed, refused_by, rule, detail, moves, script")
        }
        if let other = known[row.condition], other.rule != nil, row.rule == nil || other.moves <= row.moves { continue }
        known[row.condition] = row
      default: throw bad("expected a line of kind necessity or condition")
      }
    }
    guard !world.isEmpty else {
      throw ScriptError(message: "no line of kind necessity: it is no result of explore --each-condition")
    }
    let order = Dictionary(Switch.all.enumerated().map { ($1.name, $0) }) { first, _ in first }
    rows = known.values.sorted { (order[$0.condition] ?? .max, $0.condition) < (order[$1.condition] ?? .max, $1.condition) }
  }
}

extension Necessity.Row {
  fileprivate init?(_ value: JSONValue) {
    guard let condition = value["condition"]?.text, let calls = value["calls"]?.count, let passed = value["passed"]?.count,
      case .array(let others)? = value["refused_by"], let rule = value["rule"], let detail = value["detail"]?.text,
      let moves = value["moves"]?.count, let script = value["script"]?.text
    else { return nil }
    self.init(
      condition: condition, calls: calls, passed: passed, refusedBy: others.compactMap(\.text), rule: rule.text, detail: detail,
      moves: moves, script: script)
  }
}

extension JSONValue {
  /// A number of things.
  fileprivate var count: Int? { if case .integer(let value) = self, value >= 0 { Int(value) } else { nil } }
}
