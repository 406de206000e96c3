import Libc

/// CPU time of this process, and the wall clock.
enum CPUClock {
  /// Seconds of CPU used so far.
  static var now: Double { seconds(CLOCK_PROCESS_CPUTIME_ID) }
  /// Seconds on a clock that only moves forward.
  static var wall: Double { seconds(CLOCK_MONOTONIC) }

  private static func seconds(_ clock: clockid_t) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}

/// The time of day where the program runs.
enum LocalTime {
  /// Such as 20261128-093012.
  static var stamp: String {
    var now = time(nil)
    var parts = tm()
    localtime_r(&now, &parts)
    func two(_ n: Int32) -> String { n < 10 ? "0\(n)" : "\(n)" }
    return
      "\(parts.tm_year + 1900)\(two(parts.tm_mon + 1))\(two(parts.tm_mday))-\(two(parts.tm_hour))\(two(parts.tm_min))\(two(parts.tm_sec))"
  }
}
