import ArgumentParser

/// Exit codes, as sysexits.h numbers them where one fits.
enum Exit {
  static let difference = ExitCode(1)
  static let usage = ExitCode(64)
  static let badData = ExitCode(65)
  static let noInput = ExitCode(66)
  static let noTerminal = ExitCode(69)
  static let unwritable = ExitCode(74)
  /// A shard that it is of no use to start again.
  static let pointless = ExitCode(42)
  /// What a shell gives for a program that SIGPIPE ended.
  static let nobodyReads = ExitCode(141)

  /// Each with what it means: what the help, the manual page and the README say of them.
  static let table: [(code: String, meaning: String)] = [
    ("0", "success; of run: every expectation held"),
    (
      "\(difference.rawValue)",
      "an expectation did not hold, a replay or a measurement differs, what show shows is not what the file says, a token is not accepted, "
        + "or a rule of the model is broken"
    ),
    ("\(pointless.rawValue)", "a shard of explore or fuzz that it is of no use to start again"),
    ("\(usage.rawValue)", "wrong usage"),
    ("\(badData.rawValue)", "a malformed file; the message has line, column and what would be right"),
    ("\(noInput.rawValue)", "a file that cannot be read"),
    ("\(noTerminal.rawValue)", "no usable terminal"),
    (
      "\(unwritable.rawValue)",
      "the output cannot be written, or the open workbench was left without its recording; a message says what and where"
    ),
    ("128 + n", "the open workbench was ended by signal n; 129 also if its terminal is gone"),
    ("\(nobodyReads.rawValue)", "nobody reads what boot prints any more"),
  ]
}
