import Basics

/// Branches of the session: begun, named, gone to, forgotten.
package struct BranchStatement: Statement {
  package enum Deed: Sendable, Equatable {
    case list
    /// Another name for a branch; nil: for the one where the session stands.
    case rename(String?, String)
    case fork(String)
    /// To a step of a branch; nil: to where one left it.
    case go(String, Int?)
    case prune(String)
    case forget
  }
  package let deed: Deed

  static let verbs = [
    Verb(
      "branch", "[NAME [NEW]]", 0...2, help: "names the branch one is on, or gives one another name; alone lists all",
      details: "what is done where something was undone begins a branch, and what was undone stays as one. \(nameRule)",
      examples: ["branch", "branch wrong-order", "branch b1 second-try"]
    ) { arguments throws(ScriptError) in
      switch arguments.count {
      case 0: return BranchStatement(deed: .list)
      case 1: return BranchStatement(deed: .rename(nil, try name(arguments, 0)))
      default: return BranchStatement(deed: .rename(arguments[0].text, try name(arguments, 1)))
      }
    },
    Verb(
      "fork", "NAME", 1...1, help: "what is done next begins a branch of that name", details: history, examples: ["fork what-if"]
    ) { arguments throws(ScriptError) in BranchStatement(deed: .fork(try name(arguments, 0))) },
    Verb(
      "switch", "NAME [STEP]", 1...2, help: "goes to a branch: to a step of it, or to where one left it", details: history,
      examples: ["switch main", "switch b1 7"],
      choices: { session in session.branches.map(\.name).joined(separator: " ") }
    ) { arguments throws(ScriptError) in
      let step = arguments.count > 1 ? Int(truncatingIfNeeded: min(try arguments.number(1), 1 << 40)) : nil
      return BranchStatement(deed: .go(arguments[0].text, step))
    },
    Verb(
      "prune", "NAME", 1...1, help: "forgets the steps of a branch that no other has", details: history, examples: ["prune b1"],
      choices: { session in session.branches.map(\.name).joined(separator: " ") }
    ) { arguments in BranchStatement(deed: .prune(arguments[0].text)) },
    Verb(
      "forget", "", 0...0, help: "forgets the steps that were undone here", details: history, examples: ["forget"]
    ) { _ in BranchStatement(deed: .forget) },
  ]

  private static let history = "needs a session with its history, as `goto` does"
  private static let nameRule = "A name has up to \(Branch.longest) letters, digits, `-`, `_` and `.`"

  private static func name(_ arguments: Arguments, _ index: Int) throws(ScriptError) -> String {
    let word = arguments[index]
    guard Bookmark.isName(word.text) else {
      throw arguments.error(
        word, "\"\(shown(word.text))\" is no name; expected up to \(Branch.longest) letters, digits, - _ and .")
    }
    return word.text
  }

  package var text: String {
    switch deed {
    case .list: "branch"
    case .rename(nil, let name): "branch \(name)"
    case .rename(let old?, let name): "branch \(old) \(name)"
    case .fork(let name): "fork \(name)"
    case .go(let name, nil): "switch \(name)"
    case .go(let name, let step?): "switch \(name) \(step)"
    case .prune(let name): "prune \(name)"
    case .forget: "forget"
    }
  }
  package var isExpectable: Bool { false }

  package func perform(in runner: ScriptRunner, at line: ScriptLine) throws(ScriptError) -> StatementResult? {
    let session = runner.session
    if let why = session.overuse { throw line.error(why) }
    guard runner.travels else { throw line.error("branches need a session with its history: this one keeps none") }
    var result = StatementResult()
    func attempt(_ body: () throws(Session.BranchProblem) -> Void) throws(ScriptError) {
      do throws(Session.BranchProblem) { try body() } catch { throw line.error(error.message) }
    }
    switch deed {
    case .list: result.text = session.branchLines.joined(separator: "\n")
    case .rename(let old, let wanted):
      let id = try branch(old, runner, line).id
      let name = free(wanted, runner)
      try attempt { () throws(Session.BranchProblem) in try session.rename(id, name) }
      result.text = old.map { "\(shown($0)) is the branch \(name) now" } ?? "this is the branch \(name)"
    case .fork(let wanted):
      let name = free(wanted, runner)
      try attempt { () throws(Session.BranchProblem) in try session.forkNext(name) }
      result.text = "what is done next begins the branch \(name)"
    case .prune(let name):
      let id = try branch(name, runner, line).id
      try attempt { () throws(Session.BranchProblem) in try session.prune(id) }
      result.text = "\(name) is forgotten"
    case .forget:
      runner.guestControl.willReplaceSteps(after: session.position)
      let count = session.steps.count - session.position
      try attempt { () throws(Session.BranchProblem) in try session.forgetFuture() }
      result.text = "\(count) step\(count == 1 ? "" : "s") forgotten"
    case .go(let name, let step): try go(name, step, runner, line)
    }
    return result
  }

  /// The name of a new branch: in a recording that a script includes one that is taken is another.
  private func free(_ wanted: String, _ runner: ScriptRunner) -> String {
    guard runner.source.version != nil, runner.source.place != .recording else { return wanted }
    var name = wanted
    var number = 2
    while runner.session.branch(named: name) != nil {
      name = "\(wanted)-\(number)"
      number += 1
    }
    runner.source.branches[wanted] = name
    return name
  }

  private func branch(_ name: String?, _ runner: ScriptRunner, _ line: ScriptLine) throws(ScriptError) -> Branch {
    let session = runner.session
    guard let name else { return session.branch }
    guard let branch = session.branch(named: runner.source.branches[name] ?? name) else {
      let names = session.branches.prefix(8).map(\.name).joined(separator: " ")
      throw line.error("there is no branch \"\(shown(name))\"; there are \(names)\(session.branches.count > 8 ? " …" : "")")
    }
    return branch
  }

  private func go(_ name: String, _ step: Int?, _ runner: ScriptRunner, _ line: ScriptLine) throws(ScriptError) {
    let session = runner.session
    let target = try branch(name, runner, line)
    let first = runner.source.firstStep
    if let step, step > session.end(of: target.id) - first {
      throw line.error("\(name) has no step \(step); it has 0 to \(session.end(of: target.id) - first)")
    }
    if let common = session.common(with: target.id) { runner.guestControl.willReplaceSteps(after: common) }
    guard session.go(to: target.id, step: step.map { $0 + first }, isInterruptible: true) else {
      throw runner.interruption(line, "stopped by a key on the way: this is step \(session.position - first)")
    }
  }

  /// Whether a line of a recording is one.
  static func isOne(_ verb: String) -> Bool { verbs.contains { $0.name == verb } }
}

extension Session {
  /// A line for each branch: the one where the session stands is marked.
  package var branchLines: [String] {
    branches.map { branch in
      let from = branch.parent.flatMap { parent in branches.first { $0.id == parent } }
      let origin = from.map { ", from step \(branch.fork) of \($0.name)" } ?? ""
      let count = end(of: branch.id)
      return "\(branch.id == self.branch.id ? "*" : " ") \(branch.name): \(count) step\(count == 1 ? "" : "s")\(origin)"
    }
  }
}
