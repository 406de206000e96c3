import Basics
import Machine

/// A ``Necessity`` as a page in Markdown.
package enum NecessityTable {
  package static func lines(_ necessity: Necessity) -> [String] {
    var lines = [
      "# The necessity of every check", "",
      "`workbench explore --each-condition` made this list: each failure condition was switched off by itself, and every sequence of moves",
      "was tried from the boot on, the shortest first, until one broke a rule of the model ([Lab.md](Lab.md)). World `\(necessity.world)`, "
        + (necessity.isComplete ? "every sequence there is." : "every sequence of up to \(necessity.depth) moves."), "",
      "| Verdict | Conditions | Says |", "|---|---|---|",
    ]
    for verdict in Necessity.Verdict.allCases {
      let count = necessity.rows.count { Necessity.verdict($0) == verdict }
      lines.append("| \(verdict.rawValue) | \(count) | \(says(verdict)) |")
    }
    lines += ["", "| Condition | Verdict | Why |", "|---|---|---|"]
    for row in necessity.rows {
      let verdict = Necessity.verdict(row)
      lines.append("| `\(row.condition)` | \(verdict.rawValue) | \(why(row, verdict)) |")
    }
    lines += [
      "", "## Rules that no condition alone keeps", "",
      "Without any one of the conditions these were not broken: others keep them, or a protection that is no condition does.", "",
      "| Rule | Says |", "|---|---|",
    ]
    for rule in necessity.unbroken { lines.append("| `\(rule.name)` | \(rule.says) |") }
    return lines
  }

  private static func says(_ verdict: Necessity.Verdict) -> String {
    switch verdict {
    case .needed: "without it a rule is broken; the moves are the fewest that do it"
    case .implied: "whatever it would refuse another condition refuses, too"
    case .harmless: "calls pass that it would refuse, and no rule is broken: it says what a call means, or a rule is missing"
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
