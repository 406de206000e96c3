import Basics

/// What searches came to that shared the states of a world, or one that did not: whoever has the results of all knows what one search would
/// have found.
package struct SearchResult: Sendable, Equatable {
  /// What one shard came to.
  package struct Part: Sendable, Equatable, Comparable {
    /// All its states of so many moves from the boot are known.
    package var depth: Int
    package var moves: Int
    package var end: Explorer.End

    /// Whether it says less.
    package static func < (a: Part, b: Part) -> Bool { (a.depth, a.moves, a.end.rawValue) < (b.depth, b.moves, b.end.rawValue) }
  }

  package struct Broken: Sendable, Equatable, Comparable {
    package var rule: String
    package var detail: String
    package var moves: Int
    package var script: String

    package static func < (a: Broken, b: Broken) -> Bool {
      (a.moves, a.rule, a.detail, a.script) < (b.moves, b.rule, b.detail, b.script)
    }
  }

  package private(set) var world: String
  package private(set) var description: String
  package private(set) var isSymmetric: Bool
  /// How many shards there are, and what those came to that are here.
  package private(set) var count: Int
  package private(set) var parts: [Int: Part] = [:]
  /// Of each state how many moves lead to it from the boot.
  package private(set) var states: [UInt64: Int] = [:]
  /// Conditions that decided a call.
  package private(set) var decided: Set<String> = []
  /// The shortest way to a rule that does not hold.
  package private(set) var broken: Broken?

  package init(_ explorer: Explorer, _ end: Explorer.End) {
    (world, description) = (explorer.world.name, explorer.world.text)
    isSymmetric = explorer.options.isSymmetric
    count = explorer.options.shard?.count ?? 1
    let depth = explorer.levels.count - 1
    parts[explorer.options.shard?.index ?? 0] = Part(depth: depth, moves: explorer.transitions, end: end)
    var (level, rest) = (0, explorer.levels.first ?? 0)
    for print in explorer.states {
      while rest == 0 {
        level += 1
        rest = level < explorer.levels.count ? explorer.levels[level] : .max
      }
      states[print] = level
      rest -= 1
    }
    let names = explorer.conditions.names
    decided = Set(names.indices.filter { explorer.decided[$0] > 0 }.map { names[$0] })
    broken = explorer.broken.first.map {
      Broken(rule: $0.rule, detail: $0.detail, moves: $0.depth, script: explorer.script($0))
    }
  }

  // MARK: What it says

  /// Shards of which there is no result.
  package var missing: [Int] { (0..<count).filter { parts[$0] == nil } }

  /// All states of so many moves are known.
  package var depth: Int {
    let bounded = parts.values.filter { $0.end != .complete }.map(\.depth).min()
    return bounded ?? parts.values.map(\.depth).max() ?? 0
  }

  /// New states after so many moves, as far as all are known.
  package var levels: [Int] {
    var levels = [Int](repeating: 0, count: depth + 1)
    for (_, moves) in states where moves <= depth { levels[moves] += 1 }
    while levels.count > 1, levels.last == 0 { levels.removeLast() }
    return levels
  }

  package var end: Explorer.End {
    if broken != nil { return .broken }
    let order: [Explorer.End] = [.interrupted, .memory, .depth]
    return order.first { end in parts.values.contains { $0.end == end } } ?? .complete
  }

  package var lines: [String] {
    var lines = ["world \(world), \(parts.count) of \(count) shards"]
    lines += ExploreReport.table(levels)
    lines.append("\(grouped(states.count)) states, \(grouped(parts.values.reduce(0) { $0 &+ $1.moves })) moves")
    lines.append(ExploreReport.collision(states.count))
    lines.append("\(decided.count) failure conditions decided a call")
    if missing.isEmpty { lines += ExploreReport.verdict(end, depth: depth, isHeld: broken == nil) }
    if let broken { lines.append("rule \(broken.rule) broken after \(broken.moves) moves: \(broken.detail)") }
    return lines
  }

  // MARK: Lines of JSON

  private static let printsALine = 1024

  package var jsonLines: [String] {
    func line(_ members: KeyValuePairs<String, JSONValue>) -> String { JSONValue.object(members).text(.libvirt) }
    var lines = [
      line([
        "kind": .string("search"), "world": .string(world), "description": .string(description), "symmetry": .bool(isSymmetric),
        "shards": .integer(Int64(count)),
      ])
    ]
    for (index, part) in parts.sorted(by: { $0.key < $1.key }) {
      lines.append(
        line([
          "kind": .string("shard"), "shard": .integer(Int64(index)), "depth": .integer(Int64(part.depth)),
          "moves": .integer(Int64(part.moves)), "end": .string(part.end.rawValue),
        ]))
    }
    lines.append(line(["kind": .string("decided"), "conditions": .array(decided.sorted().map { .string($0) })]))
    if let broken {
      lines.append(
        line([
          "kind": .string("broken"), "rule": .string(broken.rule), "detail": .string(broken.detail),
          "moves": .integer(Int64(broken.moves)), "script": .string(broken.script),
        ]))
    }
    var levels: [Int: [UInt64]] = [:]
    for (print, depth) in states { levels[depth, default: []].append(print) }
    for (depth, prints) in levels.sorted(by: { $0.key < $1.key }) {
      let prints = prints.sorted()
      for first in stride(from: 0, to: prints.count, by: Self.printsALine) {
        let text = prints[first..<min(first + Self.printsALine, prints.count)].map { sixteenDigits($0) }.joined()
        lines.append(line(["kind": .string("states"), "moves": .integer(Int64(depth)), "prints": .string(text)]))
      }
    }
    return lines
  }

  /// Takes in what another says: the same in any order, and however often.
  package mutating func add(_ other: SearchResult) throws(ShardResult.Malformed) {
    guard (description, isSymmetric, count) == (other.description, other.isSymmetric, other.count) else {
      throw ShardResult.Malformed(
        message: "results of different searches: world, symmetry and the number of shards have to be the same")
    }
    world = min(world, other.world)
    for (index, part) in other.parts { parts[index] = max(parts[index] ?? part, part) }
    for (print, moves) in other.states { states[print] = min(states[print] ?? moves, moves) }
    decided.formUnion(other.decided)
    broken = [broken, other.broken].compactMap(\.self).min()
  }

  /// Reads ``jsonLines``, the first line of which is this.
  init(head: JSONValue, _ rest: ArraySlice<JSONValue>) throws(ShardResult.Malformed) {
    guard let world = head["world"]?.text, let description = head["description"]?.text,
      case .bool(let isSymmetric)? = head["symmetry"],
      let count = head["shards"]?.count, (1...Shard.most).contains(count)
    else { throw ShardResult.Malformed(message: "a search has world, description, symmetry and shards") }
    (self.world, self.description, self.isSymmetric, self.count) = (world, description, isSymmetric, count)
    for value in rest {
      switch value["kind"]?.text {
      case "shard":
        guard let index = value["shard"]?.count, index < count, let depth = value["depth"]?.count, depth <= Self.mostMoves,
          let moves = value["moves"]?.count, let end = value["end"]?.text.flatMap({ Explorer.End(rawValue: $0) })
        else { throw ShardResult.Malformed(message: "a shard has shard, depth, moves and end") }
        parts[index] = Part(depth: depth, moves: moves, end: end)
      case "decided":
        guard case .array(let names)? = value["conditions"] else {
          throw ShardResult.Malformed(message: "decided has conditions")
        }
        decided.formUnion(names.compactMap(\.text))
      case "broken":
        guard let rule = value["rule"]?.text, let detail = value["detail"]?.text, let moves = value["moves"]?.count,
          let script = value["script"]?.text
        else { throw ShardResult.Malformed(message: "a broken rule has rule, detail, moves and script") }
        broken = Broken(rule: rule, detail: detail, moves: moves, script: script)
      case "states":
        guard let moves = value["moves"]?.count, moves <= Self.mostMoves, let prints = value["prints"]?.text,
          let all = Self.prints(prints)
        else { throw ShardResult.Malformed(message: "states have moves, and prints of 16 hexadecimal digits each") }
        for print in all { states[print] = moves }
      default: throw ShardResult.Malformed(message: "expected a line of kind shard, decided, broken or states")
      }
    }
  }

  /// No search gets so far.
  private static let mostMoves = 1 << 20

  private static func prints(_ text: String) -> [UInt64]? {
    var prints: [UInt64] = []
    var (print, digits): (UInt64, Int) = (0, 0)
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): print = print << 4 | UInt64(byte - UInt8(ascii: "0"))
      case UInt8(ascii: "a")...UInt8(ascii: "f"): print = print << 4 | UInt64(byte - UInt8(ascii: "a") + 10)
      default: return nil
      }
      digits += 1
      if digits % 16 == 0 { prints.append(print) }
    }
    return digits % 16 == 0 ? prints : nil
  }
}

private func sixteenDigits(_ value: UInt64) -> String {
  let digits = String(value, radix: 16)
  return String(repeating: "0", count: 16 - digits.count) + digits
}
