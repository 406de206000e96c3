import Foundation

/// CPU time of this process.
enum CPUClock {
  /// Seconds used so far.
  static var now: Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  /// Seconds of CPU something takes.
  static func seconds(_ body: () -> Void) -> Double {
    let start = now
    body()
    return now - start
  }

  /// Operations per second of CPU of `count` operations.
  static func rate(_ count: Int, _ body: () -> Void) -> Double { Double(count) / max(seconds(body), 1e-9) }
}
