/// A PSCI command. Most are the Host's to carry out, who is told the function in the first register of the exit (DEN0137 A4.3).
protocol PSCICommand: Command {
  /// What the Host is told of the call's arguments.
  static func describeArguments(_ m: borrowing Machine, _ c: Call, _ exit: inout ExitRecord)
}

extension PSCICommand {
  static func success(_ c: Call) -> Success { .exits }
  static func describeArguments(_ m: borrowing Machine, _ c: Call, _ exit: inout ExitRecord) {}

  static func describeExit(_ m: borrowing Machine, _ c: Call, _ fid: UInt64, _ exit: inout ExitRecord) {
    exit.reason = .psci
    exit.gprs[0] = m.policy.has(.psciExitIsRaw) ? c.x[0] : fid
    describeArguments(m, c, &exit)
  }
}
