#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

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
