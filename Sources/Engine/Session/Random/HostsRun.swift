import Basics
import Host
import Machine

/// What a run of random actions on hosts came to: calls to KVM, domains' lives, and somebody who meddles.
package struct HostsRun: Sendable {
  package private(set) var actions = 0
  package private(set) var hosts = 0
  /// Realms that the RMM has made, and granules that were leaked on purpose.
  package private(set) var realms = 0
  package private(set) var leaked = 0
  /// Rows of KVM's table of error numbers that were reached.
  package private(set) var rows: Set<String> = []
  /// Of the machines' states at the end, one after the other.
  package private(set) var digest: UInt64 = 0
  /// What went wrong, with the seed of the host.
  package private(set) var problem: String?
  /// Fewest actions found that come to it.
  package private(set) var path: [String] = []

  /// Actions between two looks at what KVM counts, and between two at the machine's rules.
  private static let ledgerEvery = 8
  package static let rulesEvery = 64

  /// Performs actions, on a fresh host every `perHost`. The first host has the seed itself: a problem of a later one is found again by
  /// its own.
  package static func perform(
    actions: Int, seed: UInt64, perHost: Int = 1000, checkEvery: Int = rulesEvery, onProgress: (Int) -> Void = { _ in }
  ) -> HostsRun {
    var run = HostsRun()
    var seed = seed
    while run.actions < actions, run.problem == nil {
      onProgress(run.actions)
      run.one(seed, min(perHost, actions - run.actions), checkEvery)
      seed = mix(seed)
    }
    return run
  }

  private mutating func one(_ seed: UInt64, _ count: Int, _ checkEvery: Int) {
    let host = RandomHost(seed: seed)
    var driver = HostsDriver(seed: seed)
    var done: [HostsAction] = []
    hosts += 1
    while done.count < count, problem == nil {
      for action in driver.next(host) {
        let before = host.session.read { $0.control.realms.count }
        host.perform(action)
        realms += max(0, host.session.read { $0.control.realms.count } - before)
        done.append(action)
        actions += 1
        let isDue = done.count % checkEvery == 0
        problem = (done.count % Self.ledgerEvery == 0 ? host.ledgerProblem : nil) ?? (isDue ? host.brokenRule : nil)
      }
    }
    problem = problem ?? Self.judge(host)
    leaked += host.stack.leaked.count
    rows.formUnion(host.session.kvmRefusals)
    digest = mix(digest ^ host.session.digest())
    guard let found = problem else { return }
    problem = "seed \(seed), after \(done.count) actions: \(found)"
    path = Self.shrink(done) { Self.fails(seed, $0) }.map(\.text)
  }

  /// How it is at last, before and after everything is given back.
  private static func judge(_ host: RandomHost) -> String? {
    if let problem = host.ledgerProblem ?? host.brokenRule { return problem }
    host.end()
    return host.ledgerProblem ?? host.brokenRule ?? host.leftover
  }

  // MARK: Fewer actions

  /// Most actions that are performed to find a shorter way.
  private static let mostTried = 40_000

  /// Leaves out what is not needed for something to go wrong: halves, quarters, and so on.
  static func shrink(_ actions: [HostsAction], _ fails: ([HostsAction]) -> Bool) -> [HostsAction] {
    var kept = actions
    var tried = 0
    var size = max(1, kept.count / 2)
    while size > 0, tried < mostTried {
      var start = 0
      while start < kept.count, tried < mostTried {
        var fewer = kept
        fewer.removeSubrange(start..<min(start + size, kept.count))
        tried += fewer.count + 1
        if fails(fewer) { kept = fewer } else { start += size }
      }
      size /= 2
    }
    return kept
  }

  private static func fails(_ seed: UInt64, _ actions: [HostsAction]) -> Bool {
    let host = RandomHost(seed: seed)
    for action in actions { host.perform(action) }
    return judge(host) != nil
  }
}
