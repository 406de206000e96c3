import Machine

/// A step that is done otherwise, with those behind it.
extension Session {
  /// Steps that come behind one that was changed, and the line they are from.
  package struct Rest: Sendable {
    /// The end of that line.
    package let line: BranchPlace
    fileprivate let inputs: [(input: Step.Input, entropy: [[UInt8]])]

    package var count: Int { inputs.count }

    /// Most steps that are done again after one that was changed.
    package static let most = 100_000
  }

  /// What was done behind a step, from 1, of the line the session stands on; nil if that is too much.
  package func rest(after step: Int) -> Rest? {
    guard (1...steps.count).contains(step), steps.count - step <= Rest.most else { return nil }
    return Rest(line: place(at: steps.count), inputs: (step..<steps.count).map { steps.inputAndEntropy($0) })
  }

  /// Does that again where the session stands, with what came in from outside.
  ///
  /// - Returns: how many steps were done, before somebody ended it or there was no room.
  package func perform(_ rest: Rest) -> Int {
    for (number, step) in rest.inputs.enumerated() {
      if exhaustion != nil || isInterrupted() { return number }
      perform(step.input, entropy: step.entropy)
    }
    return rest.count
  }
}
