import Engine
import Foundation
import Testing

@testable import Session

/// Random calls to KVM, domains that come and go, and somebody who meddles: no granule is had twice, none is lost.
struct HostsTests {
  /// A twentieth of what WORKBENCH_FUZZ says.
  @Test(arguments: [1, 2, 5] as [UInt64])
  func everythingIsGivenBack(_ seed: UInt64) {
    let actions = (ProcessInfo.processInfo.environment["WORKBENCH_FUZZ"].flatMap { Int($0) }.map { max(500, $0 / 60) }) ?? 500
    let run = HostsRun.perform(actions: actions, seed: seed)
    #expect(run.problem == nil, "\(run.path.joined(separator: "\n"))")
    #expect(run.realms > 0 && run.rows.count > 5, "the driver reaches what it is for")
  }

  @Test func theSameSeedGivesTheSameHosts() {
    #expect(HostsRun.perform(actions: 200, seed: 9).digest == HostsRun.perform(actions: 200, seed: 9).digest)
  }

  /// What goes wrong is told with the fewest actions that lead to it: here a granule that nobody gives back.
  @Test func aProblemIsMadeShort() {
    let calls: [HostsAction] = [
      .kvm("a", .createVM(.realm, ipaBits: 41)), .kvm("a", .createVCPU(pc: 0, x0: 0, .psci02)), .virsh("list"),
      .kvm("a", .createRealm), .virsh("list --all"),
    ]
    let kept = HostsRun.shrink(calls) { actions in actions.contains(.kvm("a", .createRealm)) && actions.count > 1 }
    #expect(kept.count == 2 && kept.contains(.kvm("a", .createRealm)))
  }
}
