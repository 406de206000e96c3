import Basics
import Machine

/// Two sessions, or two places of one, side by side: what was done, what was answered, and what came of it.
package struct SessionComparison: Sendable {
  /// A step of one of them, or of both.
  package struct Row: Sendable, Equatable {
    /// Its number in each, from 1; nil where the other alone has it.
    package let a: Int?
    package let b: Int?
    package let text: String
    /// What it was answered in each.
    package let answerA: String
    package let answerB: String

    package var isSame: Bool { a != nil && b != nil && answerA == answerB }
  }

  /// Steps both begin with, that are the same in both.
  package let common: Int
  /// The others, in their order.
  package let rows: [Row]
  package let state: StateDifference

  package var isEqual: Bool { rows.allSatisfy(\.isSame) && state.isEqual }

  /// Steps that are aligned with each other; of longer pieces a step stands beside the one of the same number.
  static let longest = 2000

  package init(_ a: (steps: [Session.Step], state: StateReading), _ b: (steps: [Session.Step], state: StateReading)) {
    state = StateDifference(a.state, b.state)
    let (left, right) = (a.steps.map(Self.line), b.steps.map(Self.line))
    let common = zip(left, right).prefix { $0 == $1 }.count
    self.common = common
    rows = Self.aligned(Array(left[common...]), Array(right[common...]), after: common)
  }

  private static func line(_ step: Session.Step) -> Line {
    Line(text: step.text, answer: Recording.answerLines(step.result).joined(separator: "; "))
  }

  private struct Line: Equatable {
    let text: String
    let answer: String
  }

  private static func aligned(_ a: [Line], _ b: [Line], after common: Int) -> [Row] {
    func row(_ i: Int?, _ j: Int?) -> Row {
      Row(
        a: i.map { $0 + common + 1 }, b: j.map { $0 + common + 1 }, text: i.map { a[$0].text } ?? j.map { b[$0].text } ?? "",
        answerA: i.map { a[$0].answer } ?? "", answerB: j.map { b[$0].answer } ?? "")
    }
    guard a.count <= longest, b.count <= longest else {
      return (0..<max(a.count, b.count)).flatMap { n -> [Row] in
        guard n < a.count, n < b.count else { return [row(n < a.count ? n : nil, n < b.count ? n : nil)] }
        return a[n].text == b[n].text ? [row(n, n)] : [row(n, nil), row(nil, n)]
      }
    }
    let difference = b.map(\.text).difference(from: a.map(\.text))
    let removed = Set(difference.removals.map { if case .remove(let offset, _, _) = $0 { offset } else { -1 } })
    let inserted = Set(difference.insertions.map { if case .insert(let offset, _, _) = $0 { offset } else { -1 } })
    var rows: [Row] = []
    var (i, j) = (0, 0)
    while i < a.count || j < b.count {
      if i < a.count, removed.contains(i) {
        rows.append(row(i, nil))
        i += 1
      } else if j < b.count, inserted.contains(j) {
        rows.append(row(nil, j))
        j += 1
      } else {
        rows.append(row(i, j))
        i += 1
        j += 1
      }
    }
    return rows
  }

  /// All of it in words.
  ///
  /// - Parameters:
  ///   - most: lines of each kind.
  package func lines(most: Int = .max) -> [String] {
    var lines: [String] = []
    func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
    func add(_ title: String, _ all: [String]) {
      guard !all.isEmpty else { return }
      lines.append(title)
      lines += all.prefix(most).map { "  \($0)" }
      if all.count > most { lines.append("  … \(all.count - most) more") }
    }
    lines.append("\(counted(common, "step")) in common")
    add(
      "Steps",
      rows.filter { !$0.isSame }.map { row in
        switch (row.a, row.b) {
        case (let a?, nil): "A \(a): \(row.text) => \(row.answerA)"
        case (nil, let b?): "B \(b): \(row.text) => \(row.answerB)"
        case (let a?, let b?): "A \(a), B \(b): \(row.text) => \(row.answerA) in A, \(row.answerB) in B"
        case (nil, nil): ""
        }
      })
    for kind in StateReading.Kind.allCases { add(kind.title, state.items.filter { $0.key.kind == kind }.map(\.text)) }
    if !state.isEqual, state.items.isEmpty { lines.append("the digests of the states differ, in what has no name here") }
    if state.isCut { lines.append("the states are larger than what is compared by name") }
    if state.isEqual { lines.append("the states are the same") }
    return lines
  }
}

extension Session {
  /// Steps of a branch up to a place, with those it has from others.
  package func steps(upTo place: BranchPlace) -> [Step] {
    var all: [Step] = []
    let chain = tree.chain(of: place.branch)
    for (n, branch) in chain.enumerated() {
      let end = min(place.step, n + 1 < chain.count ? chain[n + 1].fork : .max)
      var index = all.count
      while index < end, let step = step(of: branch.id, at: index) {
        all.append(step)
        index += 1
      }
    }
    return all
  }

  /// The state at a place, and the steps that lead there.
  package func comparable(at place: BranchPlace) -> (steps: [Step], state: StateReading) {
    (steps(upTo: place), visiting(place) { StateReading(&machine) })
  }

  /// Looks at the machine as it is at another place.
  func visiting<T>(_ place: BranchPlace, _ body: () -> T) -> T {
    let here = (branch.id, position)
    let left = branches.map { (id: $0.id, step: $0.left) }
    go(to: place)
    defer {
      go(to: here.0, step: here.1)
      restoreLeft(left)
    }
    return body()
  }

  /// Two places side by side.
  package func comparison(of a: BranchPlace, with b: BranchPlace) -> SessionComparison {
    SessionComparison(comparable(at: a), comparable(at: b))
  }

  /// The place that words say: `main`, `b1@7`, `@7` on this branch, the name of a bookmark.
  package func place(named text: String) -> BranchPlace? {
    if let bookmark = bookmark(named: text) { return bookmark.place }
    let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
    if parts.count == 1, let step = Int(text) {
      return (0...steps.count).contains(step) ? BranchPlace(branch: branch.id, step: step) : nil
    }
    guard let branch = parts[0].isEmpty ? branch : branch(named: String(parts[0])) else { return nil }
    let end = end(of: branch.id)
    guard parts.count > 1 else { return BranchPlace(branch: branch.id, step: branch.id == self.branch.id ? position : end) }
    guard let step = Int(parts[1]), (0...end).contains(step) else { return nil }
    return BranchPlace(branch: branch.id, step: step)
  }

  /// A place in words that ``place(named:)`` reads.
  package func name(of place: BranchPlace) -> String {
    "\(branches.first { $0.id == place.branch }?.name ?? "")@\(place.step)"
  }
}
