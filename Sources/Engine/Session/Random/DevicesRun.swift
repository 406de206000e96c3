import Basics
import Host

/// Virtio devices under drivers that write anything into queues, buffers and registers, with images and folders that are anything.
package struct DevicesRun: Sendable {
  /// Buffers after which all devices are made anew.
  private static let each = 2000

  package private(set) var buffers = 0
  /// Buffers that came back, accesses outside of the guest's memory that were turned down, devices that stopped.
  package private(set) var returned = 0
  package private(set) var outside = 0
  package private(set) var stopped = 0
  /// What broke a rule; nil: nothing.
  package private(set) var problem: String?

  /// - Parameter hear: is told how many buffers there were, now and then.
  package static func perform(buffers: Int, seed: UInt64, hear: (Int) -> Void = { _ in }) -> DevicesRun {
    var run = DevicesRun()
    var numbers = SeededNumbers(seed: mix(seed))
    while run.buffers < buffers, run.problem == nil {
      let bench = VirtioBench(&numbers)
      for _ in 0..<min(each, buffers - run.buffers) {
        run.buffers += 1
        if let problem = bench.step(&numbers) {
          run.problem = "after buffer \(run.buffers): \(problem)"
          break
        }
      }
      run.returned += bench.counts.buffers
      run.outside += bench.counts.outside
      run.stopped += bench.counts.stopped
      hear(run.buffers)
    }
    return run
  }
}
