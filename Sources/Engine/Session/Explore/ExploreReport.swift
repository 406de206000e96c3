import Basics
import Machine

/// What an exploration came to, in words and as JSON.
package struct ExploreReport: Sendable {
  package let world: ExploredWorld
  package let end: Explorer.End
  package let isSymmetric: Bool
  package let progress: Explorer.Progress
  package let levels: [Int]
  package let broken: [Explorer.Broken]
  package let seconds: Double
  /// Conditions that decided a call, and those that never did.
  package let reached: [String]
  package let missing: [String]

  package init(_ explorer: Explorer, _ end: Explorer.End, seconds: Double) {
    world = explorer.world
    self.end = end
    isSymmetric = explorer.options.isSymmetric
    progress = explorer.progress
    levels = explorer.levels
    broken = explorer.broken
    self.seconds = seconds
    let names = explorer.conditions.names
    reached = names.indices.filter { explorer.decided[$0] > 0 }.map { names[$0] }
    missing = names.indices.filter { explorer.decided[$0] == 0 }.map { names[$0] }
  }

  package var lines: [String] {
    let alike = isSymmetric ? "equal ones count as one another" : "each by itself"
    var lines = ["world \(world.name): \(world.granules) granules, \(alike)"]
    lines += Self.table(levels)
    let rate = seconds > 0 ? ", \(grouped(Int(Double(progress.transitions) / seconds))) moves a second" : ""
    lines.append(
      "\(grouped(progress.states)) states, \(grouped(progress.transitions)) moves in \(Self.tenths(seconds)) s\(rate), "
        + binarySize(progress.bytes))
    lines.append(Self.collision(progress.states))
    lines.append("\(reached.count) of \(reached.count + missing.count) failure conditions decided a call")
    let wrong = broken.filter { $0.condition == nil }
    lines += Self.verdict(end, depth: levels.count - 1, isHeld: wrong.isEmpty)
    for one in wrong {
      lines.append("rule \(one.rule) broken after \(one.depth) moves: \(one.detail)")
    }
    return lines
  }

  /// How many states there are after so many moves.
  static func table(_ levels: [Int]) -> [String] {
    var lines = ["moves     new states   all states"]
    var sum = 0
    for (depth, count) in levels.enumerated() {
      sum += count
      lines.append("\(column(depth, 5))\(column(count, 15))\(column(sum, 13))")
    }
    return lines
  }

  static func collision(_ states: Int) -> String {
    "two different states were taken for one with a probability of about \(power(Explorer.collisionProbability(states)))"
  }

  /// How far it was looked, and that every rule held if it did.
  static func verdict(_ end: Explorer.End, depth: Int, isHeld: Bool) -> [String] {
    let held = isHeld ? ["every rule held in each"] : []
    return switch end {
    case .complete: ["these are all states there are"] + held
    case .depth: ["these are all states up to \(depth) moves from the boot"] + held
    case .memory: ["the memory it may use is full: all states up to \(depth) moves are known, and some beyond"] + held
    case .interrupted: ["interrupted: all states up to \(depth) moves are known, and some beyond"] + held
    case .broken: []
    }
  }

  package var json: JSONValue {
    .object([
      "kind": .string("explore"), "world": .string(world.name), "end": .string(end.rawValue), "symmetry": .bool(isSymmetric),
      "states": .integer(Int64(progress.states)), "transitions": .integer(Int64(progress.transitions)),
      "depth": .integer(Int64(levels.count - 1)), "levels": .array(levels.map { .integer(Int64($0)) }),
      "seconds": .number(seconds), "collision_probability": .number(progress.collisionProbability),
      "conditions": .array(reached.map { .string($0) }), "missing": .array(missing.map { .string($0) }),
      "broken": .array(
        broken.map {
          .object(["rule": .string($0.rule), "detail": .string($0.detail), "depth": .integer(Int64($0.depth))])
        }),
    ])
  }

  private static func column(_ number: Int, _ width: Int) -> String {
    let text = grouped(number)
    return String(repeating: " ", count: max(0, width - text.count)) + text
  }

  private static func tenths(_ value: Double) -> String { "\(Int(value)).\(Int(value * 10) % 10)" }

  /// Such as `2e-9`; `0` for nothing.
  static func power(_ value: Double) -> String {
    guard value > 0 else { return "0" }
    var (value, exponent) = (value, 0)
    while value < 1, exponent < 300 {
      value *= 10
      exponent += 1
    }
    return exponent == 0 ? "1" : "\(Int(value))e-\(exponent)"
  }
}
