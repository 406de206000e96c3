import Basics
import Machine

/// A ``Necessity`` as a page in Markdown.
package enum NecessityTable {
  /// - Parameter others: results of other worlds, for what that of `necessity` does not reach.
  package static func lines(_ necessity: Necessity, beside others: [Necessity] = []) -> [String] {
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
    lines += otherWorlds(necessity, others)
    if !necessity.hidden.isEmpty {
      lines += [
        "", "## Rules that another hides", "",
        "Whichever switch breaks one of these, a shorter way breaks another rule first. With `--rule` that one alone counted.",
        "",
        "| Rule | Without | Why |", "|---|---|---|",
      ]
      for row in necessity.hidden {
        lines.append("| `\(row.rule ?? "")` | `\(row.condition)` | after \(row.moves) moves: \(row.detail) |")
      }
    }
    lines += [
      "", "## Rules that no switch alone breaks", "",
      "Without any one of the conditions and protections these were not broken in this world. Such a rule is redundant, or the world is too",
      "small for it.", "", "| Rule | Says | Why it stands |", "|---|---|---|",
    ]
    for rule in necessity.unbroken {
      let reason = reasons.first { $0.rule == rule.name }?.text ?? "not known"
      lines.append("| `\(rule.name)` | \(rule.says) | \(reason) |")
    }
    return lines
  }

  /// What other worlds say of conditions that are not reached.
  private static func otherWorlds(_ necessity: Necessity, _ others: [Necessity]) -> [String] {
    let missing = necessity.conditions.filter { Necessity.verdict($0) == .unreached }.map(\.condition)
    let found = missing.compactMap { condition in
      others.lazy.compactMap { other in
        other.conditions.first { $0.condition == condition && Necessity.verdict($0) != .unreached }.map { (other, $0) }
      }.first
    }
    guard !found.isEmpty else { return [] }
    var lines = [
      "", "## In other worlds", "", "Of the \(missing.count) conditions that are not reached other worlds reach \(found.count).",
      "",
      "| Condition | World | Verdict | Why |", "|---|---|---|---|",
    ]
    for (other, row) in found {
      let verdict = Necessity.verdict(row)
      lines.append("| `\(row.condition)` | `\(other.world)` | \(verdict.rawValue) | \(why(row, verdict)) |")
    }
    for other in others {
      let depth = other.isComplete ? "every sequence there is" : "every sequence of up to \(other.depth) moves"
      lines += ["", "`\(other.world)`, \(depth):", "", "```"]
      lines += other.description.split(separator: "\n").map(String.init) + ["```"]
    }
    return lines
  }

  /// Of rules that no switch alone breaks in the world `small` why that is so; and a machine and what is done to it that breaks one all the
  /// same, if anything does.
  package static let reasons: [(rule: String, text: String, script: String?)] = [
    (
      "gpt_mirror",
      "redundant: EL3's transition writes both at once, and nothing else writes either; it holds the model to itself", nil
    ),
    (
      "half",
      "redundant: two conditions of a call keep it, that the IPA is in the call's half and that the entry is UNASSIGNED, which is one of a "
        + "Protected IPA. Without both (`RMI_DATA_CREATE_UNKNOWN.ipa_bound`, `.rtte_state`) an Unprotected IPA is ASSIGNED",
      """
      machine rec_aux_count=0 without=RMI_DATA_CREATE_UNKNOWN.ipa_bound+RMI_DATA_CREATE_UNKNOWN.rtte_state
      realm s2sz=32
      tables rd 0x80000000..0x80001000
      delegate 1
      RMI_DATA_CREATE_UNKNOWN rd 0x80109000 0x80000000
      """
    ),
    (
      "running", "too small: one PE. With two, `RMI_REC_DESTROY.rec_state` alone keeps it: a REC that runs would be destroyed",
      """
      machine pe=2 without=RMI_REC_DESTROY.rec_state
      realm
      guest hold
      RMI_REC_ENTER rec run
      pe 1
      RMI_REC_DESTROY rec
      """
    ),
    (
      "rim_hash",
      "redundant: a measurement is written whole, the hash and zeroes behind it. Where several checks are off and an RD holds something "
        + "else, it breaks with others", nil
    ),
    (
      "leftovers",
      "redundant: what is taken from a Realm is wiped (`scrub.data`, `scrub.rtt`, `scrub.rec`, `scrub.rd`), and what the Host gets back is, "
        + "too (`scrub.undelegate`). Without both a granule comes back with what it held",
      """
      machine without=scrub.data+scrub.undelegate
      realm
      guest write64 0x1000 0x5ec7e7
      RMI_REC_ENTER rec run
      RMI_DATA_DESTROY rd 0x1000
      RMI_GRANULE_UNDELEGATE 0x80105000
      """
    ),
  ]

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
