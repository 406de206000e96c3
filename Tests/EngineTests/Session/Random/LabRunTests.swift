import Engine
import Foundation
import Testing

/// Random actions on machines whose checks are off: whatever the RMM's data come to, the machine stands. WORKBENCH_FUZZ sets how many;
/// `workbench fuzz --switches` makes more of the same.
struct LabRunTests {
  private static let actions = ProcessInfo.processInfo.environment["WORKBENCH_FUZZ"].flatMap { Int($0) } ?? 12_000

  @Test(arguments: Policy.personalities.map(\.name))
  func aMachineStandsWhateverIsOff(_ personality: String) throws {
    let policy = try #require(Policy(named: personality))
    let run = LabRun.perform(actions: Self.actions, seed: 5, policy: policy)
    #expect(run.actions == Self.actions)
    #expect(run.problem == nil)
    #expect(!run.overruled.isEmpty)
    #expect(!run.broken.isEmpty)
    #expect(LabRun.perform(actions: Self.actions, seed: 5, policy: policy).digest == run.digest)
  }
}
