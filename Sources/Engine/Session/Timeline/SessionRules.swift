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

  /// Granules where rules do not hold now, or were broken by the step that was just done, with what is wrong there; by address.
  package var brokenGranules: [UInt64: InvariantViolation] {
    guard machine.isLab else { return [:] }
    let memory = configuration.dramBase..<configuration.dramTop
    var granules: [UInt64: InvariantViolation] = [:]
    for violation in (brokenRules() + (lastStep?.result.broken ?? [])).prefix(Self.mostShown) {
      for match in violation.detail.matches(of: /(IPA )?0x([0-9a-f]+)/) where match.1 == nil {
        guard let address = UInt64(match.2, radix: 16), memory.contains(address) else { continue }
        granules[address & ~0xFFF, default: violation] = violation
      }
    }
    return granules
  }

  /// Most broken rules of which the granules are looked for.
  private static let mostShown = 256

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
