/// How much of the machine's time passes with a command of virsh: a fixed amount, so that a list of commands always shows the same.
package struct TimeSlices: Sendable {
  /// After a command that started a domain: none, so that the next command finds it running.
  package var start = 0
  /// After any other command.
  package var command = 10_000
  /// Between two looks at a console that is open.
  package var console = 10_000

  package init() {}
}
