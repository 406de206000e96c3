import Foundation
import Testing

@testable import Session

/// Virtio devices under drivers that write anything.
struct DevicesRunTests {
  /// A share of what WORKBENCH_FUZZ says.
  @Test(arguments: [1, 2, 3] as [UInt64])
  func anythingMayStandInQueues(_ seed: UInt64) {
    let buffers = (ProcessInfo.processInfo.environment["WORKBENCH_FUZZ"].flatMap { Int($0) }.map { max(1500, $0 / 30) }) ?? 1500
    let run = DevicesRun.perform(buffers: buffers, seed: seed)
    #expect(run.problem == nil)
    #expect(run.buffers == buffers && run.returned > buffers / 10, "the driver reaches what it is for")
    #expect(run.outside > 0 && run.stopped > 0)
  }
}
