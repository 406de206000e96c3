/// Going back and forth in time.
package struct TravelStatement: Statement {
  package enum Way: Sendable, Equatable {
    case undo, redo
    /// To the state after so many steps, counted from where the recording begins.
    case goto(Int)
  }
  package let way: Way

  static let verbs = [
    Verb(
      "goto", "STEP", 1...1, help: "goes to the state after a step", details: history, examples: ["goto 0", "goto 17"],
      choices: { "0 to \($0.steps.count)" }
    ) {
      arguments throws(ScriptError) in
      TravelStatement(way: .goto(Int(truncatingIfNeeded: min(try arguments.number(0), 1 << 40))))
    },
    Verb("undo", "", 0...0, help: "takes the last step back", details: history, examples: ["undo"]) { _ in
      TravelStatement(way: .undo)
    },
    Verb("redo", "", 0...0, help: "does the next undone step again", details: history, examples: ["redo"]) { _ in
      TravelStatement(way: .redo)
    },
  ]

  private static let history = "an error in a script that `run` reads: a batch run keeps no history. Recordings have it"

  package var text: String {
    switch way {
    case .undo: "undo"
    case .redo: "redo"
    case .goto(let step): "goto \(step)"
    }
  }
  package var isExpectable: Bool { false }

  package func perform(in runner: ScriptRunner, at line: ScriptLine) throws(ScriptError) -> StatementResult? {
    let session = runner.session
    if let why = session.overuse { throw line.error(why) }
    guard runner.travels else { throw line.error("going back needs a session with its history: this one keeps none") }
    let first = runner.source.firstStep
    let target: Int
    switch way {
    case .undo: target = max(session.position - 1, min(first, session.position))
    case .redo: target = min(session.position + 1, session.steps.count)
    case .goto(let step):
      guard step <= session.steps.count - first else {
        throw line.error("there is no step \(step); there are 0 to \(session.steps.count - first)", column: 6)
      }
      target = first + step
    }
    guard session.seek(target, isInterruptible: true) else {
      throw runner.interruption(line, "stopped by a key on the way: this is step \(session.position - first)")
    }
    return StatementResult()
  }

  /// Whether a line of a recording is one.
  package static func isOne(_ line: String) -> Bool {
    let words = line.split(separator: " ", maxSplits: 2)
    let verb = words.first?.hasPrefix(Recording.timePrefix) == true ? words.dropFirst().first : words.first
    return verb.map { word in verbs.contains { $0.name == word.lowercased() } || BranchStatement.isOne(word.lowercased()) }
      ?? false
  }
}
