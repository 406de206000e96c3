import Basics
import Machine

/// A ``Necessity`` as a page in Markdown.
package enum NecessityTable {
  package static func lines(_ necessity: Necessity) -> [String] {
    var lines = [
      "# The necessity of every check", "",
      "`workbench explore --each-condition` made this list: each failure condition, and each protection that is no condition, was switched off",
      "by itself, and every sequence of moves was tried from the boot on, the shortest first, until one broke a rule of the model ([Lab.md](Lab.md)). World `\(necessity.world)`, "
        + (necessity.isComplete ? "every sequence there is." : "every sequence of up to \(necessity.depth) moves."), "",
      "| Verdict | Conditions | Protections | Says |", "|---|---|---|---|",
    ]
    for verdict in Necessity.Verdict.allCases {
      let counts = [necessity.conditions, necessity.protections].map { rows in rows.count { Necessity.verdict($0) == verdict } }
      lines.append("| \(verdict.rawValue) | \(counts[0]) | \(counts[1]) | \(says(verdict)) |")
    }
    lines += ["", "| Condition | Verdict | Why |", "|---|---|---|"]
    for row in necessity.conditions {
      let verdict = Necessity.verdict(row)
      lines.append("| `\(row.condition)` | \(verdict.rawValue) | \(why(row, verdict)) |")
    }
    if !necessity.protections.isEmpty {
      lines += ["", "## Protections", "", "| Protection | Verdict | Why |", "|---|---|---|"]
    }
    for row in necessity.protections {
      let verdict = Necessity.verdict(row)
      let why = row.rule == nil ? "in \(row.moves) moves it would have acted \(grouped(row.passed)) times" : why(row, verdict)
      lines.append("| `\(row.condition)` | \(verdict.rawValue) | \(why) |")
    }
    lines += [
      "", "## Rules that no switch alone breaks", "",
      "Without any one of the conditions and protections these were not broken in this world: several keep each, or it is too small for them.",
      "", "| Rule | Says |", "|---|---|",
    ]
    for rule in necessity.unbroken { lines.append("| `\(rule.name)` | \(rule.says) |") }
    return lines
  }

  private static func says(_ verdict: Necessity.Verdict) -> String {
    switch verdict {
    case .needed: "without it a rule is broken; the moves are the fewest that do it"
    case .implied: "whatever it would refuse another condition refuses, too"
    case .harmless: "what it would keep from happening breaks no rule here: it says what a call means, or a rule is missing"
    case .unreached: "no sequence of so many moves comes to it in this world"
    }
  }

  private static func why(_ row: Necessity.Row, _ verdict: Necessity.Verdict) -> String {
    switch verdict {
    case .needed: "`\(row.rule ?? "")` after \(row.moves) moves: \(row.detail)"
    case .implied: row.refusedBy.map { "`\($0)`" }.joined(separator: ", ")
    case .harmless: "\(grouped(row.passed)) of \(grouped(row.calls)) calls pass"
    case .unreached: ""
    }
  }
}
