import Foundation

/// A program run to its end, its output thrown away.
enum Child {
  struct Result {
    var code: Int32
    /// Seconds of CPU it used, in user mode, and seconds it took.
    var cpu: Double
    var wall: Double
  }

  /// Nil if the program is not found.
  static func run(_ words: [String]) -> Result? {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
    var arguments = words.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    var child = pid_t()
    let clock = ContinuousClock()
    let start = clock.now
    guard posix_spawnp(&child, words[0], &actions, nil, &arguments, environ) == 0 else { return nil }
    var status: Int32 = 0
    var usage = rusage()
    while wait4(child, &status, 0, &usage) != child { guard errno == EINTR else { return nil } }
    let wall = (clock.now - start) / .seconds(1)
    let cpu = Double(usage.ru_utime.tv_sec) + Double(usage.ru_utime.tv_usec) * 1e-6
    // One that a signal ended has no exit code.
    let code = status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F
    return Result(code: code, cpu: cpu, wall: wall)
  }
}
