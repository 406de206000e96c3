import Basics
import Machine

/// What each failure condition and each protection is there for, as far as an exploration without it shows: the shortest way to a broken
/// rule, or which other conditions refuse what it would have refused.
package struct Necessity: Sendable, Equatable {
  package struct Row: Sendable, Equatable {
    /// `RMI_DATA_CREATE.data_state`, or a protection such as `scrub.data`.
    package var condition: String
    /// Where no rule was broken: calls it would have refused, had it not been off; of a protection, how often it would have acted.
    package var calls = 0
    /// Of these, calls nothing else refused; and what refused the others.
    package var passed = 0
    package var refusedBy: [String] = []
    /// The rule that was broken, how, after how many moves, and the script that does it. Of a protection without which none was broken:
    /// how many moves were tried.
    package var rule: String?
    package var detail = ""
    package var moves = 0
    package var script = ""
    /// The one rule that counted in the search; nil: every rule did.
    package var aim: String?
  }

  package enum Verdict: String, Sendable, CaseIterable {
    case needed, implied, harmless, unreached
  }

  /// How far one shard came.
  package struct Part: Sendable, Equatable, Comparable {
    /// All ways of so many moves were gone.
    package var depth: Int
    /// Whether these were all ways there are.
    package var isComplete: Bool

    package static func < (a: Part, b: Part) -> Bool { (a.isComplete ? 1 : 0, a.depth) < (b.isComplete ? 1 : 0, b.depth) }
  }

  package private(set) var world: String
  package private(set) var description: String
  /// How many shards there are, and how far those came that are here.
  package private(set) var count: Int
  package private(set) var parts: [Int: Part]
  /// In the order of ``Switch/all``.
  package private(set) var rows: [Row]

  package init(_ explorer: Explorer, _ end: Explorer.End) {
    (world, description) = (explorer.world.name, explorer.world.text)
    count = explorer.options.shard?.count ?? 1
    parts = [explorer.options.shard?.index ?? 0: Part(depth: explorer.levels.count - 1, isComplete: end == .complete)]
    let names = explorer.conditions.names
    let aim = explorer.options.rule
    rows = explorer.searchedConditions.compactMap { number in
      guard let broken = explorer.broken.first(where: { $0.condition == number }) else {
        guard aim == nil else { return nil }
        let lab = explorer.lab[number] ?? ConditionLab()
        return Row(
          condition: names[number], calls: lab.calls, passed: lab.passed, refusedBy: lab.refusedBy.sorted().map { names[$0] })
      }
      return Row(
        condition: names[number], rule: broken.rule, detail: broken.detail, moves: broken.depth, script: explorer.script(broken),
        aim: aim)
    }
    sort()
  }

  /// All ways of so many moves were gone, without any condition.
  package var depth: Int { parts.values.filter { !$0.isComplete }.map(\.depth).min() ?? parts.values.map(\.depth).max() ?? 0 }
  package var isComplete: Bool { parts.values.allSatisfy(\.isComplete) }
  /// Shards of which there is no result.
  package var missing: [Int] { (0..<count).filter { parts[$0] == nil } }

  /// The same with what searches without a protection have come to.
  package func adding(_ protections: [Row]) -> Necessity {
    var copy = self
    copy.rows += protections
    copy.sort()
    return copy
  }

  private mutating func sort() {
    let order = Dictionary(Switch.all.enumerated().map { ($1.name, $0) }) { first, _ in first }
    rows.sort {
      (order[$0.condition] ?? .max, $0.condition, $0.aim ?? "") < (order[$1.condition] ?? .max, $1.condition, $1.aim ?? "")
    }
  }

  /// Those of conditions, and those of protections; what was found by looking for one rule alone is told with the rule.
  package var conditions: [Row] { rows.filter { $0.aim == nil && !Self.isProtection($0) } }
  package var protections: [Row] { rows.filter { $0.aim == nil && Self.isProtection($0) } }

  /// Rules that no condition and no protection breaks first, each with the shortest way that breaks it all the same.
  package var hidden: [Row] {
    let first = Set(rows.filter { $0.aim == nil }.compactMap(\.rule))
    let others = Dictionary(grouping: rows.filter { $0.aim != nil && !first.contains($0.rule ?? "") }) { $0.rule ?? "" }
    return ModelRule.all.compactMap { rule in others[rule.name]?.min { ($0.moves, $0.condition) < ($1.moves, $1.condition) } }
  }

  private static let protectionNames = Set(Protection.allCases.map(\.name.description))

  private static func isProtection(_ row: Row) -> Bool { protectionNames.contains(row.condition) }

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
        case .harmless where Self.isProtection(row):
          "no rule is broken in \(row.moves) moves where it does not act, \(grouped(row.passed)) times"
        case .harmless: "no rule is broken by \(grouped(row.passed)) calls that pass"
        case .unreached: "never decides in this world"
        }
      lines.append("\(row.condition.padding(50))\(what)")
    }
    for verdict in Verdict.allCases {
      lines.append("\(rows.count { Self.verdict($0) == verdict }) \(verdict.rawValue)")
    }
    lines.append("rules that no switch alone breaks: \(unbroken.map(\.name).joined(separator: ", "))")
    return lines
  }

  /// Rules of the model, but those of the Secure world, that no condition and no protection alone keeps.
  package var unbroken: [ModelRule] {
    let broken = Set(rows.compactMap(\.rule))
    return ModelRule.all.filter { !$0.isOfSecureWorld && !broken.contains($0.name) }
  }

  // MARK: Lines of JSON

  package var jsonLines: [String] {
    let head = JSONValue.object([
      "kind": .string("necessity"), "world": .string(world), "description": .string(description),
      "shards": .integer(Int64(count)),
    ])
    let parts = parts.sorted { $0.key < $1.key }.map { index, part in
      JSONValue.object([
        "kind": .string("shard"), "shard": .integer(Int64(index)), "depth": .integer(Int64(part.depth)),
        "complete": .bool(part.isComplete),
      ])
    }
    let rows = rows.map { row in
      JSONValue.object([
        "kind": .string("condition"), "condition": .string(row.condition), "calls": .integer(Int64(row.calls)),
        "passed": .integer(Int64(row.passed)), "refused_by": .array(row.refusedBy.map { .string($0) }),
        "rule": row.rule.map { .string($0) } ?? .null, "detail": .string(row.detail), "moves": .integer(Int64(row.moves)),
        "script": .string(row.script), "aim": row.aim.map { .string($0) } ?? .null,
      ])
    }
    return ([head] + parts + rows).map { $0.text(.libvirt) }
  }

  /// Whether it is of the same world, in as many shards.
  package func isOfSameSearch(as other: Necessity) -> Bool { (description, count) == (other.description, other.count) }

  /// Takes in what another says: the same in any order, and however often.
  package mutating func add(_ other: Necessity) throws(ShardResult.Malformed) {
    guard isOfSameSearch(as: other) else {
      throw ShardResult.Malformed(message: "results of different searches: world and number of shards have to be the same")
    }
    world = min(world, other.world)
    for (index, part) in other.parts { parts[index] = max(parts[index] ?? part, part) }
    func key(_ row: Row) -> [String?] { [row.condition, row.aim] }
    var known = Dictionary(rows.map { (key($0), $0) }) { first, _ in first }
    for row in other.rows { known[key(row)] = known[key(row)].map { $0.saysMore(than: row) ? $0 : row } ?? row }
    rows = Array(known.values)
    sort()
  }

  /// Reads ``jsonLines``, the first line of which is this.
  init(head: JSONValue, _ rest: ArraySlice<JSONValue>) throws(ShardResult.Malformed) {
    guard let world = head["world"]?.text, let description = head["description"]?.text, let count = head["shards"]?.count,
      (1...Shard.most).contains(count)
    else { throw ShardResult.Malformed(message: "a result of --each-condition has world, description and shards") }
    (self.world, self.description, self.count, parts, rows) = (world, description, count, [:], [])
    for value in rest {
      switch value["kind"]?.text {
      case "shard":
        guard let index = value["shard"]?.count, index < count, let depth = value["depth"]?.count,
          case .bool(let isComplete)? = value["complete"]
        else { throw ShardResult.Malformed(message: "a shard has shard, depth and complete") }
        parts[index] = Part(depth: depth, isComplete: isComplete)
      case "condition":
        guard let row = Row(value) else {
          throw ShardResult.Malformed(
            message: "a condition has condition, calls, passed, refused_by, rule, detail, moves and script")
        }
        rows.append(row)
      default: throw ShardResult.Malformed(message: "expected a line of kind shard or condition")
      }
    }
    sort()
  }
}

extension Necessity.Row {
  /// Whether it is the one that counts of two of the same condition: a broken rule before none, the shorter way, the longer search.
  fileprivate func saysMore(than other: Necessity.Row) -> Bool {
    guard rule != nil, other.rule != nil else {
      if rule != nil || other.rule != nil { return rule != nil }
      return (calls, passed, refusedBy.joined(separator: " ")) > (
        other.calls, other.passed, other.refusedBy.joined(separator: " ")
      )
    }
    return (moves, script) < (other.moves, other.script)
  }

  fileprivate init?(_ value: JSONValue) {
    guard let condition = value["condition"]?.text, let calls = value["calls"]?.count, let passed = value["passed"]?.count,
      case .array(let others)? = value["refused_by"], let rule = value["rule"], let detail = value["detail"]?.text,
      let moves = value["moves"]?.count, let script = value["script"]?.text
    else { return nil }
    self.init(
      condition: condition, calls: calls, passed: passed, refusedBy: others.compactMap(\.text), rule: rule.text, detail: detail,
      moves: moves, script: script, aim: value["aim"]?.text)
  }
}
