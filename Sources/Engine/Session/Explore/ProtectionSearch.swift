import Machine

/// What each protection that is no condition is there for: a search for each, in which it is off from the boot on.
package enum ProtectionSearch {
  /// Those of the machine; a verifier's are none of its.
  package static let protections = Protection.allCases.filter { !$0.isVerifiers }

  /// - Parameters:
  ///   - wanted: those that are switched off.
  ///   - options: of the search for conditions: depth, symmetry, memory and shard are the same.
  ///   - search: goes through a world as far as it can.
  /// - Returns: nil if a search did not come to the end.
  package static func rows(
    _ wanted: [Protection] = protections, _ world: ExploredWorld, _ options: Explorer.Options, workers: Int,
    _ search: (Explorer) -> Explorer.End
  ) -> [Necessity.Row]? {
    var rows: [Necessity.Row] = []
    for (number, protection) in wanted.enumerated() {
      if let shard = options.shard, number % shard.count != shard.index { continue }
      var plain = Explorer.Options()
      (plain.depth, plain.isSymmetric, plain.memory, plain.rule) = (
        options.depth, options.isSymmetric, options.memory, options.rule
      )
      var lax = world
      lax.configuration.without = lax.configuration.without.union(SwitchSet(protection))
      let explorer = Explorer(lax, plain, workers: workers)
      let end = search(explorer)
      guard end != .interrupted, end != .memory else { return nil }
      var row = row(protection, explorer)
      row.aim = options.rule
      // A protection without which the one rule holds tells nothing of the rule.
      if row.aim == nil || row.rule != nil { rows.append(row) }
    }
    return rows
  }

  private static func row(_ protection: Protection, _ explorer: Explorer) -> Necessity.Row {
    let name = protection.name.description
    guard let broken = explorer.broken.first else {
      return Necessity.Row(condition: name, calls: explorer.spared, passed: explorer.spared, moves: explorer.levels.count - 1)
    }
    return Necessity.Row(
      condition: name, rule: broken.rule, detail: broken.detail, moves: broken.depth, script: explorer.script(broken))
  }
}
