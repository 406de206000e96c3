import Engine
import Foundation
import Testing

/// Random calls with every rule checked after each, and each RMI call's explanation compared with its answer. WORKBENCH_FUZZ sets
/// how many; `workbench fuzz` runs more of the same in a release build.
struct RandomTests {
  @Test(arguments: Policy.personalities.map(\.name))
  func everyRuleHoldsAfterEveryCall(_ personality: String) throws {
    let calls = ProcessInfo.processInfo.environment["WORKBENCH_FUZZ"].flatMap { Int($0) } ?? 12_000
    let policy = try #require(Policy(named: personality))
    for seed in [1, 2, 3] as [UInt64] {
      let run = RandomRun.perform(calls: calls / 3, seed: seed, policy: policy)
      #expect(run.violation == nil, "seed \(seed)")
      #expect(run.disagreement == nil, "seed \(seed)")
      #expect(run.succeeded > 0)
    }
  }
}
