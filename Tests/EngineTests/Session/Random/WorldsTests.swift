import Foundation
import Testing

@testable import Session

/// All four worlds and the device on each other, at random: no access passes that the table of who may touch what forbids.
struct WorldsTests {
  @Test func noAccessPassesThatIsForbidden() {
    let wanted = ProcessInfo.processInfo.environment["WORKBENCH_FUZZ"].flatMap { Int($0) } ?? 4000
    let run = WorldsRun.perform(actions: wanted, seed: 13, perMachine: 500)
    #expect(run.problem == nil)
    #expect(run.actions == wanted)
    #expect(run.faults > wanted / 50 && run.passed > wanted / 50)
    #expect(run.conditions.count > 8)
    // Everything follows from the seed.
    #expect(WorldsRun.perform(actions: 600, seed: 2).digest == WorldsRun.perform(actions: 600, seed: 2).digest)
  }
}
