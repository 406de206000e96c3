import Machine

/// Rules of the model on a machine of the lab, where they may be broken.
extension Session {
  /// Rules that do not hold where the session stands, on a machine of the lab. On others they do.
  package func brokenRules() -> [InvariantViolation] {
    guard machine.isLab else { return [] }
    if let standing, standing.position == position { return standing.broken }
    let broken = machine.invariantViolations()
    standing = (position, broken)
    return broken
  }

  /// What the step that was just done has broken.
  func newlyBroken(since before: [InvariantViolation]) -> [InvariantViolation] {
    usage.instructions &+= RunLimits.rulesCost * UInt64(1 + machine.memory.pageCount / 64)
    let now = machine.invariantViolations()
    standing = (position + 1, now)
    var broken: [InvariantViolation] = []
    for violation in machine.decisions.compactMap(\.violation) where !broken.contains(violation) { broken.append(violation) }
    // All of a rule that more than a few places break say the same.
    for violation in now where !before.contains(violation) && broken.count < Self.mostBroken { broken.append(violation) }
    return broken
  }

  /// Most broken rules a step keeps.
  private static let mostBroken = 32
}
